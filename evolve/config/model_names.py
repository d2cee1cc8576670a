"""The models that write programs: their names, where they are reached, and the keys they need."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from nashforge.archive.addresses import shown_url
from nashforge.errors import NashforgeError
from nashforge.extras import require

KEYS: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    "google": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "openai": ("OPENAI_API_KEY",),
}
"""Environment variables that hold a provider's key, the first that is set counting."""

CLI = "cli"
"""The provider of models behind a command of this machine, which needs no key."""

HEADERS: Mapping[str, str] = {"anthropic": "ANTHROPIC_CUSTOM_HEADERS", "openai": "OPENAI_CUSTOM_HEADERS"}
"""Environment variables with headers for every request, one a line: gateways take their keys in these."""

_SECRET_NAME = re.compile(
    r"_API_KEY$|^(ANTHROPIC|CLAUDE_CODE|CODEX|GOOGLE|GEMINI|AZURE_OPENAI|OPENAI|AWS)_.*(KEY|TOKEN|SECRET|HEADERS|CREDENTIALS)(_FILE)?$"
    r"|^AWS_BEARER_TOKEN_"
)
"""What the providers' libraries read keys from, or from files named there."""

_ADDRESSES = {
    "anthropic": "ANTHROPIC_BASE_URL",
    "google": "GOOGLE_GEMINI_BASE_URL",
    "openai": "OPENAI_BASE_URL",
}
Effort = Literal["minimal", "low", "medium", "high", "xhigh", "max"]
EFFORTS = get_args(Effort)
_EFFORTS_OF = {
    "anthropic": ("low", "medium", "high", "xhigh", "max"),
    "google": ("minimal", "low", "medium", "high", "xhigh"),
    "openai": EFFORTS,
}
_NAME = re.compile(r"[\w.:/+-]{1,100}")


LEAST_THINKING = 1024
"""Fewest tokens of thinking that may be asked for: Anthropic's least."""

SHORTEST_SECRET = 8
"""Characters of a key that is one; what local servers are given (``test``) is a word in programs."""


class ModelError(NashforgeError, ValueError):
    """A model cannot be used as named, or without a key."""

    exit_code = 2


@dataclass(frozen=True)
class Model:
    """A language model.

    Attributes
    ----------
    provider : str
        ``anthropic``, ``google`` or ``openai``: the protocol that is spoken; ``cli``: a command is run.
    name : str
        As the provider knows it; of a command, ``claude``, ``codex`` or its words.
    address : str or None
        Where it is reached, if not where the provider's library would look.
    effort : str or None
        How hard it works on an answer; None: as its provider has it.
    thinking : str or None
        Whether it thinks before it answers: ``off``, ``adaptive``, or a number of tokens; None: likewise.
    """

    provider: str
    name: str
    address: str | None = None
    effort: str | None = None
    thinking: str | None = None

    @property
    def label(self) -> str:
        """As stored with candidates and calls, and looked up in the price list."""
        return f"{self.provider}:{self.name}"

    @property
    def text(self) -> str:
        """As `parse_model` reads it."""
        options = [f"{name}={value}" for name in OPTIONS if (value := getattr(self, name)) is not None]
        query = f"?{'&'.join(options)}" if options else ""
        return f"{self.label}{query}" + ("" if self.address is None else f"@{self.address}")

    @property
    def way(self) -> str:
        """Effort and thinking, in words; empty for the provider's own way."""
        parts = [] if self.effort is None else [f"effort {self.effort}"]
        if self.thinking is not None:
            tokens = self.thinking.isdecimal()
            parts.append(f"thinking {f'at most {int(self.thinking):,} tokens' if tokens else self.thinking}")
        return ", ".join(parts)


OPTIONS = ("effort", "thinking")


def parse_model(text: str) -> Model:
    """Return the model of ``PROVIDER:NAME``, ``PROVIDER:NAME@URL`` or ``PROVIDER:NAME?effort=high@URL``.

    Raises
    ------
    ModelError
        If the provider is not known or the text is ill-formed.
    """
    provider, colon, rest = text.strip().partition(":")
    if provider not in (*KEYS, CLI) or not colon:
        known = ", ".join(f"{name}:MODEL" for name in KEYS)
        raise ModelError(
            f"there is no proposer {text!r}; choose 'offline', {known}, cli:COMMAND or replay:RUN"
        )
    if provider == CLI:
        if not rest.strip() or len(rest) > 100 or not rest.isprintable():
            raise ModelError(
                f"{text!r:.200} names no command; write cli:claude, cli:codex, or "
                "cli:'COMMAND {prompt_file}' of at most 100 characters"
            )
        return Model(CLI, rest.strip())
    rest, at, address = rest.partition("@http")
    name, _, query = rest.partition("?")
    options = _options_of(provider, query, text)
    if not _NAME.fullmatch(name):
        raise ModelError(
            f"{text!r} names no model; write it as {provider}:MODEL, or {provider}:MODEL@http://HOST"
        )
    if not at:
        return Model(provider, name, None, **options)
    url = f"http{address}"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "," in url:
        raise ModelError(f"the address {url!r} of the model {name} is no URL; write http://HOST:PORT")
    if parts.username or parts.password or parts.query:
        raise ModelError(
            f"the address of the model {name} holds a name, password or query, which would be stored; "
            f"put keys into {' or '.join(KEYS[provider])}"
        )
    return Model(provider, name, url, **options)


def _options_of(provider: str, query: str, text: str) -> dict[str, str]:
    """Return the options of a model, of ``effort=high&thinking=4096``."""
    options = dict(part.partition("=")[::2] for part in query.split("&")) if query else {}
    unknown = sorted(options.keys() - set(OPTIONS))
    if unknown:
        raise ModelError(f"{text!r} has the option {unknown[0]!r}; models have {' and '.join(OPTIONS)}")
    check_way(Model(provider, text, None, **options))
    return options


def check_way(model: Model) -> None:
    """Make sure that a model can be asked in this way.

    Raises
    ------
    ModelError
        If the provider does not know the effort or the way of thinking.
    """
    if model.provider == CLI:
        if model.effort is not None or model.thinking is not None:
            raise ModelError(f"{model.label} is a command: say effort and thinking in its own options")
        return
    efforts = _EFFORTS_OF[model.provider]
    if model.effort is not None and model.effort not in efforts:
        raise ModelError(f"{model.provider} knows no effort {model.effort!r}; choose {', '.join(efforts)}")
    if model.thinking is None:
        return
    if model.provider == "google" and model.effort is not None:
        raise ModelError(f"{model.label} takes an effort or a budget of thinking, and not both")
    if model.provider == "openai":
        raise ModelError("models that speak OpenAI's protocol have no thinking to be set; set the effort")
    tokens = int(model.thinking) if model.thinking.isdecimal() and len(model.thinking) < 8 else 0
    if model.thinking not in ("off", "adaptive") and tokens < LEAST_THINKING:
        raise ModelError(
            f"thinking {model.thinking!r} must be off, adaptive, or at least {LEAST_THINKING} tokens"
        )


def is_priceless(model: Model) -> bool:
    """Whether a model may be asked without a known price: it is the user's own, or reports dollars."""
    return model.provider == CLI or (model.provider == "openai" and place_of(model) is not None)


def check_installed(model: Model) -> None:
    """Make sure that the library of a model's provider is there.

    Raises
    ------
    nashforge.extras.MissingExtraError
        If it is an extra that is not installed.
    """
    if model.provider != CLI:
        require("openai" if model.provider == "openai" else "models", model.label)


def address_of_environment(provider: str) -> str | None:
    """Return where the environment says that a provider is reached; None if it does not."""
    return os.environ.get(_ADDRESSES[provider], "").strip() or None


def place_of(model: Model) -> str | None:
    """Return the address that a model is asked at, if it is not its provider's own."""
    return None if model.provider == CLI else model.address or address_of_environment(model.provider)


class Key(NamedTuple):
    """An API key: a secret, and the variable that it was found in; both empty if it needs none.

    Attributes
    ----------
    headers : Mapping
        What else goes with every request, from the environment: as secret as the key.
    """

    variable: str
    value: str
    headers: Mapping[str, str] = MappingProxyType({})

    def __repr__(self) -> str:
        return f"Key({self.variable})"


def headers_of_environment(provider: str) -> dict[str, str]:
    """Return the headers that the environment adds to a provider's requests, read as its library does."""
    lines = os.environ.get(HEADERS.get(provider, ""), "").split("\n")
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip(): value.strip() for name, _, value in pairs}


def key_of(model: Model) -> Key:
    """Return the key for a model, from the environment.

    Raises
    ------
    ModelError
        If none is set and the model is not on a server that was named; or if it would be sent over a
        network that anybody can read.
    """
    if model.provider == CLI:
        return Key("", "")
    check_installed(model)
    place = place_of(model)
    headers = headers_of_environment(model.provider)
    found = [name for name in KEYS[model.provider] if os.environ.get(name, "").strip()][:1]
    for variable in (*found, *([HEADERS[model.provider]] if headers else [])):
        if place is not None and not _is_private(place):
            raise ModelError(
                f"the key in {variable} would be sent to {shown_url(place)} unencrypted; give an https:// "
                f"address, or unset {variable} if that server needs none"
            )
    for variable in found:
        return Key(variable, os.environ[variable].strip(), headers)
    if place is not None:
        return Key("", "", headers)
    raise ModelError(
        f"{model.label} needs a key: set {KEYS[model.provider][0]}, or leave the model out to run offline"
    )


def _is_private(address: str) -> bool:
    """Whether nobody on the way can read what is sent: it is encrypted, or never leaves the machine."""
    return urlsplit(address).scheme == "https" or on_this_machine(address)


def on_this_machine(address: str) -> bool:
    """Whether what is sent to an address never leaves the machine, if it goes there directly."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def present_keys() -> list[str]:
    """Return the names of the variables that hold a key; never their values."""
    return [name for names in KEYS.values() for name in names if os.environ.get(name, "").strip()]


def without_keys(text: str) -> str:
    """Return text, such as a provider's error, without keys.

    Those of the environment are taken out, if they are long enough to be one, and what looks like one.
    """
    for value in sorted(_secrets(), key=len, reverse=True):
        if len(value) >= SHORTEST_SECRET:
            text = text.replace(value, "[key]")
    return re.sub(r"\b(sk-[\w-]{8,}|AIza[\w-]{20,})", "[key]", text)


def may_hold_a_key(variable: str) -> bool:
    """Whether an environment variable of this name may hold a provider's key, or name a file that does."""
    return _SECRET_NAME.search(variable) is not None


def _secrets() -> set[str]:
    """Return what may be a key in the environment; of a header also what follows the scheme."""
    found = set()
    for name, value in os.environ.items():
        if not may_hold_a_key(name) or name.endswith("_FILE"):
            continue
        found.add(value.strip())
        if name.endswith("HEADERS"):
            for line in re.split(r"[\n,]", value):
                header = line.partition(":")[2].strip()
                found |= {header, header.rpartition(" ")[2]}
    return found
