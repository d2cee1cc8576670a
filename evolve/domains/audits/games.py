"""Audits of programs that play sequence forms: other faces, scales and origins of the same games."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nashforge.evolve.domains.audits.base import Auditing, Variant
from nashforge.evolve.evaluation.fitness import floors_of
from nashforge.evolve.evaluation.messages import Disguise, Trial

if TYPE_CHECKING:
    from nashforge.evolve.domains.games import GameDomain

PERMUTED, PADDED, DOUBLED = "permuted", "with dummy information sets", "with actions twice"
SHIFTED = "payoffs shifted"
FACTOR = 2.0**10
"""Payoffs are multiplied by it and by its inverse: powers of two round nothing."""

SEED = 7_000_000
"""Of the disguises of the first game of an audit; they are no run's."""


class GameAuditing(Auditing):
    """Audits of domains whose programs play sequence forms.

    Attributes
    ----------
    scales : bool
        Whether trials can be given other payoffs; else only other faces.
    """

    scales = True
    domain: GameDomain

    def trials(self) -> Sequence[Trial]:
        """Return the training games, the small ones first."""
        return sorted(super().trials(), key=self._size)

    def _size(self, trial: Trial) -> int:
        return int(self.domain.read(trial).leaves) if self.scales else 0

    def variants(self, trials: Sequence[Trial]) -> Iterator[Variant]:
        """Yield other lengths, faces, scales and origins."""
        yield from super().variants(trials)
        yield Variant(PERMUTED, self.disguised(trials), same=True)
        yield Variant(PADDED, self.disguised(trials, dummies=0.25), same=True)
        if not self.scales:
            return
        yield Variant(DOUBLED, self.disguised(trials, duplicates=0.25), same=True)
        for factor in (FACTOR, 1 / FACTOR):
            name = f"payoffs times {factor:g}" if factor > 1 else f"payoffs divided by {1 / factor:g}"
            scaled = [one.model_copy(update={"scale": factor}) for one in trials[: self.few]]
            yield Variant(name, scaled, declared="scale_free")
        yield Variant(SHIFTED, [one.model_copy(update={"shift": 0.5}) for one in trials[: self.few]])

    def disguised(
        self, trials: Sequence[Trial], dummies: float = 0.0, duplicates: float = 0.0
    ) -> list[Trial]:
        """Return trials with information sets and actions in another order, and more of them."""
        faces = [Disguise(seed=SEED + k, dummies=dummies, duplicates=duplicates) for k in range(len(trials))]
        return [one.model_copy(update={"disguise": face}) for one, face in zip(trials, faces, strict=True)]

    def numbers(self, trials: Sequence[Trial]) -> Mapping[int, str]:
        """Return how many information sets and sequences each player has in the games."""
        found: dict[int, str] = {}
        for trial in trials:
            for player, treeplex in enumerate(self.domain.read(trial).treeplexes):
                found.setdefault(treeplex.infosets, f"information sets of player {player} in {trial.label}")
                found.setdefault(treeplex.sequences, f"sequences of player {player} in {trial.label}")
        return found

    def floor(self, trial: Trial) -> float:
        """Return what values below it count as: a share of the payoffs' range, if fitness says so."""
        ranges = {trial.label: self.domain.payoff_range(trial)}
        return floors_of(self.domain.fitness, ranges).get(trial.label, self.domain.fitness.floor)
