"""The table of settings in docs/configuration.md, made from the configuration itself.

python -m tools.settings            print it
python -m tools.settings --write    put it into the page
"""

from __future__ import annotations

import argparse
import ast
import inspect
import itertools
import json
import re
from pathlib import Path

from nashforge.cli.commands.run import run
from nashforge.evolve.config.run import SETTINGS, RunConfig

PAGE = Path(__file__).resolve().parents[1] / "docs" / "configuration.md"
_BETWEEN = re.compile(r"(?<=<!-- settings -->\n).*(?=<!-- end of settings -->)", re.DOTALL)
_CONSENT = {
    (): "",
    ("imported",): "from an imported run, where it is a file",
    ("file", "imported"): "from a file or an imported run",
    ("stored", "file", "imported"): "from a file or a stored run",
}


def table() -> str:
    """Return the settings by part: TOML name, option, default, what it says, who must say it."""
    options = set(inspect.signature(run).parameters)
    lines: list[str] = []
    described: dict[type, dict[str, str]] = {}
    part = None
    for name, setting in SETTINGS.items():
        *parts, field = setting.path
        model = SETTINGS.parts[parts[0]] if parts else RunConfig
        if model is not part:
            title = f"`[{parts[0]}]`: {_first_line(model)}" if parts else "What is searched"
            lines += [
                "",
                f"### {title}",
                "",
                "| in its table | alone | option | default | |",
                "|---|---|---|---|---|",
            ]
            part = model
        info = model.model_fields[field]
        said = described.setdefault(model, descriptions(model))
        alone = ", ".join(f"`{each}`" for each in (name, *setting.aliases, setting.former) if each)
        option = f"`--{setting.option.replace('_', '-')}`" if {name, setting.option} & options else ""
        asked = _CONSENT[setting.consent.origins if setting.consent else ()]
        text = " ".join(said[field].split()) + (f" **Asked for again** {asked}." if asked else "")
        lines.append(f"| `{field}` | {alone} | {option} | {_default(info.default)} | {text} |")
    return "\n".join(lines[1:]) + "\n"


def descriptions(model: type) -> dict[str, str]:
    """Return what stands below each field of a class in its source: reading that at every start took long."""
    [body] = [
        node.body
        for node in ast.parse(inspect.getsource(model)).body
        if isinstance(node, ast.ClassDef) and node.name == model.__name__
    ]
    return {
        field.target.id: inspect.cleandoc(below.value.value)
        for field, below in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


def _first_line(model: type) -> str:
    return re.sub(r" \(`.*`\)", "", (model.__doc__ or "").partition("\n")[0]).rstrip(".").lower()


def _default(value: object) -> str:
    if value is None:
        return "none"
    return f"`{json.dumps(value)}`" if isinstance(value, bool | int | float | str) else "the domain's"


def page_with(content: str, text: str) -> str:
    """Return a page with a new table."""
    return _BETWEEN.sub(lambda _: f"\n{content}\n", text)


def main() -> None:
    """Print or write the table."""
    parser = argparse.ArgumentParser(description="The settings of a run.")
    parser.add_argument("--write", action="store_true", help="put the table into docs/configuration.md")
    if parser.parse_args().write:
        PAGE.write_text(page_with(table(), PAGE.read_text()))
    else:
        print(table())


if __name__ == "__main__":
    main()
