"""Errors as people see them: one sentence and a remedy on standard error, and an exit code.

Codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

import typer

FAILED, USAGE, INTERRUPTED = 1, 2, 130


class UsageProblem(Exception):
    """A command line that cannot be done as written. The text is one sentence and a remedy."""


class Failed(Exception):
    """What was asked for was tried and failed. The text is one sentence and a remedy."""


_CODES: Mapping[str, int] = {
    # Named, not imported: most commands need none of the modules that these come from.
    "nashforge.cli.errors.UsageProblem": USAGE,
    "nashforge.cli.errors.Failed": FAILED,
    "nashforge.archive.errors.NotFound": USAGE,
    "nashforge.archive.errors.AmbiguousReference": USAGE,
    "nashforge.archive.errors.ArchiveNotFound": USAGE,
    "nashforge.archive.errors.NicknameTaken": USAGE,
    "nashforge.archive.errors.NotAnArchive": USAGE,
    "nashforge.archive.errors.ArchiveError": FAILED,
    "nashforge.games.errors.GameError": USAGE,
    "nashforge.solvers.programs.library.NotInLibraryError": USAGE,
    "nashforge.solvers.sequence_form.profile.PolicyError": FAILED,
    "nashforge.solvers.learners.engine_loop.StrategyError": FAILED,
    "nashforge.solvers.psro.engine.StrategyError": FAILED,
    "nashforge.solvers.psro.interface.UnsuitableGameError": USAGE,
    "nashforge.solvers.risk.measures.RiskError": USAGE,
    "nashforge.evolve.config.run.ConfigError": USAGE,
    "nashforge.evolve.evaluation.messages.StrategicError": USAGE,
    "nashforge.evolve.domains.UnknownDomainError": USAGE,
    "nashforge.evolve.domains.checks.DomainError": USAGE,
    "nashforge.evolve.domains.checks.FitnessError": USAGE,
    "nashforge.evolve.evaluation.objectives.ObjectiveError": USAGE,
    "nashforge.evolve.measurement.distill.DistilError": USAGE,
    "nashforge.evolve.measurement.programs.UnknownProgramError": USAGE,
    "nashforge.evolve.measurement.programs.OutdatedProgramError": USAGE,
    "nashforge.evolve.proposers.llm.recordings.cassette.CassetteError": USAGE,
    "nashforge.evolve.proposers.llm.prices.PriceError": USAGE,
    "nashforge.prompts.PromptError": USAGE,
    "nashforge.evolve.executors.dispatcher.SearchError": FAILED,
    "nashforge.evolve.service.settings.SettingsError": USAGE,
    "nashforge.evolve.service.settings.ServiceError": FAILED,
    "nashforge.evolve.sandbox.errors.CandidateFailure": FAILED,
    "nashforge.evolve.sandbox.errors.InfrastructureError": FAILED,
    "builtins.MemoryError": FAILED,
    "builtins.OSError": FAILED,
}
"""Exit codes of the errors that are told in a sentence, by the class or a base of it."""

_REMEDIES: Mapping[str, str] = {
    "nashforge.evolve.sandbox.errors.SandboxUnavailable": (
        "see `nashforge doctor`, or accept the risk with --allow-weaker-sandbox TIER"
    ),
    "nashforge.games.errors.NodeLimitError": (
        "or raise the limit: `nashforge solve` and `nashforge games` have --max-nodes, and the environment "
        "variable NASHFORGE_MAX_NODES is for all commands and workers (about 1 GB of memory and 30 s per 5 "
        "million histories)"
    ),
    "nashforge.evolve.executors.dispatcher.SearchError": (
        "mend the cause, then continue with `nashforge resume`"
    ),
    "builtins.MemoryError": "choose smaller games or fewer workers",
}
"""What to add to errors that come from where the commands are not known."""


def _lookup(error: BaseException, table: Mapping[str, object]) -> object | None:
    for kind in type(error).__mro__:
        name = f"{kind.__module__}.{kind.__qualname__}"
        if name in table:
            return table[name]
    return None


def _is_usage_error(error: BaseException) -> bool:
    """Whether the command line's parser refused it."""
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def is_known(error: BaseException) -> bool:
    """Whether an error is told in a sentence; otherwise it is a defect of this program."""
    if isinstance(error, typer.Abort) or _is_usage_error(error):
        return True
    return _lookup(error, _CODES) is not None


def exit_code_of(error: BaseException) -> int:
    """Return the exit code that an error ends the program with."""
    if isinstance(error, typer.Abort):
        return INTERRUPTED
    if _is_usage_error(error):
        return USAGE
    code = _lookup(error, _CODES)
    return code if isinstance(code, int) else FAILED


def message_of(error: BaseException) -> str:
    """Return the sentence for people."""
    if _is_usage_error(error):
        text = " ".join(str(error.format_message()).split())  # type: ignore[attr-defined]
        context = getattr(error, "ctx", None)
        command = getattr(context, "command_path", None) or "nashforge"
        link = "" if text.endswith("?") else ";"
        return f"{text.rstrip('.')}{link} see `{command} --help`"
    text = " ".join(str(getattr(error, "anywhere", error)).split()) or type(error).__name__
    if not is_known(error):
        return (
            f"this is a defect of Nashforge ({type(error).__name__}: {text}); run the command again with "
            "--debug and report what it prints"
        )
    remedy = _lookup(error, _REMEDIES)
    return f"{text.rstrip('.')}; {remedy}" if remedy else text


def report(error: BaseException, *, as_json: bool) -> None:
    """Print an error to standard error: a line of text, or an object with ``--json``."""
    if isinstance(error, typer.Abort):
        return
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error.format_message(), file=sys.stderr)  # type: ignore[attr-defined]
        return
    text = message_of(error)
    if as_json:
        value = {"error": {"type": type(error).__name__, "message": text, "exit_code": exit_code_of(error)}}
        print(json.dumps(value), file=sys.stderr)
        return
    from nashforge.cli.rendering.output import console, plain

    console(stderr=True).print(f"[bold red]Error:[/] {plain(text)}", soft_wrap=not sys.stderr.isatty())
