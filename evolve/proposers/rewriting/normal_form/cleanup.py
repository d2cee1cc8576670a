"""Behaviour-preserving clean-up of a program's source."""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING

from nashforge.evolve.proposers.rewriting.analysis.inference import analyse
from nashforge.evolve.proposers.rewriting.normal_form.constant_folding import fold, fold_signs
from nashforge.evolve.proposers.rewriting.normal_form.dead_code import sweep
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import (
    Module,
    Program,
    read_module,
    settle_names,
    write_module,
)
from nashforge.evolve.proposers.rewriting.syntax.trees import (
    assignment,
    blocks,
    bound,
    clone,
    key,
    reads,
    rename,
    same,
    self_attribute,
    substitute,
    target_variable,
    walk,
    walk_statements,
)

if TYPE_CHECKING:
    from nashforge.evolve.proposers.rewriting.grammar import Grammar

_ROUNDS = 10


def tidy(source: str, grammar: Grammar) -> str:
    """Drop dead state and duplicates, fold constants and normalise the formatting of a program.

    The program behaves as before. Docstrings of classes and methods are dropped, comments are kept.

    Raises
    ------
    NotApplicable
        If the source is no program of the grammar.
    """
    module = read_module(source, grammar)
    for program in module.programs:
        tidy_program(program)
    return write_module(module)


def tidy_program(program: Program) -> None:
    """Clean a class up, in place, until nothing changes any more."""
    for function in program.methods.values():
        if any(isinstance(node, ast.NamedExpr) for node in walk(function)):
            raise NotApplicable("the program assigns inside expressions (:=); write statements instead")
    _settle(program)
    settle_names(program)


def polish(module: Module) -> Counter[str]:
    """Clean a program up, in place, drop what its analysis shows to be without effect; return the issues.

    Beside what `tidy_program` does, positive parts and absolute values of what is never negative go.
    """
    found: Counter[str] = Counter()
    for program in module.programs:
        tidy_program(program)
        for _ in range(_ROUNDS):
            analysis = analyse(program)
            if _changes_in_place(program) or not fold_signs(program, analysis):
                break
            tidy_program(program)
        found += analysis.issues
    return found


def _settle(program: Program) -> None:
    before = _text(program)
    for _ in range(_ROUNDS):
        fold(program)
        for name, function in program.methods.items():
            propagate_copies(function.body)
            if name != "start":
                share_locals(function.body)
        merge_states(program)
        demote_state(program, sweep(program))
        for function in program.methods.values():
            inline_returns(function.body)
        after = _text(program)
        if after == before:
            break
        before = after


def _text(program: Program) -> str:
    return "".join(key(function) for function in program.methods.values())


def _changes_in_place(program: Program) -> bool:
    """Whether arrays may change under another name, which the analysis does not follow."""
    return any(
        isinstance(statement, ast.AugAssign)
        or (isinstance(statement, ast.Assign) and any(target_variable(t) is None for t in statement.targets))
        for function in program.methods.values()
        for _, _, statement in walk_statements(function.body)
    )


def demote_state(program: Program, live: set[str]) -> None:
    """Turn attributes that carry nothing from call to call, and occur in one method only, into locals."""
    mentioned = {name: reads(function) for name, function in program.methods.items()}
    for method, function in program.methods.items():
        if method == "start" or method.startswith("__"):
            continue
        for name in sorted(bound(function)):
            elsewhere = any(name in found for other, found in mentioned.items() if other != method)
            if not name.startswith("self.") or name in live or elsewhere or name[5:] in program.constants:
                continue
            fresh = program.fresh(name[5:], method)

            def replace(node: ast.AST, name: str = name, fresh: str = fresh) -> ast.AST | None:
                return ast.Name(fresh, ast.Load()) if f"self.{self_attribute(node)}" == name else None

            substitute(function, replace)


def inline_returns(body: list[ast.stmt]) -> None:
    """Return an expression instead of a local that is computed in the statement before."""
    for block in [body, *(inner for _, _, statement in walk_statements(body) for inner in blocks(statement))]:
        if (
            len(block) < 2
            or not isinstance(block[-1], ast.Return)
            or not isinstance(block[-1].value, ast.Name)
        ):
            continue
        pair = assignment(block[-2])
        if pair is not None and pair[0] == block[-1].value.id:
            block[-2:] = [ast.Return(pair[1])]


def propagate_copies(body: list[ast.stmt]) -> None:
    """Replace a local that only stands for another variable which does not change afterwards."""
    for place, statement in enumerate(body):
        pair = assignment(statement)
        if pair is None or pair[0].startswith("self.") or not isinstance(pair[1], ast.Name):
            continue
        copy, original = pair[0], pair[1].id
        later = set().union(set(), *(bound(other) for other in body[place + 1 :]))
        if {copy, original} & later or copy in _bound_elsewhere(body, statement):
            continue
        for other in body[place + 1 :]:
            rename(other, {copy: original})


def _bound_elsewhere(body: list[ast.stmt], statement: ast.stmt) -> set[str]:
    return set().union(set(), *(bound(other) for other in body if other is not statement))


def share_locals(body: list[ast.stmt]) -> None:
    """Where two locals are computed alike, compute the second from the first."""
    known: dict[str, str] = {}
    uses: dict[str, set[str]] = {}
    for statement in body:
        pair = assignment(statement)
        computed = pair is not None and not isinstance(pair[1], ast.Name | ast.Attribute | ast.Constant)
        is_local = pair is not None and not pair[0].startswith("self.")
        text = key(pair[1]) if pair is not None and computed and is_local else ""
        if text in known and isinstance(statement, ast.Assign):
            statement.value = ast.Name(known[text], ast.Load())
        changed = bound(statement)
        for other in [other for other, used in uses.items() if used & changed]:
            del known[other], uses[other]
        if pair is not None and text and text not in known and pair[0] not in reads(pair[1]):
            known[text], uses[text] = pair[0], reads(pair[1]) | {pair[0]}


def merge_states(program: Program) -> None:
    """Where two attributes always hold equal values, keep one."""
    state = program.state()
    written: dict[str, list[tuple[str, int, ast.expr]]] = {name: [] for name in state}
    tangled: set[str] = set()
    for method, function in program.methods.items():
        if method == "start":
            continue
        top = {id(statement): place for place, statement in enumerate(function.body)}
        for _, _, statement in walk_statements(function.body):
            pair = assignment(statement)
            names = {name[5:] for name in bound(statement) if name.startswith("self.")}
            if (
                pair is not None
                and pair[0].startswith("self.")
                and id(statement) in top
                and pair[0][5:] in state
            ):
                written[pair[0][5:]].append((method, top[id(statement)], pair[1]))
            elif pair is not None or not hasattr(statement, "body"):
                tangled |= names
    for second in list(state):
        for first in list(state):
            if first == second or {first, second} & tangled:
                continue
            if _always_equal(program, first, second, state, written):
                for function in program.methods.values():
                    rename(function, {f"self.{second}": f"self.{first}"})
                _drop_duplicates(program, first, written[second])
                return


def _always_equal(
    program: Program,
    first: str,
    second: str,
    state: dict[str, ast.expr],
    written: dict[str, list[tuple[str, int, ast.expr]]],
) -> bool:
    if list(state).index(first) > list(state).index(second) or not same(state[first], state[second]):
        return False
    if len(written[first]) != 1 or len(written[second]) != 1:
        return False
    (method_a, place_a, value_a), (method_b, place_b, value_b) = written[first][0], written[second][0]
    renamed = clone(value_b)
    rename(renamed, {f"self.{second}": f"self.{first}"})
    if method_a != method_b or not same(value_a, renamed):
        return False
    low, high = sorted((place_a, place_b))
    between = program.methods[method_a].body[low + 1 : high]
    touched = reads(value_a) | reads(value_b) | {f"self.{first}", f"self.{second}"}
    if any(
        touched & bound(statement) or {f"self.{first}", f"self.{second}"} & reads(statement)
        for statement in between
    ):
        return False
    # The later of the two must not read the earlier one through another name.
    return f"self.{first}" not in reads(value_b) and f"self.{second}" not in reads(value_a)


def _drop_duplicates(program: Program, name: str, gone: list[tuple[str, int, ast.expr]]) -> None:
    method, place, _ = gone[0]
    del program.methods[method].body[place]
    seen = False
    start = program.start()
    for statement in list(start):
        pair = assignment(statement)
        if pair is not None and pair[0] == f"self.{name}":
            if seen:
                start.remove(statement)
            seen = True
