"""After a search: the best program is audited, and measured on the test suite beside the seed."""

from __future__ import annotations

from collections.abc import Callable

from nashforge.archive import Archive, Run, Status
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.search.population.gate import Auditing, audit_best
from nashforge.evolve.search.program_store import ProgramStore
from nashforge.evolve.search.run_stages import RunStages
from nashforge.evolve.search.scoreboard import Scoreboard


class Conclusion:
    """Judgements of the best program once nothing more is asked for.

    Parameters
    ----------
    archive, run, config
        As of `nashforge.evolve.search.loop.Search`.
    board, stages, store
        What the search knows, what measures, and its programs.
    audit
        Audits programs; None: nothing is audited.
    note
        Called with what people should know.
    """

    def __init__(
        self,
        archive: Archive,
        run: Run,
        config: RunConfig,
        board: Scoreboard,
        stages: RunStages,
        store: ProgramStore,
        audit: Auditing | None,
        note: Callable[[str], None],
    ) -> None:
        self._archive, self._run, self._evaluation = archive, run, config.evaluation
        self._board, self._stages, self._store = board, stages, store
        self._audit, self._note = audit, note

    def conclude(self, enter: Callable[[str], object], tick: Callable[[], None]) -> None:
        """Audit and test, as far as the run is to.

        Parameters
        ----------
        enter
            Called with the phase that begins, see `nashforge.evolve.search.events.Snapshot`.
        tick
            Called now and then during audits; may raise.
        """
        if self._audit is not None:
            enter("auditing")
            audit_best(
                self._archive,
                self._run,
                self._board,
                lambda program: self._store[program].source,
                self._evaluation.audit,
                self._audit,
                tick,
                self._note,
            )
        untested = self._board.untested if self._evaluation.final_test else []
        if untested:
            enter("testing")
            for candidate, report in self._stages.test(self._store.sourced(untested)):
                self._board.update(candidate)
                if report.status is not Status.OK:
                    self._note(
                        f"{candidate.nickname} failed on the test suite ({report.status}): {report.reason}"
                    )
