"""Errors are one sentence with a remedy, an exit code, and no traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nashforge.cli import errors

WRONG_USAGE = {
    "unknown command": ("shw", "show"),
    "no argument": ("show", "PROGRAM"),
    "unknown program": ("show nosuch", "nashforge best"),
    "nearly a rule": ("show vad_cf", "vad_cfr"),
    "missing file": ("evaluate ./nofile.py", "check the path"),
    "unknown run": ("status nosuch", "nashforge runs"),
    "unknown family": ("lineage nosuch", "nashforge runs"),
    "unknown domain": ("run chess", "cfr"),
    "unknown strategy": ("run cfr --strategy foo", "evolution"),
    "unknown proposer": ("run cfr --proposer gpt", "offline"),
    "no file of an agent": ("tell abc no-such.py", "the file no-such.py cannot be read"),
    "unknown suite": ("run cfr --suite cfr-trian", "cfr-train"),
    "negative seed": ("run cfr --seed -1", "--seed"),
    "enormous seed": ("run cfr --seed 9223372036854775808", "--seed"),
    "enormous list of runs": ("runs --limit 99999999999999999999", "--limit"),
    "enormous list of calls": ("calls list --limit 99999999999999999999", "--limit"),
    "no time": ("run cfr --max-minutes 0", "--max-minutes"),
    "unknown tier": ("run cfr --allow-weaker-sandbox foo", "no-landlock"),
    "bad name": ("run cfr --name 12", "leduc-first-try"),
    "name in use": ("run cfr --name first-light --suite cfr-smoke --no-final-test", "first-light"),
    "missing configuration": ("run --config nofile.toml", "check the path"),
    "unknown game": ("evaluate cfr --game kuhn_pokr", "kuhn_poker"),
    "imperfect recall": ("evaluate cfr --game goofspiel(num_cards=4,points_order=descending)", "imp_info"),
    "huge game": ("games leduc_poker --max-nodes 100", "have --max-nodes"),
    "nearly a run": ("status frist-light", "did you mean first-light?"),
    "nearly a family": ("lineage frist-light", "did you mean first-light?"),
    "nearly something to export": ("export frist-light -o x.jsonl.gz", "did you mean first-light?"),
    "nearly a domain": ("run cfrr", "did you mean cfr?"),
    "nearly a metric": ("evaluate cfr --game kuhn_poker --metrics explotability", "mean exploitability?"),
    "nearly a metric to trade": ("best --metrics secnds,exploitability", "did you mean seconds?"),
    "nearly a metric in a sum": ("run cfr --objective 2*explotability+seconds", "mean exploitability?"),
    "nearly a reference": ("evaluate cfr --game kuhn_poker --reference dcrf", "did you mean dcfr?"),
    "nearly a concept": ("equilibrium kuhn_poker --concept nahs", "did you mean nash?"),
    "nearly a divergence": ("equilibrium SC4 --concept rqe --divergence chi", "did you mean chi2?"),
    "nearly a dilemma": ("synthesize gatherin", "did you mean gathering?"),
    "suite and game": ("evaluate cfr --suite cfr-smoke --game kuhn_poker", "exclude each other"),
    "unknown reference": ("evaluate cfr --game kuhn_poker --reference foo", "dcfr"),
    "unknown rule": ("solve kuhn_poker --rule zzz", "nashforge rules"),
    "no iterations": ("solve kuhn_poker -n 0", "--iterations"),
    "policy to nowhere": ("solve kuhn_poker --policy /no/such/p.json", "make it first"),
    "policy to a directory": ("solve kuhn_poker --policy /", "name a file"),
    "picture to nowhere": ("compare cfr --game kuhn_poker --output /no/such/p.png", "make it first"),
    "export to nowhere": ("export cfr -o /no/such/rule.py", "make it first"),
    "archive to nowhere": ("archive export /no/such/a.jsonl.gz", "make it first"),
    "everything to nowhere": ("export -o /no/such/a.jsonl.gz", "make it first"),
    "cassette to nowhere": ("calls export -o /no/such/a.jsonl", "make it first"),
    "episode to nowhere": ("watch cleaner -o /no/such/a.gif", "make it first"),
    "report to nowhere": ("report -o /no/such/a.html", "make it first"),
    "trade-off to nowhere": ("best --plot /no/such/a.png", "make it first"),
    "import of a directory": ("import /", "is no file"),
    "picture of a wrong kind": ("compare cfr -o x.gif", ".png"),
    "two programs in one file": ("export cfr dcfr -o x.py", "exactly one"),
    "nothing to import": ("import nofile.gz", "check the path"),
    "database of a wrong kind": ("runs --database mysql://x", "postgresql"),
    "no archive": ("best --database /nonexistent/x.db", "nashforge run"),
}


@pytest.mark.parametrize("words", WRONG_USAGE.values(), ids=WRONG_USAGE)
def test_wrong_usage_ends_with_2_and_a_remedy(searched: Any, words: tuple[str, str]) -> None:
    command, hint = words
    result = searched(*command.split(" "))
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    text = " ".join(result.stderr.split())
    assert text.startswith("Error: ")
    assert hint in text
    assert "Traceback" not in text
    assert result.stderr.count("Error:") == 1


def test_a_stored_program_is_proposed_for_what_is_nearly_its_name(searched: Any) -> None:
    name = searched.run["best"]
    result = searched("show", f"{name}x")
    assert result.exit_code == 2
    assert f"did you mean {name}" in " ".join(result.stderr.split())


@pytest.mark.parametrize("line", ["max_evaluatons = 5", "max-evaluatons = 5"])
def test_what_is_nearly_an_option_in_a_run_file_is_told(searched: Any, tmp_path: Path, line: str) -> None:
    file = tmp_path / "run.toml"
    file.write_text(f'domain = "cfr"\n{line}\n')
    result = searched("run", "--config", file)
    assert result.exit_code == 2
    text = " ".join(result.stderr.split())
    assert str(file) in text
    assert "did you mean max_evaluations" in text


def test_what_is_nearly_a_setting_of_the_fitness_is_told(searched: Any, tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text("[fitness]\nflor = 1e-6\n")
    assert "did you mean floor" in " ".join(searched("run", "--config", file).stderr.split())


@pytest.mark.parametrize(
    "words",
    ["games goofspiel(num_cards=4)", "games leduc_poker --max-nodes 9", "games zzzzz", "games 2048"],
)
def test_errors_of_games_name_no_arguments_of_python(searched: Any, words: str) -> None:
    result = searched(*words.split(" "))
    assert result.exit_code == 2
    for name in ("max_nodes", "imperfect_recall", "pyspiel", "provides_information"):
        assert name not in result.stderr


def test_refused_runs_are_not_stored(searched: Any) -> None:
    assert searched("run", "cfr", "--suite", "nosuite").exit_code == 2
    assert [run["run"] for run in searched.json("runs")] == ["first-light"]


@pytest.mark.parametrize("words", [(), ("db",)])
def test_without_a_command_help_is_shown(searched: Any, words: tuple[str, ...]) -> None:
    result = searched(*words)
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: ")
    assert "Commands:" in result.stderr or "Search:" in result.stderr


def test_with_json_errors_are_objects(searched: Any) -> None:
    result = searched("status", "nosuch", "--json")
    assert result.exit_code == 2
    value = json.loads(result.stderr)["error"]
    assert value["exit_code"] == 2
    assert value["type"] == "NotFound"
    assert "nosuch" in value["message"]


def test_debug_shows_the_traceback_wherever_it_stands(searched: Any) -> None:
    for words in (("--debug", "show", "nosuch"), ("show", "nosuch", "--debug")):
        result = searched(*words)
        assert result.exit_code == 2
        assert "Traceback" in result.stderr
    assert "Traceback" in searched("show", "nosuch", NASHFORGE_DEBUG="1").stderr


def test_after_two_dashes_nothing_is_an_option_of_ours(searched: Any) -> None:
    result = searched("show", "--", "--debug")
    assert result.exit_code == 2
    assert "'--debug'" in result.stderr
    assert "Traceback" not in result.stderr


def test_defects_ask_for_a_report() -> None:
    error = KeyError("lost")
    assert errors.exit_code_of(error) == 1
    assert "--debug" in errors.message_of(error)


def test_what_fails_through_no_fault_of_the_user_ends_with_1() -> None:
    from nashforge.archive import DiskFull
    from nashforge.evolve.executors.dispatcher import SearchError
    from nashforge.evolve.sandbox import SandboxUnavailable

    for error in (
        DiskFull("the disk is full; free some space"),
        SearchError("lost"),
        SandboxUnavailable("no"),
    ):
        assert errors.is_known(error)
        assert errors.exit_code_of(error) == 1
    assert "--allow-weaker-sandbox" in errors.message_of(SandboxUnavailable("no"))
    assert "nashforge resume" in errors.message_of(SearchError("lost"))


def test_errors_of_others_bring_their_exit_code_and_remedy() -> None:
    class Theirs(errors.NashforgeError):
        exit_code = 2
        remedy = "write it"

    assert errors.is_known(Theirs("the rule is empty."))
    assert errors.exit_code_of(Theirs("x")) == 2
    assert errors.message_of(Theirs("the rule is empty.")) == "the rule is empty; write it"
    assert "fewer workers" in errors.message_of(MemoryError())


def test_damaged_archives_and_exports_are_told(empty: Any, tmp_path: Path) -> None:
    damaged = tmp_path / "x.jsonl.gz"
    damaged.write_bytes(b"not gzip")
    result = empty("import", damaged)
    assert result.exit_code == 1
    assert "export" in result.stderr
    other = tmp_path / "other.db"
    other.write_bytes(b"SQLite format 3\0" + b"garbage" * 100)
    result = empty("runs", "--database", other)
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.stderr
