"""Edits of single terms, typed by shape: numbers, and the arrays of the grammar."""

from __future__ import annotations

import ast
from functools import partial

from nashforge.evolve.proposers.rewriting.analysis import values as v
from nashforge.evolve.proposers.rewriting.analysis.inference import Analysis, analyse
from nashforge.evolve.proposers.rewriting.operators.sites import Site, sites
from nashforge.evolve.proposers.rewriting.sampling import Generator, between, chance, pick, scale
from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.formatting import format_expression, shortened
from nashforge.evolve.proposers.rewriting.syntax.program import Program

_OPPOSITES = {
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
}


_short = partial(shortened, longest=50)


def _draw(rng: Generator, program: Program, analysis: Analysis, numbers: bool = True) -> Site:
    """Draw an expression that is an array or (if wanted) a number; what must stay whole aside."""
    terms = program.kind.terms
    shapes = (v.SCALAR, *terms.shapes) if numbers else terms.shapes
    found = [
        site
        for site in sites(program)
        if analysis.shape(site.node) in shapes
        and trees.literal(site.node) is None
        and trees.called(site.node) not in terms.whole
        and not isinstance(site.node, ast.Compare | ast.BoolOp | ast.List | ast.Tuple | ast.ListComp)
    ]
    return pick(rng, found, "no expression of the wanted shape")


def _variables(analysis: Analysis, site: Site, shape: str) -> list[str]:
    """Return the variables of a shape that are known before the statement of a site."""
    scope = analysis.scopes.get(id(site.statement), {})
    bound = {trees.target_variable(t) for t in getattr(site.statement, "targets", [])}
    found = [name for name, value in scope.items() if value.shape == shape and value.constant != 0]
    # Constants of the class stand for numbers; other numbers are few (t and what is made of it).
    return sorted(name for name in found if name not in bound or name.startswith("self."))


def replace_term(program: Program, rng: Generator, strength: float) -> str:
    """Put another variable of the same shape in the place of one."""
    analysis = analyse(program)
    leaves = [
        site
        for site in sites(program)
        if isinstance(site.node, ast.Name | ast.Attribute)
        and analysis.shape(site.node) in program.kind.terms.shapes
    ]
    site = pick(rng, leaves, "no variables")
    others = _variables(analysis, site, analysis.shape(site.node))
    others = [name for name in others if name != format_expression(site.node)]
    name = pick(rng, others, "no other variable of that shape")
    site.slot.write(trees.fill(name))
    return f"use {name} instead of {_short(site.node)} in {site.method}()"


def _factor(program: Program, rng: Generator, analysis: Analysis, site: Site, shape: str) -> ast.expr:
    """Draw something to multiply an expression with."""
    terms = program.kind.terms
    source, cast = terms.factors.get(shape, ("", ""))
    # What is multiplied by itself from one iteration to the next vanishes or grows beyond all bounds.
    own = {trees.target_variable(target) for target in getattr(site.statement, "targets", [])}
    variables = [name for name in _variables(analysis, site, source) if name not in own] if cast else []
    if variables and chance(rng, 0.4):
        damped = pick(rng, ("1 / (1 + x)", "np.minimum(1.0, x)", "1 + x"))
        return trees.fill(cast, x=trees.fill(damped, x=pick(rng, variables)))
    template = pick(rng, terms.schedules)
    parts: dict[str, ast.expr] = {}
    if terms.clock is not None:
        parts[terms.clock] = _time(program, site, terms.clock)
    if "size" in template:
        parts["size"] = program.add_constant(("factor", "share"), scale(rng, 0.3, 3.0))
    if "time" in template:
        parts["time"] = program.add_constant("time_scale", int(scale(rng, 5, 400)))
    return trees.fill(template, **parts)


def _time(program: Program, site: Site, clock: str) -> ast.expr:
    if clock not in program.parameters(site.method):
        raise NotApplicable("the method does not know the iteration")
    return ast.Name(clock, ast.Load())


def insert_factor(program: Program, rng: Generator, strength: float) -> str:
    """Multiply an expression by something."""
    analysis = analyse(program)
    site = _draw(rng, program, analysis)
    factor = _factor(program, rng, analysis, site, analysis.shape(site.node))
    site.slot.write(trees.fill("factor * x", factor=factor, x=site.node))
    return f"multiply {_short(site.node)} in {site.method}() by {_told(program, factor)}"


def _told(program: Program, node: ast.expr) -> str:
    """Return a short text of an expression, a lone constant with its value."""
    name = trees.target_variable(node)
    if name is not None and name[5:] in program.constants:
        return f"{name[5:]} = {format_expression(program.constants[name[5:]])}"
    return _short(node)


def insert_term(program: Program, rng: Generator, strength: float) -> str:
    """Add a multiple of a variable to an expression of its shape."""
    analysis = analyse(program)
    site = _draw(rng, program, analysis, numbers=False)
    shape = analysis.shape(site.node)
    names = [name for name in _variables(analysis, site, shape) if name != format_expression(site.node)]
    if not names:
        raise NotApplicable("no other variable of that shape")
    size = between(rng, -1.0, 1.5) or 0.5
    weight = program.add_constant(("weight", "share"), abs(size))
    other = trees.fill(pick(rng, names))
    if chance(rng, 0.2):
        other = trees.fill(program.kind.terms.centred.get(shape, "x"), x=other)
    template = "x + weight * other" if size > 0 else "x - weight * other"
    site.slot.write(trees.fill(template, x=site.node, weight=weight, other=other))
    return f"add {size:g} times {_short(other)} to {_short(site.node)} in {site.method}()"


def wrap_term(program: Program, rng: Generator, strength: float) -> str:
    """Apply a function to an expression."""
    analysis = analyse(program)
    site = _draw(rng, program, analysis)
    shape = analysis.shape(site.node)
    every = [
        "np.abs(x)",
        "np.maximum(x, 0.0)",
        "np.tanh(x)",
        "np.minimum(x, limit)",
        "np.sqrt(np.maximum(x, 0.0))",
        "np.sign(x) * np.sqrt(np.abs(x))",
    ]
    every += program.kind.terms.wrappers.get(shape, ())
    template = pick(rng, every)
    parts = {"x": site.node}
    if "limit" in template:
        parts["limit"] = program.add_constant("limit", scale(rng, 0.1, 20.0))
    new = trees.fill(template, **parts)
    site.slot.write(new)
    return f"replace {_short(site.node)} by {_short(new)} in {site.method}()"


def change_comparison(program: Program, rng: Generator, strength: float) -> str:
    """Turn a comparison around, make it strict or not, or move its bound."""
    found = [
        (site, site.node)
        for site in sites(program)
        if isinstance(site.node, ast.Compare)
        and len(site.node.ops) == 1
        and type(site.node.ops[0]) in _OPPOSITES
    ]
    site, old = pick(rng, found, "no comparison")
    new = trees.clone(old)
    if trees.literal(old.comparators[0]) == 0 and chance(rng, 0.4):
        bound = program.add_constant("threshold", between(rng, -1.0, 1.0) or 0.1)
        new.comparators = [bound]
    else:
        new.ops = [pick(rng, _OPPOSITES[type(old.ops[0])])()]
    site.slot.write(new)
    return f"compare by {_short(new)} instead of {_short(old)} in {site.method}()"


def swap_branches(program: Program, rng: Generator, strength: float) -> str:
    """Exchange the two values of a np.where, or maximum and minimum."""
    found = [
        site for site in sites(program) if trees.called(site.node) in ("np.where", "np.maximum", "np.minimum")
    ]
    site = pick(rng, found, "no np.where, np.maximum or np.minimum")
    new = trees.clone(site.node)
    assert isinstance(new, ast.Call)
    name = trees.called(new)
    if name == "np.where":
        new.args[1], new.args[2] = new.args[2], new.args[1]
    else:
        new.func = trees.fill("np.minimum" if name == "np.maximum" else "np.maximum")
    site.slot.write(new)
    return f"replace {_short(site.node)} by {_short(new)} in {site.method}()"


def copy_expression(program: Program, rng: Generator, strength: float) -> str:
    """Put a copy of another expression of the same shape and method in the place of one."""
    analysis = analyse(program)
    site = _draw(rng, program, analysis)
    shape = analysis.shape(site.node)
    found = [
        other
        for other in sites(program)
        if other.method == site.method
        and analysis.shape(other.node) == shape
        and trees.literal(other.node) is None
        and not trees.same(other.node, site.node)
    ]
    other = pick(rng, found, "no other expression of that shape")
    if any(part is site.node for part in ast.walk(other.node)):
        raise NotApplicable("the expression contains the place it would go to")
    site.slot.write(trees.clone(other.node))
    return f"replace {_short(site.node)} by {_short(other.node)} in {site.method}()"
