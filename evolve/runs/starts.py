"""The programs that a run is to start from, looked up by the names that people give, and stored."""

from __future__ import annotations

from nashforge.archive import Archive, Run
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.config.starts import STRONGEST, is_program_file
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Opponent
from nashforge.evolve.measurement.programs import NamedProgram, find_program, playable, store
from nashforge.evolve.results.lineage import run_or_program
from nashforge.evolve.search.novelty import ast_fingerprint
from nashforge.evolve.search.population.ranking import leader


def with_starts(archive: Archive, config: RunConfig, work: Domain) -> RunConfig:
    """Return a configuration whose start programs are in the library or in the archive, each once.

    Those of the library stay names; all others are stored, and named by their hash, so that the run is the
    same when files change and other runs go on. Where models or agents write, a run without start programs
    has the strongest of the library; one that is repeated has what it had.

    Raises
    ------
    ConfigError
        If one is of another domain, has not been measured yet, or more are named than are to be evaluated.
    nashforge.errors.NashforgeError
        If there is none of a name.
    """
    names = config.start
    if not names and not config.models.offline and config.models.replay is None:
        names = (STRONGEST,)
    starts: dict[str, str] = {}
    for name in names:
        if name == STRONGEST:
            starts.setdefault(STRONGEST, STRONGEST)
            continue
        named = playable(_named(archive, name, work))
        if named.domain != work.name:
            raise ConfigError(
                f"--from {name} is a program of the domain {named.domain}, and the run searches {work.name}; "
                f"name one of {work.name}"
            )
        mark = ast_fingerprint(named.source, work.grammar())
        starts.setdefault(mark, name if named.origin == "library" else store(archive, named).hash)
    limit = config.budget.max_evaluations
    if len(starts) > limit:
        raise ConfigError(
            f"the run starts from {len(starts)} programs, which are evaluated, too, and --max-evaluations is "
            f"{limit}; give more evaluations, or fewer --from"
        )
    return config.changed(start=tuple(starts.values()))


def with_opponents(archive: Archive, config: RunConfig, work: Domain) -> RunConfig:
    """Return a configuration that holds the sources of the programs that are played against.

    So the run is the same when files change and other runs go on.

    Raises
    ------
    ConfigError
        If one is of another domain, or is named twice.
    nashforge.errors.NashforgeError
        If there is none of a name.
    """
    found: list[Opponent] = []
    for each in config.evaluation.against:
        if not each.source:
            named = playable(_named(archive, each.name, work, "--against"))
            if named.domain != work.name:
                raise ConfigError(
                    f"--against {each.name} is a program of the domain {named.domain}, and the run searches "
                    f"{work.name}; name one of {work.name}"
                )
            each = each.model_copy(update={"name": named.label, "source": named.source})
        if each.name in {other.name for other in found}:
            raise ConfigError(f"--against names {each.name} twice; name it once, with a weight")
        found.append(each)
    return config.changed(against=[each.model_dump() for each in found]) if found else config


def _named(archive: Archive, name: str, work: Domain, option: str = "--from") -> NamedProgram:
    """Return the program that an option names: of the library, a file, the best of a run, or any stored."""
    if name in work.baselines() or is_program_file(name):
        return find_program(name, lambda: archive, domain_name=work.name)
    found = run_or_program(archive, name)
    if isinstance(found, Run):
        best = leader(archive, found)
        if best is None or best.program is None:
            raise ConfigError(
                f"{option} {name}: the run {found.nickname} has measured no program yet; name another one"
            )
        found = archive.programs.get(best.program)
    return NamedProgram(found.nickname, found.source, found.domain, "archive", found)
