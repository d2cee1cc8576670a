"""Behaviour-preserving clean-up of a program's source."""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from nashforge.evolve.proposers.rewriting.analysis.inference import analyse
from nashforge.evolve.proposers.rewriting.normal_form.constant_folding import fold, fold_signs
from nashforge.evolve.proposers.rewriting.normal_form.dead_code import sweep
from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import (
    Module,
    Program,
    read_module,
    settle_names,
    write_module,
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
    functions = program.methods.values()
    if any(isinstance(node, ast.NamedExpr) for function in functions for node in trees.walk(function)):
        raise NotApplicable("the program assigns inside expressions (:=); write statements instead")
    before = trees.key([*functions])
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
        after = trees.key([*program.methods.values()])
        if after == before:
            break
        before = after
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


def _changes_in_place(program: Program) -> bool:
    """Whether arrays may change under another name, which the analysis does not follow."""
    return any(
        isinstance(statement, ast.AugAssign)
        or (
            isinstance(statement, ast.Assign)
            and any(trees.target_variable(t) is None for t in statement.targets)
        )
        for function in program.methods.values()
        for _, _, statement in trees.walk_statements(function.body)
    )


def demote_state(program: Program, live: set[str]) -> None:
    """Turn attributes that carry nothing from call to call, and occur in one method only, into locals."""
    mentioned = {name: trees.reads(function) for name, function in program.methods.items()}
    kept = live | {f"self.{name}" for name in program.constants}
    for method, function in program.methods.items():
        if method == "start" or method.startswith("__"):
            continue
        elsewhere = kept.union(*(found for other, found in mentioned.items() if other != method))
        for name in sorted(trees.attributes(trees.bound(function)) - elsewhere):
            trees.replace_variables(function, {name: ast.Name(program.fresh(name[5:], method), ast.Load())})


def inline_returns(body: list[ast.stmt]) -> None:
    """Return an expression instead of a local that is computed in the statement before."""
    for block in trees.nested_blocks(body):
        match block[-2:]:
            case [ast.Assign(targets=[ast.Name(id=name)], value=value), ast.Return(value=ast.Name(id=given))]:
                if name == given:
                    block[-2:] = [ast.Return(value)]


def propagate_copies(body: list[ast.stmt]) -> None:
    """Replace a local that only stands for another variable which does not change afterwards."""
    for place, statement in enumerate(body):
        match statement:
            case ast.Assign(targets=[ast.Name(id=copy)], value=ast.Name(id=original)):
                later = body[place + 1 :]
                if not {copy, original} & trees.bound(*later) and copy not in trees.bound(*body[:place]):
                    for other in later:
                        trees.rename(other, {copy: original})


def share_locals(body: list[ast.stmt]) -> None:
    """Compute a local from another one that is computed alike."""
    known: dict[str, str] = {}
    uses: dict[str, set[str]] = {}
    for statement in body:
        pair = trees.assignment(statement)
        computed = pair is not None and not isinstance(pair[1], ast.Name | ast.Attribute | ast.Constant)
        is_local = pair is not None and not pair[0].startswith("self.")
        text = trees.key(pair[1]) if pair is not None and computed and is_local else ""
        if text in known and isinstance(statement, ast.Assign):
            statement.value = ast.Name(known[text], ast.Load())
        changed = trees.bound(statement)
        for other in [other for other, used in uses.items() if used & changed]:
            del known[other], uses[other]
        if pair is not None and text and text not in known and pair[0] not in trees.reads(pair[1]):
            known[text], uses[text] = pair[0], trees.reads(pair[1]) | {pair[0]}


class _Update(NamedTuple):
    """The only statement that changes an attribute after ``start``."""

    name: str
    method: str
    place: int
    value: ast.expr


def merge_states(program: Program) -> None:
    """Keep one of two attributes that always hold equal values."""
    written: dict[str, list[_Update]] = {f"self.{name}": [] for name in program.state()}
    tangled: set[str] = set()
    for method, function in program.methods.items():
        for block, place, statement in trees.walk_statements(function.body if method != "start" else []):
            pair = trees.assignment(statement)
            if pair is not None and pair[0] in written and block is function.body:
                written[pair[0]].append(_Update(pair[0], method, place, pair[1]))
            elif pair is not None or not hasattr(statement, "body"):
                tangled |= trees.attributes(trees.bound(statement))
    once = [found[0] for name, found in written.items() if len(found) == 1 and name not in tangled]
    for place, second in enumerate(once):
        for first in once[:place]:
            if _always_equal(program, first, second):
                for function in program.methods.values():
                    trees.rename(function, {second.name: first.name})
                del program.methods[second.method].body[second.place]
                start = program.start()
                for double in [s for s in start if (trees.assignment(s) or ("",))[0] == first.name][1:]:
                    start.remove(double)
                return


def _always_equal(program: Program, first: _Update, second: _Update) -> bool:
    state, names = program.state(), {first.name, second.name}
    if first.method != second.method or not trees.same(state[first.name[5:]], state[second.name[5:]]):
        return False
    renamed = trees.clone(second.value)
    trees.rename(renamed, {second.name: first.name})
    low, high = sorted((first.place, second.place))
    between = program.methods[first.method].body[low + 1 : high]
    return (
        trees.same(first.value, renamed)
        and not (trees.reads(first.value, second.value) | names) & trees.bound(*between)
        and not names & trees.reads(*between)
        # The later of the two must not read the earlier one through another name.
        and first.name not in trees.reads(second.value)
        and second.name not in trees.reads(first.value)
    )
