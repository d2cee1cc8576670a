"""The notebooks of the documentation run from the first cell to the last; no Jupyter is needed for it."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def run_cell(source: str, name: str, namespace: dict[str, Any]) -> Any:
    """Execute a cell; return the value of its last expression, if it ends with one."""
    tree, last = ast.parse(source), None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
    exec(compile(tree, name, "exec"), namespace)
    return None if last is None else eval(compile(last, name, "eval"), namespace)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib.pyplot as plt  # a second, which whoever plots nothing need not spend

    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "notebook"}
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 5
    for number, source in enumerate(code):
        shown = run_cell(source, f"{path.name}, cell {number}", namespace)
        if hasattr(shown, "_repr_html_"):
            assert shown._repr_html_().startswith("<")
    plt.close("all")


def test_there_are_three_without_outputs() -> None:
    """Outputs would go stale, and hide what changes."""
    assert [path.stem for path in NOTEBOOKS] == ["dilemmas-and-risk", "discover", "solve-and-compare"]
    for path in NOTEBOOKS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert [cell["outputs"] for cell in cells if cell.get("outputs")] == []
