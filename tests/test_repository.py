"""Rules for the whole repository: how packages depend on each other, and what files may not contain."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tools.lines import product

ROOT = Path(__file__).resolve().parents[1]

MAY_USE: dict[str, set[str]] = {
    "games": set(),
    "prompts": {"games"},
    "archive": {"games"},
    "solvers": {"games"},
    "evolve": {"games", "prompts", "archive", "solvers"},
    "cli": {"games", "prompts", "archive", "solvers", "evolve"},
}
"""The packages, and which others each may import."""

HEAVY = (
    "alembic",
    "jinja2",
    "matplotlib",
    "numba",
    "numpy",
    "pydantic",
    "pyspiel",
    "rich",
    "scipy",
)
"""What takes long to import, together with SQLAlchemy and typer."""

MOST_LINES = 400


def tracked() -> list[Path]:
    """Return the files of the repository: those that git does not ignore, and without git the likely ones."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
        return [ROOT / name for name in names if name and (ROOT / name).is_file()]
    hidden = re.compile(r"(^|/)(\.(?!ci/)|__pycache__|build/|dist/|[^/]*\.egg-info/)")
    files = (path for path in ROOT.rglob("*") if path.is_file())
    return [path for path in files if not hidden.search(path.relative_to(ROOT).as_posix())]


def modules() -> list[Path]:
    """Return the Python files of the packages."""
    return sorted(path for package in MAY_USE for path in (ROOT / package).rglob("*.py"))


def canonical(name: str) -> str:
    """Return a distribution's name as lock files spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement_name(requirement: str) -> str:
    """Return the name in a requirement such as ``psycopg[binary]>=3.2``."""
    return canonical(re.split(r"[\[<>=;~! ]", requirement)[0])


def imports(source: str, *, lazy: bool = True) -> Iterator[str]:
    """Yield the packages that a module imports, ours without ``nashforge``; lazy ones by name if wanted."""
    for name in _imported(source, lazy):
        parts = name.split(".")
        yield parts[1] if parts[0] == "nashforge" and len(parts) > 1 else parts[0]


def _imported(source: str, lazy: bool) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            whole = node.module == "nashforge"
            yield from (f"nashforge.{alias.name}" if whole else node.module for alias in node.names)
        elif (
            lazy and isinstance(node, ast.Constant) and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", str(node.value))
        ):
            # A lazy re-export names its module in a string.
            yield str(node.value)


def test_imports_are_found_wherever_they_stand() -> None:
    source = """
import nashforge.evolve.search.loop
def f():
    from nashforge.archive.store import Archive
    return import_module("nashforge.solvers.solving"), "not a module: nashforge.cli.x"
"""
    assert set(imports(source)) == {"evolve", "archive", "solvers"}


@pytest.mark.parametrize("package", MAY_USE)
def test_dependencies_point_one_way(package: str) -> None:
    paths = sorted((ROOT / package).rglob("*.py"))
    assert paths
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in paths
        for name in sorted(set(imports(path.read_text(encoding="utf-8"))))
        if name in MAY_USE and name != package and name not in MAY_USE[package]
    ]
    assert wrong == []


@pytest.mark.parametrize("package", MAY_USE)
def test_packages_are_light_to_import(package: str) -> None:
    heavy = (*HEAVY, "sqlalchemy", "typer")
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import nashforge.{package}; "
        f"print(*sorted(set({heavy!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_help_loads_nothing_that_only_commands_need() -> None:
    late = {*HEAVY, "sqlalchemy"} - {"pydantic", "rich"}  # typer loads those two itself
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv = ['nashforge', 'run', '--help']\n"
        "from nashforge.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(*sorted({late!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--max-evaluations" in done.stdout
    assert done.stderr.split() == []


def test_modules_are_short_or_say_why_not() -> None:
    long = []
    for path in modules():
        text = path.read_text(encoding="utf-8")
        reason = f"{MOST_LINES} lines" in (ast.get_docstring(ast.parse(text)) or "")
        if text.count("\n") > MOST_LINES and not reason:
            long.append(f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines")
    assert long == [], (
        f"split these, or say in the docstring why more than {MOST_LINES} lines belong together"
    )


def test_every_listed_mutation_fits_a_line_and_its_tests_are_there() -> None:
    done = subprocess.run(
        [sys.executable, "tools/mutate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"a line on the list was changed: change it there, too. {done.stderr}"


def test_no_text_is_read_for_codes_of_emoji() -> None:
    """What others call things is shown as it is, ``openai:m:`` too."""
    made = re.compile(r"\b(?:Console|Screen)\((?!Console\))|\bfrom_markup\(")
    column = re.compile(r"\bTextColumn\((?=[^\n]*\{task\.description\})")
    for path in modules():
        source = path.read_text(encoding="utf-8")
        for found in made.finditer(source):
            line = source[found.start() :].partition("\n")[0]
            assert "emoji=False" in line, f"{path}: {line}"
        for found in column.finditer(source):
            line = source[found.start() :].partition("\n")[0]
            assert "markup=False" in line, f"{path}: {line}"


def test_names_of_files_are_portable_and_only_marks_are_empty() -> None:
    names = [path.relative_to(ROOT).as_posix() for path in tracked()]
    assert [name for name in names if not re.fullmatch(r"[\w./@+-]+", name, re.ASCII)] == []
    empty = {path.name for path in tracked() if path.stat().st_size == 0}
    assert empty <= {"__init__.py", "py.typed"}


def test_no_file_names_where_packages_come_from() -> None:
    # Written in two parts, because this file is tracked too.
    hosts = ["py" + "pi.org", "python" + "hosted", "ana" + "conda.org", "npm" + "js.org", "/sim" + "ple/"]
    options = [r"^\s*-i\s", r"^\s*--?(extra-)?index-url", r"^\s*--find-links", r"^\s*--trusted-host"]
    forbidden = re.compile("|".join([*map(re.escape, hosts), *options]), re.MULTILINE)
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in forbidden.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("requirements.lock", ["dashboard", "models", "service", "postgresql"]),
        ("requirements-dev.lock", ["dev"]),
    ],
)
def test_locks_pin_every_dependency_with_hashes(lock: str, extras: list[str]) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if not entry.startswith("#")]
    pinned = {}
    for entry in entries:
        match = re.match(r"([a-z0-9.-]+)==(\S+)", entry)
        assert match, f"not pinned: {entry}"
        assert "--hash=sha256:" in entry, f"no hash: {entry}"
        pinned[match.group(1)] = match.group(2)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(r for extra in extras for r in project["optional-dependencies"][extra]),
    ]
    names = {requirement_name(requirement) for requirement in wanted} - {project["name"]}
    assert names <= set(pinned), f"run make lock: {sorted(names - set(pinned))} missing from {lock}"


ADAPTERS = {
    "cli/dashboard/app.py": ("serve", "dashboard"),
    "cli/dashboard/guard.py": ("serve",),
    "cli/dashboard/live.py": ("serve",),
    "archive/storage/connections/silence.py": ("postgresql",),
    "archive/stores/notices.py": ("postgresql",),
    "evolve/service/": ("postgresql", "service"),
    "evolve/proposers/llm/providers/anthropic.py": ("models",),
    "evolve/proposers/llm/providers/google.py": ("models",),
    "evolve/proposers/llm/providers/requests.py": ("models",),
    "evolve/proposers/llm/providers/retry_after.py": ("models",),
    "evolve/proposers/llm/providers/openai.py": ("openai",),
    "evolve/agents/http/client.py": ("serve",),
    "evolve/agents/http/guard.py": ("serve",),
    "evolve/agents/http/server.py": ("serve",),
    "evolve/agents/http/serving.py": ("serve",),
    "evolve/agents/mcp/arguments.py": ("mcp",),
    "evolve/agents/mcp/server.py": ("serve", "mcp"),
}
"""Extras of modules, and of folders of them, that are imported only where these are wanted."""


def test_every_import_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    always = {requirement_name(requirement) for requirement in project["dependencies"]}
    extras = project["optional-dependencies"]
    distributions = packages_distributions()
    undeclared = {}
    for path in modules():
        place = path.relative_to(ROOT).as_posix()
        wanted = [extra for start, names in ADAPTERS.items() if place.startswith(start) for extra in names]
        there = always | {requirement_name(one) for extra in wanted for one in extras[extra]}
        for name in set(imports(path.read_text(encoding="utf-8"), lazy=False)):
            if name in {*MAY_USE, "errors", "extras", "plugins"} or name in sys.stdlib_module_names:
                continue
            providers = {canonical(provider) for provider in distributions.get(name, [name])}
            if not providers & there:
                undeclared[name] = path.relative_to(ROOT).as_posix()
    assert undeclared == {}


def test_the_license_is_the_one_that_the_metadata_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    text = " ".join((ROOT / "LICENSE").read_text(encoding="utf-8").split())
    assert text.startswith("Apache License Version 2.0, January 2004")
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_changelog_tells_of_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_kernels_are_compiled_in_one_place():
    """There it is checked that nobody else can write where they are kept."""
    home = Path("games/compiled.py")
    pattern = re.compile(r"\bnumba\.(n?jit|vectorize|guvectorize)\b|from numba import .*\bn?jit\b")
    packages = [path.relative_to(ROOT) for path in tracked() if path.suffix == ".py"]
    found = [
        str(path)
        for path in packages
        if path.parts[0] in MAY_USE and path != home and pattern.search((ROOT / path).read_text())
    ]
    assert found == []


def test_docstrings_say_first_what_a_thing_is() -> None:
    """They begin with a noun, or for a function with a verb, not with a question word."""
    asking = re.compile(r"(Who|What|Where|How|When|Which|Whose|That)\b")
    found = []
    for path in product():
        for node in ast.walk(ast.parse(path.read_text())):
            documented = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            if documented and asking.match(ast.get_docstring(node) or ""):
                found.append(f"{path.relative_to(ROOT)}: {getattr(node, 'name', 'module')}")
    assert found == []
