"""Diagnosis of this machine: one check a line, each with what to do if it does not."""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from nashforge.archive import ArchiveError, resolve_url
from nashforge.archive.addresses import endpoint, is_clear, shown_url
from nashforge.archive.storage.location import file_of
from nashforge.archive.storage.permissions import is_open
from nashforge.archive.storage.summary import database_summary
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Fitness, Task
from nashforge.evolve.sandbox import CandidateFailure, InfrastructureError, Sandbox, Tier, probe
from nashforge.evolve.service.settings import BROKER
from nashforge.extras import EXTRAS, missing_of
from nashforge.games.compilation.cache import cache_directory

Verdict = Literal["ok", "warning", "failed", "info"]

PYTHON = (3, 11)
PACKAGES = (
    "open_spiel", "numpy", "scipy", "numba", "pydantic", "sqlalchemy", "alembic", "typer", "rich",
    "matplotlib", "filelock", "platformdirs",
)  # fmt: skip
LINUX_PACKAGES = ("landlockpy", "seccompy")
KEYS = {
    "Anthropic key": ("ANTHROPIC_API_KEY",),
    "Google key": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "OpenAI key": ("OPENAI_API_KEY",),
}
PORTS = {"redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671, "postgresql": 5432}
CONNECT_SECONDS = 2.0


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    verdict : str
        ``ok``; ``info`` for what is merely so; ``warning`` if something optional does not work; ``failed``
        if the main job cannot run.
    remedy : str
        What to do; empty if nothing need be done.
    """

    name: str
    verdict: Verdict
    detail: str
    remedy: str = ""


def examine(database: str | None = None) -> Iterator[Check]:
    """Yield one check after the other; the slow ones come last."""
    yield _python()
    yield _packages()
    yield _processors()
    yield _sandbox()
    yield _database(database)
    yield _cache()
    for name, variables in KEYS.items():
        yield _key(name, variables)
    yield from _services(database)
    yield _evaluation()


def _python() -> Check:
    found = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info[:2] >= PYTHON:
        return Check("Python", "ok", found)
    return Check("Python", "failed", found, f"install Python {'.'.join(map(str, PYTHON))} or later")


def _packages() -> Check:
    names = PACKAGES + (LINUX_PACKAGES if sys.platform == "linux" else ())
    missing, found = [], []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("packages", "failed", f"missing: {', '.join(missing)}", "install the project again")
    there = [extra for extra in EXTRAS if not missing_of(extra)]
    extras = f"; extras: {', '.join(there)}" if there else ""
    return Check("packages", "ok", f"all {len(found)} there; {', '.join(found[:3])}{extras}")


def _processors() -> Check:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    detail = f"{cores} core{'s' if cores != 1 else ''} usable"
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        detail += f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1e9:.0f} GB of memory"
    return Check("machine", "info", f"{detail}, {platform.system()} {platform.release()}")


def _sandbox() -> Check:
    machine = probe()
    why = " ".join(machine.reasons)
    if machine.tier is Tier.STRICT:
        user = "programs run as users of their own" if machine.uids else "programs run as this user"
        return Check("sandbox", "ok", f"tier strict: Landlock {machine.landlock_abi}, seccomp, {user}")
    if machine.tier is None:
        return Check("sandbox", "failed", why, "run Nashforge in a Linux container or virtual machine")
    return Check(
        "sandbox",
        "failed",
        f"only tier {machine.tier.value}. {why}",
        "run Nashforge in a Linux container or virtual machine, or accept the risk with "
        f"--allow-weaker-sandbox {machine.tier.value}",
    )


def _database(database: str | None) -> Check:
    try:
        found = database_summary(database)
    except ArchiveError as error:
        return Check("database", "failed", str(error), "see the message")
    if found.schema is None:
        file = file_of(resolve_url(database))
        if file is not None and not _writable(file.parent):
            return Check(
                "database", "failed", f"{file.parent} is not writable", "name another with --database"
            )
        return Check("database", "ok", f"{found.location} (made by the first run)")
    if found.schema != found.expected_schema:
        return Check(
            "database",
            "failed",
            f"{found.location} has schema {found.schema}, this version uses {found.expected_schema}",
            "run `nashforge db upgrade`",
        )
    file = file_of(resolve_url(database))
    if file is not None and is_open(file):
        return Check(
            "database", "warning", f"{found.location} can be read by others", f"run `chmod 600 {file}`"
        )
    runs = "1 run" if found.runs == 1 else f"{found.runs} runs"
    return Check("database", "ok", f"{found.location}, schema {found.schema}, {runs}")


def _writable(folder: Path) -> bool:
    """Whether a folder, or the nearest one above it that exists, can be written to."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _cache() -> Check:
    folder = cache_directory()
    files = list(folder.glob("*.npz")) if folder.is_dir() else []
    if not _writable(folder):
        return Check(
            "game cache",
            "warning",
            f"{folder} is not writable, so games are compiled again every time",
            "set NASHFORGE_CACHE to a writable folder",
        )
    place = folder if folder.is_dir() else Path.home()
    size = sum(file.stat().st_size for file in files) / 1e6
    free = shutil.disk_usage(place).free / 1e9
    return Check("game cache", "ok", f"{folder}, {len(files)} games, {size:.0f} MB; {free:.0f} GB free")


def _key(name: str, variables: tuple[str, ...]) -> Check:
    """Whether a key is there; never what it is."""
    given = [variable for variable in variables if os.environ.get(variable)]
    if given:
        return Check(name, "ok", f"{given[0]} is set")
    return Check(
        name, "info", f"{' or '.join(variables)} not set; only proposers that use that model need it"
    )


def _services(database: str | None) -> Iterator[Check]:
    try:
        url = resolve_url(database)
    except ArchiveError as error:
        yield Check("database", "warning", str(error), "mend NASHFORGE_DATABASE")
        url = ""
    if url.startswith("postgresql"):
        yield _reach("PostgreSQL", url, "check that the server runs and NASHFORGE_DATABASE is right")
    else:
        yield Check("PostgreSQL", "info", "not configured; only needed when several machines work")
    broker = os.environ.get(BROKER, "").strip()
    names = {"redis": "Redis", "rediss": "Redis", "amqp": "RabbitMQ", "amqps": "RabbitMQ"}
    scheme = broker.partition("://")[0]
    for service in ("Redis", "RabbitMQ"):
        if names.get(scheme) == service:
            yield _reach(service, broker, f"check that the server runs and {BROKER} is right")
        else:
            yield Check(service, "info", "not configured; only needed when several machines work")
    if broker and scheme not in names:
        yield Check("broker", "warning", f"{BROKER} is of an unknown kind", "use redis:// or amqp://")


def _reach(name: str, url: str, remedy: str) -> Check:
    place = shown_url(url)
    if not is_clear(url):
        return Check(name, "warning", f"{place} is ambiguous", "escape '@', ':', '/' and '?' in passwords")
    host, port = endpoint(url)
    scheme = re.split(r"[+:]", url, maxsplit=1)[0]
    try:
        with socket.create_connection((host or "localhost", port or PORTS[scheme]), CONNECT_SECONDS):
            return Check(name, "ok", f"{place} answers")
    except OSError as error:
        return Check(name, "warning", f"{place} cannot be reached ({error})", remedy)


def _evaluation() -> Check:
    """Do the main job once, as small as can be: run a rule in the sandbox and measure it."""
    name = "evaluation"
    machine = probe()
    if machine.tier is None:
        return Check(name, "failed", "programs cannot be run apart here", "see the sandbox above")
    work = domain("cfr")
    task = Task(
        token="0" * 32,
        domain="cfr",
        source=work.source("cfr_plus"),
        stages=(work.games_stage(["kuhn_poker"], 10, Fitness()),),
        tier=machine.tier.value,
    )
    try:
        with Sandbox(hosts=work.host_modules, tier=machine.tier) as sandbox:
            report = work.evaluate(task, sandbox)
    except (InfrastructureError, CandidateFailure, OSError) as error:
        return Check(name, "failed", f"{type(error).__name__}: {error}", "see the sandbox above")
    values = [score.value for score in report.stages[-1].scores if score.iteration == 10]
    if not values:
        return Check(name, "failed", report.reason or "nothing was measured", "see the sandbox above")
    return Check(name, "ok", f"CFR+ on kuhn_poker, 10 iterations, confined: exploitability {values[0]:.4f}")


def core_works(checks: list[Check]) -> bool:
    """Whether the main job can run here."""
    return all(check.verdict != "failed" for check in checks)
