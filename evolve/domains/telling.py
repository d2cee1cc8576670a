"""The part of a domain that prompts are made of: facts and mechanisms, for those who write programs."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from nashforge import games

if TYPE_CHECKING:
    from nashforge.evolve.evaluation.messages import Stage, Trial
    from nashforge.evolve.proposers.rewriting.grammar import Grammar


class Telling:
    """Facts and mechanisms of a domain; every method but one has a default."""

    host_modules: tuple[str, ...]

    @abstractmethod
    def grammar(self) -> Grammar | None:
        """Return the grammar of its programs; None: offline tools cannot read them."""

    def prompt_variables(self, train: Stage) -> Mapping[str, object]:
        """Return what the system prompt mentions besides what every prompt is given."""
        interface = import_module(f"{self.host_modules[0].rpartition('.')[0]}.interface")
        return {"interface": inspect.getsource(interface)}

    def family(self, trial: Trial) -> str:
        """Return the family of games that a trial belongs to."""
        return games.family(trial.game)

    def facts(self, trial: Trial) -> str:
        """Return size and payoffs of a trial's game in a few words; empty: nothing is known."""
        return ""

    def mechanisms(self) -> Mapping[str, Mapping[str, str]]:
        """Return the mechanisms that are known for its programs: a sentence each, by family and name.

        By default those of the grammar.
        """
        grammar = self.grammar()
        found: dict[str, dict[str, str]] = {}
        for operator in () if grammar is None else grammar.operators:
            if operator.family:
                found.setdefault(operator.family, {})[operator.name] = operator.sentence
        return found
