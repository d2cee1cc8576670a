"""``nashforge prompt``: what models are told."""

from __future__ import annotations

from dataclasses import asdict
from json import dumps as pretty
from typing import TYPE_CHECKING, Annotated

import typer

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.archives import find_run, opened
from nashforge.cli.options.declared import option
from nashforge.cli.options.models import Feedback, Prompts
from nashforge.cli.options.shared import Database, Json, LatestRun
from nashforge.cli.rendering import output
from nashforge.games.naming import choice

if TYPE_CHECKING:
    from nashforge.archive import Archive, Run
    from nashforge.evolve.runs.preview import Preview

TASKS = ("edit", "design", "combine", "ablate", "simplify")
FORMER = {"diff": "edit", "rewrite": "design", "crossover": "combine"}
"""What tasks were called before, which people may still write."""

prompt = typer.Typer(help="What language models are told.", no_args_is_help=True, rich_markup_mode=None)


@prompt.callback()
def _group() -> None:
    """Prompts of language models."""


@prompt.command("preview")
def preview(
    run: LatestRun = "latest",
    candidate: Annotated[int | None, option("N", "What was sent for this candidate, instead.", min=1)] = None,
    operator: Annotated[
        str | None,
        option("TASK", "Ask for edit, design, combine, ablate or simplify. [default: what the run would]"),
    ] = None,
    feedback: Feedback = None,
    prompts: Prompts = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Print exactly what a run would send to a model next, and about how many tokens it is.

    Nothing is sent. Works for offline runs, too: what a model would be told if it took over.
    """

    with opened(database) as archive:
        found = find_run(archive, run)
        if candidate is not None:
            shown = _sent(archive, found, candidate)
        else:
            shown = [_next(archive, found, operator, feedback, prompts)]
    if output.wants_json(json):
        output.print_json(
            [
                {
                    "operator": item.operator,
                    "system": item.prompt.system,
                    "user": item.prompt.user,
                    "tools": [asdict(tool) for tool in item.prompt.tools],
                    "tokens": item.tokens,
                    "most_tokens": item.most,
                }
                for item in shown
            ]
        )
        return
    screen = output.console()
    for item in shown:
        tools = [("tool", pretty(asdict(tool), indent=2)) for tool in item.prompt.tools]
        for title, text in (*tools, ("system", item.prompt.system), ("user", item.prompt.user)):
            output.rule(screen, f"[bold]{title}[/]")
            screen.print(output.prose(text, ""), soft_wrap=True)
        output.rule(screen)
        screen.print(
            f"[bold]{output.plain(item.operator)}[/]: about {item.tokens:,} tokens, at most {item.most:,}; "
            "the system part comes from the cache after the first call"
        )


def _next(
    archive: Archive, run: Run, operator: str | None, feedback: str | None, folder: str | None
) -> Preview:
    from nashforge.evolve.config.consent import require_own_prompts
    from nashforge.evolve.runs.preview import preview as of
    from nashforge.evolve.runs.run import resumed_config

    if operator is not None:
        operator = FORMER.get(operator, operator)
        if operator not in TASKS:
            raise UsageProblem(f"there is no task {operator!r}; {choice(operator, TASKS)}")
    changes = {"feedback": feedback, "prompts": folder}
    config = resumed_config(archive, run, changes)
    if run.imported is not None:
        require_own_prompts(config, changes, f"the run {run.nickname}")
    return of(archive, run, config, operator)


def _sent(archive: Archive, run: Run, index: int) -> list[Preview]:
    from nashforge.evolve.runs.preview import sent

    calls = [call for call in archive.calls.find(run=run) if call.request.get("index") == index]
    if not calls:
        raise UsageProblem(
            f"no model was asked for candidate {index} of {run.nickname}; see `nashforge calls list`"
        )
    return [sent(archive, run, call) for call in calls]
