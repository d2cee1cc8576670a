"""Ctrl-C, a polite kill and a closed terminal, at every moment of a run that a command works on."""

from __future__ import annotations

import signal

import pytest

from nashforge.cli.interrupts import Interruptible, stopping
from nashforge.evolve.search.events import Silent, Snapshot

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def snapshot(phase: str) -> Snapshot:
    return Snapshot("r", phase, 1, 2, None, None, {}, 1.0, 0)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_run_ends_between_two_steps_and_is_put_in_order_undisturbed(number: int) -> None:
    with Interruptible(Silent()) as run, pytest.raises(KeyboardInterrupt):  # nothing was begun
        signal.raise_signal(number)
    with Interruptible(Silent()) as run:
        run.snapshot(snapshot("searching"))
        signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt):
            run.snapshot(snapshot("searching"))
        # From here on the run is given up and its outcome told: only who insists ends that.
        signal.raise_signal(number)
        signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


def test_who_asks_twice_waits_for_no_step() -> None:
    with Interruptible(Silent()) as run:
        run.snapshot(snapshot("searching"))
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)


def test_the_outcome_of_a_finished_run_is_told_but_between_two_runs_it_ends() -> None:
    with Interruptible(Silent()) as run:
        run.snapshot(snapshot("searching"))
        run.snapshot(snapshot("done"))
        signal.raise_signal(signal.SIGINT)
    with Interruptible(Silent(), last=False) as run:
        run.snapshot(snapshot("searching"))
        run.snapshot(snapshot("done"))
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("number", SIGNALS)
def test_any_command_ends_in_order(number: int) -> None:
    before = signal.getsignal(number)
    with stopping(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    assert signal.getsignal(number) is before
