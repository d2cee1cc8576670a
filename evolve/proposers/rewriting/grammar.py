"""The grammar of a domain's programs: all that the offline tools must know to edit them.

A program is a module with one or more classes. Each class is of a `Kind`: it derives from a base class that
the domain offers, and overrides methods that the engine calls. What is common to all of Python with numpy
(constants, terms, statements, removals, tidying, fingerprints, recombination) works with any grammar; what
has a meaning in one field only is an operator of its grammar. See
`nashforge.evolve.proposers.rewriting.grammars.cfr.grammar`, and docs/howto-domain.md for the way there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from nashforge.evolve.proposers.rewriting.analysis.values import ANY, Result, Value

if TYPE_CHECKING:
    import ast

    import numpy as np

    from nashforge.evolve.proposers.rewriting.syntax.program import Module, Program

Helper = Callable[[str, list[Value]], Result]
"""Called with the name of a function and the values of its arguments: its result, and what could go wrong."""


def anything(returned: Value | None) -> str | None:
    """Accept whatever a method returns."""
    return None


@dataclass(frozen=True)
class Method:
    """A method that the engine calls.

    Attributes
    ----------
    name : str
        As in the base class.
    parameters : dict
        Names of the parameters after ``self``, in order, and what they can be.
    required : bool
        Whether a program must define it.
    returns : callable
        Given what the method may return (None: nothing), says what is wrong with it, or None.
    """

    name: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    required: bool = True
    returns: Callable[[Value | None], str | None] = anything


class UpdatePattern(Protocol):
    """The statement of a program around which code of another one is placed."""

    @property
    def state(self) -> str:
        """Name of the attribute that it updates, which two programs share when they are recombined."""

    def before(self, *statements: ast.stmt) -> None:
        """Insert statements before it."""

    def after(self, *statements: ast.stmt) -> None:
        """Insert statements after it."""


@dataclass(frozen=True)
class Terms:
    """Terms that operators may write, by the shape of the term; see `terms`.

    Attributes
    ----------
    shapes : tuple of str
        Shapes of arrays that variables and expressions are exchanged within. With ``any`` among them, so are
        those of unknown shape.
    clock : str or None
        The parameter that counts the rounds; factors depend on it where the method has it.
    schedules : tuple of str
        Templates of numbers to multiply with, in ``size`` and ``time`` (new constants) and the clock.
    factors : dict
        For a shape: the shape of variables that make factors of it, and the template that makes them from
        such a variable ``x``.
    centred : dict
        For a shape: template of ``x`` without its mean.
    wrappers : dict
        For a shape: templates of functions of ``x``, beside those that suit every shape.
    whole : frozenset of str
        Calls that are not taken apart, nor replaced by something else.
    """

    shapes: tuple[str, ...] = (ANY,)
    clock: str | None = None
    schedules: tuple[str, ...] = ("size",)
    factors: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    centred: Mapping[str, str] = field(default_factory=dict)
    wrappers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Kind:
    """A kind of class that programs define.

    State is set up in a method ``start(self)``, which the base class calls; it may be missing.

    Attributes
    ----------
    base : str
        Name of the base class.
    methods : tuple of Method
        What the engine calls, in the order of a round.
    attributes : dict
        What instances have from the base class, such as ``horizon`` or ``infosets.sizes``.
    objects : dict
        Attributes from the base class whose methods are pure, such as ``infosets``.
    functions : dict
        Pure functions a program may call, and what they give: ``self.project`` for methods of the base class,
        plain names for what modules import.
    declarations : frozenset of str
        Class attributes that say what a program is like. They are dropped, as docstrings are: what they say
        need not hold after an edit.
    zeros : str
        Expression of state that holds nothing yet.
    made : str
        Shape of what ``np.zeros(...)`` and the like make.
    permissive : bool
        Whether only names that do not exist are mistakes, and shapes, signs and zero denominators are not.
    terms : Terms
        What operators on terms may write.
    reordered : tuple of str
        Methods within which statements are exchanged; empty: all.
    positive : frozenset of str
        Calls that take the positive part of their argument anyway.
    update_pattern : callable or None
        Finds the update of the main state in ``update_method``; raises NotApplicable where there is none.
    exchangeable_parts : tuple of callable
        Parts that can be taken from another program, in place of whole methods; each is called with the
        receiver and the donor, changes the receiver and says what was taken.
    """

    base: str
    methods: tuple[Method, ...]
    attributes: Mapping[str, Value] = field(default_factory=dict)
    objects: Mapping[str, Helper] = field(default_factory=dict)
    functions: Mapping[str, Value] = field(default_factory=dict)
    declarations: frozenset[str] = frozenset()
    zeros: str = "0.0"
    made: str = ANY
    permissive: bool = False
    terms: Terms = Terms()
    reordered: tuple[str, ...] = ()
    positive: frozenset[str] = frozenset()
    update_pattern: Callable[[Program], UpdatePattern] | None = None
    update_method: str = ""
    exchangeable_parts: tuple[Callable[[Program, Program], str], ...] = ()

    @property
    def interface(self) -> tuple[str, ...]:
        """Names of the methods that the engine calls."""
        return tuple(method.name for method in self.methods)

    @property
    def reserved(self) -> set[str]:
        """Attributes that programs have from the base class, and must not set."""
        own = {name[5:] for name in self.functions if name.startswith("self.")}
        return {name.split(".")[0] for name in (*self.attributes, *self.objects)} | own


@dataclass(frozen=True)
class Operator:
    """A kind of edit.

    Attributes
    ----------
    name : str
        Name, as recorded with every child.
    weight : float
        How often it is tried, against the others.
    apply : callable
        ``apply(program, rng, strength)`` changes the program in place and says what changed; it raises
        NotApplicable where it finds nothing to act on.
    sentence, family : str
        What it does, and its kind of idea, if it has a meaning in its field; empty for other edits.
    """

    name: str
    weight: float
    apply: Callable[[Program, np.random.Generator, float], str]
    sentence: str = ""
    family: str = ""


def mechanism(weight: float, function: Callable[[Program, np.random.Generator], str]) -> Operator:
    """Return the operator of a function that knows no strength; its name is that of the function."""

    def apply(program: Program, rng: np.random.Generator, strength: float) -> str:
        return function(program, rng)

    sentence = (function.__doc__ or "").partition("\n\n")[0]
    family = function.__module__.rpartition(".")[2]
    return Operator(function.__name__, weight, apply, " ".join(sentence.split()), family)


def generic(weight: float, function: Callable[[Program, np.random.Generator, float], str]) -> Operator:
    """Return the operator of a function; its name is that of the function."""
    return Operator(function.__name__, weight, function)


def always(module: Module) -> bool:
    """Accept every program."""
    return True


def plain(module: Module) -> None:
    """Say no more of a child than how it was found; classes keep their names."""
    module.docstring = f"A {module.grammar.what} found by program search."


@dataclass(frozen=True, eq=False)
class Grammar:
    """The programs of a domain; equal to itself alone, so that what was read with it can be kept by it.

    Attributes
    ----------
    name : str
        Of the domain.
    what : str
        What a program is called in sentences, e.g. ``CFR rule``.
    kinds : tuple of Kind
        A program defines one class of each.
    operators : tuple of Operator
        Edits, with their weights: those of `nashforge.evolve.proposers.rewriting.operators.registry`, and
        mechanisms of the field.
    sound : callable
        Whether an edited program still does what it is for: inputs reach the state, the state the result.
    describe : callable
        Sets docstring and class names of a child to what its parts show.
    """

    name: str
    what: str
    kinds: tuple[Kind, ...]
    operators: tuple[Operator, ...]
    sound: Callable[[Module], bool] = always
    describe: Callable[[Module], None] = plain
