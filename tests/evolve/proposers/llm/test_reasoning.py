"""What a reasoning model thought is no part of its answer, and what a program says is no thought."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge.evolve.proposers.llm.replies.reading import ReplyError, read_reply
from nashforge.evolve.proposers.llm.replies.reasoning import without_reasoning
from nashforge.solvers.cfr.rules import rule_source

BASE = rule_source("cfr_plus")
LINES = BASE.splitlines()
BODY = next(line for line in LINES if "np.maximum" in line)
TAGS = ["think", "thinking", "reasoning", "thought", "THINK", "Think"]


def edit(comment: str, line: str = BODY) -> str:
    return f"<<<<<<< SEARCH\n{line}\n=======\n{line}  # {comment}\n>>>>>>> REPLACE\n"


def pair(tag: str) -> tuple[str, str]:
    return ("[THINK]", "[/THINK]") if tag == "[THINK]" else (f"<{tag}>", f"</{tag}>")


# What models write while they think: whole drafts, halves of them, fences that nobody closes.
THOUGHTS = st.lists(
    st.sampled_from(
        [
            "Let me see.",
            "<<<<<<< SEARCH",
            "=======",
            ">>>>>>> REPLACE",
            "```python",
            "```",
            "~~~",
            edit("draft"),
            f"```python\n{BASE}```",
            "class Draft:\n    pass",
            "no, that kills learning",
            "I am asked not to write `<think>` or `</think>`.",
            'x = "',
            "",
        ]
    ),
    max_size=8,
).map("\n".join)


@settings(max_examples=2 * settings.default.max_examples, deadline=None)
@given(
    thought=THOUGHTS,
    tag=st.sampled_from([*TAGS, "[THINK]"]),
    opened=st.booleans(),
    gap=st.sampled_from(["\n", "\n\n", " "]),
)
def test_only_the_answer_is_read(thought, tag, opened, gap):
    opening, closing = pair(tag)
    for answer in (edit("real"), f"Here it is.\n{edit('real')}", f"```\n{edit('real')}```\n"):
        reply = f"{opening + gap if opened else ''}{thought}{gap}{closing}\n{answer}"
        made = read_reply(reply, BASE)
        assert made.source == BASE.replace(BODY, BODY + "  # real")
        assert "draft" not in made.note
        assert "kills learning" not in made.note


@settings(max_examples=2 * settings.default.max_examples, deadline=None)
@given(
    said=st.lists(
        st.sampled_from(
            ["<think>", "</think>", "<thinking>x</thinking>", "</REASONING>", "[THINK]", "[/THINK]", "plain"]
        ),
        min_size=1,
        max_size=4,
    ),
    before=st.sampled_from(["", "I think:\n\n", "<think>an idea</think>\n"]),
    after=st.sampled_from(["", "\nThat is all."]),
)
def test_what_a_program_says_stays(said, before, after):
    comments = "\n".join(f"# {text}" for text in said)
    docstring = '"""' + "\n\n".join(said) + '\n"""\n'
    for program in (f"{comments}\n{BASE}", docstring + BASE, BASE + comments + "\n"):
        for block in (f"```python\n{program}```\n", f"~~~~\n{program}~~~~"):
            assert read_reply(before + block + after, "x = 1\n").source == program
        if not after and before != "I think:\n\n":
            assert read_reply(before + program, "x = 1\n").source.lstrip() == program
    for text in said:
        made = read_reply(before + edit(text) + after, BASE)
        assert made.source == BASE.replace(BODY, f"{BODY}  # {text}")


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("no tags at all", "no tags at all"),
        ("<think>a</think>b", "b"),
        ("<think>a<think>b</think>c</think>d", "d"),
        ("<think>a</think>b<think>c</think>d", "bd"),
        ("<think>a</thinking>b", "b"),
        ("a</think>b", "b"),
        ("a</think>b</think>c", "c"),
        ("<think>never ends\n```python\nclass A: pass\n```", ""),
        ("First.\n<think>never ends", "First.\n"),
        ("I dropped the <think> tag.", "I dropped the <think> tag."),
        ("I write no `</think>` here.", "I write no `</think>` here."),
        ("<thinker>a</thinker>", "<thinker>a</thinker>"),
        ("```python\n<think>a plan</think>\nx = 1\n```", "```python\n\nx = 1\n```"),
    ],
)
def test_what_is_dropped(reply, answer):
    assert without_reasoning(reply) == answer


def test_nothing_but_reasoning_is_a_sentence():
    with pytest.raises(ReplyError, match="nothing but reasoning"):
        read_reply(f"<think>{edit('draft')}</think>\n", BASE)


@pytest.mark.parametrize(
    "piece",
    [
        "<think>\n",
        "</think>\n",
        "a <think> ",
        "```x\n",
        "```\n<think>\n",
        "<<<<<<< SEARCH\n=======\n",
        "=======\n",
        "class A: #\n",
        "[THINK]",
        "~~~\n",
    ],
)
def test_absurd_replies_are_read_in_bounded_steps(piece):
    # Twenty times the length takes some twenty times as long, not four hundred times.
    def seconds(length: int) -> float:
        reply = "<<<<<<< SEARCH\n<think> " + piece * (length // len(piece))
        began = time.process_time()
        without_reasoning(reply)
        return time.process_time() - began

    assert seconds(400_000) < 100 * max(seconds(20_000), 0.01)
