"""Episodes of social dilemmas for people to look at: in a terminal, and as pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from nashforge.evolve.domains.capabilities import Watch, WatchedEpisode
from nashforge.evolve.domains.dilemmas.arena import play_confined
from nashforge.evolve.domains.dilemmas.trials import parse_trial
from nashforge.evolve.sandbox import Sandbox
from nashforge.games.dilemmas.environment import Environment
from nashforge.games.dilemmas.settings import parse_setting
from nashforge.solvers.policies.rendering import Recorder, agents, as_pixels, as_text


class DilemmaWatch(Watch):
    """Episodes of one of the social dilemmas; a step is the environment after it."""

    def play(
        self,
        sandbox: Sandbox,
        game: str,
        sources: Sequence[str],
        seed: int,
        on_step: Callable[[Environment], None] | None = None,
    ) -> WatchedEpisode:
        """Play an episode: the first agent runs the first program, the next the second, and so on."""
        setting = parse_setting(game)
        seated = [sources[seat % len(sources)] for seat in range(setting.agents)]
        episode = play_confined(sandbox, setting, seated, seed, on_step=on_step).episode
        return WatchedEpisode(episode.returns.tolist(), episode.metrics)

    def text(self, step: Environment, rows: int, columns: int) -> str:
        """Return a line on the episode, and the map as far as there is room.

        A map that is too high is turned, if that helps; what is cut off in spite of it is told.
        """
        waste = f"   waste {step.density():.0%}" if len(step.waste) else ""
        status = (
            f"step {step.step_number}/{step.setting.horizon}   apples {int((step.apples == 0).sum())}{waste}"
            f"   earned {step.returns.sum():.0f}"
        )
        grid, room = step.grid, rows - 2  # the status, and the line of the cursor
        turned = grid.height > room and grid.width <= room and grid.height <= columns
        lines = as_text(step, turned).split("\n")
        if len(lines) > room:
            status += f"   [dim](needs {len(lines) + 2} lines)[/]"
        return "\n".join([status, *lines[:room]])

    def picture(self, step: Environment) -> npt.NDArray[np.uint8]:
        """Return the map as colours."""
        return as_pixels(step)

    def facts(self, step: Environment) -> Mapping[str, float | Sequence[float | str]]:
        """Return apples and waste, and of each agent what it has earned and where it stands."""
        places = ["not there"] * step.agents
        for number, row, column, _, out in agents(step):
            places[number] = f"row {row}, column {column}{', out' if out else ''}"
        waste = {"waste": round(step.density(), 3)} if len(step.waste) else {}
        return {
            "step": step.step_number,
            "apples": int((step.apples == 0).sum()),
            **waste,
            "earned": step.returns.tolist(),
            "place": places,
        }

    def recorder(self, game: str) -> Recorder:
        """Return what keeps the pictures of an animation."""
        return Recorder(parse_setting(game).horizon)

    def episode(self, trial: str) -> tuple[str, int]:
        """Return setting and seed of a trial that was measured."""
        setting, seed = parse_trial(trial)
        return str(setting), seed
