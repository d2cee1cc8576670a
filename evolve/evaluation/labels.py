"""Labels: how trials are called in scores, tables and prompts."""

from __future__ import annotations

from nashforge.evolve.evaluation.messages import Trial


def label(game: str, *, disguised: bool = False, iterations: int | None = None, scale: float = 1.0) -> str:
    """Return the label of a trial: the game, and in brackets what sets it apart from other trials of it.

    Parameters
    ----------
    game
        The game string.
    disguised
        Whether the game is played in disguise.
    iterations
        Where they are not as many as the stage's other trials have.
    scale
        The factor of all payoffs.

    Examples
    --------
    >>> label("kuhn_poker", disguised=True, iterations=100, scale=0.01)
    'kuhn_poker (disguised, 100 iterations, payoffs x 0.01)'
    """
    said = ["disguised"] * disguised
    said += [] if iterations is None else [f"{iterations} iterations"]
    said += [] if scale == 1.0 else [f"payoffs x {scale:g}"]
    return f"{game} ({', '.join(said)})" if said else game


def shortened(trial: Trial) -> Trial:
    """Return a trial whose label says its iterations, which are fewer than those of the stage's others."""
    said = f"{trial.iterations} iterations"
    game, bracket, notes = trial.label.rpartition(" (")
    both = f"{game} ({notes[:-1]}, {said})" if bracket and notes.endswith(")") else f"{trial.label} ({said})"
    return trial.model_copy(update={"label": both})
