"""Checks of a domain when it is loaded, and of a fitness before anything is measured by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nashforge.errors import NashforgeError
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.fitness import LIBRARY, reference_programs
from nashforge.evolve.evaluation.messages import Fitness, Strategic, StrategicError
from nashforge.evolve.evaluation.objectives import ObjectiveError, checked_objective, parse_objective
from nashforge.games.naming import choice
from nashforge.solvers.metrics.registry import measures

TO_BE_WRITTEN = ("name", "seed", "host_modules", "suites")
"""Attributes of a domain that have no default."""


class DomainError(NashforgeError, ValueError):
    """A domain is not what the library needs."""

    exit_code = 2


class FitnessError(NashforgeError, ValueError):
    """A fitness does not suit the domain."""

    exit_code = 2


def complete(found: Any, name: str) -> Domain:
    """Return a loaded domain if it has all that `Domain` asks for.

    Raises
    ------
    DomainError
        If something is missing or does not fit together; it names what.
    """
    if not isinstance(found, Domain):
        raise DomainError(
            f"the domain {name!r} is a {type(found).__name__}; derive its class from "
            "nashforge.evolve.domains.base.Domain, as docs/howto-domain.md says"
        )
    missing = [attribute for attribute in TO_BE_WRITTEN if not hasattr(found, attribute)]
    if missing:
        raise DomainError(
            f"the domain {name!r} lacks {', '.join(missing)}; add what docs/howto-domain.md says of them"
        )
    checked = found
    if checked.metric not in checked.metrics:
        raise DomainError(
            f"the metric {checked.metric!r} of the domain {name!r} is not among its metrics "
            f"({', '.join(checked.metrics)}); add it to them"
        )
    if checked.metrics[checked.metric].diagnostic:
        raise DomainError(
            f"the metric {checked.metric!r} of the domain {name!r} is diagnostic, so neither way of it is "
            "better; choose another to judge programs by"
        )
    return checked


def check_fitness(domain: Domain, fitness: Fitness) -> None:
    """Make sure that a fitness can be computed from what a domain measures.

    Raises
    ------
    FitnessError
        If its kind does not suit the metric's direction, its reference is no program of the library, or its
        objective is not one over the domain's metrics.
    """
    if fitness.objective is not None:
        try:
            checked_objective(fitness.objective, domain.metrics, domain.name)
        except ObjectiveError as error:
            raise FitnessError(str(error)) from error
        return
    direction = domain.metrics[domain.metric].direction
    if (direction == "max") != (fitness.kind == "value"):
        allowed = "'value'" if direction == "max" else "'log_ratio' or 'negative'"
        better = "more" if direction == "max" else "less"
        raise FitnessError(
            f"the fitness {fitness.kind!r} does not suit the domain {domain.name!r}, where {better} of "
            f"{domain.metric} is better; choose {allowed}"
        )
    if fitness.kind == "log_ratio":
        check_reference(domain, fitness.reference)


def check_reference(domain: Domain, reference: str, *more: str) -> tuple[str, ...]:
    """Return the programs that a reference names.

    Parameters
    ----------
    more
        Other words that are allowed in its place, for the error.

    Raises
    ------
    FitnessError
        If one is no program of the library, or none is named.
    """
    names = reference_programs(reference, domain.baselines())
    unknown = [name for name in names if name not in domain.baselines()]
    if unknown or not names:
        wrong = unknown[0] if unknown else reference
        raise FitnessError(
            f"the reference {wrong!r} of fitness is no program of the library; "
            + choice(wrong, [*domain.baselines(), LIBRARY, *more])
        )
    return names


def strategic_of(domain: Domain, fitness: Fitness, risk: str | None, more: Sequence[str] = ()) -> Fitness:
    """Return a fitness with the strategic measures that are wanted, and how they are measured.

    Parameters
    ----------
    risk
        Parameters such as ``kl tau=1 epsilon=0.1 radius=0.1``; None: the defaults.
    more
        Metrics that are wanted besides those of the objective.

    Raises
    ------
    StrategicError
        If the parameters cannot be read, or none of these metrics depends on them.
    """
    named = [
        *more,
        *(() if fitness.strategic is None else fitness.strategic.metrics),
        *(() if fitness.objective is None else parse_objective(fitness.objective).metrics),
    ]
    asked = tuple(
        name for name in dict.fromkeys(named) if name in domain.metrics and domain.metrics[name].on_request
    )
    possible = [one.name for one in measures(*domain.plays).values() if one.parametric and domain.plays]
    possible = [name for name in possible if name in domain.metrics and domain.metrics[name].on_request]
    if risk is not None and not set(asked) & set(possible):
        remedy = f"ask for one, for example with --objective {possible[-1]}" if possible else "leave it out"
        raise StrategicError(
            "--risk says how gaps, risk-adjusted and robust values are measured, and none is asked for; "
            f"{remedy}"
        )
    return fitness.model_copy(update={"strategic": Strategic.read(risk or "", asked)}) if asked else fitness
