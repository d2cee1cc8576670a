"""The prompter of a run, from its configuration and what the archive knows: any process can make it."""

from __future__ import annotations

from nashforge.archive import Archive
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Stage
from nashforge.evolve.proposers.families import letters
from nashforge.evolve.proposers.held_out import held_out_names
from nashforge.evolve.proposers.llm.context.ablations import Ablations
from nashforge.evolve.proposers.llm.context.knowledge import Knowledge, knowledge_of
from nashforge.evolve.proposers.llm.feedback import load_feedback
from nashforge.evolve.proposers.llm.prompting import Context, Prompter


def make_prompter(archive: Archive, config: RunConfig, domain: Domain, train: Stage) -> Prompter:
    """Return what renders the prompts of a run.

    Parameters
    ----------
    train
        The training stage, with what the reference program reached.

    Raises
    ------
    nashforge.prompts.PromptError
        If the domain has no prompts, or one of them, or the feedback level, is not valid.
    """
    level = load_feedback(config.models.feedback)
    stages = config.stages(domain)
    validation = stages["validation"]

    def families(stage: Stage) -> set[str]:
        return {domain.family(trial) for trial in stage.trials}

    context = Context(
        knowledge_of(archive, domain, train) if level.library else Knowledge(),
        validation,
        letters(domain, validation),
        config.population.parent_fitness,
        config.models.experiments if config.evaluation.executor == "local" else 0,
        apart=not families(train) & families(validation),
        copies=config.evaluation.copies if all(trial.disguise for trial in validation.trials) else 0,
        held_out=tuple(held_out_names(stages)),
        ablations=Ablations(archive, domain, train),
    )
    return Prompter(domain, train, level, config.models.prompts, context)
