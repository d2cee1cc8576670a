"""Prices of tokens: a list that anyone can edit, the price of a call, and the most that it can cost."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nashforge.errors import NashforgeError
from nashforge.games.texts import TextError, read_toml

VARIABLE = "NASHFORGE_PRICES"
_MILLION = 1e6
_RELEASE = re.compile(r"([-@](latest|preview|exp|\d{2,8}))*")


class PriceError(NashforgeError, ValueError):
    """A model has no price, or a price list cannot be read."""

    exit_code = 2


@dataclass(frozen=True)
class Usage:
    """Tokens of one call; the kinds of input do not overlap.

    Attributes
    ----------
    input, cached, cache_write : int
        Input tokens that were read afresh, read from the cache, written to the cache.
    output : int
        Output tokens, those of hidden thinking included.
    thinking : int
        The part of the output that was thought, as far as the provider says.
    dollars : float or None
        What the call cost, where whoever answered says so; it then counts, whatever the price list says.
    """

    input: int = 0
    cached: int = 0
    cache_write: int = 0
    output: int = 0
    thinking: int = 0
    dollars: float | None = None

    @property
    def total(self) -> int:
        """All tokens."""
        return self.input + self.cached + self.cache_write + self.output


class Price(BaseModel):
    """US dollars per million tokens, see ``prices.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)
    cache_write: float | None = Field(default=None, ge=0)
    long_from: int | None = Field(default=None, ge=1)
    long_input: float = Field(default=1.0, ge=1)
    long_output: float = Field(default=1.0, ge=1)

    def cost(self, usage: Usage) -> float:
        """Return the price of a call in US dollars."""
        if usage.dollars is not None:
            return usage.dollars
        cached = self.input if self.cached is None else self.cached
        write = self.input if self.cache_write is None else self.cache_write
        read = usage.input * self.input + usage.cached * cached + usage.cache_write * write
        long = self.long_from is not None and usage.total - usage.output >= self.long_from
        factors = (self.long_input, self.long_output) if long else (1.0, 1.0)
        return (read * factors[0] + usage.output * self.output * factors[1]) / _MILLION

    def most(self, input_tokens: int, output_tokens: int) -> float:
        """Return the most that a call can cost, whatever of its input is cached."""
        kinds = (Usage(input=input_tokens), Usage(cached=input_tokens), Usage(cache_write=input_tokens))
        return (
            max(self.cost(kind) for kind in kinds)
            + self.cost(Usage(input=input_tokens, output=output_tokens))
            - self.cost(Usage(input=input_tokens))
        )


NO_PRICE = Price(input=0, output=0)
"""Of models whose price nobody knows: calls and tokens are booked, and dollars only if they are reported."""


def load_prices(path: str | Path | None = None) -> Mapping[str, Price]:
    """Return prices by names of models; the user's own before the library's.

    Parameters
    ----------
    path
        The user's list; without, the file that ``NASHFORGE_PRICES`` names, or ``prices.toml`` in the user's
        configuration folder if it is there.

    Raises
    ------
    PriceError
        If a list cannot be read or has a value that is no price.
    """
    prices = _read(resources.files(__package__).joinpath("prices.toml"), "prices.toml")
    own = path or os.environ.get(VARIABLE) or None
    if own is None:
        from platformdirs import user_config_path

        usual = user_config_path("nashforge") / "prices.toml"
        own = usual if usual.is_file() else None
    if own is not None:
        prices |= _read(own, str(own))
    return prices


def _fits(name: str, label: str) -> bool:
    if name.endswith("*"):
        return label.startswith(name[:-1])
    return label.startswith(name) and _RELEASE.fullmatch(label[len(name) :]) is not None


def _read(file: str | Path | Traversable, name: str) -> dict[str, Price]:
    try:
        return {label: Price.model_validate(value) for label, value in read_toml(file).items()}
    except TextError as error:
        raise PriceError(f"the price list {name} {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PriceError(
            f"the price list {name} has a wrong entry ({where}: {first['msg']}); give input and output in "
            "dollars per million tokens"
        ) from error


def price_of(label: str, prices: Mapping[str, Price], unknown: Price | None = None) -> Price:
    """Return the price of a model: that of its own name, else of the longest name that fits.

    A name fits the model and its releases (a date, ``latest``, ``preview``, ``001``), but no other model
    whose name begins alike and whose price may be another; one that ends with ``*`` fits all of these.

    Raises
    ------
    PriceError
        If the list has none and there is none for unknown models.
    """
    fitting = [name for name in prices if _fits(name, label)]
    if fitting:
        return prices[max(fitting, key=len)]
    if unknown is not None:
        return unknown
    raise PriceError(
        f"the price of {label} is not known, so no budget can be kept; add it to a list (--prices FILE), or "
        "give it in dollars per million tokens with --price-unknown INPUT/OUTPUT (0/0 for your own server)"
    )


def parse_price(text: str) -> Price:
    """Return the price of ``INPUT/OUTPUT``, in dollars per million tokens.

    Raises
    ------
    PriceError
        If the text is ill-formed.
    """
    try:
        read, write = (float(part) for part in text.split("/"))
        return Price(input=read, output=write)
    except ValueError as error:
        raise PriceError(f"{text!r} is no price; write it as INPUT/OUTPUT, for example 3/15") from error


def most_tokens(text: str) -> int:
    """Return an upper bound of the tokens of a text, whatever the tokeniser: none makes one of no bytes."""
    return len(text.encode("utf-8", "replace"))


def usual_tokens(text: str) -> int:
    """Return about how many tokens a text of code and English has: one every 3.3 bytes."""
    return round(most_tokens(text) / 3.3)
