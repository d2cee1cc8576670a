"""The words of Gambit's file formats, with the lines they stand in, and errors that name these."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NoReturn, TypeAlias

from nashforge.games.errors import GameFileError

Kind: TypeAlias = Literal["text", "number", "word", "{", "}", "end"]

_TOKEN = re.compile(
    r"""
    (?P<text>"(?:\\"|[^"])*")
    | (?P<open>\{) | (?P<close>\})
    | (?P<word>[^\s,{}"]+)
    | (?P<unclosed>")
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(r"[+-]?(\d+/\d+|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)")
_LONGEST = 1000
"""Characters of a number: a power such as 1e999999999 would fill the memory."""
_LARGEST_EXPONENT = 400

DESCRIPTIONS = {
    "text": "a text in quotes",
    "number": "a number",
    "word": "a word",
    "end": "the end of the file",
}


@dataclass(frozen=True)
class Token:
    """A word of a file: its kind, what it says (texts without their quotes) and the line it begins in."""

    kind: Kind
    text: str
    line: int

    def __str__(self) -> str:
        if self.kind == "end":
            return DESCRIPTIONS["end"]
        return repr(self.text if len(self.text) <= 40 else self.text[:40] + "...")


class Tokens:
    """Reads the words of a file one after the other.

    Commas are spaces, as in Gambit. In a text, a backslash before a quotation mark says that it goes on.

    Parameters
    ----------
    content
        Of the file.
    name
        How errors call the file.
    """

    def __init__(self, content: str, name: str) -> None:
        self.name = name
        self._content = content
        self._matches = _TOKEN.finditer(content)
        self._line, self._counted = 1, 0
        self._next = self._read()

    def _read(self) -> Token:
        match = next(self._matches, None)
        if match is None:
            self._line += self._content.count("\n", self._counted)
            self._counted = len(self._content)
            return Token("end", "", self._line)
        self._line += self._content.count("\n", self._counted, match.start())
        self._counted = match.start()
        text = match.group()
        if match.lastgroup == "text":
            return Token("text", text[1:-1].replace('\\"', '"'), self._line)
        if match.lastgroup == "unclosed":
            raise self.problem("the quotation mark has no second one; close the text", self._line)
        if match.lastgroup == "word":
            return Token("number" if _NUMBER.fullmatch(text) else "word", text, self._line)
        return Token("{" if text == "{" else "}", text, self._line)

    @property
    def next(self) -> Token:
        """The word that is read next."""
        return self._next

    def problem(self, message: str, line: int) -> GameFileError:
        """Return an error that names the file and a line."""
        return GameFileError(f"{self.name}, line {line}: {message}")

    def expected(self, what: str) -> NoReturn:
        """Raise that something else was expected in the place of the next word."""
        raise self.problem(f"expected {what}, found {self._next}", self._next.line)

    def take(self, kind: Kind, what: str) -> Token:
        """Return the next word and go on, if it is of a kind.

        Raises
        ------
        GameFileError
            If it is of another, saying that ``what`` was expected.
        """
        token = self._next
        if token.kind != kind:
            self.expected(what)
        self._next = self._read()
        return token

    def taken(self, kind: Kind) -> Token | None:
        """Return the next word and go on if it is of a kind, else None."""
        return self.take(kind, "") if self._next.kind == kind else None

    def number(self, what: str) -> Fraction:
        """Return the next number, exactly."""
        token = self.take("number", what)
        exponent = re.search(r"[eE]([+-]?\d+)", token.text)
        if len(token.text) > _LONGEST or (exponent and abs(int(exponent[1])) > _LARGEST_EXPONENT):
            raise self.problem(f"the number {token} is out of range", token.line)
        try:
            value = Fraction(token.text)
            float(value)
        except ZeroDivisionError:
            raise self.problem(f"{token} divides by zero", token.line) from None
        except OverflowError:
            raise self.problem(f"the number {token} is out of range", token.line) from None
        return value

    def integer(self, what: str, least: int, most: int | None = None) -> int:
        """Return the next number, which must be whole and in a range."""
        token = self._next
        value = self.number(what)
        if value.denominator != 1 or value < least or (most is not None and value > most):
            raise self.problem(f"expected {what}, found {token}", token.line)
        return int(value)

    def texts(self, what: str) -> list[str]:
        """Return the texts of a list ``{ "a" "b" }``."""
        self.take("{", f'{what}, as in {{ "a" "b" }}')
        found = []
        while self._next.kind == "text":
            found.append(self.take("text", what).text)
        self.take("}", f'another of {what}, or "}}"')
        return found

    def header(self, format_: str, version: str) -> str:
        """Read ``NFG 1 R "title"``; return the title."""
        for word in (format_, version):
            if self._next.text != word or self._next.kind == "text":
                self.expected(f"a file that begins with '{format_} {version} R \"title\"'")
            self._next = self._read()
        if self._next.kind != "word" or self._next.text not in ("R", "D"):
            self.expected(f'R after "{format_} {version}" (payoffs are numbers)')
        self._next = self._read()
        return self.take("text", "the title in quotes").text
