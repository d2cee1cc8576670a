"""Rows as data frames of whatever package for them is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Literal

from nashforge.errors import USAGE, NashforgeError

Frame = Literal["pandas", "polars", "records"]


class NoFrameError(NashforgeError, ValueError):
    """A data frame of a package was asked for that is not installed, or is none."""

    exit_code = USAGE


def as_frame(rows: list[dict[str, Any]], frame: Frame | None = None) -> Any:
    """Return rows as a DataFrame of pandas or of polars, or as they are: a list of dictionaries.

    Parameters
    ----------
    frame
        ``pandas``, ``polars`` or ``records``; None: pandas if it is installed, else polars, else records.

    Raises
    ------
    NoFrameError
        If the package that was named is not installed, or there is none of that name.
    """
    if frame not in (None, "pandas", "polars", "records"):
        raise NoFrameError(f"there are no data frames of {frame!r}; choose pandas, polars or records")
    if frame in ("pandas", "polars") and find_spec(frame) is None:
        raise NoFrameError(f"{frame} is not installed; install it, or ask for frame='records'")
    if frame == "pandas" or (frame is None and find_spec("pandas") is not None):
        import pandas

        return pandas.DataFrame(rows)
    if frame == "polars" or (frame is None and find_spec("polars") is not None):
        import polars

        return polars.DataFrame(rows, infer_schema_length=None)
    return rows
