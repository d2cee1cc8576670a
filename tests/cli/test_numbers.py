"""Numbers on the command line: finite ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperCommand

from nashforge.cli.main import app


def numbers() -> list[tuple[str, str]]:
    """Return every command and option of the program that takes floating-point numbers."""

    def below(command: Any, words: str) -> Any:
        for name, member in getattr(command, "commands", {}).items():
            yield from below(member, f"{words} {name}".strip())
        for option in command.params:
            if "float" in str(option.type_descriptor.annotation):
                yield words, max(option.opts, key=len)

    return list(below(typer.main.get_command(app), ""))


def test_there_are_such_options() -> None:
    assert {("solve", "--time"), ("watch", "--speed"), ("run", "--budget-usd")} <= set(numbers())


@pytest.mark.parametrize(("command", "option"), numbers())
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400"])
def test_every_option_takes_finite_numbers_only(empty: Any, command: str, option: str, value: str) -> None:
    named: Any = typer.main.get_command(app)
    for word in command.split():
        named = named.commands[word]
    assert isinstance(named, TyperCommand)
    needed = ["kuhn_poker" for item in named.params if item.required]
    result = empty(*command.split(), *needed, f"{option}={value}")
    assert result.exit_code == 2, (result.stdout, result.stderr)
    assert any(words in result.stderr for words in ("finite", "should be greater", "should be less"))
    assert option in result.stderr


@pytest.mark.parametrize("value", ["9" * 5000, "²", "-1", ""])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("tell token FILE --tokens {}/1", "--tokens"),
        ("tell token FILE --tokens 1/{}", "--tokens"),
        ("measure token FILE --games 1,{}", "--games"),
    ],
)
def test_whole_numbers_in_texts_have_few_plain_digits(
    empty: Any, tmp_path: Path, words: str, said: str, value: str
) -> None:
    program = tmp_path / "program.py"
    program.write_text("x = 1\n")
    given = {"FILE": str(program)}
    result = empty(*(given.get(word, word).format(value) for word in words.split(" ")))
    assert result.exit_code == 2, (result.stdout, result.stderr)
    assert f"Error: {said} " in result.stderr


@pytest.mark.parametrize("value", ["nan", "inf", "0.1,1e400"])
@pytest.mark.parametrize("option", ["--tau", "--epsilon"])
def test_so_do_pairs(empty: Any, option: str, value: str) -> None:
    result = empty("equilibrium", "SC4", option, value)
    assert result.exit_code == 2
    assert f"{option} is" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ask", "latest", "--count", "x"), "Invalid value 'x' for '--count'"),
        (("tell", "TOKEN", "--usd", "-1"), "Invalid value '-1' for '--usd'"),
        (("run", "psro", "--horizon", "0"), "Invalid value '0' for '--horizon'"),
    ],
)
def test_a_refused_number_is_named(empty: Any, words: tuple[str, ...], said: str) -> None:
    result = empty(*words)
    assert result.exit_code == 2
    assert said in result.stderr
