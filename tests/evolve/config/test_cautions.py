"""Cautions about what a run's numbers do not say."""

from __future__ import annotations

from nashforge.evolve.config.cautions import shared_suites


def test_splits_that_are_one_suite_are_named():
    told = shared_suites({"domain": "cfr", "train": "cfr-11", "validation": "cfr-11", "test": "cfr-test"})
    assert told is not None
    assert told.startswith("training and validation are the same suite, cfr-11: ")
    every = shared_suites(dict.fromkeys(("train", "validation", "test"), "x"))
    assert every is not None
    assert every.startswith("training, validation and test are the same suite, x: ")
    assert shared_suites({"domain": "cfr", "train": "cfr-train", "validation": "x", "test": "y"}) is None


def test_where_a_domain_varies_one_suite_itself_any_suite_will_do():
    for domain in ("cleanup", "gathering", "rrps"):
        for suite in (domain, "of-mine.toml"):
            assert (
                shared_suites({"domain": domain} | dict.fromkeys(("train", "validation", "test"), suite))
                is None
            )
