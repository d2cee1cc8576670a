"""Replies become programs, or are refused in a sentence; nothing in a reply is ever executed or believed."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge.evolve.proposers.llm.replies.files import read_given
from nashforge.evolve.proposers.llm.replies.reading import ReplyError, note_of, read_reply
from nashforge.evolve.proposers.llm.replies.source import parse_module
from nashforge.solvers.cfr.rules import rule_names, rule_source

BASE = rule_source("cfr_plus")
LINES = BASE.splitlines()
EDITABLE = [
    k
    for k, line in enumerate(LINES)
    if line.strip() and LINES.count(line) == 1 and not line.startswith(("import", "from"))
]


def block(search: str, replace: str) -> str:
    return f"<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE"


def fence(source: str, mark: str = "```", language: str = "python") -> str:
    return f"{mark}{language}\n{source}{mark}\n"


PROSE = st.sampled_from(
    ["", "Sure! I discount negative regrets.\n\n", "Here is `code` with **bold** text:\n", "- a\n- list\n\n"]
)


@settings(max_examples=50)
@given(
    before=PROSE, after=PROSE, crlf=st.booleans(), fenced=st.booleans(), data=st.data(), pad=st.integers(0, 2)
)
def test_an_edit_is_found_in_whatever_surrounds_it(before, after, crlf, fenced, data, pad):
    line = LINES[data.draw(st.sampled_from(EDITABLE))]
    indent = line[: len(line) - len(line.lstrip())]
    edit = block("\n" * pad + line + " " * pad, f"{indent}# replaced")
    edit = fence(edit + "\n", language="diff") if fenced else edit
    reply = before + edit + "\n" + after
    reply = reply.replace("\n", "\r\n") if crlf else reply
    expected = BASE.replace(line + "\n", f"{indent}# replaced\n")
    try:
        parse_module(expected)
    except ValueError:
        with pytest.raises(ReplyError, match="does not parse"):
            read_reply(reply, BASE)
        return
    assert read_reply(reply, BASE).source == expected


@settings(max_examples=2 * settings.default.max_examples // 5)
@given(
    name=st.sampled_from(rule_names()),
    before=PROSE,
    after=PROSE,
    mark=st.sampled_from(["```", "````", "~~~"]),
)
def test_a_whole_program_is_found_in_whatever_surrounds_it(name, before, after, mark):
    source = rule_source(name)
    base = rule_source("cfr" if name != "cfr" else "dcfr")
    for reply in (
        before + fence(source, mark) + after,
        before + fence(source, mark, "") + after,
        f"The old one was\n{fence(base)}Now:\n{fence(source)}",
        f"{fence(source)}Use it like this:\n{fence('rule = Rule()')}",
        f"1. As an item:\n\n   {fence(source, mark).replace(chr(10), chr(10) + '   ')}",
        fence(source.replace("\n", "\r\n"), mark),
        f"{mark}python\n{source}",
        source,
        f"Here it is.\n\n{source}\n\nI hope this helps!",
    ):
        assert ast.dump(parse_module(read_reply(reply, base).source)) == ast.dump(parse_module(source))


def test_a_fence_inside_the_program_does_not_end_it():
    source = BASE.replace('"""', '"""Example:\n\n```python\nx = 1\n```\n\n', 1)
    parse_module(source)
    assert read_reply(f"Done.\n{fence(source)}", rule_source("cfr")).source == source


def test_a_block_that_matches_twice_takes_the_place_below_the_block_before():
    method = "    def {}(self):\n        x = 1\n        return {}\n"
    base = "class A:\n" + method.format("f", "x") + "\n" + method.format("g", "-x")
    first = read_reply(block("        x = 1", "        x = 2"), base)
    assert first.source == base.replace("x = 1", "x = 2", 1)
    assert "matched 2 times" in first.remarks[0]
    both = block("    def g(self):", "    def h(self):") + "\n" + block("        x = 1", "        x = 2")
    assert read_reply(both, base).source == base.replace("g(self):\n        x = 1", "h(self):\n        x = 2")


def test_blocks_with_other_indentation_and_spacing_fit():
    base = "class A:\n    def f(self, a):\n        if a:\n            return a + 1\n        return 0\n"
    shifted = read_reply(block("if a:\n    return a + 1", "if a > 2:\n    b = a\n    return b"), base)
    assert shifted.source == base.replace(
        "        if a:\n            return a + 1",
        "        if a > 2:\n            b = a\n            return b",
    )
    assert "indentation" in shifted.remarks[0]
    spaced = read_reply(block("            return a+1", "            return a + 2"), base)
    assert spaced.source == base.replace("a + 1", "a + 2")
    within = read_reply(block("a + 1", "a + 3"), base)
    assert within.source == base.replace("a + 1", "a + 3")


def test_a_forgotten_import_is_added_from_the_parent():
    source = "\n".join(line for line in LINES if not line.startswith(("import", "from"))) + "\n"
    edited = read_reply(fence(source), rule_source("cfr"), donors=[BASE])
    assert "import numpy as np\n" in edited.source
    assert ast.get_docstring(parse_module(edited.source)) == ast.get_docstring(parse_module(BASE))
    assert "added what it forgot" in edited.remarks[-1]


def test_a_forgotten_import_that_no_program_has_is_added_if_every_program_may_have_it():
    edited = read_reply(block("a + 1", "math.sqrt(a) + os.getpid()"), "class A:\n    a = 1\n    b = a + 1\n")
    assert edited.source.startswith("import math\n")
    assert "import os" not in edited.source
    assert edited.remarks == ("added what it forgot: import math",)


NEW = BASE.rstrip() + "\n\n    def more(self):\n        return 9\n"


@pytest.mark.parametrize(
    "reply",
    [
        f"New:\n{fence(NEW)}The old one was:\n{fence(BASE)}",
        f"Old:\n{fence(BASE)}The new one is:\n{fence(NEW)}",
        f"<code>\n{NEW}</code>",
        fence(NEW, language='python title="rule.py" {1-3}'),
        f"{fence(NEW)}Use it so:\n{fence('rule = A()')}",
    ],
)
def test_the_whole_new_program_is_taken(reply):
    assert read_reply(reply, BASE).source == NEW


def test_tabs_of_a_block_become_the_spaces_of_the_program():
    base = "class A:\n    def f(self):\n        return 1\n"
    edited = read_reply(block("\tdef f(self):\n\t\treturn 1", "\tdef f(self):\n\t\treturn 'a\tb'"), base)
    assert edited.source == "class A:\n    def f(self):\n        return 'a\tb'\n"
    tabs = base.replace("    ", "\t")
    assert read_reply(block("\t\treturn 1", "\t\treturn 2"), tabs).source == tabs.replace("1", "2")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("", "empty"),
        ("  \n\t ", "empty"),
        ("I cannot help with that.", "neither SEARCH/REPLACE blocks nor a whole program"),
        (fence("    def policy(self, t):\n        return 1\n"), "neither|does not parse"),
        (fence("def policy(self, t):\n    return 1\n"), "neither"),
        (fence("class A:\n    def f(self:\n"), "does not parse"),
        (fence("class A: pass\n" + "x = " + "-" * 30000 + "1\n"), "does not parse"),
        (fence("class A: pass\n" + "x = " + "-" * 100 + "1\n"), "levels deep"),
        (fence("class A: pass\n" + "#" * 200_000 + "\n"), "bytes"),
        (block("nothing like it", "x"), "occurs nowhere"),
        (block(LINES[0] + "?", "x"), "nearest line of the program is: .*regret matching"),
        (block("", "x = 1"), "SEARCH part of a block is empty"),
        ("<<<<<<< SEARCH\n" + LINES[0], "not finished"),
        ("<<<<<<< SEARCH\n" + LINES[0] + "\n=======\nx\n" + block("a", "b"), "has no line"),
        (block(LINES[-1], "    return ("), "does not parse"),
        (block(LINES[0], LINES[0]), "does not change"),
        (fence(BASE), "does not change"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(reply, reason):
    with pytest.raises(ReplyError, match=reason) as caught:
        read_reply(reply, BASE)
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


BROKEN_TAIL = NEW + "\n\nclass Helper(Mine)\n    pass\n"
BROKEN_METHOD = BASE.replace("def observe(self, t, regret):", "def observe(self, t, regret)")
EXAMPLE = '"""An example:\n\n```python\nclass Example:\n    x = 1\n```\n"""\n\n'


@pytest.mark.parametrize(
    ("program", "fault"),
    [
        (BROKEN_TAIL, "class Helper(Mine)"),
        (BROKEN_METHOD, "def observe(self, t, regret)"),
        (NEW + "\n\nRATE = (1,\n", "RATE = (1,"),
        ("RATE = 1.5 +\n\n" + NEW, "RATE = 1.5 +"),
        ("\n\n" + EXAMPLE + BROKEN_TAIL, "class Helper(Mine)"),
        (BROKEN_TAIL.replace("\n", "\r\n"), "class Helper(Mine)"),
        ("\ufeff" + BROKEN_TAIL, "class Helper(Mine)"),
        (NEW + "\n\nThis rule discounts more.\n", "This rule discounts more."),
    ],
)
def test_a_file_is_never_cut_to_what_parses_and_its_fault_is_told_with_the_line(program, fault):
    line = next(k for k, text in enumerate(program.split("\n"), 1) if text.strip() == fault)
    with pytest.raises(ReplyError) as caught:
        read_given(program, BASE)
    assert f" in line {line}: {fault}" in str(caught.value)


@pytest.mark.parametrize("before", ["", "\ufeff", EXAMPLE, "\n# My rule\n"])
def test_a_file_that_parses_is_taken_whole(before):
    assert (
        parse_module(read_given(before + NEW, BASE).source).body[-1].name == parse_module(NEW).body[-1].name
    )
    assert read_given(before + NEW, BASE).source.strip() == (before.strip("\ufeff") + NEW).strip()


@pytest.mark.parametrize(
    "reply",
    [
        f"Here it is.\n\n{BROKEN_TAIL}",
        f"Here it is.\n\n{BROKEN_METHOD}\n\nI hope this helps!",
        f"Here it is.\n\n{BROKEN_TAIL}\n\nI hope this helps!",
        f"The old one was\n{fence(BASE)}Now:\n{fence(BROKEN_TAIL)}",
        f"For example\n{fence('class Example:' + chr(10) + '    x = 1' + chr(10))}Now:\n{fence(BROKEN_TAIL)}",
        f"{fence(BROKEN_METHOD)}It was\n{fence(BASE)}",
    ],
)
def test_no_code_of_a_reply_is_left_out_because_it_does_not_parse(reply):
    for read in (read_reply, read_given):
        with pytest.raises(ReplyError, match=r"expected ':' in line \d+: (class Helper|def observe)"):
            read(reply, BASE)


def test_a_sketch_before_the_program_is_no_broken_program():
    sketch = "class Mine:\n    def observe(self, t, regret)\n"
    assert read_reply(f"The form is\n{fence(sketch)}so:\n{fence(NEW)}", BASE).source == NEW


FENCES = ["```", "````python", "~~~", "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE"]
CODE = ["class A:", "    x = 1", "{{ config }}", "{% raw %}", "'''", '"""', "\\", *LINES[-6:]]
UNSEEN = ["\x1b[2J", "\u202e", "\x00", "\r", "\ud800"]
MESS = st.lists(st.one_of(st.sampled_from(FENCES + CODE + UNSEEN), st.text(max_size=20)), max_size=30)


@given(mess=MESS, joint=st.sampled_from(["\n", "\r\n", " ", ""]))
def test_no_reply_breaks_the_parser(mess, joint):
    try:
        edited = read_reply(joint.join(mess), BASE)
    except ReplyError:
        return
    parse_module(edited.source)
    assert all(c.isprintable() or c in "\n\t" or ord(c) > 127 for c in edited.source)
    assert "\n" not in edited.note


def test_a_long_reply_of_fences_is_read_in_bounded_time():
    reply = "```\nclass A: pass\n" * 3000
    assert read_reply(reply, BASE).source.startswith("class A")


def test_the_note_is_the_first_prose_in_one_line():
    assert (
        note_of(f"# Idea\n\n**Discount** the\nregrets.\n{fence('x = 1')}More.")
        == "Idea Discount the regrets."
    )
    assert len(note_of("word " * 500)) == 300
