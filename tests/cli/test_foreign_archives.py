"""Whatever a file of somebody else holds: it is refused in a sentence, or everything in it can be printed."""

from __future__ import annotations

import ast
import gzip
import io
import json
import random
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nashforge.archive import program_hash
from nashforge.evolve.measurement.programs import HEADER_END

from .conftest import Commands

FALSE_LINE = "FALSE-LINE"
ENDS = ("\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
NASTY = [
    *(f"a{end}{FALSE_LINE}" for end in ENDS),
    *("x[/nope]", "[bold red]x", "x\\", "\x1b[2J\x1b]0;title\x07", "\u202eright to left", "\x00", ""),
    *("<script>alert(1)</script>", "--help", "../../etc/passwd", "latest", "dcfr", "x" * 5000, "[" * 300),
    *(None, True, -1, 0, 2**31, 2**63, 10**400, 1e308, -1e308, 1e-320, 0.5),
    *([], {}, [[]], {"a": {"b": [1]}}, {"x[/nope]": "\n"}, {"kind": "cvar"}, {"cost": "much"}),
]


@pytest.fixture(scope="module")
def lines(searched: Commands, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Return the lines of the export of a run, with a model call and a failure."""
    file = tmp_path_factory.mktemp("export") / "all.jsonl.gz"
    searched.json("export", "--output", file)
    found = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    [run] = [line for line in found if line["kind"] == "run"]
    last = [line for line in found if line["kind"] == "candidate"][-1]
    broken = {
        **last,
        "index": last["index"] + 1,
        "status": "crashed",
        "reason": "no\nreason",
        "program": None,
    }
    broken |= dict.fromkeys(("train", "validation", "test", "program"))
    call = {
        "kind": "model_call",
        "token": "c" * 8,
        "run": run["uid"],
        "candidate": 0,
        "provider": "anthropic",
        "model": "m",
        "status": "ok",
        "input_tokens": 1,
        "cached_tokens": 0,
        "cache_write_tokens": 0,
        "output_tokens": 5,
        "reserved_cost": 0.1,
        "cost": 0.1,
        "latency": 1.0,
        "created": run["created"],
        "finished": None,
        "reason": None,
        "request": {"index": 0, "user": "?"},
        "response": {"text": "!"},
    }
    place = max(i for i, line in enumerate(found) if line["kind"] == "candidate") + 1
    return [*found[:place], broken, *found[place:-1], call, found[-1]]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to everything in a JSON value."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from leaves(item, (*path, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = new


def written(lines: list[dict[str, Any]], file: Path) -> Path:
    """Write lines as an export that counts right, with programs that have their hash."""
    renamed: dict[str, str] = {}
    for line in lines:
        if line.get("kind") == "program" and isinstance(line.get("source"), str):
            try:
                digest = program_hash(line["source"], line["domain"])
            except (ValueError, TypeError):
                continue
            renamed[str(line["hash"])] = line["hash"] = digest
    for line in lines:
        if isinstance(line.get("program"), str):
            line["program"] = renamed.get(line["program"], line["program"])
    counts: dict[str, int] = {}
    for line in lines[1:-1]:
        counts[str(line.get("kind"))] = counts.get(str(line.get("kind")), 0) + 1
    lines[-1]["counts"] = counts
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode() + b"\n", mtime=0))
    return file


def check_text(text: str) -> None:
    """Make sure that no stored text reached the terminal as anything but text in a line of ours."""
    assert all(c.isprintable() or c in "\n\t" for c in text), repr(text)
    assert not any(line.startswith(FALSE_LINE) for line in text.splitlines()), text


def check_export(text: str) -> None:
    """Make sure that an exported program is a comment and then the program."""
    head, _, source = text.partition(f"\n{HEADER_END}\n")
    assert all(line.startswith("#") for line in head.splitlines()), head
    kinds = {token.type for token in tokenize.generate_tokens(io.StringIO(f"{head}\n").readline)}
    assert kinds <= {tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER}
    assert source


def check_everything(commands: Commands, folder: Path) -> None:
    """Print everything that an archive holds, in every way."""
    runs = commands.json("runs")
    for word in ("runs", "status", "best", "lineage", "costs"):
        check_text(commands.text(word))
        commands.json(word)
    check_text(commands.text("lineage", "--format", "dot"))
    check_text(commands.text("calls", "list", runs[0]["run"]))
    page = folder / "page.html"
    commands.json("report", "--output", page, "--no-episode", "--force")
    assert not re.search("<script>alert|<img src=x", page.read_text())
    names = {row["program"] for row in commands.json("lineage", "--failed")["nodes"]} - {None}
    for name in sorted(names)[:2]:
        check_text(commands.text("show", name))
        commands.json("show", name)
        commands.json("export", name, "--output", folder / "x.py", "--force")
        check_export((folder / "x.py").read_text())
    commands.json("export", "--output", folder / "again.jsonl.gz", "--force")


def test_an_untouched_export_is_shown_as_imported(
    lines: list[dict[str, Any]], tmp_path: Path, empty: Commands
) -> None:
    empty.json("import", written(json.loads(json.dumps(lines)), tmp_path / "a.gz"))
    check_everything(empty, tmp_path)
    [run] = empty.json("runs")
    assert run["imported"] is not None
    for word in ("runs", "status", "best", "lineage"):
        assert "imported" in empty.text(word), word
    best = empty.json("best")[0]
    assert best["imported"] is not None
    assert "imported" in empty.text("show", best["program"], "--no-source")
    shown = empty.json("show", best["program"])
    assert shown["imported"] is not None
    assert all(row["imported"] for row in shown["evaluations"])
    empty.json("export", best["program"], "--output", tmp_path / "rule.py")
    assert "# Imported" in (tmp_path / "rule.py").read_text()


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 3))
def test_any_changed_export_is_refused_or_can_be_printed(
    lines: list[dict[str, Any]],
    tiny_suite: Path,
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    count: int,
) -> None:
    draw = random.Random(seed)
    changed = json.loads(json.dumps(lines))
    for _ in range(count):
        line = draw.choice(changed[1:-1])
        way = draw.choice(list(leaves(line)))
        put(line, way, draw.choice(NASTY))
        if draw.random() < 0.1:
            changed.insert(-1, draw.choice(changed[1:-1]))
    folder = tmp_path_factory.mktemp("fuzz")
    commands = Commands(folder / "new.db", tiny_suite, {})
    result = commands("import", written(changed, folder / "a.gz"))
    assert result.exit_code in (0, 1, 2), result.stderr
    assert "defect" not in result.stderr
    check_text(result.stderr)
    if result.exit_code == 0 and commands.json("runs"):
        check_everything(commands, folder)


TEXTS = [text for text in NASTY if isinstance(text, str) and text]


SHOWN = [text for text in TEXTS if text.isprintable() and len(text) <= 64]


@pytest.mark.parametrize("label", ["proposer", "operator"])
def test_names_are_shown_as_they_are(
    lines: list[dict[str, Any]], empty: Commands, tmp_path: Path, label: str
) -> None:
    names = iter(SHOWN)
    changed = json.loads(json.dumps(lines))
    for line in changed:
        if line["kind"] == "candidate":
            line[label] = next(names, line[label])
    assert next(names, None) is None, "there are fewer candidates than names"
    empty.json("import", written(changed, tmp_path / "a.gz"))
    check_everything(empty, tmp_path)


@pytest.mark.parametrize("label", ["proposer", "operator"])
def test_names_that_cannot_be_shown_are_refused(
    lines: list[dict[str, Any]], empty: Commands, tmp_path: Path, label: str
) -> None:
    for nasty in (text for text in TEXTS if text not in SHOWN):
        changed = json.loads(json.dumps(lines))
        for line in changed:
            if line["kind"] == "candidate":
                line[label] = nasty
        result = empty("import", written(changed, tmp_path / "a.gz"), "--json")
        assert result.exit_code == 1, result.stdout
        assert "not what an export holds" in result.stderr


def test_prose_is_printed_as_prose(lines: list[dict[str, Any]], empty: Commands, tmp_path: Path) -> None:
    changed = json.loads(json.dumps(lines))
    for line in changed:
        if line["kind"] == "candidate":
            line["note"] = line["reason"] = "\n".join(TEXTS)
        if line["kind"] == "run":
            line["stop_reason"] = "\n".join(TEXTS)
    empty.json("import", written(changed, tmp_path / "a.gz"))
    check_everything(empty, tmp_path)


def test_the_header_of_an_export_is_only_comments(searched: Commands, tmp_path: Path) -> None:
    from nashforge.archive import Archive
    from nashforge.evolve.measurement.programs import with_header

    with Archive.open(searched.database) as archive:
        program = archive.programs.get(searched.run["best"])
    text = with_header(program, [f"a{end}import os" for end in ENDS])
    check_export(text)
    tree = ast.parse(text)
    assert ast.dump(tree) == ast.dump(ast.parse(program.source))


def test_prompts_of_an_imported_run_are_not_read_unasked(
    lines: list[dict[str, Any]], empty: Commands, tmp_path: Path
) -> None:
    folder = tmp_path / "p"
    (folder / "cfr").mkdir(parents=True)
    (folder / "cfr" / "system.jinja").write_text("THEIRS")
    changed = json.loads(json.dumps(lines))
    for line in changed:
        if line["kind"] == "run":
            line["config"] |= {"prompts": str(folder)}
    empty.json("import", written(changed, tmp_path / "a.gz"))
    preview = ("prompt", "preview", "first-light")
    refused = empty(*preview)
    assert refused.exit_code == 2
    assert f"give --prompts {folder}" in " ".join(refused.stderr.split())
    assert "THEIRS" in empty.text(*preview, "--prompts", folder)


def test_suites_in_files_of_an_imported_run_are_not_read_unasked(
    lines: list[dict[str, Any]], empty: Commands, tmp_path: Path
) -> None:
    empty.json("import", written(json.loads(json.dumps(lines)), tmp_path / "a.gz"))
    again, options = ("resume", "first-light", "--max-evaluations", 99), ["--suite", "--validation-suite"]
    refused = empty(*again)
    assert refused.exit_code == 2
    told = " ".join(refused.stderr.split())
    assert all(f"give {option} {empty.suite}" in told for option in (*options, "--test-suite"))
    refused = empty(*again, *(word for option in options for word in (option, empty.suite)))
    assert refused.exit_code == 2
    told = " ".join(refused.stderr.split())
    assert f"give --test-suite {empty.suite}" in told
    assert not any(f"give {option} " in told for option in options)


def test_settings_count_as_they_are_read_whatever_table_they_stand_in(
    lines: list[dict[str, Any]], empty: Commands, tmp_path: Path
) -> None:
    changed = json.loads(json.dumps(lines))
    for line in changed:
        if line["kind"] == "run":
            line["config"]["fitness"] = {"kind": "nonsense"}
            line["config"]["evaluation"] = {"fitness": {"kind": "negative"}}
    empty.json("import", written(changed, tmp_path / "a.gz"))
    check_everything(empty, tmp_path)
    assert "minus the mean" in empty.text("best")
    empty.json("best", "--pareto")
