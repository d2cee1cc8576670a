"""Suites of matrix games: TOML files like those of `suites`, with strings that `bimatrix` reads."""

from __future__ import annotations

from nashforge.games.suites import Suite, SuiteKind

MATRIX_SUITES = SuiteKind(Suite, __package__, "suites", "suite of matrix games")
