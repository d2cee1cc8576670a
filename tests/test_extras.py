"""Solving and searching here needs no SDK of a model, no broker and no driver; who needs one is told so."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import types
from pathlib import Path

import pytest

from nashforge.cli.errors import is_known, message_of
from nashforge.extras import EXTRAS, MissingExtraError, missing_of, of, require

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """
import sys
import types
for module in {modules!r}:
    sys.modules[module] = None  # as if it were not installed
from nashforge.cli.main import main
for words in {commands!r}:
    sys.argv = ["nashforge", *words]
    try:
        main()
    except SystemExit as end:
        print("==", words[0], end.code, file=sys.stderr)
import nashforge as nf
print(nf.solve("kuhn_poker", iterations=5), nf.open_archive().run().best.solve("kuhn_poker", 5))
"""
TINY = 'name = "tiny"\npurpose = "One tiny game."\ngames = ["kuhn_poker"]\n'


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *commands: list[str]) -> list[str]:
    """Run commands where no extra is installed; return what they say on standard error."""
    monkeypatch.setenv("NASHFORGE_DATABASE", str(folder / "a.db"))
    for variable in ("ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(variable, "key")
    (folder / "tiny.toml").write_text(TINY)
    modules = sorted({module for extra in EXTRAS.values() for module in extra} - {"anyio"})
    script = SCRIPT.format(modules=modules, commands=commands)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert "solved by" in done.stdout, done.stderr
    return done.stderr.splitlines()


@pytest.mark.slow
def test_without_extras_one_searches_and_is_told_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suites = [f"--{split}suite=tiny.toml" for split in ("", "validation-", "test-")]
    small = [*suites, "--horizon=20", "--workers=1", "--copies=0", "--max-evaluations=2"]
    wanted = {
        "models": [
            ["run", "cfr", "--model", "anthropic:claude-sonnet-5", "--budget-usd=1"],
            ["run", "cfr", "--model", "google:gemini-2.5-flash", "--budget-usd=1"],
        ],
        "openai": [["run", "cfr", "--model", "openai:m@http://127.0.0.1:1"]],
        "service": [
            ["run", "cfr", "--executor=celery", "--broker=redis://127.0.0.1:1/0"],
            ["worker", "--broker=redis://127.0.0.1:1/0"],
            ["service", "up"],
        ],
        "postgresql": [["runs", "--database=postgresql://me@127.0.0.1:1/x"]],
        "mcp": [["mcp"]],
        "dashboard": [["dashboard"]],
    }
    works = [["run", "cfr", *small], ["status"], ["best"], ["costs", "latest"], ["report"], ["doctor"]]
    missing = [command for commands in wanted.values() for command in commands]
    said = run(tmp_path, monkeypatch, *works, *missing)
    ended = [line.split()[1:] for line in said if line.startswith("== ")]
    assert ended == [[words[0], "0"] for words in works] + [[words[0], "2"] for words in missing]
    told = [line for line in said if line.startswith("Error: ")]
    extras = [extra for extra, commands in wanted.items() for _ in commands]
    assert [f"install nashforge[{extra}]" in line for extra, line in zip(extras, told, strict=True)] == [
        True
    ] * len(told)


def test_extras_are_those_of_the_project_and_are_all_here() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(EXTRAS) <= set(project["optional-dependencies"])
    assert {extra: missing_of(extra) for extra in EXTRAS} == {extra: [] for extra in EXTRAS}
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    named = " ".join(requirement for group in groups for requirement in group)
    for required in ("open_spiel", "numpy", "anthropic", "google-genai", "sqlalchemy", "celery", "typer"):
        assert required in named
    require("models", "a model")


def test_a_missing_library_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("anthropic", "httpx2"):
        monkeypatch.setitem(sys.modules, module, None)  # type: ignore[arg-type]
    with pytest.raises(MissingExtraError, match=r"^a model needs anthropic and httpx2, not installed here"):
        require("models", "a model")
    error = ModuleNotFoundError("No module named 'celery'", name="celery.signals")
    assert of(error) == "service"
    assert of(ModuleNotFoundError(name="google")) == "models"
    assert of(ModuleNotFoundError(name="mcpx")) is of(ImportError()) is None
    assert is_known(error)
    assert message_of(error) == "No module named 'celery'; it is installed with nashforge[service]"
    assert not is_known(ModuleNotFoundError("No module named 'x'", name="x"))


def test_a_library_that_replaces_itself_by_an_object_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """As kombu does once it is imported: find_spec raises a ValueError then."""
    for name in EXTRAS["service"]:
        without = types.ModuleType(name)
        without.__spec__ = None
        monkeypatch.setitem(sys.modules, name, without)
    assert missing_of("service") == []
