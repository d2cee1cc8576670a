"""Programs beside each other by what the archive holds of them; nothing is measured for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nashforge.archive import Archive, Evaluation, NotFound, Program, Status, program_hash
from nashforge.errors import NashforgeError
from nashforge.evolve.domains import domain, domain_names
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Trial
from nashforge.evolve.measurement.program_results import measured_in
from nashforge.evolve.results.comparison import FLOOR, Comparison
from nashforge.evolve.search.measured.outcomes import identity_in, scale_in


class BesideError(NashforgeError, ValueError):
    """Programs that cannot stand beside each other."""

    exit_code = 2


@dataclass(frozen=True)
class Conditions:
    """Games and a length that programs were measured with, and how many of those that are compared were."""

    suite: str
    horizon: int
    programs: int

    @property
    def key(self) -> str:
        """The name by which they are chosen."""
        return f"{self.suite}@{self.horizon}"


@dataclass(frozen=True)
class Beside:
    """Programs that were measured under the same conditions.

    Attributes
    ----------
    choices : tuple of Conditions
        Those there are, the ones with most programs first.
    chosen : Conditions or None
        Those of ``compared``; None if the programs were never measured.
    missing : tuple of str
        Programs that were not measured so.
    """

    domain: Domain
    choices: tuple[Conditions, ...]
    chosen: Conditions | None
    compared: Comparison | None
    missing: tuple[str, ...]

    def means(self, metric: str) -> list[float | None]:
        """Return the mean of a metric over the games for each program of the comparison."""
        if self.compared is None:
            return []
        wanted = self.domain.metrics[metric]
        return [self.compared.mean(label, wanted, FLOOR) for label in self.compared.labels]


def beside(archive: Archive, names: Sequence[str], conditions: str = "") -> Beside:
    """Return programs beside each other.

    Parameters
    ----------
    names
        Nicknames or hashes of stored programs, or names of the library; no files, since the names may come
        from somebody who may not read what is on this machine.
    conditions
        The `Conditions.key` that is wanted; by default, those with most programs and games.

    Raises
    ------
    nashforge.archive.NotFound, nashforge.archive.AmbiguousReference, BesideError
        If a name fits no program, or they are of several domains.
    """
    found = _programs(archive, names)
    domains = {program.domain for _, program in found}
    if len(domains) > 1:
        raise BesideError(
            f"programs of one domain can be compared; these are of {' and '.join(sorted(domains))}"
        )
    work = domain(domains.pop())
    rows = {label: _own(archive, work, program) for label, program in found}
    counted = Counter(key for evaluations in rows.values() for key in {_key(row) for row in evaluations})
    choices = tuple(
        Conditions(suite, horizon, count)
        for (suite, horizon), count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    )
    chosen = next((one for one in choices if one.key == conditions), choices[0] if choices else None)
    if chosen is None:
        return Beside(work, choices, None, None, tuple(rows))
    mine = {
        label: [row for row in some if _key(row) == (chosen.suite, chosen.horizon)]
        for label, some in rows.items()
    }
    compared = _compared(work, chosen, found, mine)
    # Of the same suite, too, games may be others: each run draws its own units of payoffs.
    there = () if compared is None else compared.labels
    missing = tuple(label for label in mine if label not in there)
    return Beside(work, choices, chosen, compared, missing)


_HASH = re.compile("[0-9a-f]{8,}")


def _programs(archive: Archive, names: Sequence[str]) -> list[tuple[str, Program]]:
    found: dict[str, Program] = {}
    for name in names:
        # Nicknames have hyphens, and hashes no letters beyond f: no domain is loaded to look for these.
        own = "-" in name or _HASH.fullmatch(name)
        library = None if own else next((d for d in domain_names() if name in domain(d).baselines()), None)
        if library is None:
            stored = archive.programs.get(name)
            found[stored.nickname] = stored
            continue
        digest = program_hash(domain(library).source(name), library)
        known = archive.programs.by_hash([digest])
        if digest not in known:
            raise NotFound(
                f"{name} of the library was never measured in this archive; see `nashforge compare`"
            )
        found[name] = known[digest]
    return list(found.items())


def _own(archive: Archive, work: Domain, program: Program) -> list[Evaluation]:
    """Return a program's measurements by today's evaluator that were made here, oldest first."""
    rows = archive.evaluations.find(program=program, status=[Status.OK], imported=False)
    return [row for row in rows if row.evaluator == work.evaluator and row.split != "smoke"]


def _key(row: Evaluation) -> tuple[str, int]:
    return row.suite, int(row.settings.get("horizon", 0))


def _compared(
    work: Domain,
    chosen: Conditions,
    found: Sequence[tuple[str, Program]],
    measured: Mapping[str, Sequence[Evaluation]],
) -> Comparison | None:
    """Return the comparison on the games of the first program that was measured."""
    first = next((some for some in measured.values() if some), None)
    if first is None:
        return None
    # Each run disguises its validation games in its own way: the games as they are compare most programs.
    plain = [row for row in first if row.split in (None, "train", "test")]
    told = (plain or first)[-1]
    games = tuple(dict.fromkeys(score.game for score in told.scores if score.game))
    results = []
    for label, program in found:
        for game in games:
            same = [row for row in measured[label] if _is_same(row, told, game)]
            if same:
                trial = Trial(label=game, game=game, iterations=chosen.horizon)
                results.append(measured_in(work, label, program, trial, same[-1]))
    labels = tuple(dict.fromkeys(row.label for row in results))
    return Comparison("test", chosen.suite, games, labels, tuple(results))


def _is_same(row: Evaluation, other: Evaluation, game: str) -> bool:
    """Whether a measurement has a game that is the same as that of another: names alone say nothing."""
    there = any(score.game == game for score in row.scores)
    return there and all(of(row.settings, game) == of(other.settings, game) for of in (identity_in, scale_in))
