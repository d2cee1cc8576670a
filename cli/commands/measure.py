"""``nashforge measure``: an agent's variants on training games, before it tells one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nashforge.cli.errors import FAILED, UsageProblem
from nashforge.cli.options.agents import As, Server, Token, TokenFile, core, read_program
from nashforge.cli.options.declared import argument, option
from nashforge.cli.options.numbers import whole_number
from nashforge.cli.options.shared import Database, Json
from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from nashforge.evolve.agents.answers.measured import MeasuredGame


def measure(
    token: Token,
    files: Annotated[
        list[str],
        argument("FILE...", "Variants: whole programs, or SEARCH/REPLACE blocks; - reads standard input."),
    ],
    games: Annotated[
        str | None,
        option("NUMBERS", "Training games by number, such as 1,3. [default: all]"),
    ] = None,
    iterations: Annotated[
        int | None,
        option("N", "Iterations, or steps of an episode, at most. [default: as many as in training]", min=1),
    ] = None,
    name: As = None,
    server: Server = None,
    token_file: TokenFile = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Measure variants of the current program of a request on training games, and say what each gains.

    A task has the run's experiment_seconds of processor time for this, and each program an equal part of them
    in every game. No program of the budget is spent, and nothing becomes part of the run. Every result is
    said on standard error when it comes (a server answers at the end alone), and all of them at the end. The
    exit code is 1 if a variant failed or a file cannot be read; the others are measured all the same.
    """
    from nashforge.evolve.agents.answers.measured import MeasuredProgram
    from nashforge.evolve.agents.texts import measured_piece, measured_text

    numbers, screen = _numbers(games), output.console(stderr=True)

    def say(variant: str, game: MeasuredGame | None, reason: str | None) -> None:
        text = f"{variant}: {reason}" if game is None else measured_piece(variant, game)
        screen.print(output.plain(text), soft_wrap=True)

    programs, missing = dict[str, str](), dict[str, str]()
    for file in files:
        try:
            programs[file] = read_program(file)
        except UsageProblem as problem:
            if len(files) == 1:
                raise
            missing[file] = str(problem)
            say(file, None, str(problem))
    if not programs:
        raise UsageProblem("none of the files can be read; check the paths")
    with core(database, server, token_file, name) as verbs:
        answer = verbs.measure(token, programs, games=numbers, iterations=iterations, listen=say)
    unread = [MeasuredProgram(name=file, reason=why) for file, why in missing.items()]
    answer = answer.model_copy(update={"programs": [*answer.programs, *unread]})
    if output.wants_json(json):
        output.print_json(answer.model_dump(mode="json"))
    else:
        output.say_prose(measured_text(answer) + "\n")
    if any(program.reason is not None for program in answer.programs):
        raise typer.Exit(FAILED)


def _numbers(games: str | None) -> tuple[int, ...]:
    numbers = [whole_number(word) for word in games.split(",")] if games is not None else []
    known = tuple(number for number in numbers if number is not None)
    if len(known) < len(numbers):
        raise UsageProblem(f"--games {games}: give the numbers of training games, such as 1,3")
    return known
