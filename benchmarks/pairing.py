"""Fair timing on a shared machine: contestants take turns, medians of paired ratios are reported."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence


def seconds(work: Callable[[], object], repeat: int) -> float:
    """Return the wall seconds of one call, averaged over ``repeat`` calls in a row."""
    began = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - began) / repeat


def repetitions(work: Callable[[], object], target: float) -> int:
    """Return how often to repeat something so that it takes about ``target`` seconds.

    The first call, which may compile, is not counted; then it is called more and more often until that takes
    a good part of the target.
    """
    work()
    repeat = 1
    while (each := seconds(work, repeat)) * repeat < target / 8:
        repeat *= 2
    return max(1, round(target / each))


def paired(
    contestants: Mapping[str, Callable[[], object]], rounds: int, target: float
) -> dict[str, list[float]]:
    """Time contestants in turn, round after round; return seconds a call, by name and round.

    Parameters
    ----------
    contestants
        What to time, by name. Each is run some times before, which is not counted.
    rounds
        Number of rounds; in each, every contestant runs for about ``target`` seconds, at least once.
    """
    repeat = {name: repetitions(work, target) for name, work in contestants.items()}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, work in contestants.items():
            times[name].append(seconds(work, repeat[name]))
    return times


def ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    """Return the median over rounds of how many times slower ``slow`` was."""
    return statistics.median(a / b for a, b in zip(slow, fast, strict=True))


def human(value: float) -> str:
    """Return seconds in a readable unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"
