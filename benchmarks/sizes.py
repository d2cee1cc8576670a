"""The sizes of what is installed, by extra: megabytes of all packages that an installation without it lacks.

python -m benchmarks.sizes            of what is installed here, by its own records of files
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
SHOWN = ("models", "openai", "postgresql", "service", "serve", "mcp", "dashboard", "all")


def needed(requirements: Iterable[str], project: dict[str, list[str]]) -> dict[str, int]:
    """Return the bytes of every package that requirements need, by name; those not here are told."""
    sizes: dict[str, int] = {}
    done: set[tuple[str, str]] = set()
    open_ = [(Requirement(text), "") for text in requirements]
    while open_:
        wanted, extra = open_.pop()
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(wanted.name)
        if name == "nashforge":
            open_ += [(Requirement(text), "") for each in wanted.extras for text in project[each]]
            continue
        try:
            found = distribution(name)
        except PackageNotFoundError:
            print(f"{name} is not installed here")
            continue
        if name not in sizes:
            paths = [Path(str(file.locate())) for file in found.files or ()]
            sizes[name] = sum(path.stat().st_size for path in paths if path.is_file())
        for part in ("", *wanted.extras):
            if (name, part) not in done:
                done.add((name, part))
                open_ += [(Requirement(text), part) for text in found.requires or ()]
    return sizes


def main() -> None:
    """Print a line for the small installation and for what each extra adds to it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    small = needed(project["dependencies"], extras)
    largest = sorted(small, key=lambda name: -small[name])[:6]
    told = ", ".join(f"{name} {small[name] / 1e6:.0f}" for name in largest)
    print(f"nashforge: {sum(small.values()) / 1e6:.0f} MB in {len(small)} packages (of which {told})")
    for extra in SHOWN:
        more = {name: size for name, size in needed(extras[extra], extras).items() if name not in small}
        print(f"nashforge[{extra}]: {sum(more.values()) / 1e6:.0f} MB more, in {len(more)} packages")


if __name__ == "__main__":
    main()
