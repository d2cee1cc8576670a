"""Cassettes: the models' answers of a run in a file, to be replayed anywhere, with no secrets in it.

One JSON object a line: first the run (``nashforge_cassette`` is the version of the format) with its
configuration, system prompts, the programs that it started from, unless they are of the library, and which
candidates were asked for late (see `nashforge.evolve.proposers.order`); then its calls in the order in which
they were made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nashforge.archive import Archive, CallStatus, Run
from nashforge.errors import NashforgeError
from nashforge.evolve.config.model_names import without_keys
from nashforge.evolve.config.parts import REPLAY, SYNTHESIS
from nashforge.evolve.config.run import SETTINGS, stored_settings
from nashforge.evolve.config.starts import is_hash
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.translation import is_outdated
from nashforge.evolve.proposers.llm.recordings.replay import (
    DECISIVE,
    RecordedCall,
    Recording,
    recorded_values,
    recording_of,
)
from nashforge.evolve.proposers.llm.recordings.systems import stored_system
from nashforge.evolve.proposers.order import late_of

VERSION, VERSION_OF_TOOLS = 1, 2
"""Of the format; the second where models called tools, which an earlier Nashforge would take for answers."""
_SETTINGS = ("prices", "prompts", "replay")
"""Settings that name files of one machine, or mean nothing elsewhere."""


_PROMPT = ("system", "user")


class CassetteError(NashforgeError, ValueError):
    """There is nothing to replay by the name that was given."""

    exit_code = 2


def cassette_lines(archive: Archive, run: Run, *, prompts: bool = True) -> Iterator[str]:
    """Yield the lines of a run's cassette.

    Parameters
    ----------
    prompts
        Whether it holds what models were asked, too, which no replay needs, and which is most of it.

    Requests hold only prompts and responses only what models returned; keys travel in neither, and texts that
    look like keys are taken out all the same.
    """
    candidates = archive.candidates.of(run)
    positions = {candidate.id: candidate.index for candidate in candidates}
    late = {str(index): told for index, told in late_of(candidates).items()}
    calls = archive.calls.find(run=run)
    digests = {str(call.request.get("system", "")) for call in calls} - {""}
    config = stored_settings(archive, run)
    tools = any((call.response or {}).get("calls") for call in calls)
    starts = [archive.programs.get(name).source for name in config.get("start", ()) if is_hash(name)]
    head = {
        "nashforge_cassette": VERSION_OF_TOOLS if tools else VERSION,
        "run": run.nickname,
        "config": {name: value for name, value in config.items() if name not in _SETTINGS},
        "system": {digest: stored_system(archive, run, digest) for digest in sorted(digests) if prompts},
        **({"starts": starts} if starts else {}),
        **({"asked_after": late} if late else {}),
    }
    yield _line(head)
    for call in calls:
        if call.candidate_id in positions and call.status in DECISIVE:
            yield _line(
                {
                    "index": positions[call.candidate_id],
                    "provider": call.provider,
                    "model": call.model,
                    "status": str(call.status),
                    "reason": call.reason,
                    "request": {
                        name: value for name, value in call.request.items() if prompts or name not in _PROMPT
                    },
                    "text": str((call.response or {}).get("text", "")),
                    # What is sent back to a model is left out: a replay sends nothing.
                    **({"calls": asked} if (asked := (call.response or {}).get("calls")) else {}),
                    **({"note": note} if (note := (call.response or {}).get("note")) else {}),
                    "cost": call.cost,
                    "tokens": {
                        "input": call.input_tokens,
                        "cached": call.cached_tokens,
                        "cache_write": call.cache_write_tokens,
                        "output": call.output_tokens,
                    },
                    "latency": call.latency,
                }
            )


def _line(value: dict[str, Any]) -> str:
    return without_keys(json.dumps(value, ensure_ascii=True, allow_nan=False)) + "\n"


def read_cassette(path: str | Path) -> Recording:
    """Return the recorded answers in a file.

    Raises
    ------
    CassetteError
        If the file cannot be read or is no cassette.
    """
    try:
        place = Path(path).expanduser()
        if place.exists() and not place.is_file():  # a pipe would be waited for, a device has no end
            raise CassetteError(f"the cassette {path} is not a plain file; check the path")
        with place.open(encoding="utf-8") as file:
            head = json.loads(file.readline())
            known = (VERSION, VERSION_OF_TOOLS)
            if not isinstance(head, dict) or head.get("nashforge_cassette") not in known:
                raise CassetteError(
                    f"the file {path} is no cassette of version {VERSION} or {VERSION_OF_TOOLS}; make one "
                    "with `nashforge calls export`"
                )
            starts = [str(source) for source in head.get("starts", ())]
            calls = [_recorded_call(json.loads(line)) for line in file if line.strip()]
            late = {int(index): int(told) for index, told in dict(head.get("asked_after", {})).items()}
            return Recording(calls, dict(head["config"]), starts, late)
    except OSError as error:
        raise CassetteError(
            f"the cassette {path} cannot be read ({error.strerror}); check the path"
        ) from error
    except (ValueError, KeyError, TypeError, RuntimeError) as error:  # the last: nested too deeply
        if isinstance(error, CassetteError):
            raise
        raise CassetteError(f"the cassette {path} is damaged ({error}); export it again") from error


def _recorded_call(row: dict[str, Any]) -> RecordedCall:
    return recorded_values(
        int(row["index"]),
        f"{row['provider']}:{row['model']}",
        CallStatus(row["status"]),
        {"text": row["text"], "calls": row.get("calls"), "note": row.get("note")},
        row["reason"],
        float(row["cost"] or 0.0),
        row.get("request") or {},
        int((row.get("tokens") or {}).get("output", 0)),
    )


def find_recording(archive: Archive, reference: str) -> Recording:
    """Return the recorded answers of a run of the archive, or of a cassette file.

    Raises
    ------
    CassetteError
        If there are none.
    nashforge.archive.NotFound, nashforge.archive.AmbiguousReference
        If no run, or several, fit.
    """
    if reference.endswith(".jsonl") or "/" in reference:
        return read_cassette(reference)
    run = archive.runs.get(reference)
    recording = recording_of(archive, run)
    if not len(recording):
        raise CassetteError(
            f"the run {run.nickname} has no model calls; it ran offline, so run it again instead"
        )
    return recording


def replay_values(archive: Archive, proposer: str) -> dict[str, Any]:
    """Return the configuration by which ``replay:RUN`` repeats a run.

    What the run of a cassette started from is stored in the archive.

    Raises
    ------
    CassetteError
        If there is nothing to replay.
    """
    reference = proposer.removeprefix(REPLAY)
    stored = not reference.endswith(".jsonl") and "/" not in reference
    if stored:
        _check_answers(archive, archive.runs.get(reference))
    recording = find_recording(archive, reference)
    if recording.config.get("strategy") == SYNTHESIS:
        game = recording.config.get("domain")
        raise CassetteError(
            f"{reference} is no search; repeat it with `nashforge synthesize {game} --proposer {proposer}`"
        )
    for source in recording.starts:
        try:
            archive.programs.add(source, domain(str(recording.config.get("domain", "cfr"))).name)
        except ValueError as error:
            raise CassetteError(
                f"the cassette {reference} is damaged (a start program: {error}); export it again"
            ) from error
    values = {
        name: value
        for name, value in SETTINGS.named(recording.config).items()
        if name not in (*_SETTINGS, "workers", "executor", "share", "max_minutes")
    }
    if stored:
        # By the identity that renaming the run does not change.
        reference = archive.runs.get(reference).uid
    return {**values, "replay": reference}


def _check_answers(archive: Archive, run: Run) -> None:
    """Refuse a run whose models wrote for an interface that programs of today do not have."""
    if any(is_outdated(program) for program in archive.programs.of(run).values()):
        raise CassetteError(
            f"the models of the run {run.nickname} wrote for an earlier interface of the domain "
            f"{run.domain!r}, which this version does not run; start a run with a model instead"
        )
