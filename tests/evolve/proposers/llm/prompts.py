"""A request of a search, its programs and ideas, and the prompts that are made of it."""

from __future__ import annotations

import numpy as np

from nashforge.evolve.domains import domain
from nashforge.evolve.proposers.base import Individual, Request
from nashforge.evolve.proposers.families import letters
from nashforge.evolve.proposers.llm.context.knowledge import Best, Knowledge, KnownProgram
from nashforge.evolve.proposers.llm.feedback import load_feedback
from nashforge.evolve.proposers.llm.prompting import Context, Prompter
from nashforge.evolve.proposers.memory import Idea, Memory

WORK = domain("cfr")


GAMES = ("kuhn_poker", "leduc_poker")


POINTS = WORK.checkpoints(1000)


def individual(name, source, train=1.0, validation=0.5):
    curve = tuple((t, 0.1 / t) for t in POINTS)
    return Individual(
        0,
        0,
        name,
        name,
        source,
        train,
        validation,
        scores={"kuhn_poker": 1e-4, "leduc_poker": 1e-2},
        curves=dict.fromkeys(GAMES, curve),
        seconds=dict.fromkeys(GAMES, 1.5),
        families={"A": 0.75, "B": -0.25},
        measures={
            "last_iterate": dict.fromkeys(GAMES, tuple((t, 0.5) for t in POINTS)),
            "alternating": {"kuhn_poker": ((10, 0.25), (1000, 0.75))},
        },
    )


PARENT = individual("calm-otter", WORK.source("cfr_plus"))


NEAR = individual("near-twin", PARENT.source.replace("1, t\n", "1, t**3\n"))


FAR = individual("far-cousin", WORK.source("vad_cfr"))


def idea(index, parent="calm-otter", train=0.5, **more):
    name = None if train is None else f"child-{index}"
    status = "crashed" if train is None else "ok"
    values = {"reason": "", "said": f"sentence {index}", "mechanisms": (), "scores": {}}
    values |= {"train_gain": None if train is None else train - 1.0, **more}
    return Idea(index, name, name, "edit", "m", parent=parent, status=status, train=train, **values)


def memory(*under_way):
    bad = idea(7, "old-goat", -3.0, said="a disaster")
    good = idea(8, "old-goat", 2.0, validation=1.25, validation_gain=0.25, scores=PARENT.scores)
    own = idea(9, train=None, said="mine", reason="NaN in leduc", mechanisms=("optimism",))
    return Memory((bad, good, own), under_way)


def request(operator="edit", index=10, **more):
    return Request(index, operator, PARENT, np.random.default_rng(0), **{"memory": memory(), **more})


def prompter(stages, level="dense", **context):
    train, validation = stages
    known = KnownProgram("pcfr_plus", "predictive CFR+", "R <- [R + r]+", 0.4, {"kuhn_poker": 3e-5})
    knowledge = Knowledge((known,), {"kuhn_poker": Best(3e-5, "pcfr_plus")}, WORK.mechanisms())
    given = {"knowledge": knowledge, "validation": validation, "letters": letters(WORK, validation)}
    return Prompter(WORK, train, load_feedback(level), context=Context(**(given | context)))
