"""The size of the product: lines of code by package and folder, without blank lines, comments and docstrings.

python -m tools.lines                  packages
python -m tools.lines --folders        folders, too
python -m tools.lines --root FOLDER    another checkout, for what was before
"""

from __future__ import annotations

import argparse
import ast
import io
import tokenize
from collections import Counter
from pathlib import Path

PACKAGES = ("games", "solvers", "evolve", "archive", "prompts", "cli")
ROOT = Path(__file__).resolve().parents[1]

_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def code_lines(source: str) -> list[int]:
    """Return the numbers of a module's lines that hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return sorted(lines - _docstring_lines(ast.parse(source)))


def _docstring_lines(tree: ast.Module) -> set[int]:
    """Return the lines of all strings that stand alone: docstrings, and those after attributes."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def product(root: Path = ROOT) -> list[Path]:
    """Return the modules of the installed package."""
    modules = [path for package in PACKAGES for path in (root / package).rglob("*.py")]
    return sorted([*modules, *(root / "nashforge").glob("*.py")])


def lines_of(root: Path) -> Counter[Path]:
    """Return the lines of code of every module of the installed package, by path."""
    return Counter({path.relative_to(root): len(code_lines(path.read_text())) for path in product(root)})


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Count the lines of code of the product.")
    parser.add_argument("--folders", action="store_true", help="show folders, too")
    parser.add_argument("--root", type=Path, default=ROOT, help="checkout that is counted")
    options = parser.parse_args()
    sizes = lines_of(options.root)
    groups: Counter[str] = Counter()
    for path, lines in sizes.items():
        groups[path.parts[0]] += lines
        if options.folders and len(path.parts) > 2:
            groups["/".join(path.parts[:-1])] += lines
    for name, lines in sorted(groups.items()):
        print(f"{lines:7,} {name}")
    print(f"{sizes.total():7,} all, in {len(sizes)} modules")


if __name__ == "__main__":
    main()
