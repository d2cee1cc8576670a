"""The README and the pages of docs/ hold: their code runs, their commands parse, their files and links exist.

Blocks of a page are taken in order and share a folder and a namespace, as a reader would have them. A block
that begins with a comment like ``# rule.py`` is a file of that name.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

from nashforge.cli.main import app
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains.dilemmas.suites import load_dilemma_suite
from nashforge.games import load_suite

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
CARRIED_OUT = {"--install-completion", "--show-completion", "--version", "--help", "-h"}
"""Options that act as soon as they are parsed."""
REPOSITORY = (
    "https://github.com/nashforge/nashforge/blob/main/",
    "https://raw.githubusercontent.com/nashforge/nashforge/main/",
)
"""Absolute links of the README begin so, and are looked up in this checkout."""
FILE_NAME = re.compile(r"# ([\w./-]+\.\w+)\n")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    text: str
    line: int

    @property
    def file(self) -> str | None:
        """Name of the file that the block shows, if it is one."""
        match = FILE_NAME.match(self.text)
        return match.group(1) if match else None


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page in order."""
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        indent, language, body = match.groups()
        lines = [line.removeprefix(indent) for line in body.splitlines(keepends=True)]
        yield Block(language, "".join(lines), text.count("\n", 0, match.start()) + 2)


def name(page: Path) -> str:
    """Return how a page is called in the tests' names."""
    return page.relative_to(ROOT).as_posix()


def save_files(page: Path, folder: Path) -> None:
    """Write the files that a page shows."""
    for block in blocks(page):
        if block.file is not None:
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_python_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NASHFORGE_DATABASE", str(tmp_path / "nashforge.db"))
    save_files(page, tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    # Pages put "." on the path; what finds modules there looks in the folder of the page that did so first.
    monkeypatch.delitem(sys.path_importer_cache, ".", raising=False)
    before = set(sys.modules)
    namespace: dict[str, Any] = {"__name__": "page"}
    try:
        for block in blocks(page):
            if block.language == "python":
                # Errors point at the page: the code starts on the block's own line of it.
                code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
                if block.file is None:
                    exec(code, namespace)
    finally:
        for module in set(sys.modules) - before:
            if str(getattr(sys.modules[module], "__file__", "")).startswith(str(tmp_path)):
                del sys.modules[module]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_errors_that_a_page_shows_are_raised(page: Path) -> None:
    """An example of an error says what else there would be; whether a machine has a sandbox is open."""
    for block in blocks(page):
        for node in ast.walk(ast.parse(block.text)) if block.language == "python" else ():
            if isinstance(node, ast.Try) and "SandboxUnavailable" not in ast.unparse(node):
                assert any(isinstance(last, ast.Raise) for last in node.orelse), f"line {block.line}"


def test_what_things_are_called_here_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code in the right column of tables that translate from another package."""
    page = ROOT / "docs" / "coming-from.md"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NASHFORGE_DATABASE", str(tmp_path / "nashforge.db"))
    namespace: dict[str, Any] = {"__name__": "page"}
    text, ran = page.read_text(encoding="utf-8"), 0
    code = {block.line: block.text for block in blocks(page) if block.language == "python"}
    for number, line in enumerate(text.splitlines(), 1):
        if number in code:
            exec(code[number], namespace)
        row = re.fullmatch(r"\| .* \| `([^`]*)` \|", line)
        if row and not row[1].startswith("nashforge "):
            exec(compile("\n" * (number - 1) + row[1], str(page), "exec"), namespace)
            ran += 1
    assert ran > 30
    assert namespace["run"].result.evaluations == 4


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_toml_blocks_are_suites_or_configurations(page: Path, tmp_path: Path) -> None:
    for number, block in enumerate(block for block in blocks(page) if block.language == "toml"):
        path = tmp_path / f"block{number}.toml"
        path.write_text(block.text, encoding="utf-8")
        keys = set(tomllib.loads(block.text))
        if keys & {"games", "families"}:
            assert load_suite(path).games
        elif "setting" in keys:
            assert load_dilemma_suite(str(path)).parsed().agents
        elif "project" not in keys:
            load_config({}, path)


def commands(page: Path) -> list[list[str]]:
    """Return the ``nashforge`` commands that a page shows, as words."""
    shown = []
    for block in blocks(page):
        if block.language in ("sh", "console", "bash"):
            text = block.text.replace("\\\n", " ")
            for line in text.splitlines():
                words = shlex.split(line.removeprefix("$ "), comments=True)
                while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                    del words[0]
                words = words[: words.index(">")] if ">" in words else words
                if words and words[0] == "nashforge" and not CARRIED_OUT & set(words):
                    shown.append(words[1:])
    return shown


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_parse(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_files(page, tmp_path)
    for words in commands(page):
        parse(words)


def parse(words: list[str]) -> str:
    """Parse a command line without carrying it out; return the name of the command."""
    command: Any = typer.main.get_command(app)
    context, title = None, "nashforge"
    while True:
        context = command.make_context(title, list(words), parent=context)
        if not hasattr(command, "resolve_command"):
            return title
        words = [*getattr(context, "_protected_args", []), *context.args]
        title, command, words = command.resolve_command(context, words)


def test_commands_that_do_not_exist_do_not_parse() -> None:
    assert parse(["run", "cfr", "--seed", "1"]) == "run"
    for wrong in (["walk"], ["run", "--speed", "1"], ["run", "--seed", "x"], ["show"]):
        with pytest.raises(Exception, match=r"(?i)no such|valid integer|missing"):
            parse(wrong)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "prompts" / "README.md", ROOT / "CHANGELOG.md"], ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        here = next((start for start in REPOSITORY if target.startswith(start)), None)
        if here is not None:
            target = os.path.relpath(ROOT / target.removeprefix(here), page.parent)
        if "://" in target or target.startswith("mailto:"):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        assert path.exists(), f"{name(page)} links to {target}, which does not exist"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, f"{name(page)} links to {target}; that page has {sorted(slugs)}"


def test_links_of_the_readme_lead_somewhere_from_anywhere() -> None:
    """Also from the page of a package index, which shows it alone."""
    text = re.sub(r"```.*?```", "", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    assert len(targets) > 20
    assert [target for target in targets if "://" not in target and not target.startswith("#")] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {start for start in REPOSITORY if start.startswith(project["urls"]["Source"])}
    assert [url for url in project["urls"].values() if not url.startswith(project["urls"]["Source"])] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_mentioned_files_exist(page: Path) -> None:
    """Paths in code style that look like files or folders of the repository."""
    packages = r"(?:games|solvers|evolve|prompts|archive|cli|tests|benchmarks|docs)"
    for path in re.findall(rf"`({packages}/[\w./-]*)`", page.read_text(encoding="utf-8")):
        assert (ROOT / path).exists(), f"{name(page)} mentions {path}, which does not exist"
