"""Consent: what only the person at this command line decides.

Where keys and prompts go, what may be spent, and which files are told to models.

Stored runs and configuration files may be somebody else's, also where they lie in one's own folder. So an
address of a model and a weaker tier of the sandbox that come from there count only if they are given again.
Folders of prompts, price lists and large budgets that come from a configuration file, or from a run that was
imported, need the same; a run that was made here has them from whoever made it. So do files of suites that an
imported run names: a file of that name here is another.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nashforge.archive.storage.location import VARIABLE, file_of, resolve_url
from nashforge.evolve.config.against import files_among
from nashforge.evolve.config.model_names import CLI, ModelError, address_of_environment, parse_model
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.config.starts import is_program_file
from nashforge.games.suites import is_suite_file
from nashforge.prompts import is_own_level

if TYPE_CHECKING:
    from nashforge.evolve.config.run import RunConfig
    from nashforge.evolve.config.settings import Setting

USUAL_BUDGET = 5.0
"""Most US dollars that a configuration of somebody else may spend unasked."""

Scope = Literal["programs", "prompts", "requests"]
Origin = Literal["stored", "file", "imported"]
"""Where a configuration comes from: a run that was made here, a file, or a run that was imported."""


@dataclass(frozen=True)
class Consent:
    """The conditions on which a setting counts only if the person at the command line says it.

    Attributes
    ----------
    complaint : callable
        Returns what a configuration with this value does and which option allows it; None if it is harmless.
    scope : str
        The runs that it concerns: ``programs``, all; ``prompts``, those that models write; ``requests``,
        those that ask models, which a replay does not.
    origins : tuple of str
        Where configurations come from that may not have it unasked.
    """

    complaint: Callable[[Any], str | None]
    scope: Scope = "requests"
    origins: tuple[Origin, ...] = ("file", "imported")


def said_now(settings: Iterable[tuple[Setting, Any]]) -> dict[str, Any]:
    """Return by name what a run that is resumed would need to be told again, and was told a moment ago.

    For who stores a configuration, and then works on it as others do that read it from the archive.
    """
    return {
        setting.name: value
        for setting, value in settings
        if setting.consent is not None
        and "stored" in setting.consent.origins
        and setting.consent.complaint(value) is not None
    }


def _unless_usual(usual: object, text: str) -> Callable[[Any], str | None]:
    return lambda value: None if value == usual else text.replace("{}", str(value))


def _own_level(feedback: str) -> str | None:
    if not is_own_level(feedback):
        return None
    return (
        f"takes its feedback level from the file {feedback}, which you have not named; give --feedback "
        f"{feedback}, or --feedback dense"
    )


def _large_budget(dollars: float) -> str | None:
    if 0 < dollars <= USUAL_BUDGET:
        return None
    spends = f"spends up to ${dollars:,.2f}" if dollars else "spends without a limit"
    return f"{spends} on models, and only you can allow more than ${USUAL_BUDGET:g}; give --budget-usd"


def _named_address(proposer: str) -> str | None:
    names = names_in(proposer)
    for name in names:
        try:
            model = parse_model(name)
        except ModelError:
            continue  # whoever asks it tells what is wrong with it
        if model.provider == CLI:
            again = " ".join(f"--proposer {shlex.quote(text)}" for text in names)
            return (
                f"runs the command {model.name!r} on this machine for its models, which you have not named; "
                f"if you trust it, give {again}"
            )
        if model.address not in (None, address_of_environment(model.provider)):
            again = " ".join(f"--proposer {text}" for text in names)
            return (
                f"has the model {model.label} asked at {model.address}, an address that you have not "
                f"named; if you trust it with your prompts and keys, give {again}"
            )
    return None


def _named_files(start: Sequence[str]) -> str | None:
    files = [name for name in start if is_program_file(name)]
    if not files:
        return None
    again = " ".join(f"--from {shlex.quote(name)}" for name in start)
    return (
        f"starts from the program in the file {' and '.join(files)}, which you have not named; look at what "
        f"is in it and give {again}"
    )


def names_in(proposer: str) -> tuple[str, ...]:
    """Return the names of proposers that are separated by commas, each once."""
    return tuple(dict.fromkeys(name.strip() for name in proposer.split(",") if name.strip()))


WEAKER_SANDBOX = Consent(
    _unless_usual(
        "strict",
        "accepts a weaker sandbox ({}), which only you can allow: give --allow-weaker-sandbox {}, or "
        "--allow-weaker-sandbox strict to confine all programs",
    ),
    scope="programs",
    origins=("stored", "file", "imported"),
)
OWN_PROMPTS = Consent(
    _unless_usual(
        None,
        "takes its prompts from the folder {}, which you have not named; look at what is in it and give "
        "--prompts {}, or a folder of your own (empty: the usual prompts)",
    ),
    scope="prompts",
)
OWN_FEEDBACK = Consent(_own_level, scope="prompts")
OWN_START = Consent(_named_files, scope="programs", origins=("stored", "file", "imported"))
OWN_OPPONENTS = Consent(files_among, scope="programs", origins=("stored", "file", "imported"))
OWN_ADDRESS = Consent(_named_address, origins=("stored", "file", "imported"))
OWN_PRICES = Consent(
    _unless_usual(
        None,
        "takes prices from the file {}, which you have not named, and your budget is kept by them; check it "
        "and give --prices {}, or a list of your own",
    )
)
OWN_UNKNOWN_PRICE = Consent(
    _unless_usual(
        None,
        "has models without a price cost {}, and your budget is kept by that; if it is true, give "
        "--price-unknown {}",
    )
)
LARGE_BUDGET = Consent(_large_budget)


def own_suite(option: str) -> Consent:
    """Return when a suite must be said again, by which option."""

    def complaint(suite: str) -> str | None:
        if not is_suite_file(suite):
            return None
        return (
            f"measures programs on the suite in the file {suite}, which you have not named; look at what is "
            f"in it and give {option} {suite}, or where the suite is here"
        )

    return Consent(complaint, scope="programs", origins=("imported",))


def require_consent(
    config: RunConfig, given: Mapping[str, Any], source: str, *, origin: Origin = "file"
) -> None:
    """Make sure that what a configuration asks of this person was said by this person.

    Parameters
    ----------
    config
        What would be done.
    given
        What the command line says, by setting; None or missing: nothing.
    source
        What the rest comes from, for the error.
    origin
        What kind of thing that is.

    Raises
    ------
    ConfigError
        If the configuration names an address, a weaker tier, a file that models are told of, prices, a large
        budget or a suite that the command line does not; the text names the options that do.
    """
    scopes: list[Scope] = ["programs"]
    if not config.models.offline:
        scopes += ["prompts"] if config.models.replay is not None else ["prompts", "requests"]
    _require(config, given, source, scopes, origin)


def require_own_prompts(config: RunConfig, given: Mapping[str, Any], source: str) -> None:
    """Make sure that templates and feedback levels that are read from files are this person's.

    Raises
    ------
    ConfigError
        As for `require_consent`.
    """
    _require(config, given, source, ["prompts"], "imported")


def _require(
    config: RunConfig, given: Mapping[str, Any], source: str, scopes: Collection[Scope], origin: Origin
) -> None:
    complaints = []
    for setting, value in config.items():
        consent = setting.consent
        if consent is None or consent.scope not in scopes or origin not in consent.origins:
            continue
        complaint = consent.complaint(value)
        if complaint is not None and given.get(setting.name) is None:
            complaints.append(complaint)
    if complaints:
        raise ConfigError(f"{source} {'. It also '.join(complaints)}")


def check_own_database(database: str, file: str | Path | None) -> None:
    """Make sure that a database that a run's file names is on this machine, or named by the environment, too.

    Raises
    ------
    ConfigError
        If it is on a server that only the file names: passwords would be sent there.
    """
    url = resolve_url(database)
    named = os.environ.get(VARIABLE)
    if file_of(url) is None and (named is None or resolve_url(named) != url):
        raise ConfigError(
            f"the configuration {file} stores the run on a server that you have not named; if you trust it, "
            "give its URL with --database"
        )
