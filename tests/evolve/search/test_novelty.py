"""Which programs count as the same where no grammar reads them, and where one does."""

from __future__ import annotations

import pytest

from nashforge.evolve.domains import domain
from nashforge.evolve.search.novelty import ast_fingerprint

PLAIN = """
class Policy:
    def act(self, seen):
        return seen + 1
"""


@pytest.mark.parametrize(
    "same",
    [
        PLAIN.replace("    def act", '    """What it is."""\n\n    def act'),
        PLAIN.replace("        return", '        """What it does."""\n        return'),
        '"""A module."""' + PLAIN,
        PLAIN.replace("seen + 1", "( seen+1 )  # why"),
    ],
)
def test_layout_comments_and_docstrings_make_no_other_program(same):
    assert ast_fingerprint(same, None) == ast_fingerprint(PLAIN, None)


@pytest.mark.parametrize(
    "other", [PLAIN.replace("seen", "saw"), PLAIN.replace("+ 1", "+ 1.0"), PLAIN.replace("+", "-")]
)
def test_everything_else_does(other):
    assert ast_fingerprint(other, None) != ast_fingerprint(PLAIN, None)


def test_what_cannot_be_parsed_is_told_apart_by_every_character():
    assert ast_fingerprint("def (", None) != ast_fingerprint("def  (", None)
    assert ast_fingerprint("x = '\ud800'", None) != ast_fingerprint("x = '\ud801'", None)


def test_a_grammar_looks_through_names():
    work = domain("cfr")
    source = work.source("cfr_plus")
    renamed = source.replace("self.regret", "self.sums")
    assert ast_fingerprint(source, work.grammar()) == ast_fingerprint(renamed, work.grammar())
    assert ast_fingerprint(source, None) != ast_fingerprint(renamed, None)


def test_what_the_grammar_cannot_read_is_compared_as_it_is():
    assert ast_fingerprint(PLAIN, domain("cfr").grammar()) == ast_fingerprint(PLAIN, None)
