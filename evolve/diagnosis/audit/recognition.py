"""A probe of the source: does the program recognise its games, or hold answers to them?"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from nashforge.evolve.diagnosis.audit.findings import Finding
from nashforge.evolve.diagnosis.audit.tree import Code, number_in

PROBE = "recognition"

SIZES = frozenset(
    {
        "count",
        "sequences",
        "sizes",
        "size",
        "shape",
        "horizon",
        "actions",
        "players",
        "policies",
        "agents",
        "height",
        "width",
        "throws",
        "step",
        "cell",
        "apple_cells",
        "river_cells",
    }
)
"""Attributes that tell one game, map or moment from another."""

CLOCKS = frozenset({"horizon", "throws"})

SMALLEST = 3
"""Comparisons with smaller numbers are ordinary: of one action, of two players."""

WARM_UP = 10
"""Iterations in which ordinary programs do something else."""

LONG_TABLE, LONG_TEXT, LONG_NUMBER = 24, 64, 2**31
FINE_DIGITS = 4
TINY = 1e-5


def probe(code: Code, numbers: Mapping[int, str]) -> Iterator[Finding]:
    """Yield a finding for tables, comparisons with sizes, and single moments that are treated otherwise.

    Parameters
    ----------
    numbers
        Numbers by which training games can be told from others, and what they are.
    """
    names = _sized_names(code)
    for node in code.nodes:
        if isinstance(node, ast.Compare):
            yield from _comparison(code, node, names, numbers)
        elif isinstance(node, ast.Match) and _is_sized(node.subject, names):
            cases = [n for case in node.cases for n in _pattern_numbers(case.pattern)]
            yield from _matched(code, node.subject, cases, numbers)
        elif isinstance(node, ast.Subscript) and _is_table(code, node.value) and _is_sized(node.slice, names):
            yield Finding(PROBE, "suspicious", f"it looks up by size: {code.text(node)}", (node.lineno,))
        elif isinstance(node, ast.Call):
            yield from _call(code, node, names)
    yield from _tables(code)
    yield from _clock(code)


def _comparison(
    code: Code, node: ast.Compare, names: set[str], numbers: Mapping[int, str]
) -> Iterator[Finding]:
    sides = [node.left, *node.comparators]
    for operator, left, right in zip(node.ops, sides, sides[1:], strict=False):
        exact = isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn)
        for one, other in ((left, right), (right, left)):
            if exact and _is_sized(one, names):
                found = [number for number in code.numbers(other) if abs(number) >= SMALLEST]
                yield from _matched(code, one, found, numbers)
                if _is_table(code, other):
                    text = f"it looks up by size: {code.text(node)}"
                    yield Finding(PROBE, "suspicious", text, (node.lineno,))
        if exact and any(_mentions(side, CLOCKS) for side in (left, right)) and not _counts(code, sides):
            text = f"it acts otherwise in one moment before the end: {code.text(node)}"
            yield Finding(PROBE, "suspicious", text, (node.lineno,))
        if exact and isinstance(left, ast.Name) and left.id == "t":
            moments = [number for number in code.numbers(right) if number > WARM_UP]
            if moments:
                text = f"it acts otherwise in iteration {moments[0]:g} alone: {code.text(node)}"
                yield Finding(PROBE, "suspicious", text, (node.lineno,))
        fine = [number for number in (code.number(left), code.number(right)) if _is_fine(number)]
        if exact and fine:
            text = f"it waits for exactly {fine[0]!r}: {code.text(node)}"
            yield Finding(PROBE, "suspicious", text, (node.lineno,))
        if _is_close(code, left, operator, right):
            text = f"it waits for a certain value: {code.text(node)}"
            yield Finding(PROBE, "suspicious", text, (node.lineno,))


def _matched(
    code: Code, what: ast.expr, found: list[int | float], numbers: Mapping[int, str]
) -> Iterator[Finding]:
    for number in found:
        line = (getattr(what, "lineno", 0),)
        known = numbers.get(number)  # type: ignore[arg-type]  # 468.0 is the key 468, too
        if known is not None:
            text = f"it waits for {code.text(what)} to be {number:g}, the number of {known}"
            yield Finding(PROBE, "hack", text, line)
        else:
            text = f"it acts otherwise where {code.text(what)} is exactly {number:g}"
            yield Finding(PROBE, "suspicious", text, line)


def _counts(code: Code, sides: list[ast.expr]) -> bool:
    """Whether one side is a plain number, so that the size itself is compared."""
    return any(code.number(side) is not None for side in sides)


def _is_close(code: Code, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> bool:
    """Whether this is a test of being near a number that is written down: ``abs(x - 0.3125) < 1e-9``."""
    if isinstance(operator, ast.Gt | ast.GtE):
        left, right = right, left
    elif not isinstance(operator, ast.Lt | ast.LtE):
        return False
    bound = code.number(right)
    if bound is None or not 0 < bound <= TINY or not isinstance(left, ast.Call):
        return False
    inner = [node for node in ast.walk(left) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)]
    constants = (code.number(side) for node in inner for side in (node.left, node.right))
    return any(number is not None and number not in (0, 1, -1) for number in constants)


def _call(code: Code, node: ast.Call, names: set[str]) -> Iterator[Finding]:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called in ("isclose", "allclose", "array_equal"):
        found = [n for argument in node.args for n in code.numbers(argument)]
        if len(found) > 1 or any(map(_is_fine, found)):
            text = f"it waits for certain values: {code.text(node)}"
            yield Finding(PROBE, "suspicious", text, (node.lineno,))
    table = node.func.value if called == "get" and isinstance(node.func, ast.Attribute) else None
    if table is not None and node.args and _is_table(code, table) and _is_sized(node.args[0], names):
        yield Finding(PROBE, "suspicious", f"it looks up by size: {code.text(node)}", (node.lineno,))
    if called in ("hash", "crc32", "adler32") and node.args:
        yield Finding(PROBE, "suspicious", f"it takes a hash: {code.text(node)}", (node.lineno,))


def _tables(code: Code) -> Iterator[Finding]:
    """Yield a finding for literals that are long enough to hold answers."""
    inner: set[int] = set()
    documented = {
        id(node.value)
        for body in (getattr(one, "body", []) for one in code.nodes)
        if isinstance(body, list)
        for node in body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    told = {id(one) for node in code.nodes if isinstance(node, ast.Raise) for one in ast.walk(node)}
    for node in code.nodes:
        line = (getattr(node, "lineno", 0),)
        if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict) and id(node) not in inner:
            inner |= {id(one) for one in ast.walk(node)}
            count = sum(number_in(one) is not None for one in ast.walk(node) if isinstance(one, ast.Constant))
            if count >= LONG_TABLE:
                yield Finding(PROBE, "suspicious", f"it holds a table of {count} numbers", line)
        elif isinstance(node, ast.Constant) and id(node) not in documented | told:
            value = node.value
            if isinstance(value, str | bytes) and len(value) > LONG_TEXT:
                yield Finding(PROBE, "suspicious", f"it holds {len(value)} characters of data", line)
            elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > LONG_NUMBER:
                yield Finding(PROBE, "suspicious", f"it holds a number of {value.bit_length()} bits", line)


def _clock(code: Code) -> Iterator[Finding]:
    """Yield a note where the program knows how long it will be run."""
    lines = sorted(
        {
            node.lineno
            for node in code.nodes
            if isinstance(node, ast.Attribute) and node.attr in CLOCKS and isinstance(node.ctx, ast.Load)
        }
    )
    if lines:
        yield Finding(PROBE, "note", "it reads how long it will be run", tuple(lines))


def _is_fine(number: int | float | None) -> bool:
    """Whether a number has so many digits that nobody comes by it."""
    return isinstance(number, float) and len(f"{number:.15g}".strip("0.-").replace(".", "")) >= FINE_DIGITS


def _mentions(node: ast.expr, names: frozenset[str]) -> bool:
    return any(isinstance(one, ast.Attribute) and one.attr in names for one in ast.walk(node))


def _is_sized(node: ast.expr, names: set[str]) -> bool:
    """Whether an expression is a number that tells games apart, and nothing that was made of it by halves."""
    if isinstance(node, ast.Attribute):
        return node.attr in SIZES or f"self.{node.attr}" in names
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Mod | ast.FloorDiv | ast.Div):
        return _is_sized(node.left, names) or _is_sized(node.right, names)
    if isinstance(node, ast.Tuple | ast.List):
        return bool(node.elts) and all(_is_sized(one, names) for one in node.elts)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id == "len":
            return True
        if node.func.id in ("int", "float", "sum", "max", "min", "tuple", "str", "repr", "round"):
            return any(_is_sized(one, names) for one in node.args)
    return False


def _sized_names(code: Code) -> set[str]:
    """Return the names, and attributes of instances, that are given sizes."""
    found: set[str] = set()
    for _ in range(2):  # names of names
        for node in code.nodes:
            if isinstance(node, ast.Assign) and _is_sized(node.value, found):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        found.add(target.id)
                    elif isinstance(target, ast.Attribute):
                        found.add(f"self.{target.attr}")
    return found


def _is_table(code: Code, node: ast.expr) -> bool:
    """Whether an expression is a literal table of several entries, or a name for one."""
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
    if name is not None:
        values = [
            one.value
            for one in code.nodes
            if isinstance(one, ast.Assign)
            and any(getattr(target, "id", "") == name for target in one.targets)
        ]
        return any(isinstance(value, ast.Dict) and _is_table(code, value) for value in values)
    return (
        isinstance(node, ast.Dict)
        and len(node.keys) > 1
        and all(isinstance(key, ast.Constant | ast.Tuple) for key in node.keys)
    )


def _pattern_numbers(pattern: ast.pattern) -> list[int | float]:
    return [
        number
        for node in ast.walk(pattern)
        if isinstance(node, ast.MatchValue)
        for number in [number_in(node.value)]
        if number is not None and abs(number) >= SMALLEST
    ]
