"""Suggestions of known names for one that is not known."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], *, likeness: float = 0.6) -> list[str]:
    """Return the names that are most like one, at most two; capitals and ``-`` for ``_`` do not matter.

    Parameters
    ----------
    likeness
        From 0 (everything is alike) to 1 (only the same).
    """
    folded: dict[str, str] = {}
    for item in known:
        folded.setdefault(_folded(item), item)
    import difflib  # here, because it is needed only when something went wrong

    close = difflib.get_close_matches(_folded(name), folded, n=2, cutoff=likeness)
    return [folded[item] for item in close]


def choice(name: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """Return what to do about a name that is not known: take what is like it, else one of all.

    Parameters
    ----------
    otherwise
        The remedy where nothing is like it; None: all names.
    """
    names = list(known)
    close = nearest(name, names)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return otherwise or f"choose one of {', '.join(names)}"


def _folded(name: str) -> str:
    return str(name).strip().lower().replace("-", "_")
