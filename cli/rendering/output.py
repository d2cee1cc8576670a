"""Output: JSON for programs, tables and text for people."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from nashforge.archive import Candidate, Relative
    from nashforge.archive.stores.views import Drawn
    from nashforge.evolve.evaluation.messages import Fitness
    from nashforge.solvers.metrics.registry import Metric
    from nashforge.solvers.policies.metrics import Summary

JSON_VARIABLE = "NASHFORGE_JSON"
"""Environment variable that makes JSON the default, for scripts that want nothing else."""

ROUNDING = 1e-14
"""Values of games are sums of rounded products; what is smaller is zero."""
RULE_WIDTH = 80
"""Columns of a line between two parts, off a terminal."""
PLAIN_WIDTH = 10_000
"""Width of text that goes to a file or a pipe: ``less`` and ``grep`` want whole lines, and nothing cut."""


def wants_json(flag: bool | None) -> bool:
    """Whether to print JSON: as asked for on the command line, else by the environment."""
    return os.environ.get(JSON_VARIABLE, "") not in ("", "0") if flag is None else flag


def print_json(value: Any) -> None:
    """Print a value as JSON: one line in a pipe, indented on a terminal."""
    indent = 2 if sys.stdout.isatty() else None
    sys.stdout.write(json.dumps(value, indent=indent, default=_plain, allow_nan=False) + "\n")
    sys.stdout.flush()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} has no JSON form")


def on_terminal() -> bool:
    """Whether text is laid out for a width: on a terminal, or where ``COLUMNS`` says one."""
    return sys.stdout.isatty() or "COLUMNS" in os.environ


def console(*, stderr: bool = False) -> Console:
    """Return where text for people goes; colours only on a terminal."""
    from rich.console import Console

    class Screen(Console):
        def on_broken_pipe(self) -> None:
            raise  # the error of the pipe, which `nashforge.cli.pipes` deals with

        def print(self, *objects: Any, **options: Any) -> None:
            # What is wrapped softly is shown as it is: code, and what models are told. Tables are padded.
            if self.is_terminal or options.get("soft_wrap") or options.get("end", "\n") != "\n":
                super().print(*objects, **options)
                return
            with self.capture() as shown:
                super().print(*objects, **options)
            self.file.write(re.sub(" +$", "", shown.get(), flags=re.MULTILINE))

    stream = sys.stderr if stderr else sys.stdout
    wide = not stream.isatty() and "COLUMNS" not in os.environ
    return Screen(file=stream, width=PLAIN_WIDTH if wide else None, highlight=False, emoji=False)


def rule(screen: Console, title: str = "") -> None:
    """Print a line across the terminal; elsewhere lines have no end, and it has 80 columns."""
    from rich.rule import Rule

    screen.print(Rule(title), width=screen.width if on_terminal() else RULE_WIDTH)


def say(screen: Console, sentence: str, command: str) -> None:
    """Print a sentence (markup), and a command to paste: on a terminal on a line of its own, never broken."""
    line = f"[bold]{plain(command)}[/]"
    if on_terminal():
        screen.print(sentence)
        screen.print(f"  {line}", soft_wrap=True)
    else:
        screen.print(f"{sentence} {line}")


def say_plain(screen: Console, text: str) -> None:
    """Print a sentence that may end with a command between backticks, likewise."""
    told, found, command = text.rpartition(" `nashforge ")
    if found and command.endswith("`"):
        say(screen, plain(told), f"nashforge {command[:-1]}")
    else:
        screen.print(plain(text))


def say_text(text: str) -> None:
    """Print text for agents as it is, never broken or cut; control characters are made visible."""
    sys.stdout.write(visible(text))
    sys.stdout.flush()


def say_prose(text: str) -> None:
    """Print text for agents likewise; on a terminal a long line ends between words, and not in a command."""
    if not on_terminal():
        say_text(text)
        return
    width, lines = shutil.get_terminal_size().columns, []
    for line in text.splitlines():
        if len(line) <= width:
            lines.append(line)
            continue
        indent = " " * (len(line) - len(line.lstrip()))
        whole = re.sub("`[^`]*`", lambda command: command[0].replace(" ", "\N{NO-BREAK SPACE}"), line)
        folded = textwrap.fill(
            whole, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        lines.append(folded.replace("\N{NO-BREAK SPACE}", " "))
    say_text("\n".join(lines) + "\n")


def remark(text: str) -> None:
    """Say something beside the result, on standard error: whoever said it, it is one line, and visible."""
    print(visible(text, ""), file=sys.stderr, flush=True)


def tell_written(path: Path | None) -> None:
    """Say that a file was written, if one was."""
    if path is not None:
        console().print(f"written to [green]{plain(str(path))}[/]", soft_wrap=True)


def table(*columns: str, title: str | None = None, right: Sequence[str] = ()) -> Table:
    """Return an empty table in the one style of this program.

    Parameters
    ----------
    right
        Columns to be aligned to the right.
    """
    from rich import box
    from rich.table import Table

    made = Table(
        title=title,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
    )
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def print_code(screen: Console, code: str, language: str) -> None:
    """Print code with colours; the terminal wraps long lines, so that they stay one line when copied."""
    from rich.syntax import Syntax

    text = Syntax("", language, theme="ansi_dark", background_color="default").highlight(visible(code))
    text.rstrip()
    screen.print(text, soft_wrap=True)


def wrapped(game: str, width: int) -> str:
    """Return a game string in lines of at most ``width`` characters where commas allow it."""
    lines = [""]
    for part in game.replace(",", ",\n").split("\n"):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def number(value: float | None) -> str:
    """Return an exploitability: four significant digits."""
    if value is None:
        return "-"
    return f"{value:.3e}" if value == 0 or abs(value) < 1e-3 or abs(value) >= 1e6 else f"{value:.4g}"


def settled(value: float) -> float:
    """Return a value as it is shown: zero where only rounding is left of one, and never minus zero."""
    return value if abs(value) > ROUNDING else 0.0


def signed(value: float) -> str:
    """Return a value with its sign and four decimals; what rounds to zero has a plus."""
    return f"{round(float(value), 4) + 0.0:+.4f}"


def counted(count: int, what: str) -> str:
    """Return a number of things: ``1 seed``, ``2 seeds``."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def listed(counts: Mapping[str, int]) -> str:
    """Return numbers of things by kind: ``1 run, 2 model calls``."""
    return ", ".join(counted(n, kind.replace("_", " ")) for kind, n in counts.items()) or "nothing"


def fitness(value: float | None) -> str:
    """Return a fitness with its sign, or a dash."""
    return "-" if value is None else f"{value:+.3f}"


def duration(seconds: float) -> str:
    """Return a time span: ``8.4 s``, ``3 min 20 s``, ``2 h 05 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def ago(moment: datetime | None) -> str:
    """Return how long ago something was."""
    if moment is None:
        return "-"
    seconds = max(0.0, (datetime.now(UTC) - moment).total_seconds())
    if seconds < 5:
        return "now"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return f"{int(seconds)} s ago"


def memory(size: float) -> str:
    """Return a number of bytes as people write it."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def edit_of(candidate: Candidate | Relative | Drawn) -> str:
    """Return what a candidate is, in words: a program that its run started from, or what was changed."""
    if candidate.operator == "seed":
        return f"start program: {candidate.note}" if candidate.note else "start program"
    return candidate.note or candidate.operator


def elsewhere(imported: datetime | None) -> str:
    """Return the mark, with markup, of what was imported; nothing for what was made here."""
    return "" if imported is None else f" [yellow]imported {ago(imported)}[/]"


def shorten(text: str, width: int) -> str:
    """Return one line of at most ``width`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: max(width - 1, 0)].rstrip() + "…"


def mean(summary: Summary) -> str:
    """Return a mean with half of its confidence interval, as markup; a dash where it is undefined."""
    if summary.mean is None:
        return "-"
    spread = "" if summary.high is None else f" [dim]±{summary.high - summary.mean:.2g}[/]"
    return f"{summary.mean:.4g}{spread}"


def meaning_of_fitness(fitness: Fitness, metric: Metric) -> str:
    """Return the one line that explains fitness."""
    name = metric.title or metric.name
    match fitness.kind:
        case "objective":
            text = (
                f"{fitness.objective}, where metrics that should be low count negatively; mean over the "
                "games unless said otherwise; higher is better"
            )
        case "negative":
            text = f"minus the mean {name} over the games; higher is better"
        case "value":
            text = f"mean {name} over the games; higher is better"
        case _:
            from nashforge.evolve.evaluation.fitness import reference_words

            reference = reference_words(fitness.reference, display_name)
            text = f"orders of magnitude lower {name} than {reference}, mean over the games"
            text += f" and, with weight {fitness.worst:g}, the worst of them" if fitness.worst else ""
            most = "" if fitness.clip is None else f"; no game counts more than {fitness.clip:g}"
            text += f" (1 = ten times lower{most})"
    return f"fitness: {text}"


def meaning_of_run(config: Mapping[str, Any]) -> str:
    """Return the one line that explains the fitness of a run."""
    from nashforge.evolve.domains import UnknownDomainError, domain
    from nashforge.evolve.evaluation.messages import Fitness
    from nashforge.evolve.evaluation.metrics import EXPLOITABILITY
    from nashforge.solvers.metrics.registry import Metric

    try:
        work = domain(str(config.get("domain", "cfr")))
        metric = work.metrics[work.metric]
    except UnknownDomainError:
        # The run comes from where a domain is installed that is not known here.
        metric = Metric("metric", EXPLOITABILITY.direction)
    return meaning_of_fitness(Fitness.model_validate(config.get("fitness") or {}), metric)


def visible(text: str, kept: str = "\n\t") -> str:
    """Return text whose control and invisible characters are written out, but for some of them."""
    return "".join(c if c.isprintable() or c in kept else repr(c)[1:-1] for c in text)


def plain(text: str) -> str:
    """Return a line that is shown as it is: brackets are no markup, control characters are made visible."""
    from rich.markup import escape

    return escape(visible(text, ""))


def markup(line: str, **options: Any) -> Text:
    """Return a line of markup as text. A colon stays one: what others call things is no code of an emoji."""
    from rich.text import Text

    return Text.from_markup(line, emoji=False, **options)


def prose(text: str, indent: str = "  ") -> str:
    """Return text of several lines, likewise, each of them indented: none is taken for a line of ours."""
    return "\n".join(f"{indent}{plain(line)}" for line in text.splitlines() or [""])


def because(reason: str | None) -> str:
    """Return why something failed, to stand behind a colon: foreign text of several lines goes below it."""
    text = (reason or "no reason was given").strip()
    return f"\n{prose(text)}" if "\n" in text else f" {plain(text)}"


def display_name(rule: str) -> str:
    """Return a rule's name as papers write it: ``dcfr_plus`` is DCFR+; others have words for names."""
    return rule.upper().replace("_PLUS", "+").replace("_", "-") if "cfr" in rule else rule
