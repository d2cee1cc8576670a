"""Makes a rule smaller: removes a term, a factor, a branch, a function or a statement."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from evolve.offline.draws import Generator
from evolve.offline.edit import Edit, NotApplicable
from evolve.offline.formatting import format_expression
from evolve.offline.mutation import Parent
from evolve.offline.program import Program, read_program
from evolve.offline.syntax import assignment, blocks, called, literal, self_attribute, size

_PEELED = ("np.sqrt", "np.abs", "np.tanh", "np.exp", "np.sign", "np.square", "np.log1p")
_LONGEST = 60


def simplify(source: str, rng: Generator) -> Edit:
    """Return a smaller child of a rule; its behaviour may differ.

    Parameters
    ----------
    source
        A module that defines one CFR rule.
    rng
        Decides which part goes.

    Raises
    ------
    NotApplicable
        If the source is no CFR rule, or nothing can go without making the rule unsound.
    """
    parent = Parent(source)
    before = program_size(read_program(source))
    total = len(list(_reductions(read_program(source))))
    for place in rng.permutation(total):
        program = read_program(source)
        description, apply = list(_reductions(program))[place]
        apply()
        child = parent.finish(program)
        if child is not None and program_size(program) < before:
            return Edit(child, "simplify", description)
    raise NotApplicable("nothing can be removed from the rule")


def program_size(program: Program) -> int:
    """Return the number of expressions and statements of a program."""
    return sum(size(function) for function in program.methods.values()) + 2 * len(program.constants)


Reduction = tuple[str, Callable[[], None]]


def _reductions(program: Program) -> Iterator[Reduction]:
    """Yield every single removal."""
    for name, node in program.constants.items():
        value = literal(node)
        for simple in (1.0, 0.0):
            if value is not None and value != simple:
                yield f"set {name} from {value:g} to {simple:g}", _set_constant(program, name, simple)
    for method, function in program.methods.items():
        if method == "start":
            continue
        yield from _statements(function.body, method)
        for parent in ast.walk(function):
            for field, child in ast.iter_fields(parent):
                children = child if isinstance(child, list) else [child]
                for place, node in enumerate(children):
                    if not isinstance(node, ast.expr):
                        continue
                    for smaller in _smaller(node):
                        slot = place if isinstance(child, list) else None
                        yield (
                            f"replace {_short(node)} by {_short(smaller)} in {method}()",
                            _replace(parent, field, slot, smaller),
                        )


def _short(node: ast.expr) -> str:
    text = format_expression(node)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _smaller(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the parts of an expression that could stand in its place."""
    if isinstance(node, ast.BinOp):
        if literal(node.right) is None or not isinstance(node.op, ast.Add | ast.Sub):
            yield node.left
        if isinstance(node.op, ast.Add | ast.Mult):
            yield node.right
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.Call) and not node.keywords:
        name = called(node)
        if name == "np.where" and len(node.args) == 3:
            yield node.args[1]
            yield node.args[2]
        elif name in ("np.maximum", "np.minimum", "max", "min"):
            yield from (argument for argument in node.args if literal(argument) is None)
        elif name in _PEELED or name == "np.clip":
            yield node.args[0]


def _statements(body: list[ast.stmt], method: str) -> Iterator[Reduction]:
    for statement in body:
        if isinstance(statement, ast.If):
            yield f"do not branch in {method}()", _unbranch(body, statement, statement.orelse)
            if not any(isinstance(inner, ast.Return) for inner in statement.body):
                yield f"do not branch in {method}()", _unbranch(body, statement, statement.body)
        elif isinstance(statement, ast.Assign) and (pair := assignment(statement)) is not None:
            if self_attribute(statement.targets[0]) is not None:
                yield f"do not update {pair[0]} in {method}()", _unbranch(body, statement, [])
        for block in blocks(statement):
            yield from _statements(block, method)


def _set_constant(program: Program, name: str, value: float) -> Callable[[], None]:
    def apply() -> None:
        program.constants[name] = ast.Constant(value)

    return apply


def _replace(parent: ast.AST, field: str, place: int | None, node: ast.expr) -> Callable[[], None]:
    def apply() -> None:
        if place is None:
            setattr(parent, field, node)
        else:
            getattr(parent, field)[place] = node

    return apply


def _unbranch(body: list[ast.stmt], statement: ast.stmt, instead: list[ast.stmt]) -> Callable[[], None]:
    def apply() -> None:
        place = next(index for index, other in enumerate(body) if other is statement)
        body[place : place + 1] = instead

    return apply
