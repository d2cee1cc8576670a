"""Audits of players of repeated games: relabelled throws, and other chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from nashforge.evolve.domains.audits.base import Auditing, Variant
from nashforge.evolve.evaluation.messages import Disguise, Trial

MET = "rrps(bots=addshiftbot3+copybot+foxtrotbot+markov5+rotatebot+switchbot+textbot,seed=11)"
"""Simple bots that searches meet: who remembers them does best here."""

RELABELLED, OTHER_CHANCE = "with throws relabelled", "with other chance"


class PlayerAuditing(Auditing):
    """Audits of players of rock, paper, scissors."""

    horizon = 400
    margin = 0.5

    def trials(self) -> Sequence[Trial]:
        """Return matches with a few bots, with chance that is the same for all."""
        return (self.domain.trial(MET, min(self.domain.horizon, self.horizon)),)

    def variants(self, trials: Sequence[Trial]) -> Iterator[Variant]:
        """Yield other lengths, other names of throws, and other chance."""
        yield from super().variants(trials)
        for name, seeds in ((RELABELLED, (4, 5)), (OTHER_CHANCE, (None,))):
            for seed in seeds:
                yield Variant(name, [self._changed(one, seed) for one in trials], same=seed is not None)

    def _changed(self, trial: Trial, seed: int | None) -> Trial:
        if seed is not None:
            return trial.model_copy(update={"disguise": Disguise(seed=seed)})
        return self.domain.trial(MET.replace("seed=11", "seed=12"), trial.iterations)

    def numbers(self, trials: Sequence[Trial]) -> Mapping[int, str]:
        """Return the length of a match."""
        return {self.domain.horizon: "throws of a match"}

    def references(self) -> Sequence[str]:
        """Return the players of the library that play by the book."""
        return "frequency", "markov", "uniform_throws"
