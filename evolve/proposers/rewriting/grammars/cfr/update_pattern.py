"""The three places where mechanisms act, recognised in any rule: regret update, policy, average."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import (
    Term,
    assignment,
    called,
    clone,
    factors,
    fill,
    literal,
    product,
    reads,
    self_attribute,
    terms,
    total,
    walk,
    walk_statements,
)


def attribute(name: str) -> ast.Attribute:
    """Return the expression ``self.name``."""
    return ast.Attribute(ast.Name("self", ast.Load()), name, ast.Load())


@dataclass
class Update:
    """The regret update ``R <- max(floor, R * retention + increment)``.

    Attributes
    ----------
    statement : ast.Assign
        The assignment that holds it.
    block : list of ast.stmt
        The block of the statement.
    state : str
        Name of the attribute with the cumulative regrets.
    regret : str
        Name of the parameter with the instantaneous regrets.
    retention : list of Term
        Factors of the old regrets.
    increment : ast.expr
        What is added.
    floor : ast.expr or None
        Lower bound, if any.
    """

    statement: ast.Assign
    block: list[ast.stmt]
    state: str
    regret: str
    retention: list[Term]
    increment: ast.expr
    floor: ast.expr | None

    @property
    def clipped(self) -> bool:
        """Whether negative regrets are cut off."""
        return self.floor is not None and literal(self.floor) == 0

    def write(self) -> None:
        """Put the parts back into the statement."""
        kept = product([(False, attribute(self.state)), *self.retention])
        value = total([(False, kept), *terms(self.increment)])
        if self.floor is not None:
            value = fill("np.maximum(value, floor)", value=value, floor=self.floor)
        self.statement.value = value

    def before(self, *statements: ast.stmt) -> None:
        """Insert statements before the update."""
        place = self.block.index(self.statement)
        self.block[place:place] = statements

    def after(self, *statements: ast.stmt) -> None:
        """Insert statements right after the update (and after the regrets are stored)."""
        place = self.block.index(self.statement)
        stored = [
            index
            for index, statement in enumerate(self.block)
            if (pair := assignment(statement)) is not None and pair[0] == f"self.{self.state}"
        ]
        place = max([place, *stored])
        self.block[place + 1 : place + 1] = statements


def find_update(program: Program) -> Update:
    """Find the regret update; raise NotApplicable if it has another form."""
    regret = program.parameter("observe", 1)
    policy_reads = reads(program.methods["policy"])
    found: list[tuple[int, Update]] = []
    for block, place, statement in walk_statements(program.body("observe")):
        pair = assignment(statement)
        if pair is None or not pair[0].startswith("self."):
            continue
        holder = _holder(block, place, pair[1])
        if holder is None or pair[0] not in reads(holder.value):
            continue
        update = _decompose(holder, block, pair[0][5:], regret)
        if update is not None:
            rank = 4 * (update.state == "regret") + 2 * (pair[0] in policy_reads) + (holder is statement)
            found.append((rank, update))
    if not found:
        raise NotApplicable("no regret update of the form R * retention + increment")
    return max(found, key=lambda entry: entry[0])[1]


def _holder(block: list[ast.stmt], place: int, value: ast.expr) -> ast.Assign | None:
    """Return the assignment that computes a value: the statement itself, or that of the local it copies."""
    statement = block[place]
    if isinstance(value, ast.Name):
        for earlier in reversed(block[:place]):
            pair = assignment(earlier)
            if pair is not None and pair[0] == value.id:
                statement = earlier
                break
        else:
            return None
    return statement if isinstance(statement, ast.Assign) else None


def _decompose(statement: ast.Assign, block: list[ast.stmt], state: str, regret: str) -> Update | None:
    value, floor = statement.value, None
    if called(value) == "np.maximum" and isinstance(value, ast.Call) and len(value.args) == 2:
        inside = [place for place, part in enumerate(value.args) if _sums(part, state)]
        if len(inside) != 1:
            return None
        floor, value = value.args[1 - inside[0]], value.args[inside[0]]
    history = [term for term in terms(value) if _has_factor(term[1], state)]
    rest = [term for term in terms(value) if not _has_factor(term[1], state)]
    if len(history) != 1 or history[0][0] or not rest:
        return None
    parts = factors(history[0][1])
    own = next(place for place, part in enumerate(parts) if self_attribute(part[1]) == state)
    if parts[own][0]:
        return None
    retention = [part for place, part in enumerate(parts) if place != own]
    return Update(statement, block, state, regret, retention, total(rest), floor)


def _has_factor(node: ast.expr, state: str) -> bool:
    return any(self_attribute(part) == state for _, part in factors(node))


def _sums(node: ast.expr, state: str) -> bool:
    return any(_has_factor(part, state) for _, part in terms(node))


@dataclass
class PolicyAnchor:
    """The policy ``normalize([base]+ ** exponent)``.

    Attributes
    ----------
    call : ast.Call
        The call of ``normalize``.
    base : ast.expr
        What the policy is proportional to.
    exponent : ast.expr or None
        Power of the positive part.
    wrapper : ast.expr or None
        Any other function of the base (with the name ``base`` in its place), such as a softmax.
    """

    call: ast.Call
    block: list[ast.stmt]
    base: ast.expr
    exponent: ast.expr | None

    def write(self) -> None:
        """Put the parts back into the call."""
        value = clone(self.base)
        if self.exponent is not None:
            value = fill("np.maximum(base, 0.0) ** exponent", base=value, exponent=self.exponent)
        self.call.args = [value]

    def before(self, *statements: ast.stmt) -> None:
        """Insert statements at the beginning of ``policy``."""
        self.block[0:0] = statements


def find_policy(program: Program) -> PolicyAnchor:
    """Find what the policy is made from; raise NotApplicable if nothing is normalised."""
    body = program.body("policy")
    calls = [
        node
        for statement in body
        for node in walk(statement)
        if called(node) == "self.infosets.normalize" and isinstance(node, ast.Call) and len(node.args) == 1
    ]
    if not calls:
        raise NotApplicable("policy() does not call self.infosets.normalize")
    call = min(calls, key=lambda node: sum(part in calls for part in walk(node)))
    base = call.args[0]
    if isinstance(base, ast.Name):
        held = [
            pair[1]
            for statement in body
            if (pair := assignment(statement)) is not None and pair[0] == base.id
        ]
        if len(held) == 1:
            base = held[0]
    exponent: ast.expr | None = None
    if isinstance(base, ast.BinOp) and isinstance(base.op, ast.Pow):
        inner, power = base.left, base.right
        if isinstance(inner, ast.Call) and called(inner) == "np.maximum" and len(inner.args) == 2:
            zero = [place for place, part in enumerate(inner.args) if literal(part) == 0]
            if zero:
                base, exponent = inner.args[1 - zero[0]], power
    return PolicyAnchor(call, body, base, exponent)


@dataclass
class AverageAnchor:
    """The weights of the average ``C <- C * keep + add * reach * policy``.

    Attributes
    ----------
    statement : ast.Return
        The statement that returns ``keep`` and ``add``.
    block : list of ast.stmt
        The body of ``weights``.
    restarts : list of Term
        Factors of ``keep`` that are 0 at some iterations, where the average begins anew.
    retention : list of Term
        Other factors of ``keep``.
    weight : list of Term
        Factors of ``add``.
    """

    statement: ast.Return
    block: list[ast.stmt]
    restarts: list[Term]
    retention: list[Term]
    weight: list[Term]

    def write(self) -> None:
        """Put the parts back into the statement."""
        self.statement.value = weights([*self.restarts, *self.retention], self.weight)

    def before(self, *statements: ast.stmt) -> None:
        """Insert statements before the return."""
        place = self.block.index(self.statement)
        self.block[place:place] = statements


def weights(keep: list[Term], add: list[Term]) -> ast.Tuple:
    """Return the expression ``keep, add``, of factors."""
    parts = [product(factors_) if factors_ else ast.Constant(1) for factors_ in (keep, add)]
    return ast.Tuple(parts, ast.Load())


def find_average(program: Program) -> AverageAnchor:
    """Find the weights of the average; raise NotApplicable if they are returned in another form."""
    body = program.body("weights")
    statement = body[-1]
    if not isinstance(statement, ast.Return) or not isinstance(statement.value, ast.Tuple):
        raise NotApplicable("weights() does not end with a return of keep and add")
    if len(statement.value.elts) != 2:
        raise NotApplicable("weights() does not return two values")
    kept, weight = (_proper(factors(part)) for part in statement.value.elts)
    restarts = [part for part in kept if _restarts(part, body)]
    retention = [part for part in kept if part not in restarts]
    return AverageAnchor(statement, body, restarts, retention, weight)


def _proper(parts: list[Term]) -> list[Term]:
    """Return factors without ones."""
    return [part for part in parts if literal(part[1]) != 1]


def _restarts(part: Term, body: list[ast.stmt]) -> bool:
    """Whether a factor, or the local that it is, chooses between 0 and something else."""
    divides, node = part
    if divides:
        return False
    values = [node]
    if isinstance(node, ast.Name):
        pairs = (assignment(statement) for _, _, statement in walk_statements(body))
        values = [pair[1] for pair in pairs if pair is not None and pair[0] == node.id]
    chosen = [side for value in values for side in _sides(value)]
    return len(chosen) > 1 and any(literal(side) == 0 for side in chosen)


def _sides(node: ast.expr) -> list[ast.expr]:
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def starts_late(statement: ast.stmt) -> bool:
    """Whether a statement leaves policies out of the average under a condition."""
    if not isinstance(statement, ast.If):
        return False
    return any(
        isinstance(inner, ast.Return)
        and isinstance(inner.value, ast.Tuple)
        and literal(inner.value.elts[-1]) == 0
        for inner in statement.body
    )
