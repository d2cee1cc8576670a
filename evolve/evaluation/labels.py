"""Labels: how trials are called in scores, tables and prompts."""

from __future__ import annotations


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
