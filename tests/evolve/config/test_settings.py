"""Settings by name and in tables: what earlier versions stored is read, and every setting has one place."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from nashforge.archive import Archive
from nashforge.evolve.config.run import SETTINGS, RunConfig, load_config, read_run_file, stored_settings
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.domains import domain
from nashforge.evolve.runs.run import resumed_config
from tools.settings import PAGE, descriptions, page_with, table

EARLIER: dict[str, Any] = {
    "domain": "cfr", "strategy": "sequential", "seed": 3, "disguise_seed": 4, "max_evaluations": 81,
    "max_minutes": 1.5, "patience": 7, "executor": "celery", "workers": 2, "weight": 2.5,
    "propose_on": "workers", "lookahead": 6, "horizon": 500, "train": "a", "validation": "b", "test": "c",
    "final_test": False, "fitness": {"kind": "log_ratio", "floor": 1e-6, "reference": "cfr"}, "islands": 2,
    "archive": 11, "migrate_every": 9, "parents": "both", "verify": 4, "stagnation": 8, "tier": "none",
    "proposer": "anthropic:m,google:n", "replay": "r", "budget_usd": 1.25, "max_tokens": 10,
    "max_output_tokens": 300, "proposal_seconds": 1.0, "retries": 1, "max_useless": 2, "repairs": 0,
    "outage_minutes": 0.0, "prices": "p.toml", "price_unknown": "1/5", "feedback": "sparse", "prompts": "q",
    "model_islands": True,
}  # fmt: skip
"""What a run of an earlier version holds: all its settings in one table, none with its default."""

SINCE = {
    "archive": "population_size",
    "parents": "parent_fitness",
    "verify": "validate_top",
    "weight": "share",
}


def later() -> dict[str, Any]:
    """Return the settings that earlier runs did not have, with what stands for nothing."""
    known = {SINCE.get(name, name) for name in EARLIER}
    return {name: value for name, value in RunConfig().settings().items() if name not in known}


def toml(values: dict[str, Any]) -> str:
    """Return a table without tables in it but inline ones."""
    rows = (f"{name} = {_value(value)}" for name, value in values.items() if value is not None)
    return "\n".join(rows) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_value(inner)}" for name, inner in value.items()) + " }"
    return json.dumps(value)


def test_every_setting_of_an_earlier_run_is_read_and_kept() -> None:
    config = RunConfig.model_validate(EARLIER)
    # What there is since then is as if there were none, whatever the domain's default is today.
    assert config.settings() == {SINCE.get(name, name): value for name, value in EARLIER.items()} | later()
    assert later()["short_horizons"] == []
    assert later()["rescale"] == 1.0
    usual = RunConfig().settings()
    same = {name for name, value in config.settings().items() if value == usual[name]}
    assert same == {"domain", *later()}
    population, evaluation = config.population, config.evaluation
    assert (population.size, population.parent_fitness, population.validate_top) == (11, "both", 4)
    assert (config.budget.usd, evaluation.share, config.sandbox.tier) == (1.25, 2.5, "none")
    assert evaluation.fitness.floor == 1e-6
    assert config.models.proposers == ("anthropic:m", "google:n")


def test_a_stored_run_of_an_earlier_version_is_resumed_with_what_was_changed(archive: Archive) -> None:
    run = archive.runs.create("cfr", EARLIER)
    archive.runs.set_value(run, "changes", {"weight": 3.0})
    assert resumed_config(archive, run).evaluation.share == 3.0
    archive.runs.set_value(run, "changes", {"weight": 3.0, "share": 4.0})
    assert resumed_config(archive, run, {"archive": 12}).population.size == 12
    found = stored_settings(archive, run) | later()
    assert found == RunConfig.model_validate(EARLIER).changed(share=4.0).settings()


def test_json_has_settings_by_their_former_names_too() -> None:
    config = RunConfig.model_validate(EARLIER)
    shown = SETTINGS.with_former_names(config.settings())
    assert {name: shown[name] for name in EARLIER} == EARLIER
    assert {name: shown[name] for name in SETTINGS} == config.settings()


def test_files_with_one_table_and_with_tables_of_parts_say_the_same(tmp_path: Path) -> None:
    alone, parted, mixed = (tmp_path / f"{name}.toml" for name in ("alone", "parted", "mixed"))
    since = {name: value for name, value in later().items() if value is not None}
    alone.write_text(toml(EARLIER | since))
    # What a file leaves open of the fitness is as the domain has it; a floor is meant as it is given.
    fitness = domain("cfr").fitness.model_dump(exclude={"floor_relative"}) | EARLIER["fitness"]
    config = RunConfig.model_validate(EARLIER | {"fitness": fitness})
    assert config.evaluation.fitness.floor_relative is None
    dumped = config.model_dump(mode="json")
    single = {name: value for name, value in dumped.items() if name not in SETTINGS.parts}
    tables = "".join(f"\n[{part}]\n{toml(dumped[part])}" for part in SETTINGS.parts)
    parted.write_text(toml(single) + tables)
    mixed.write_text(
        toml({"max-evaluations": 81, "weight": 2.5}) + "\n[population]\nsize = 11\narchive-x = 1"
    )
    said = {name: config.settings()[name] for name in SETTINGS if SETTINGS[name].consent is not None}
    for path in (alone, parted):
        assert load_config(said, path) == config
    assert read_run_file(mixed).values == {
        "max_evaluations": 81, "share": 2.5, "population_size": 11, "population.archive_x": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("archive = 3\npopulation_size = 4", "twice, as 'archive' and as 'population_size'"),
        ("archive = 3\n[population]\nsize = 4", "twice, as 'archive' and as 'population.size'"),
        ("[population]\nsise = 4", "no option 'population.sise'; .*size"),
        ("[budgets]\nusd = 4", "no option 'budgets'; .*budget"),
        ("[population]\nmax_evaluations = 4", r"no option 'population.max_evaluations'; .* in \[budget\]"),
        ("[models]\nstrategy = 'evolution'", "no option 'models.strategy'; strategy stands alone"),
        ("population = 3", "population = 3: it is a table, of size, "),
        ("models = ['anthropic:m']", "models = .*: it is a table, of proposer, "),
        ("fitness = 'negative'", "fitness = 'negative': it is a table, of kind, "),
        ("[population]\nsize = 0", "population_size = 0: "),
        ("[evaluation]\nfitness = { flor = 1.0 }", "no option 'fitness.flor'; .*floor"),
        ("[evaluation]\nshare = 0", r"share \(--weight\) = 0: "),
    ],
)
def test_what_is_wrong_in_a_file_is_named_as_it_may_be_written(tmp_path: Path, text: str, hint: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=hint):
        load_config({}, path)


@pytest.mark.parametrize(
    "name",
    [name for name, setting in SETTINGS.items() if setting.consent and "file" in setting.consent.origins],
)
def test_consent_is_asked_for_in_every_spelling(tmp_path: Path, name: str) -> None:
    values = {
        "tier": "none", "proposer": "anthropic:m@https://evil.example", "prices": "p", "price_unknown": "0/0",
        "budget_usd": 6, "feedback": "p/f.toml", "prompts": "p",
        "start": ["p.py"], "against": ["p.py:2"],
    }  # fmt: skip
    setting = SETTINGS[name]
    path = tmp_path / "run.toml"
    for spelled in setting.spellings:
        *part, key = spelled.split(".")
        lines = f"[{part[0]}]\n" if part else ""
        others = "" if name == "proposer" else 'proposer = "anthropic:m"\n'
        path.write_text(f"{others}{lines}{key} = {json.dumps(values[name])}\n")
        with pytest.raises(ConfigError, match=f"give .*--{setting.option.replace('_', '-')}"):
            load_config({}, path)
        said = {name: values[name]}
        assert load_config(said, path).settings()[name] == load_config(said).settings()[name]


def test_names_are_unique_and_defaults_of_domains_are_settings() -> None:
    spelled = [spelling for setting in SETTINGS.values() for spelling in set(setting.spellings)]
    assert len(spelled) == len(set(spelled))
    for name in ("cfr", "mfg", "psro", "rqe", "rrps", "gathering", "cleanup"):
        assert set(SETTINGS.named(domain(name).run_defaults)) <= set(SETTINGS)


def test_settings_change_together_or_not_at_all() -> None:
    config = load_config({})
    assert config.changed(patience=3, archive=9).settings() == config.settings() | {
        "patience": 3, "population_size": 9,
    }  # fmt: skip
    with pytest.raises(ConfigError, match="--patience = 0"):
        config.changed(patience=0)
    with pytest.raises(ValidationError):
        config.budget.patience = 3  # type: ignore[misc]


def test_the_page_lists_the_settings_as_they_are() -> None:
    page = PAGE.read_text()
    assert page == page_with(table(), page), "run `python -m tools.settings --write`"
    assert all(f"`{name}`" in page for name in SETTINGS)
    models = (RunConfig, *SETTINGS.parts.values())
    bare = [name for model in models for name in model.model_fields if not descriptions(model).get(name)]
    assert bare == list(SETTINGS.parts)
    examples = [tomllib.loads(text.partition("```")[0]) for text in page.split("```toml\n")[1:]]
    assert any("budget" in example for example in examples)


def test_what_is_wrong_with_a_setting_is_told_in_its_own_words() -> None:
    with pytest.raises(ConfigError, match=r": the opponent 'My\.py:heavy' .* write NAME, or NAME:WEIGHT"):
        load_config({"domain": "rrps", "against": ["My.py:heavy"]})
    with pytest.raises(ConfigError, match=r": input should be 'off', 'best' or 'gate'$"):
        load_config({"audit": "Gate"})
