"""Studies: the same search with several seeds, what it found selected over all of them, and tested once.

Every search of a study is a run of its own, stored before the first begins, so that a study resumes from the
database alone, wherever it was interrupted. Its runs share the disguises of their validation games: what
different searches found is compared on the same games. None of them is tested. When all have ended, what
ships is chosen by validation (`nashforge.evolve.results.studies`) and only that, beside the program that its
search started from, is measured on the test suite.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from nashforge.archive import Archive, Candidate, Run, RunState, Status, Study
from nashforge.evolve.config.run import RunConfig, checked, given
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.config.versions import package_versions
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.disguises import draw
from nashforge.evolve.executors.dispatcher import Dispatcher
from nashforge.evolve.proposers.llm.cost_estimate import estimate_costs
from nashforge.evolve.proposers.llm.feedback import load_feedback
from nashforge.evolve.proposers.llm.prompting import Prompter
from nashforge.evolve.results.run_status import is_alive
from nashforge.evolve.results.studies import study_status
from nashforge.evolve.runs.executors import make_executor
from nashforge.evolve.runs.proposers import models_of, prices_of
from nashforge.evolve.runs.resuming import nothing_left
from nashforge.evolve.runs.run import Parts, check, prepared, resume_run, resumed_config
from nashforge.evolve.search.events import Listener, Result, Silent
from nashforge.evolve.search.population.starts import starts_of, strongest
from nashforge.evolve.search.run_stages import RunStages

if TYPE_CHECKING:
    from nashforge.evolve.service.settings import ServiceSettings

MOST_SEEDS = 1000
AT_ONCE = 8
"""So many searches work at the same time on a pool of workers, unless said otherwise."""

Watch = Callable[[Run], Listener]
"""Returns who watches a run."""


def seeds_of(text: str) -> tuple[int, ...]:
    """Return the seeds of a text such as ``0-4`` or ``1,2,7-9``.

    Raises
    ------
    ConfigError
        If it is none, or names a seed twice, or too many.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not all(re.fullmatch(r"[0-9]{1,18}", word) for word in ((first, last) if dash else (first,))):
            raise ConfigError(f"the seeds {text!r} are no numbers; write them as 0-4, or as 1,2,7")
        low, high = int(first), int(last if dash else first)
        if high < low or high - low >= MOST_SEEDS:
            raise ConfigError(
                f"the seeds {part.strip()!r} are {'in the wrong order' if high < low else 'too many'}; write "
                f"them as 0-4, at most {MOST_SEEDS}"
            )
        seeds += range(low, high + 1)
    if len(set(seeds)) < len(seeds) or len(seeds) > MOST_SEEDS:
        raise ConfigError(f"the seeds {text!r} name one twice, or more than {MOST_SEEDS}; name each once")
    return tuple(seeds)


def create_study(
    archive: Archive,
    config: RunConfig,
    seeds: Sequence[int],
    *,
    name: str | None = None,
    service: ServiceSettings | None = None,
) -> Study:
    """Store a study and its runs, none of which has begun; `work_on_study` does them.

    Parameters
    ----------
    config
        What every search does; its seed does not count.
    seeds
        One a search.
    name
        Of the study; by default two words. Its runs are called after it and their seeds.

    Raises
    ------
    ConfigError, nashforge.games.GameError, SandboxUnavailable, nashforge.evolve.service.settings.ServiceError
        If the configuration cannot be carried out; nothing is stored then.
    """
    if not seeds or len(set(seeds)) < len(seeds):
        raise ConfigError("a study needs seeds, each once; give --repeat 5, or --seeds 0-4")
    if config.models.replay is not None:
        raise ConfigError(
            "a study cannot be made of a recorded run: answers that are repeated do not depend on the seed; "
            "leave --repeat and --seeds out"
        )
    test = config.evaluation.final_test
    if config.evaluation.disguise_seed is None:
        config = config.changed(disguise_seed=draw(seeds[0]))
    check(config)  # with the test suite, which the study needs at its end
    config = prepared(archive, config.changed(final_test=False), Parts(service=service))
    common = {name: value for name, value in config.settings().items() if name != "seed"}
    host = {"machine": platform.machine(), "system": platform.platform(), "node": platform.node()}
    with archive.database.transaction():
        study = archive.studies.create(config.domain, {**common, "final_test": test}, nickname=name)
        for position, seed in enumerate(seeds):
            run = archive.runs.create(
                config.domain,
                config.changed(seed=seed).settings(),
                seed=seed,
                nickname=f"{study.nickname}-seed{seed}",
                versions=package_versions(),
                host=host,
            )
            archive.studies.add_run(study, run, position)
    return study


def forecast(config: RunConfig, seeds: Sequence[int]) -> str:
    """Return what a study will do and at most spend, each of its searches and all of them, in a sentence."""
    count, budget = len(seeds), config.budget
    each = budget.max_evaluations
    text = (
        f"{count} searches (seeds {seeds_in_words(seeds)}) of at most {each:,} evaluations each, "
        f"{count * each:,} in all"
    )
    if budget.max_minutes is not None:
        text += f", and {budget.max_minutes:g} minutes each"
    if config.models.offline:
        return text
    if budget.max_tokens is not None:
        text += f", {budget.max_tokens:,} tokens each, {count * budget.max_tokens:,} in all"
    text += f", ${budget.usd:.2f} each" if budget.usd else ""
    work = domain(config.domain)
    level = load_feedback(config.models.feedback)
    prompter = Prompter(work, config.stages(work)["train"], level, config.models.prompts)
    together = config.changed(budget_usd=count * budget.usd)
    prices = prices_of(config, models_of(config))
    return f"{text}; {estimate_costs(prices, prompter.system, together, count * each, 0.0)}"


def seeds_in_words(seeds: Sequence[int]) -> str:
    """Return seeds as `seeds_of` reads them."""
    if len(seeds) > 1 and list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]}-{seeds[-1]}"
    return ",".join(map(str, seeds))


def work_on_study(
    archive: Archive,
    study: Study,
    *,
    changes: Mapping[str, Any] | None = None,
    watch: Watch | None = None,
    parallel: int | None = None,
    service: ServiceSettings | None = None,
) -> list[Result]:
    """Do what is unfinished of a study, and at its end measure what it chose on the test suite, once.

    Parameters
    ----------
    changes
        New values for settings of all its runs, see `nashforge.evolve.runs.run.resume_run`.
    watch
        Returns who is told what happens in a run.
    parallel
        Searches that work at the same time; by default one on this machine, which gives it all cores, and
        several on a pool of workers.

    Returns
    -------
    list of Result
        Of the runs that were worked on, in the order of the study; the last one may be interrupted.

    Raises
    ------
    ConfigError
        If one of its runs is being worked on by another process, or cannot go on with these changes.
    """
    new = given(changes)
    runs = archive.studies.runs(study)
    busy = [run for run in runs if is_alive(archive, run)]
    if busy:
        raise ConfigError(
            f"{busy[0].nickname} of the study {study.nickname} is being worked on by {busy[0].worked_on_by}; "
            f"stop it first with `nashforge stop {study.nickname}`"
        )
    unfinished = [run for run in runs if is_unfinished(archive, run, new)]
    watch = watch or (lambda run: Silent())
    pool = bool(unfinished) and resumed_config(archive, unfinished[0], new).evaluation.executor != "local"
    at_once = parallel or (AT_ONCE if pool else 1)

    def work(run: Run) -> Result:
        return resume_run(archive, run, changes=new, listener=watch(run), service=service)

    results: list[Result] = []
    if at_once == 1:
        for run in unfinished:
            results.append(work(run))
            if results[-1].interrupted or results[-1].stop_reason == "stopped":
                return results
    else:
        results = _at_once(archive, unfinished, work, at_once)
    if all(result.stop_reason not in ("stopped", "interrupted") for result in results):
        measure_chosen(archive, study, new, service, watch)
    return results


def is_unfinished(archive: Archive, run: Run, changes: Mapping[str, Any]) -> bool:
    """Whether a run of a study has something to do, with these changes."""
    if run.state is not RunState.FINISHED:
        return True
    return bool(changes) and nothing_left(archive, run, changes) is None


def _at_once(
    archive: Archive, runs: Sequence[Run], work: Callable[[Run], Result], parallel: int
) -> list[Result]:
    """Work on several runs at the same time; Ctrl-C asks all of them to stop, and waits for them."""
    asked: list[Run] = []

    def one(run: Run) -> Result | None:
        return None if asked else work(run)

    with ThreadPoolExecutor(parallel, thread_name_prefix="search") as pool:
        futures = [pool.submit(one, run) for run in runs]
        try:
            wait(futures)
        except KeyboardInterrupt:
            asked.extend(runs)
            for run in runs:
                archive.runs.request_stop(run)
    found = [future.result() for future in futures]
    return [result for result in found if result is not None]


def measure_chosen(
    archive: Archive,
    study: Study,
    changes: Mapping[str, Any] | None = None,
    service: ServiceSettings | None = None,
    watch: Watch | None = None,
) -> Candidate | None:
    """Measure what a study chose on the test suite, unless that was done; return it.

    Raises
    ------
    SearchError
        If the reference fails there.
    """
    chosen = study_status(archive, study).chosen
    if chosen is None or not study.config.get("final_test", True):
        return None
    candidate = archive.candidates.get(chosen.candidate.id)
    run = archive.runs.get(candidate.run_id)
    seed = strongest(starts_of(archive, run))
    wanted = list(dict.fromkeys((candidate.id, *([] if seed is None else [seed.id]))))
    untested = [c for c in archive.candidates.by_id(wanted) if c.test is None and c.program is not None]
    if not untested:
        return candidate
    listener = watch(run) if watch is not None else Silent()
    config = checked(resumed_config(archive, run, changes).settings() | {"final_test": True})
    work = domain(config.domain)
    executor = make_executor(archive, run, config, service, listener.note)
    try:
        dispatcher = Dispatcher(executor, work.name, config.sandbox.tier, lambda: None, listener.note)
        stages = RunStages(archive, run, config, work, dispatcher)
        sources = [(item, archive.programs.get(item.program or "").source) for item in untested]
        for item, report in stages.test(sources):
            if report.status is not Status.OK:
                listener.note(f"{item.nickname} failed on the test suite ({report.status}): {report.reason}")
    finally:
        executor.close()
    return archive.candidates.get(candidate)
