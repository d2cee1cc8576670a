"""Pictures as data that stands in a page itself."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory


def data_uri(write: Callable[[Path], None], name: str) -> str:
    """Return what is written to a file as a ``data:`` address; the ending of the name says what it is."""
    kind, _ = mimetypes.guess_type(name)
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
