"""Why a run ended, in the words of every view: for the person who runs it, and for agents."""

from __future__ import annotations

STOP_REASONS = {
    "max_evaluations": "all evaluations made",
    "max_minutes": "time is up",
    "patience": "nothing better for long",
    "stopped": "stopped on request",
    "interrupted": "interrupted",
    "max_cost": "the budget for models is spent",
    "max_tokens": "the budget of tokens is spent",
    "distilled": "no removal is left that could stay",
    "audited": "all programs were judged",
    "done": "all iterations made",
}


def stop_words(reason: str) -> str:
    """Return why a run ended, in words."""
    return STOP_REASONS.get(reason, reason)


def words_behind(state: str, reason: str | None) -> str:
    """Return why a run ended, to stand behind its state: ``stopped`` is followed by ``on request``."""
    words = stop_words(reason or "")
    return words.removeprefix(state).strip() if reason in STOP_REASONS else words
