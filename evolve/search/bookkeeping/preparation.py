"""Before a search: references and the library are measured, and the programs that it starts from chosen."""

from __future__ import annotations

from collections.abc import Callable

from nashforge.archive import Archive, Run
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.config.starts import STRONGEST, STRONGEST_COUNT, keep_chosen
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.proposers.base import Immediate, Proposer
from nashforge.evolve.proposers.llm.feedback import load_feedback
from nashforge.evolve.search.population.starts import with_strongest
from nashforge.evolve.search.run_stages import RunStages


class Preparation:
    """Measurements and decisions before a run asks for anything.

    Parameters
    ----------
    archive, run, config, domain, proposer
        As of `nashforge.evolve.search.loop.Search`.
    stages
        What measures.
    note
        Called with what people should know.

    Attributes
    ----------
    starts : tuple of str
        Names of the programs that the run starts from.
    """

    def __init__(
        self,
        archive: Archive,
        run: Run,
        config: RunConfig,
        domain: Domain,
        proposer: Proposer,
        stages: RunStages,
        note: Callable[[str], object],
    ) -> None:
        self._archive, self._run, self._config = archive, run, config
        self._proposer, self._stages, self._note = proposer, stages, note
        self.starts: tuple[str, ...] = config.start or (domain.seed,)

    @property
    def chosen(self) -> bool:
        """Whether it is known what the run starts from: which are the strongest has to be measured."""
        return STRONGEST not in self.starts

    def prepare(self) -> None:
        """Measure what the search needs, and choose what it starts from."""
        copies = (stage.split for stage in self._stages.copies)
        self._stages.measure_reference("train", "validation", *copies)
        self.measure_library()
        if not self.chosen:
            self._choose()
        self._tell_a_spent_budget()

    def measure_library(self) -> None:
        """Measure the library's programs, if whoever writes programs is told what they reach."""
        models = self._config.models
        if isinstance(self._proposer, Immediate) or models.replay is not None:
            return
        left = self._stages.measure_library() if load_feedback(models.feedback).library else []
        if left:
            self._note(
                f"the table of the library is told without {', '.join(left)}: to measure more of it would "
                "take long; what is missing is measured when the run is resumed"
            )

    def _choose(self) -> None:
        """Find out which programs of the library are the strongest."""
        self._stages.measure_library(all_of_it=True)
        found = self._stages.strongest(min(STRONGEST_COUNT, self._config.budget.max_evaluations))
        self.starts = with_strongest(self.starts, found)
        keep_chosen(self._archive, self._run, self.starts)
        self._note(f"starts from the strongest of the library: {', '.join(found)}")

    def _tell_a_spent_budget(self) -> None:
        """Say it where nothing new will be asked for: the start programs are all there is to spend."""
        starts, most = len(self.starts), self._config.budget.max_evaluations
        if starts >= most:
            self._note(
                f"the programs that the run starts from ({starts}) use up its evaluations ({most}): nothing "
                f"new is asked for; --max-evaluations {starts + 1} or more leaves some"
            )
