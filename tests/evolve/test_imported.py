"""Runs of other people: their numbers count for nothing, and their configuration decides nothing alone."""

import gzip
import json
import shutil
from contextlib import closing

import pytest

from nashforge.archive import Archive, DamagedExport, Status, export_archive
from nashforge.evolve.config.consent import require_consent
from nashforge.evolve.config.importing import import_file
from nashforge.evolve.config.model_names import ModelError, key_of, parse_model
from nashforge.evolve.config.run import load_config
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Fitness
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.evaluator import Evaluator
from nashforge.evolve.measurement.programs import NamedProgram
from nashforge.evolve.runs.run import confirmed_config, resume_run, start_run


def forged(archive, file, change):
    """Export an archive and change the lines of the file."""
    export_archive(archive, file, overwrite=True)
    lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    for line in lines:
        change(line)
    file.write_bytes(gzip.compress(("\n".join(map(json.dumps, lines)) + "\n").encode()))
    return file


def inflate(line):
    """Make all that was measured look a billion times better or worse."""
    if line["kind"] == "evaluation":
        for score in line["scores"]:
            score["value"] = 1e9
        line["fitness"] = line["fitness"] and 1e9
    if line["kind"] == "candidate" and line["train"] is not None:
        line |= {"train": 1e9, "validation": 1e9, "test": 1e9}


def measured(archive, label):
    """Return the fitness of a rule against DCFR, as `evaluate` has it."""
    work = domain("cfr")
    stage = work.games_stage(["kuhn_poker"], 40, Fitness())
    with closing(LocalExecutor(1)) as executor:
        evaluator = Evaluator(archive, work, stage, executor)
        program = NamedProgram(label, work.source(label), "cfr", "library")
        [row] = evaluator.measure([program], reference="dcfr", reuse=True)
    return row.fitness


@pytest.fixture(scope="module")
def made(tmp_path_factory, shared_tiny):
    """The file of an archive with a run and a measurement."""
    path = tmp_path_factory.mktemp("made") / "theirs.db"
    with Archive.open(path) as other:
        measured(other, "cfr_plus")
        start_run(other, shared_tiny(max_evaluations=6), name="theirs")
    return path


@pytest.fixture
def theirs(tmp_path, made):
    """A copy of that archive, and so that of somebody else."""
    shutil.copyfile(made, tmp_path / "theirs.db")
    with Archive.open(tmp_path / "theirs.db") as other:
        yield other


@pytest.fixture
def suites(theirs):
    """Return the suites of that run, as somebody says them again."""
    config = theirs.runs.get("theirs").config
    return {name: config[name] for name in ("train", "validation", "test")}


@pytest.mark.slow
def test_imported_measurements_move_no_fitness(archive, theirs, tiny, tmp_path):
    honest = measured(theirs, "cfr_plus")
    kept = start_run(theirs, tiny(max_evaluations=3, seed=1), name="other")
    import_file(archive, forged(theirs, tmp_path / "a.gz", inflate))
    dcfr = archive.programs.add(domain("cfr").source("dcfr"), "cfr")
    assert any(s.value == 1e9 for e in archive.evaluations.find(program=dcfr) for s in e.scores)
    assert measured(archive, "cfr_plus") == honest
    mine = start_run(archive, tiny(max_evaluations=3, seed=1), name="mine")
    assert (mine.seed.train, mine.best.train) == (kept.seed.train, kept.best.train)


@pytest.mark.slow
def test_a_resumed_import_is_measured_here_first(archive, theirs, suites, tmp_path):
    values = [(c.index, c.status, c.train) for c in theirs.candidates.of(theirs.runs.get("theirs"))]
    import_file(archive, forged(theirs, tmp_path / "a.gz", inflate))
    run = archive.runs.get("theirs")
    result = resume_run(archive, run, changes={"max_evaluations": 8, **suites})
    assert result.evaluations == 8
    assert result.best.train < 100
    found = archive.candidates.of(run)
    assert [(c.index, c.status, c.train) for c in found[: len(values)]] == values
    assert all(c.imported is None for c in found if c.status is Status.OK)
    assert archive.runs.get("theirs").imported is not None
    # As if it had never been elsewhere.
    continued = resume_run(theirs, theirs.runs.get("theirs"), changes={"max_evaluations": 8})
    assert continued.best.train == result.best.train


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ('proposer = "anthropic:m@http://127.0.0.1:9"\nprice_unknown = "0/0"', "--proposer anthropic:m@http"),
        (
            'proposer = ["google:a", "anthropic:m@https://evil.example"]',
            "--proposer google:a --proposer anth",
        ),
        ('allow_weaker_sandbox = "none"', "--allow-weaker-sandbox none"),
        ('tier = "no-landlock"', "--allow-weaker-sandbox no-landlock"),
    ],
)
def test_what_a_file_may_not_decide_is_asked_for(archive, tmp_path, line, option):
    path = tmp_path / "run.toml"
    path.write_text(line)
    with pytest.raises(ConfigError, match=r"only you can allow|have not named") as caught:
        load_config({}, path)
    assert option in str(caught.value)
    said = {"tier": "strict", "proposer": "anthropic:mine@https://mine.example", "price_unknown": "3/15"}
    assert load_config(said, path).models.proposer == said["proposer"]
    # The same from a stored run, and from what was changed when it was resumed.
    values = {"tier": "none"} if "none" in line else {"tier": "no-landlock"} if "tier" in line else {}
    values |= {"proposer": "anthropic:m@https://evil.example"} if "proposer" in line else {}
    run = archive.runs.create("cfr", {})
    archive.runs.set_value(run, "changes", values)
    with pytest.raises(ConfigError, match=r"only you can allow|have not named"):
        confirmed_config(archive, run)
    again = {"tier": values.get("tier"), "proposer": values.get("proposer")}
    assert confirmed_config(archive, run, again).sandbox.tier == values.get("tier", "strict")


def test_other_models_are_another_run(archive):
    run = archive.runs.create("cfr", {"proposer": "anthropic:m@https://a.example"})
    moved = confirmed_config(archive, run, {"proposer": "anthropic:m@https://b.example"})
    assert moved.models.proposer == "anthropic:m@https://b.example"
    for other in ("anthropic:other", "offline"):
        with pytest.raises(ConfigError, match="start a new run"):
            confirmed_config(archive, run, {"proposer": other})


def test_an_address_of_the_environment_was_named(archive, monkeypatch):
    run = archive.runs.create("cfr", {"proposer": "anthropic:m@https://gate.example"})
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://gate.example")
    assert confirmed_config(archive, run).models.proposer.endswith("gate.example")


@pytest.mark.parametrize(
    "host", ["http://evil.example", "http://10.0.0.1:8000", "http://127.0.0.1.evil.example"]
)
def test_no_key_goes_over_a_network_in_the_clear(monkeypatch, host):
    for provider, variable in (("anthropic", "ANTHROPIC_AUTH_TOKEN"), ("google", "GEMINI_API_KEY")):
        monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
        monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
        model = parse_model(f"{provider}:m@{host}")
        assert key_of(model).value == ""
        monkeypatch.setenv(variable, "secret-key")
        with pytest.raises(ModelError, match="unencrypted") as caught:
            key_of(model)
        assert "secret-key" not in str(caught.value)
        for fine in ("http://127.0.0.1:1", "http://localhost", "http://[::1]:1", "https://evil.example"):
            assert key_of(parse_model(f"{provider}:m@{fine}")).value == "secret-key"
    monkeypatch.setenv("ANTHROPIC_BASE_URL", host)
    with pytest.raises(ModelError, match="unencrypted"):
        key_of(parse_model("anthropic:m"))


def test_a_replay_asks_nobody(tiny):
    config = tiny(proposer="anthropic:m@http://evil.example", replay="0" * 32)
    require_consent(config, {}, "the run")


def test_broken_values_of_run_files_are_told(tmp_path):
    path = tmp_path / "run.toml"
    for text in (
        "seed = 1" + "0" * 5000,
        "seed = " + "[" * 5000,
        "seed = '" + "x" * 2_000_000 + "'",
        "seed = 1e400",
    ):
        path.write_text(text)
        with pytest.raises(ConfigError) as caught:
            load_config({}, path)
        assert len(str(caught.value)) < 600
    path.write_text('"" = 1')
    with pytest.raises(ConfigError, match="there is no option ''"):
        load_config({}, path)


@pytest.mark.parametrize(
    ("config", "changes"),
    [
        # What counts is what is read later: a part of the changes does not replace that of the configuration.
        ({"budget": {"max_evaluations": "many"}}, {"budget": {}}),
        ({"fitness": {"kind": "nonsense"}}, {"evaluation": {"horizon": 7}}),
        ({"seed": 0}, {"share": 2.0, "weight": "much"}),
    ],
)
def test_settings_that_could_not_be_read_later_are_refused(archive, theirs, tmp_path, config, changes):
    def spoil(line):
        if line["kind"] == "run":
            hidden = {"max_evaluations", "fitness", "share", "seed"}
            line["config"] = {k: v for k, v in line["config"].items() if k not in hidden} | config
            line["values"]["changes"] = changes

    with pytest.raises(DamagedExport, match="the configuration is not valid"):
        import_file(archive, forged(theirs, tmp_path / "a.jsonl.gz", spoil))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("references", {"kuhn_poker": "small"}),
        ("references", {"kuhn_poker": None}),
        ("floors", {"kuhn_poker": 0}),
        ("floors", ["kuhn_poker"]),
        ("scales", {"kuhn_poker": True}),
    ],
)
def test_what_measurements_tell_by_game_is_numbers(archive, theirs, tmp_path, name, told):
    def spoil(line):
        if line["kind"] == "evaluation":
            line["settings"][name] = told

    with pytest.raises(DamagedExport, match=f"the evaluation's {name}"):
        import_file(archive, forged(theirs, tmp_path / "a.jsonl.gz", spoil))
    assert archive.runs.newest() == []


MONEY = [
    ({"prompts": "p"}, "--prompts p"),
    ({"feedback": "p/mine.toml"}, "--feedback p/mine.toml"),
    ({"prices": "free.toml"}, "--prices free.toml"),
    ({"price_unknown": "0/0"}, "--price-unknown 0/0"),
    ({"budget_usd": 0}, "--budget-usd"),
    ({"budget_usd": 5.01}, "--budget-usd"),
]


@pytest.mark.parametrize(("values", "option"), MONEY)
def test_money_and_prompts_of_somebody_else_are_asked_for(archive, theirs, suites, tmp_path, values, option):
    values = {"proposer": "anthropic:claude-sonnet-5", **values}
    path = tmp_path / "run.toml"
    path.write_text("\n".join(f"{name} = {json.dumps(value)}" for name, value in values.items()))
    with pytest.raises(ConfigError, match=r"you have not named|only you can allow|is kept by") as caught:
        load_config({}, path)
    assert option in str(caught.value)
    [name] = set(values) - {"proposer"}
    assert load_config({name: values[name]}, path).settings()[name] == values[name]
    # A run that was made here needs nothing; the same run that was imported does.
    made = archive.runs.create("cfr", values)
    assert confirmed_config(archive, made).settings()[name] == values[name]

    def change(line):
        if line["kind"] == "run":
            line["config"] |= values

    import_file(archive, forged(theirs, tmp_path / "a.gz", change))
    run = archive.runs.get("theirs")
    with pytest.raises(ConfigError, match=r"you have not named|only you can allow|is kept by") as caught:
        confirmed_config(archive, run, suites)
    assert option in str(caught.value)
    with pytest.raises(ConfigError, match=r"you have not named|only you can allow|is kept by"):
        resume_run(archive, run, changes={"max_evaluations": 8, **suites})
    assert confirmed_config(archive, run, {name: values[name], **suites}).settings()[name] == values[name]


def test_suites_in_files_of_somebody_else_are_asked_for(archive, theirs, suites, tmp_path):
    # A run that was made here, and a configuration file, may name them.
    assert confirmed_config(theirs, theirs.runs.get("theirs")).evaluation.suites == suites
    (tmp_path / "run.toml").write_text(f"train = {json.dumps(suites['train'])}\n")
    assert load_config({}, tmp_path / "run.toml").evaluation.train == suites["train"]
    import_file(archive, forged(theirs, tmp_path / "a.gz", lambda line: None))
    run = archive.runs.get("theirs")
    with pytest.raises(ConfigError, match="which you have not named") as caught:
        resume_run(archive, run, changes={"max_evaluations": 8})
    for option in ("--suite", "--validation-suite", "--test-suite"):
        assert f"give {option} {suites['train']}" in str(caught.value)
    for missing in suites:
        said = {name: path for name, path in suites.items() if name != missing}
        with pytest.raises(ConfigError, match="which you have not named"):
            confirmed_config(archive, run, said)
    assert confirmed_config(archive, run, suites).evaluation.suites == suites
    assert confirmed_config(archive, run, suites | {"test": "cfr-smoke"}).evaluation.test == "cfr-smoke"


def test_names_of_suites_are_nobodys_files(archive, theirs, tmp_path):
    def change(line):
        if line["kind"] == "run":
            line["config"] |= {"train": "cfr-train", "validation": "cfr-validation", "test": "cfr-test"}

    import_file(archive, forged(theirs, tmp_path / "a.gz", change))
    assert confirmed_config(archive, archive.runs.get("theirs")).evaluation.train == "cfr-train"


def test_a_run_is_configured_for_its_own_domain(archive, theirs, tmp_path):
    def change(line):
        if line["kind"] == "run":
            line["config"] |= {"domain": "psro"}

    with pytest.raises(DamagedExport, match="is of the domain 'cfr' and its configuration is not"):
        import_file(archive, forged(theirs, tmp_path / "a.gz", change))


def test_a_usual_budget_and_offline_runs_need_no_consent(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("proposer = 'anthropic:claude-sonnet-5'\nbudget_usd = 5\nfeedback = 'sparse'\n")
    assert load_config({}, path).budget.usd == 5
    path.write_text("budget_usd = 0\nprompts = 'p'\nprices = 'free.toml'\n")
    assert load_config({}, path).models.offline
