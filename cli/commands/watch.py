"""``nashforge watch``: see policies play a social dilemma."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from nashforge.cli.dilemmas import Agents, Map, Preset, View
from nashforge.cli.options.declared import option
from nashforge.cli.options.shared import Database, Force, Json, ProgramNames, Tier, output_option
from nashforge.games.naming import choice

if TYPE_CHECKING:
    from rich.console import ConsoleDimensions

    from nashforge.games.dilemmas.environment import Environment


def watch(
    programs: ProgramNames,
    game: Annotated[
        str | None, option("GAME", "'gathering' or 'cleanup'. [default: what the program was written for]")
    ] = None,
    output_file: Annotated[
        Path | None,
        output_option("Write an animated .gif, or six pictures as .png, instead."),
    ] = None,
    steps: Annotated[int | None, option("N", "Play only so many steps. [default: 1000]", min=1)] = None,
    speed: Annotated[
        float, option("N", "Steps a second in the terminal.", min=0.1, show_default=True)
    ] = 20.0,
    seed: Annotated[int, option("N", "Seed of the episode.", min=0, show_default=True)] = 0,
    preset: Preset = None,
    map_file: Map = None,
    agents: Agents = None,
    view: View = None,
    force: Force = False,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Play an episode in the terminal, or into an image file.

    Several programs take the seats in turn: the first agent runs the first, the next the second, and so on.
    """
    from nashforge.cli.dilemmas import setting_of
    from nashforge.cli.measuring import check_tier
    from nashforge.cli.options.archives import programs as opened
    from nashforge.cli.options.files import check_file, delivered, writing
    from nashforge.cli.rendering import output
    from nashforge.evolve.domains.dilemmas.arena import HOSTS, play_confined
    from nashforge.evolve.sandbox import Sandbox
    from nashforge.solvers.policies.rendering import Recorder, save

    check_file("--output", output_file, force, (".gif", ".png"))
    tier = check_tier(allow_weaker_sandbox)
    name = _dilemma(game or "cleanup")
    with opened(programs, database, domain=name, choosable=False) as (found, _):
        domains = {named.domain for named in found if named.origin == "archive"}
        sources = [named.source for named in found]
    if game is None and len(domains) == 1:
        game = domains.pop()
        _dilemma(game)
    setting = setting_of([game or "cleanup"], preset, map_file, agents, view, steps)
    seated = [sources[seat % len(sources)] for seat in range(setting.agents)]
    as_json = output.wants_json(json)
    screen = output.console()
    shown = output_file is None and not as_json and screen.is_terminal
    recorder = None if output_file is None else Recorder(setting.horizon)
    with Sandbox(HOSTS, tier=tier) as sandbox:
        if shown:
            with _live(screen, speed) as show:
                played = play_confined(sandbox, setting, seated, seed, on_step=show)
        else:
            played = play_confined(sandbox, setting, seated, seed, on_step=recorder)

    def write(path: Path) -> None:
        assert recorder is not None
        with writing(path):
            save(recorder.frames, path)

    metrics = played.episode.metrics
    value = {
        "game": str(setting),
        "seed": seed,
        "returns": played.episode.returns.tolist(),
        **metrics,
        "file": None if output_file is None else str(output_file),
    }
    told = ", ".join(
        f"{name.replace('_', ' ')} {'undefined' if value is None else f'{value:.4g}'}"
        for name, value in metrics.items()
    )
    with delivered((output_file, write), as_json=as_json):
        if as_json:
            output.print_json(value)
        else:
            screen.print(f"[cyan]{output.plain(str(setting))}[/], seed {seed}: {told}")


def _dilemma(game: str) -> str:
    """Return the name of the dilemma that a setting is of, if it is of one."""
    from nashforge.cli.dilemmas import GAMES
    from nashforge.cli.errors import UsageProblem

    name = game.partition("(")[0].strip()
    if name not in GAMES:
        raise UsageProblem(f"{name} is no social dilemma; {choice(name, GAMES)}")
    return name


def _picture(environment: Environment, size: ConsoleDimensions) -> str:
    """Return an episode as it stands: a line on it, and the map as far as the terminal has room.

    A map that is too high is turned, if that helps; what is cut off in spite of it is told.
    """
    from nashforge.solvers.policies.rendering import as_text

    waste = f"   waste {environment.density():.0%}" if len(environment.waste) else ""
    status = (
        f"step {environment.step_number}/{environment.setting.horizon}"
        f"   apples {int((environment.apples == 0).sum())}{waste}"
        f"   earned {environment.returns.sum():.0f}"
    )
    grid, room = environment.grid, size.height - 2  # this line, and the one of the cursor
    turned = grid.height > room and grid.width <= room and grid.height <= size.width
    lines = as_text(environment, turned).split("\n")
    if len(lines) > room:
        status += f"   [dim](needs {len(lines) + 2} lines)[/]"
    return "\n".join([status, *lines[:room]])


def _live(screen: Any, speed: float) -> Any:
    """Return a context in which every step is drawn on the terminal, at a speed."""
    import time
    from contextlib import contextmanager

    from rich.live import Live
    from rich.text import Text

    @contextmanager
    def context() -> Any:
        due = time.monotonic()
        with Live(console=screen, auto_refresh=False, transient=False) as live:

            def show(environment: Environment) -> None:
                nonlocal due
                live.update(Text.from_markup(_picture(environment, screen.size)), refresh=True)
                due = max(due + 1 / speed, time.monotonic() - 1)
                time.sleep(max(0.0, due - time.monotonic()))

            yield show

    return context()
