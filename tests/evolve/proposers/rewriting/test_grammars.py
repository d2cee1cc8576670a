"""Grammars: programs of several classes with loops evolve as CFR rules do, and these as they always did."""

import ast
import hashlib

import numpy as np
import pytest

from nashforge.evolve.proposers.rewriting import (
    NotApplicable,
    ast_fingerprint,
    crossover,
    mutate,
    simplify,
    tidy,
)
from nashforge.evolve.proposers.rewriting.analysis.inference import issues
from nashforge.evolve.proposers.rewriting.analysis.values import ANY, SCALAR, Value
from nashforge.evolve.proposers.rewriting.grammar import Grammar, Kind, Method, Terms
from nashforge.evolve.proposers.rewriting.grammars.cfr.grammar import CFR
from nashforge.evolve.proposers.rewriting.grammars.psro.grammar import PSRO
from nashforge.evolve.proposers.rewriting.grammars.rqe.grammar import RQE
from nashforge.evolve.proposers.rewriting.operators.registry import GENERIC
from nashforge.evolve.proposers.rewriting.syntax.program import read_module
from nashforge.solvers.cfr.rules import rule_source
from nashforge.solvers.learners.rules import learner_source
from nashforge.solvers.psro.meta_solvers import solver_source

PAIR = '''"""Multiplicative weights while training; regret matching at the end."""

import numpy as np

from pairs import EvalSolver, TrainSolver, project


class Train(TrainSolver):
    iterations = 60
    rate = 0.1
    blend = 0.3

    def solve(self, payoffs, t):
        strategies = [np.ones(payoffs.shape[p + 1]) / payoffs.shape[p + 1] for p in range(self.players)]
        total = [np.zeros_like(x) for x in strategies]
        for _ in range(self.iterations):
            for p in range(self.players):
                gains = self.gains(p, strategies, payoffs)
                weights = strategies[p] * np.exp(self.rate * (gains - gains.max()))
                strategies[p] = weights / np.sum(weights)
                total[p] = total[p] + strategies[p]
        blend = self.blend / (1 + t)
        return [(1 - blend) * x / self.iterations + blend * y for x, y in zip(total, strategies)]

    def gains(self, p, strategies, payoffs):
        joint = payoffs[p]
        others = [q for q in range(len(strategies)) if q != p]
        for q in reversed(others):
            joint = np.tensordot(joint, strategies[q], axes=([q], [0]))
        return joint


class Eval(EvalSolver):
    iterations = 40

    def solve(self, payoffs):
        strategy = np.ones(payoffs.shape[1]) / payoffs.shape[1]
        regret = np.zeros(payoffs.shape[1])
        for _ in range(self.iterations):
            gains = payoffs[0] @ strategy
            regret = np.maximum(0.9 * regret + gains - strategy @ gains, 0.0)
            strategy = project(regret)
        return [strategy, strategy]
'''

PLAYERS = {"players": Value(SCALAR, 2, 8)}
PAIRS = Grammar(
    "pairs",
    "pair of solvers",
    kinds=(
        Kind(
            "TrainSolver",
            (Method("solve", {"payoffs": Value("tensor"), "t": Value(SCALAR, 1, 100)}),),
            attributes=PLAYERS,
            permissive=True,
            terms=Terms(shapes=(ANY,)),
        ),
        Kind(
            "EvalSolver",
            (Method("solve", {"payoffs": Value("tensor")}),),
            attributes=PLAYERS,
            functions={"project": Value("mixed", 0, 1)},
            permissive=True,
            terms=Terms(shapes=(ANY, "mixed")),
        ),
    ),
    operators=GENERIC,
)


FIRST_RULES = (
    "cfr", "cfr_plus", "lcfr", "dcfr", "pcfr_plus", "dcfr_plus", "pdcfr_plus", "hs_pcfr_plus", "sapcfr_plus",
    "apcfr_plus", "vad_cfr", "aod_cfr",
)  # fmt: skip


class Solver:
    """What both base classes are in these tests."""

    players = 2


def works(source):
    """Whether a pair runs on a small game and returns finite vectors of the right length."""

    def project(x):
        return x / x.sum() if x.sum() > 0 else np.ones(len(x)) / len(x)

    bases = {
        "TrainSolver": type("TrainSolver", (Solver,), {}),
        "EvalSolver": type("EvalSolver", (Solver,), {}),
    }
    namespace = {**bases, "project": project}
    code = "\n".join(line for line in source.splitlines() if not line.startswith("from pairs"))
    payoffs = np.random.default_rng(0).standard_normal((3, 3))
    tensor = np.array([payoffs, -payoffs])
    exec(compile(code, "<pair>", "exec"), namespace)
    made = {base: kind for kind in namespace.values() for base in bases if _is_child(kind, bases[base])}
    try:
        with np.errstate(all="ignore"):
            vectors = [*made["TrainSolver"]().solve(tensor, 3), *made["EvalSolver"]().solve(tensor)]
    except (ValueError, TypeError, IndexError, ArithmeticError):
        return False
    return all(np.shape(x) == (3,) and np.isfinite(x).all() for x in vectors)


def _is_child(kind, base):
    return isinstance(kind, type) and issubclass(kind, base) and kind is not base


def test_children_of_cfr_rules_are_those_of_this_interface():
    # Stored runs are resumed and replayed: what seeds give is part of the contract.
    digest = hashlib.sha256()
    names = FIRST_RULES
    for seed in range(36):
        rng = np.random.default_rng(seed)
        first = mutate(
            rule_source(names[seed % 12]), rng, grammar=CFR, strength=[0.5, 1.0, 3.0][seed % 3]
        ).source
        second = crossover(first, rule_source(names[(seed + 5) % 12]), rng, grammar=CFR).source
        digest.update(simplify(second, rng, grammar=CFR).source.encode())
    assert digest.hexdigest()[:16] == "28e5144c2355d219"


@pytest.mark.parametrize(
    ("grammar", "sources", "expected"),
    [
        (PSRO, ("prd", "regret_matching", "uniform", "shor"), "5cd51f6e98fd0104"),
        (RQE, ("extragradient", "tuned_gradient", "mirror_descent", "actor_critic"), "b6b5f5d879d87187"),
    ],
    ids=["psro", "rqe"],
)
def test_children_of_other_programs_are_those_of_this_interface(grammar, sources, expected):
    digest = hashlib.sha256()
    pool = [(solver_source if grammar is PSRO else learner_source)(name) for name in sources]
    for seed in range(12):
        rng = np.random.default_rng(seed)
        first = mutate(pool[seed % 4], rng, grammar=grammar, strength=[0.5, 1.0, 3.0][seed % 3]).source
        pool.append(mutate(first, rng, grammar=grammar).source)
        digest.update(simplify(pool[-1], rng, grammar=grammar).source.encode())
    assert digest.hexdigest()[:16] == expected


def test_tidying_keeps_a_tidy_pair():
    assert tidy(PAIR, PAIRS) == PAIR


def test_most_children_of_a_pair_work_and_all_keep_both_classes():
    worked, sources, kinds = 0, set(), set()
    for seed in range(60):
        edit = mutate(PAIR, np.random.default_rng(seed), grammar=PAIRS)
        module = read_module(edit.source, PAIRS)
        assert [program.kind.base for program in module.programs] == ["TrainSolver", "EvalSolver"]
        assert module.docstring == "A pair of solvers found by program search."
        worked += works(edit.source)
        sources.add(edit.source)
        parent = read_module(PAIR, PAIRS)
        for before, after in zip(parent.programs, module.programs, strict=True):
            if _text(before) != _text(after):
                kinds.add(before.kind.base)
    assert worked >= 50
    assert len(sources) >= 50
    assert kinds == {"TrainSolver", "EvalSolver"}


def _text(program):
    return [ast.dump(node) for node in [*program.constants.values(), *program.methods.values()]]


def test_pairs_recombine_by_class_method_and_constants():
    taken = set()
    for seed in range(30):
        if seed % 6 == 0:  # to recombine takes less than to make the two
            rng = np.random.default_rng(seed)
            first = mutate(PAIR, rng, grammar=PAIRS).source
            second = mutate(PAIR, rng, grammar=PAIRS, strength=3).source
        try:
            edit = crossover(first, second, rng, grammar=PAIRS)
        except NotApplicable:
            continue
        read_module(edit.source, PAIRS)
        taken.add(edit.description.split(" from ")[0].split(",")[0])
    assert {"take the class Train", "take the class Eval", "take solve()"} <= taken


def test_a_pair_shrinks_until_nothing_can_go():
    rng, source, steps = np.random.default_rng(0), PAIR, 0
    for _ in range(60):
        try:
            source = simplify(source, rng, grammar=PAIRS).source
        except NotApplicable:
            break
        steps += 1
    assert steps > 5
    assert len(source) < len(PAIR)


@pytest.mark.parametrize(
    ("old", "new", "issue"),
    [
        ("gains - gains.max()", "gains - missing.max()", "undefined name missing"),
        ("for x, y in zip(total, strategies)", "for x, z in zip(total, strategies)", "undefined name y"),
        ("self.rate * (gains", "self.speed * (gains", "undefined attribute speed"),
        ("self.gains(p, ", "self.payoffs_of(p, ", "undefined method payoffs_of"),
    ],
)
def test_permissive_kinds_still_miss_names(old, new, issue):
    assert not issues(read_module(PAIR, PAIRS))
    assert old in PAIR
    assert set(issues(read_module(PAIR.replace(old, new), PAIRS))) == {issue}


def test_names_of_classes_and_locals_do_not_make_another_pair():
    renamed = (
        PAIR.replace("class Train(", "class Learn(").replace("regret", "total").replace("gains", "value")
    )
    assert ast_fingerprint(renamed, PAIRS) == ast_fingerprint(PAIR, PAIRS)
    assert ast_fingerprint(PAIR.replace("0.9 *", "0.8 *"), PAIRS) != ast_fingerprint(PAIR, PAIRS)


def test_both_classes_are_needed():
    with pytest.raises(NotApplicable, match="exactly one subclass of EvalSolver; it has 0"):
        mutate(PAIR.split("class Eval")[0], np.random.default_rng(0), grammar=PAIRS)
