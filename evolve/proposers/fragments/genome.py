"""Policies taken apart into slots, such as how they harvest, clean and fire; and put together again.

A policy that can be taken apart is a module of numeric constants and functions. Five of the functions have
names with a meaning (`SLOTS`); ``act`` calls them. The library's policies and all that the offline proposer
writes are of this form.
"""

from __future__ import annotations

import ast
import math
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import TypeAlias

from nashforge.solvers.policies import interface

Number: TypeAlias = int | float

SLOTS = ("harvest", "clean", "on_duty", "fire", "entry")
FOR_FLUID_GROUPS = frozenset({"harvest_share_of_those_there"})
"""Fragments that differ from others only where agents spawn and leave, besides all of the slot ``entry``."""
_RANGE = re.compile(r"#\s*(-?[\d.]+) to (-?[\d.]+)\s*$")
_WIDTH = 88


class NotTakenApart(ValueError):
    """A source that is no policy in slots."""


@dataclass(frozen=True)
class Constant:
    """A number that tunes a fragment, with the range to choose it from (None: none is known)."""

    value: Number
    low: Number | None = None
    high: Number | None = None

    def written(self, name: str) -> str:
        """Return the line that defines it."""
        note = "" if self.low is None else f"  # {self.low} to {self.high}"
        return f"{name} = {self.value!r}{note}"


@dataclass(frozen=True)
class Fragment:
    """A function for a slot.

    Attributes
    ----------
    slot : str
        One of `SLOTS`.
    text : str
        Source of the function.
    constants : dict
        What it uses, by name.
    name : str
        Of the file it came from, if known.
    """

    slot: str
    text: str
    constants: Mapping[str, Constant]
    name: str = ""

    @property
    def says(self) -> str:
        """The first sentence of its documentation, without the full stop."""
        documented = ast.parse(self.text).body[0]
        assert isinstance(documented, ast.FunctionDef)
        text = (ast.get_docstring(documented) or self.slot).partition("\n")[0].rstrip(".")
        return text[:1].lower() + text[1:]

    def with_constants(self, constants: Mapping[str, Constant]) -> Fragment:
        """Return it with other values for those of its constants that are named."""
        known = {name: constants.get(name, value) for name, value in self.constants.items()}
        return replace(self, constants=known)


@dataclass(frozen=True)
class Genome:
    """A policy in slots; ``harvest`` is always there, ``clean`` and ``on_duty`` only together."""

    fragments: Mapping[str, Fragment] = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = {"clean", "on_duty"} & set(self.fragments)
        if "harvest" not in self.fragments or len(missing) == 1:
            raise NotTakenApart("a policy needs a way to harvest, and cleaning and duties only together")

    @property
    def constants(self) -> dict[str, Constant]:
        """All constants by name; the first slot that has a name decides."""
        found: dict[str, Constant] = {}
        for slot in SLOTS:
            if slot in self.fragments:
                found = {**self.fragments[slot].constants, **found}
        return found

    def put(self, *fragments: Fragment) -> Genome:
        """Return it with fragments in their slots; constants of the same name keep their values."""
        kept = self.constants
        return Genome({**self.fragments, **{f.slot: f.with_constants(kept) for f in fragments}})

    def without(self, *slots: str) -> Genome:
        """Return it with some slots empty."""
        return Genome({slot: f for slot, f in self.fragments.items() if slot not in slots})

    def tuned(self, constants: Mapping[str, Constant]) -> Genome:
        """Return it with other constants."""
        return Genome({slot: f.with_constants(constants) for slot, f in self.fragments.items()})

    def source(self) -> str:
        """Return it as a module."""
        functions = [self.fragments[slot].text.strip() for slot in SLOTS if slot in self.fragments]
        functions.append(self._act())
        body = "\n\n\n".join(functions)
        constants = "\n".join(value.written(name) for name, value in self.constants.items())
        told = "; ".join(self.fragments[slot].says for slot in SLOTS if slot in self.fragments)
        parts = [_docstring(told), _imports(body), *([constants] if constants else [])]
        return "\n\n".join(parts) + "\n\n\n" + body + "\n"

    def _act(self) -> str:
        lines = ["def act(observation: Observation, memory: Memory) -> int:"]
        if "entry" in self.fragments:
            lines += ["    entered = entry(observation, memory)", "    if entered is not None:"]
            lines += ["        return entered"]
        if "fire" in self.fragments:
            lines += ["    if fire(observation, memory):", "        return BEAM"]
        if "clean" in self.fragments:
            lines += ["    if on_duty(observation, memory):", "        return clean(observation, memory)"]
        words = [word for slot, word in _ROLES.items() if slot in self.fragments]
        lines.insert(1, f'    """{", ".join(words).capitalize()}."""')
        return "\n".join([*lines, "    return harvest(observation, memory)"])


_ROLES = {
    "entry": "come and go as it pays",
    "fire": "fire when there is reason to",
    "clean": "clean on duty",
    "harvest": "harvest otherwise",
}


def take_apart(source: str) -> Genome:
    """Return the slots of a policy.

    Raises
    ------
    NotTakenApart
        If it has other things at its top level than imports, numeric constants and the functions of slots.
    """
    constants, functions = _parts(source)
    unknown = set(functions) - {*SLOTS, "act"}
    if unknown:
        raise NotTakenApart(f"{min(unknown)}() is not the function of a slot")
    fragments = {}
    for slot in SLOTS:
        if slot in functions:
            used = {name: value for name, value in constants.items() if _uses(functions[slot], name)}
            fragments[slot] = Fragment(slot, functions[slot], used)
    return Genome(fragments)


def _parts(source: str) -> tuple[dict[str, Constant], dict[str, str]]:
    """Return the constants of a source and the texts of its functions, by name."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise NotTakenApart(f"it is not Python: {error.msg}") from error
    lines = source.splitlines()
    constants: dict[str, Constant] = {}
    functions: dict[str, str] = {}
    for node in tree.body:
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
                continue
            case ast.Assign(targets=[ast.Name(id=name), *_]):
                constants[name] = _constant(node, lines[node.lineno - 1])
            case ast.FunctionDef():
                functions[node.name] = "\n".join(lines[node.lineno - 1 : node.end_lineno])
            case _:
                raise NotTakenApart(f"line {node.lineno} is neither a constant nor a function of a slot")
    return constants, functions


@cache
def library() -> Mapping[str, tuple[Fragment, ...]]:
    """Return the fragments that come with the package, by slot."""
    found: dict[str, list[Fragment]] = {slot: [] for slot in SLOTS}
    files = sorted(resources.files(__package__).joinpath("library").iterdir(), key=lambda file: file.name)
    for file in files:
        if file.name.endswith(".py") and not file.name.startswith("__"):
            constants, functions = _parts(file.read_text(encoding="utf-8"))
            ((slot, text),) = functions.items()
            found[slot].append(Fragment(slot, text, constants, file.name.removesuffix(".py")))
    return {slot: tuple(fragments) for slot, fragments in found.items()}


def _constant(node: ast.Assign, line: str) -> Constant:
    try:
        value = ast.literal_eval(node.value)
    except ValueError as error:
        raise NotTakenApart(f"line {node.lineno} computes a constant") from error
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise NotTakenApart(f"line {node.lineno} defines something that is no number")
    match = _RANGE.search(line)
    if match is None:
        return Constant(value)
    low, high = ((float if isinstance(value, float) else int)(bound) for bound in match.groups())
    return Constant(value, low, high)


def _uses(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def _docstring(told: str) -> str:
    """Return a module's documentation: a sentence for the program, wrapped."""
    return '"""' + "\n".join(textwrap.wrap(told[:1].upper() + told[1:] + ".", _WIDTH)) + '"""'


def _imports(body: str) -> str:
    """Return the imports that functions need."""
    names = [name for name in interface.__all__ if _uses(body, name)]
    # Constants first, then classes, then functions, as import sorters have it.
    names.sort(key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    line = f"from nashforge.solvers.policies.interface import {', '.join(names)}"
    if len(line) > _WIDTH:
        line = "\n".join(
            ["from nashforge.solvers.policies.interface import (", *(f"    {n}," for n in names), ")"]
        )
    return f"import numpy as np\n\n{line}" if _uses(body, "np") else line
