"""``nashforge watch``: see programs play an episode."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.archives import programs as opened
from nashforge.cli.options.declared import option
from nashforge.cli.options.dilemmas import Agents, Map, Preset, View
from nashforge.cli.options.files import check_file, delivered, write_text, writing
from nashforge.cli.options.shared import (
    Database,
    FileDomain,
    Force,
    Json,
    ProgramNames,
    Tier,
    output_option,
)
from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.evolve.domains.base import Domain
    from nashforge.evolve.domains.capabilities import Recorder, Watch


def watch(
    programs: ProgramNames,
    game: Annotated[
        str | None, option("GAME", "What is played, such as cleanup. [default: that of the program's domain]")
    ] = None,
    output_file: Annotated[
        Path | None,
        output_option("Write an animated .gif, six pictures as .png, or every step as .json, instead."),
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
    domain: FileDomain = None,
    force: Force = False,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Play an episode in the terminal, or into an image file.

    Several programs take the seats in turn: the first agent runs the first, the next the second, and so on.
    """
    from json import dumps

    from nashforge.cli.rendering.episodes import EpisodeFilm
    from nashforge.cli.rendering.measuring import check_tier
    from nashforge.evolve.sandbox import Sandbox
    from nashforge.solvers.policies.rendering import save

    check_file("--output", output_file, force, (".gif", ".png", ".json"))
    tier = check_tier(allow_weaker_sandbox)
    with opened(programs, database, domain=domain or _domain_of(game, programs[0])) as (found, _):
        domains = sorted({named.domain for named in found})
        sources = [named.source for named in found]
    if len(domains) > 1:
        raise UsageProblem(
            f"the programs are of several domains ({', '.join(domains)}) and play no game together; name "
            "those of one domain"
        )
    work, shows = _watchable(domains[0], programs[0])
    options = {"preset": preset, "map": map_file, "agents": agents, "view": view, "steps": steps}
    played = work.variant(game, options)
    as_json = output.wants_json(json)
    screen = output.console()
    recorder: Recorder | EpisodeFilm | None = None
    if output_file is not None:
        as_film = output_file.suffix.lower() == ".json"
        recorder = EpisodeFilm(shows, played) if as_film else shows.recorder(played)
    with Sandbox(work.host_modules, tier=tier) as sandbox:
        if output_file is None and not as_json and screen.is_terminal:
            with _live(screen, speed, shows) as show:
                episode = shows.play(sandbox, played, sources, seed, show)
        else:
            episode = shows.play(sandbox, played, sources, seed, recorder)

    def write(path: Path) -> None:
        assert recorder is not None
        if isinstance(recorder, EpisodeFilm):
            write_text(path, dumps(recorder.told(played, seed, episode)))
            return
        with writing(path):
            save(recorder.frames, path)

    value = {
        "game": played,
        "seed": seed,
        "returns": episode.returns,
        **episode.metrics,
        "file": None if output_file is None else str(output_file),
    }
    told = ", ".join(
        f"{name.replace('_', ' ')} {'undefined' if value is None else f'{value:.4g}'}"
        for name, value in episode.metrics.items()
    )
    with delivered((output_file, write), as_json=as_json):
        if as_json:
            output.print_json(value)
        else:
            screen.print(f"[cyan]{output.plain(played)}[/], seed {seed}: {told}")


def _domain_of(game: str | None, program: str) -> str | None:
    """Return the domain that bears the name of a game, or the first with episodes that has the program."""
    from nashforge.evolve.domains import domain, domain_names

    name = (game or "").partition("(")[0].strip()
    if name in domain_names():
        return name
    watched = (domain(other) for other in domain_names())
    return next((work.name for work in watched if work.watch and program in work.baselines()), None)


def _watchable(name: str, program: str) -> tuple[Domain, Watch]:
    """Return a domain with its episodes."""
    from nashforge.evolve.domains import domain, domain_names
    from nashforge.evolve.domains.capabilities import NotOfferedError

    work = domain(name)
    if work.watch is None:
        others = ", ".join(other for other in domain_names() if domain(other).watch)
        raise NotOfferedError(
            f"{program} cannot be watched: it is a program of the domain {name}, which has no episodes to "
            f"look at; those of {others} have"
        )
    return work, work.watch


@contextmanager
def _live(screen: Console, speed: float, shows: Watch) -> Iterator[Callable[[Any], None]]:
    """Yield what draws every step on the terminal, at a speed."""
    from rich.live import Live

    due = time.monotonic()
    with Live(console=screen, auto_refresh=False, transient=False) as live:

        def show(step: Any) -> None:
            nonlocal due
            text = shows.text(step, screen.size.height, screen.size.width)
            live.update(output.markup(text), refresh=True)
            due = max(due + 1 / speed, time.monotonic() - 1)
            time.sleep(max(0.0, due - time.monotonic()))

        yield show
