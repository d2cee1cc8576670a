"""The three places where mechanisms act, recognised in any rule: regret update, policy, average."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program


@dataclass
class RegretUpdate:
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
    retention: list[trees.Term]
    increment: ast.expr
    floor: ast.expr | None

    @property
    def clipped(self) -> bool:
        """Whether negative regrets are cut off."""
        return self.floor is not None and trees.literal(self.floor) == 0

    @property
    def instantaneous(self) -> ast.expr:
        """The instantaneous regrets."""
        return ast.Name(self.regret, ast.Load())

    def write(self) -> None:
        """Put the parts back into the statement."""
        kept = trees.product([(False, trees.attribute(self.state)), *self.retention])
        value = trees.total([(False, kept), *trees.terms(self.increment)])
        if self.floor is not None:
            value = trees.fill("np.maximum(value, floor)", value=value, floor=self.floor)
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
            if (pair := trees.assignment(statement)) is not None and pair[0] == f"self.{self.state}"
        ]
        place = max([place, *stored])
        self.block[place + 1 : place + 1] = statements


def find_update(program: Program) -> RegretUpdate:
    """Find the regret update; raise NotApplicable if it has another form."""
    regret = program.parameter("observe", 1)
    policy_reads = trees.reads(program.methods["policy"])
    found: list[tuple[int, RegretUpdate]] = []
    for block, place, statement in trees.walk_statements(program.body("observe")):
        pair = trees.assignment(statement)
        if pair is None or not pair[0].startswith("self."):
            continue
        holder = _holder(block, place, pair[1])
        if holder is None or pair[0] not in trees.reads(holder.value):
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
    statements = [block[place]]
    if isinstance(value, ast.Name):
        earlier = reversed(block[:place])
        statements = [s for s in earlier if (pair := trees.assignment(s)) is not None and pair[0] == value.id]
    return statements[0] if statements and isinstance(statements[0], ast.Assign) else None


def _decompose(statement: ast.Assign, block: list[ast.stmt], state: str, regret: str) -> RegretUpdate | None:
    value, floor = statement.value, None
    if trees.called(value) == "np.maximum" and isinstance(value, ast.Call) and len(value.args) == 2:
        inside = [place for place, part in enumerate(value.args) if _sums(part, state)]
        if len(inside) != 1:
            return None
        floor, value = value.args[1 - inside[0]], value.args[inside[0]]
    history = [term for term in trees.terms(value) if has_factor(term[1], state)]
    rest = [term for term in trees.terms(value) if not has_factor(term[1], state)]
    if len(history) != 1 or history[0][0] or not rest:
        return None
    parts = trees.factors(history[0][1])
    own = next(place for place, part in enumerate(parts) if trees.self_attribute(part[1]) == state)
    if parts[own][0]:
        return None
    return RegretUpdate(
        statement, block, state, regret, parts[:own] + parts[own + 1 :], trees.total(rest), floor
    )


def has_factor(node: ast.expr, state: str) -> bool:
    """Whether an attribute is a factor of a product."""
    return any(trees.self_attribute(part) == state for _, part in trees.factors(node))


def _sums(node: ast.expr, state: str) -> bool:
    return any(has_factor(part, state) for _, part in trees.terms(node))


@dataclass
class PolicyPattern:
    """The policy ``normalize([base]+ ** exponent)``.

    Attributes
    ----------
    call : ast.Call
        The call of ``normalize``.
    base : ast.expr
        What the policy is proportional to.
    exponent : ast.expr or None
        Power of the positive part.
    """

    call: ast.Call
    block: list[ast.stmt]
    base: ast.expr
    exponent: ast.expr | None

    def write(self) -> None:
        """Put the parts back into the call."""
        value = trees.clone(self.base)
        if self.exponent is not None:
            value = trees.fill("np.maximum(base, 0.0) ** exponent", base=value, exponent=self.exponent)
        self.call.args = [value]

    def before(self, *statements: ast.stmt) -> None:
        """Insert statements at the beginning of ``policy``."""
        self.block[0:0] = statements


def find_policy(program: Program) -> PolicyPattern:
    """Find what the policy is made from; raise NotApplicable if nothing is normalised."""
    body = program.body("policy")
    calls = [
        node
        for statement in body
        for node in trees.walk(statement)
        if trees.called(node) == "self.infosets.normalize"
        and isinstance(node, ast.Call)
        and len(node.args) == 1
    ]
    if not calls:
        raise NotApplicable("policy() does not call self.infosets.normalize")
    call = min(calls, key=lambda node: sum(part in calls for part in trees.walk(node)))
    base = call.args[0]
    if isinstance(base, ast.Name):
        held = [pair[1] for s in body if (pair := trees.assignment(s)) is not None and pair[0] == base.id]
        base = held[0] if len(held) == 1 else base
    match base:
        case ast.BinOp(op=ast.Pow(), left=ast.Call(args=[_, _] as args) as inner, right=power):
            zero = [place for place, part in enumerate(args) if trees.literal(part) == 0]
            if zero and trees.called(inner) == "np.maximum":
                return PolicyPattern(call, body, args[1 - zero[0]], power)
    return PolicyPattern(call, body, base, None)


@dataclass
class AveragePattern:
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
    restarts: list[trees.Term]
    retention: list[trees.Term]
    weight: list[trees.Term]

    def write(self) -> None:
        """Put the parts back into the statement."""
        self.statement.value = weights([*self.restarts, *self.retention], self.weight)

    def before(self, *statements: ast.stmt) -> None:
        """Insert statements before the return."""
        place = self.block.index(self.statement)
        self.block[place:place] = statements


def weights(keep: list[trees.Term], add: list[trees.Term]) -> ast.Tuple:
    """Return the expression ``keep, add``, of factors."""
    parts = [trees.product(factors_) if factors_ else ast.Constant(1) for factors_ in (keep, add)]
    return ast.Tuple(parts, ast.Load())


def find_average(program: Program) -> AveragePattern:
    """Find the weights of the average; raise NotApplicable if they are returned in another form."""
    body = program.body("weights")
    statement = body[-1]
    if not isinstance(statement, ast.Return) or not isinstance(statement.value, ast.Tuple):
        raise NotApplicable("weights() does not end with a return of keep and add")
    if len(statement.value.elts) != 2:
        raise NotApplicable("weights() does not return two values")
    kept, weight = (
        [part for part in trees.factors(value) if trees.literal(part[1]) != 1]
        for value in statement.value.elts
    )
    restarts = [part for part in kept if _restarts(part, body)]
    retention = [part for part in kept if part not in restarts]
    return AveragePattern(statement, body, restarts, retention, weight)


def _restarts(part: trees.Term, body: list[ast.stmt]) -> bool:
    """Whether a factor, or the local that it is, chooses between 0 and something else."""
    divides, node = part
    values = [node]
    if isinstance(node, ast.Name):
        values = [value for name, value in trees.assignments(body) if name == node.id]
    chosen = [side for value in values for side in _sides(value)]
    return not divides and len(chosen) > 1 and any(trees.literal(side) == 0 for side in chosen)


def _sides(node: ast.expr) -> list[ast.expr]:
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def starts_late(statement: ast.stmt) -> bool:
    """Whether a statement leaves policies out of the average under a condition."""
    if not isinstance(statement, ast.If):
        return False
    return any(
        isinstance(inner, ast.Return)
        and isinstance(inner.value, ast.Tuple)
        and trees.literal(inner.value.elts[-1]) == 0
        for inner in statement.body
    )
