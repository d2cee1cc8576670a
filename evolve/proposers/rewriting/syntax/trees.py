"""Small tools over Python's syntax trees: building, comparing, flattening and reading expressions."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar, cast

Node = TypeVar("Node", bound=ast.AST)


def parse_expression(text: str) -> ast.expr:
    """Parse one expression."""
    return ast.parse(text, mode="eval").body


_KINDS = [kind for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.AST)]

FIELDS: dict[type, tuple[str, ...]] = {
    kind: tuple(name for name in kind._fields if name not in ("ctx", "type_comment", "kind", "type_params"))
    for kind in _KINDS
}
"""Fields of each kind of node that carry meaning: neither load/store contexts nor comments on types."""

_CHILDREN: dict[type, tuple[str, ...]] = {
    kind: tuple(name for name in FIELDS[kind] if name not in ("op", "ops", "id", "attr", "arg"))
    for kind in _KINDS
} | {ast.Constant: ()}

_BLOCKS: dict[type, tuple[str, ...]] = {
    kind: tuple(name for name in kind._fields if name in ("body", "orelse", "finalbody"))
    for kind in _KINDS
    if kind not in (ast.IfExp, ast.Lambda, ast.Expression)
}
"""Fields of each kind of node that hold statements."""

_VARIABLES = frozenset((ast.Name, ast.Attribute))
"""Kinds of nodes that may be variables."""


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a tree's nodes, operators and contexts aside, parents before children.

    The order of siblings is from right to left. Several times faster than ``ast.walk``.
    """
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        for name in _CHILDREN[node.__class__]:
            value = getattr(node, name, None)
            if value.__class__ is list:
                stack += [part for part in value if isinstance(part, ast.AST)]
            elif isinstance(value, ast.AST):
                stack.append(value)


def clone(node: Node, keep_layout: bool = False) -> Node:
    """Return a deep copy, without the place and (unless wanted) the layout of the original."""
    copied = node.__class__()
    for name in node._fields:
        value = getattr(node, name, None)
        if value.__class__ is list:
            value = [clone(part, keep_layout) if isinstance(part, ast.AST) else part for part in value]
        elif isinstance(value, ast.AST):
            value = clone(value, keep_layout)
        setattr(copied, name, value)
    if keep_layout and "layout" in vars(node):
        vars(copied)["layout"] = vars(node)["layout"]
    return copied


def key(part: object, instead: Callable[[ast.AST], str | None] | None = None) -> str:
    """Return a text that two trees share if and only if they are equal up to formatting.

    Parameters
    ----------
    part
        A tree, or what a field of one holds.
    instead
        Text of subtrees that are written in another way; it returns None of all others.
    """
    kind = part.__class__
    if kind is list:
        return f"[{','.join([key(each, instead) for each in cast(list[object], part)])}]"
    names = FIELDS.get(kind)
    if names is None:
        return repr(part)
    told = instead(cast(ast.AST, part)) if instead is not None else None
    if told is not None:
        return told
    return f"{kind.__name__}({','.join([key(getattr(part, name, None), instead) for name in names])})"


def same(first: ast.AST, second: ast.AST) -> bool:
    """Whether two trees are equal up to formatting."""
    return first.__class__ is second.__class__ and key(first) == key(second)


def substitute(node: Node, replace: Callable[[ast.AST], ast.AST | None]) -> Node:
    """Replace, in place and from the top, every subtree for which ``replace`` returns another one.

    The root itself must not be replaced by a node of another kind than its variable holds.
    """
    new = replace(node)
    if new is not None:
        return new  # type: ignore[return-value]
    for name in _CHILDREN[node.__class__]:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            setattr(node, name, substitute(value, replace))
        elif value.__class__ is list:
            value[:] = [substitute(part, replace) if isinstance(part, ast.AST) else part for part in value]
    return node


def replace_variables(node: Node, values: Mapping[str, ast.expr]) -> Node:
    """Put copies of expressions in the place of variables, in place; names in the notation of `reads`."""

    def replace(part: ast.AST) -> ast.AST | None:
        name = target_variable(part)
        return clone(values[name]) if name is not None and name in values else None

    return substitute(node, replace)


def fill(template: str, **parts: ast.expr | float | str) -> ast.expr:
    """Parse a template and put expressions in the place of names.

    Parameters
    ----------
    template
        Source of an expression, e.g. ``"np.maximum(x, floor)"``.
    parts
        What replaces each name: a tree, a number or source text.
    """
    trees = {name: as_expression(part) for name, part in parts.items()}
    return replace_variables(parse_expression(template), trees)


def as_expression(part: ast.expr | float | str) -> ast.expr:
    """Return a tree for a tree, a number or source text."""
    if isinstance(part, ast.expr):
        return part
    return parse_expression(part) if isinstance(part, str) else number(part)


def number(value: float) -> ast.expr:
    """Return a numeric literal, rounded to three significant digits unless it is an integer."""
    value = value if isinstance(value, int) else significant(value)
    literal = ast.Constant(abs(value))
    return ast.UnaryOp(ast.USub(), literal) if value < 0 else literal


def significant(value: float, digits: int = 3) -> float:
    """Round to significant digits."""
    if value == 0 or not math.isfinite(value):
        return value
    return float(f"{value:.{digits}g}")


def literal(node: ast.AST) -> float | None:
    """Return the value of a numeric literal (with its sign), or None."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = literal(node.operand)
        return None if inner is None else (-inner if isinstance(node.op, ast.USub) else inner)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return None if isinstance(node.value, bool) else node.value
    return None


def attribute(name: str) -> ast.Attribute:
    """Return the expression ``self.name``."""
    return ast.Attribute(ast.Name("self", ast.Load()), name, ast.Load())


def self_attribute(node: ast.AST) -> str | None:
    """Return ``x`` for the expression ``self.x``, else None."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return node.attr
    return None


def dotted(node: ast.AST) -> str:
    """Return ``a.b.c`` for a chain of attributes of a name, else an empty string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def called(node: ast.AST) -> str:
    """Return the dotted name of the function that a call calls, else an empty string."""
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def reads(*nodes: ast.AST) -> set[str]:
    """Return the variables in trees: ``x`` for locals, ``self.x`` for attributes."""
    found = set()
    for node in nodes:
        for part in walk(node):
            if part.__class__ in _VARIABLES and (name := target_variable(part)) is not None:
                found.add(name)
    return found


def attributes(names: Iterable[str]) -> set[str]:
    """Return those variables that are attributes."""
    return {name for name in names if name.startswith("self.")}


def local_names(names: Iterable[str]) -> set[str]:
    """Return those variables that are no attributes."""
    return {name for name in names if not name.startswith("self.")}


def target_variable(target: ast.AST) -> str | None:
    """Return the variable that an assignment to ``target`` binds, in the notation of `reads`."""
    if isinstance(target, ast.Name):
        return target.id
    attribute = self_attribute(target)
    return None if attribute is None else f"self.{attribute}"


def target_variables(target: ast.expr) -> set[str]:
    """Return every variable that an assignment to ``target`` binds or changes in place."""
    variable = target_variable(target)
    if variable is not None:
        return {variable}
    if isinstance(target, ast.Subscript | ast.Attribute | ast.Starred):
        return target_variables(target.value)
    if isinstance(target, ast.Tuple | ast.List):
        return {name for part in target.elts for name in target_variables(part)}
    return set()


def assignment(statement: ast.stmt) -> tuple[str, ast.expr] | None:
    """Return variable and value of a plain assignment to one variable, else None."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        variable = target_variable(statement.targets[0])
        return None if variable is None else (variable, statement.value)
    return None


def assignments(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """Yield variable and value of the plain assignments of a body, nested ones included."""
    for _, _, statement in walk_statements(body):
        pair = assignment(statement)
        if pair is not None:
            yield pair


def bound(*statements: ast.AST) -> set[str]:
    """Return every variable that statements, or those inside them, bind or change in place."""
    found: set[str] = set()
    pending = list(statements)
    while pending:
        part = pending.pop()
        targets: list[ast.expr] = []
        if isinstance(part, ast.Assign):
            targets = part.targets
        elif isinstance(part, ast.AugAssign | ast.AnnAssign | ast.For):
            targets = [part.target]
        for target in targets:
            found |= target_variables(target)
        pending += [inner for block in blocks(part) for inner in block]
        pending += getattr(part, "handlers", [])
    return found


def walk_statements(body: list[ast.stmt]) -> Iterator[tuple[list[ast.stmt], int, ast.stmt]]:
    """Yield every statement of a body, nested ones included, with its block and its place there."""
    for position, statement in enumerate(body):
        yield body, position, statement
        for block in blocks(statement):
            yield from walk_statements(block)


def nested_blocks(body: list[ast.stmt]) -> list[list[ast.stmt]]:
    """Return a block and all blocks inside it."""
    return [body, *(block for _, _, statement in walk_statements(body) for block in blocks(statement))]


def blocks(statement: ast.AST) -> list[list[ast.stmt]]:
    """Return the blocks of a compound statement."""
    found = [getattr(statement, field, None) for field in _BLOCKS.get(statement.__class__, ())]
    return [block for block in found if block]


def blocks_inside(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield all blocks of a tree of statements; one may be changed before the next is asked for."""
    pending = [node]
    while pending:
        part = pending.pop()
        for block in blocks(part):
            yield block
            pending += block
        pending += [*getattr(part, "handlers", ()), *getattr(part, "cases", ())]


Term = tuple[bool, ast.expr]
"""A summand and whether it counts negatively; or a factor and whether it divides."""


def terms(node: ast.expr, negative: bool = False) -> list[Term]:
    """Flatten sums and differences."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        flipped = negative ^ isinstance(node.op, ast.Sub)
        return [*terms(node.left, negative), *terms(node.right, flipped)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and literal(node) is None:
        return terms(node.operand, not negative)
    return [(negative, node)]


def factors(node: ast.expr, divides: bool = False) -> list[Term]:
    """Flatten products and quotients."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        flipped = divides ^ isinstance(node.op, ast.Div)
        return [*factors(node.left, divides), *factors(node.right, flipped)]
    return [(divides, node)]


def total(parts: list[Term]) -> ast.expr:
    """Build the sum of terms, positive ones first if the first is negative."""
    if not parts:
        return ast.Constant(0.0)
    if parts[0][0] and not all(negative for negative, _ in parts):
        first = next(index for index, (negative, _) in enumerate(parts) if not negative)
        parts = [parts[first], *parts[:first], *parts[first + 1 :]]
    negative, node = parts[0]
    result = ast.UnaryOp(ast.USub(), node) if negative else node
    for negative, node in parts[1:]:
        result = ast.BinOp(result, ast.Sub() if negative else ast.Add(), node)
    return result


def product(parts: list[Term]) -> ast.expr:
    """Build the product of factors, in their order."""
    if not parts or parts[0][0]:
        parts = [(False, ast.Constant(1.0)), *parts]
    result = parts[0][1]
    for divides, node in parts[1:]:
        result = ast.BinOp(result, ast.Div() if divides else ast.Mult(), node)
    return result


def rename(node: ast.AST, names: Mapping[str, str]) -> None:
    """Rename variables in place; names in the notation of `reads`."""
    for part in walk(node):
        if part.__class__ not in _VARIABLES:
            continue
        attribute = self_attribute(part)
        if attribute is not None and f"self.{attribute}" in names and isinstance(part, ast.Attribute):
            part.attr = names[f"self.{attribute}"].removeprefix("self.")
        elif isinstance(part, ast.Name) and part.id in names:
            part.id = names[part.id]


def size(node: ast.AST) -> int:
    """Number of nodes of a tree, contexts and operators aside."""
    return sum(isinstance(part, ast.expr | ast.stmt) for part in walk(node))
