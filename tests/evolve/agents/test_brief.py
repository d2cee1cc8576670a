"""Short tasks: what an agent was told before is named and left out, and nothing else is."""

from __future__ import annotations

from nashforge.evolve.agents.brief import sections, seen_in, shortened
from nashforge.evolve.proposers.llm.replies.reading import mechanisms_in

FIRST = """Games by number: 1 kuhn_poker.

# The search so far

2 programs were evaluated.

- #0 calm-otter: training +0.100; "starts"
- #1 bold-finch: training +0.200; "predicts"

# Other programs of this search

## bold-finch

Training fitness +0.2000.

```python
# The current program
class A:
    pass
```

## mild-heron

Training fitness +0.1500.

# The current program

calm-otter, 2 lines.

```python
class B:
    pass
```

# What to do now

Change one idea.
"""

LATER = (
    FIRST.replace("2 programs were", "3 programs were")
    .replace('"predicts"\n', '"predicts"\n- #2 wild-swan: training +0.300; "discounts"\n')
    .replace("+0.1500", "+0.1600")
)


def test_headings_inside_of_programs_are_none_and_nothing_is_lost() -> None:
    found = sections(FIRST)
    assert [section.heading for section in found] == [
        None,
        "The search so far",
        "Other programs of this search",
        "The current program",
        "What to do now",
    ]
    assert "\n\n".join(section.text for section in found).split() == FIRST.split()
    assert [piece.splitlines()[0] for piece in found[2].pieces] == ["## bold-finch", "## mild-heron"]


def test_what_is_new_is_told_and_what_was_told_is_named() -> None:
    text, left_out = shortened(LATER, seen_in([FIRST]))
    assert left_out == ['"The search so far" (2 entries)', '"Other programs of this search" (bold-finch)']
    for told in ("3 programs were evaluated.", "#2 wild-swan", "## mild-heron", "+0.1600", "Games by number"):
        assert told in text
    for old in ("#0 calm-otter", "#1 bold-finch", "class A"):
        assert old not in text
    assert "class B" in text, "what is changed is always there"
    assert text.endswith("Change one idea.")


def test_to_whom_nothing_was_told_all_is_told() -> None:
    text, left_out = shortened(FIRST, set())
    assert left_out == []
    assert text.split() == FIRST.split()


def test_families_are_read_from_a_note_wherever_they_stand() -> None:
    for note, families in (
        ("predicts the next regret. Mechanisms: optimism, late averages", ("optimism", "late averages")),
        ("mechanism: **Optimism** and averaging. It should help.", ("optimism", "averaging")),
        ("joins two mechanisms that work", ()),
        ("", ()),
    ):
        assert mechanisms_in(note) == families
