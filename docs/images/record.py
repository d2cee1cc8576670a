"""Records run.svg, the picture in the README: the panel of a real run while it searches, and its end.

Run it from the checkout, after ``make install``::

    .venv/bin/python docs/images/record.py [options of nashforge run cfr]

The run is stored in a temporary archive. On a busy machine it takes longer than the four minutes it should.
"""

from __future__ import annotations

import fcntl
import html
import io
import os
import pty
import re
import struct
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS, ROWS = 104, 60
ERASE_PANEL = re.compile(rb"(?:\r?\x1b\[2K(?:\x1b\[1A)?)+")
"""What the live display writes before it draws its panel again, or leaves."""

TEXT = re.compile(
    r'(<text class="[^"]*-r\d+" x=")([\d.]+)("[^>]*? textLength=")([\d.]+)("[^>]*>)([^<]*)</text>'
)
FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def record(command: list[str]) -> bytes:
    """Run a command in a terminal of its own and return everything it printed."""
    with tempfile.TemporaryDirectory() as folder:
        child, terminal = pty.fork()
        if child == 0:
            os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
            os.environ["NASHFORGE_DATABASE"] = os.path.join(folder, "nashforge.db")
            os.execvp(command[0], command)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        printed = b""
        while True:
            try:
                part = os.read(terminal, 1 << 16)
            except OSError:  # what Linux says when the last writer is gone
                break
            if not part:
                break
            printed += part
        _, status = os.waitpid(child, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)} failed:\n{printed.decode(errors='replace')[-2000:]}")
    return printed


def moments(printed: bytes) -> tuple[bytes, bytes]:
    """Return the panel of about two thirds of the search, and what is there at the end."""
    frames = ERASE_PANEL.split(printed)
    searching = [frame for frame in frames if b"searching" in frame and b" left" in frame]
    if not searching:
        sys.exit("the run was too short to show its panel; give it more evaluations")
    return searching[2 * len(searching) // 3], frames[-1]


def trimmed(text: re.Match[str]) -> str:
    """Return a piece of text without spaces round it, in the same place: some viewers drop such spaces."""
    before, x, between, length, after, words = text.groups()
    width = float(length) / (len(html.unescape(words)) or 1)
    bare = words.replace("&#160;", "\N{NO-BREAK SPACE}")
    left = len(bare) - len(bare.lstrip("\N{NO-BREAK SPACE}"))
    bare = bare.strip("\N{NO-BREAK SPACE}")
    if not bare:
        return ""
    start, wide = float(x) + left * width, len(html.unescape(bare)) * width
    inside = bare.replace("\N{NO-BREAK SPACE}", "&#160;")
    return f"{before}{start:g}{between}{wide:g}{after}{inside}</text>"


def main() -> None:
    """Record and draw."""
    options = sys.argv[1:]
    panel, end = moments(record([sys.executable, "-m", "nashforge", "run", "cfr", *options]))
    screen = Console(emoji=False, record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    screen.print(Text.from_ansi(f"\x1b[1;32m$\x1b[0m {' '.join(['nashforge run cfr', *options])}"))
    for part in (panel, end):
        screen.print()
        text = re.sub(r"\x1b\[\?\d+[hl]", "", part.decode()).replace("\r\n", "\n").strip("\n\r")
        screen.print(Text.from_ansi(text), no_wrap=True, crop=True)
    picture = screen.export_svg(title="nashforge run cfr")
    # Pages that show the picture load no fonts for it; the reader's own monospace font does.
    picture = TEXT.sub(trimmed, FONT.sub("", picture))
    Path(__file__).with_name("run.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
