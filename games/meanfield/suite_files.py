"""Suites of mean-field games: TOML files like those of `suites`, with OpenSpiel's game strings."""

from __future__ import annotations

from nashforge.games.suites import Suite, SuiteKind

MEAN_FIELD_SUITES = SuiteKind(Suite, __package__, "suites", "suite of mean-field games")
