"""Known ideas of learning in games, as edits of learners: most change the gradient before it is used."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.sampling import Generator, between
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import clone, fill

ZEROS = "self.zeros()"


def _parameters(program: Program) -> dict[str, ast.expr | float | str]:
    """Return what the program calls the parameters of ``update``."""
    names = (program.parameter("update", place) for place in range(3))
    return dict(zip(("clock", "strategy", "gradient"), names, strict=True))


def _assign(target: ast.expr, value: ast.expr) -> ast.stmt:
    stored = clone(target)
    if isinstance(stored, ast.Name | ast.Attribute):
        stored.ctx = ast.Store()
    return ast.fix_missing_locations(ast.Assign(targets=[stored], value=value))


def _first(program: Program, *statements: tuple[str, str], **parts: ast.expr) -> None:
    """Put assignments before everything else in ``update``; the templates may name its parameters."""
    known = {**_parameters(program), **parts}
    made = [_assign(fill(target, **known), fill(value, **known)) for target, value in statements]
    program.body("update")[:0] = made


def speed_up(program: Program, rng: Generator) -> str:
    """Take steps of another size."""
    factor = between(rng, 1.3, 20.0)
    _first(program, ("gradient", "factor * gradient"), factor=program.add_constant("factor", factor))
    return f"multiply the step by {factor:.3g}"


def fall_with_time(program: Program, rng: Generator) -> str:
    """Let the step fall with time, from a larger one."""
    factor = program.add_constant("factor", between(rng, 1.0, 20.0))
    time = program.add_constant("time", between(rng, 10.0, 300.0))
    power = program.add_constant("power", between(rng, 0.1, 0.9))
    parts = {"factor": factor, "time": time, "power": power}
    _first(program, ("gradient", "factor * gradient / (1 + clock / time) ** power"), **parts)
    return "let the step fall with time"


def change_adversary(program: Program, rng: Generator) -> str:
    """Move adversaries on another timescale than players."""
    extra = program.add_constant("adversary_speed", between(rng, -0.9, 8.0))
    _first(program, ("gradient", "gradient * (1 + extra * self.adversary)"), extra=extra)
    return "move adversaries at a speed of their own"


def use_geometry(program: Program, rng: Generator) -> str:
    """Scale the gradient by a power of the strategy, as natural gradients do: blunt near the boundary."""
    power = program.add_constant("curvature", between(rng, 0.3, 2.0))
    _first(program, ("gradient", "gradient * strategy ** power"), power=power)
    return "scale the gradient by a power of the strategy"


def centre(program: Program, rng: Generator) -> str:
    """Take the gradient relative to its mean under the strategy."""
    _first(program, ("gradient", "gradient - np.sum(strategy * gradient)"))
    return "centre the gradient at its mean under the strategy"


def clip(program: Program, rng: Generator) -> str:
    """Bound the gradient."""
    bound = program.add_constant("bound", between(rng, 0.5, 20.0))
    _first(program, ("gradient", "np.clip(gradient, -bound, bound)"), bound=bound)
    return "clip the gradient"


def normalise(program: Program, rng: Generator) -> str:
    """Divide by the size of the gradient where it is large."""
    softening = program.add_constant("softening", between(rng, 0.1, 2.0))
    _first(program, ("gradient", "gradient / np.maximum(soft, np.max(np.abs(gradient)))"), soft=softening)
    return "divide large gradients by their size"


def adapt(program: Program, rng: Generator) -> str:
    """Divide by the root of a moving average of squares, as RMSProp and Adam do."""
    squares = program.add_state(("squares", "scale"), ZEROS)
    memory = program.add_constant("memory", between(rng, 0.5, 0.99))
    softening = program.add_constant("softening", between(rng, 0.01, 0.5))
    _first(
        program,
        ("squares", "memory * squares + (1 - memory) * gradient ** 2"),
        ("gradient", "gradient / (soft + np.sqrt(squares))"),
        squares=squares,
        memory=memory,
        soft=softening,
    )
    return "divide the gradient by its recent size in each action"


def be_optimistic(program: Program, rng: Generator) -> str:
    """Count the change of the gradient once more."""
    last = program.add_state(("last", "latest"), ZEROS)
    change = ast.Name(program.fresh("change", "update"), ast.Load())
    optimism = program.add_constant("optimism", between(rng, 0.2, 2.0))
    _first(
        program,
        ("change", "gradient - last"),
        ("last", "gradient"),
        ("gradient", "gradient + optimism * change"),
        last=last,
        change=change,
        optimism=optimism,
    )
    return "count the change of the gradient once more"


def smooth(program: Program, rng: Generator) -> str:
    """Average gradients over time: a critic, or momentum."""
    average = program.add_state(("momentum", "average"), ZEROS)
    memory = program.add_constant("memory", between(rng, 0.1, 0.9))
    _first(
        program,
        ("average", "memory * average + (1 - memory) * gradient"),
        ("gradient", "average.copy()"),
        average=average,
        memory=memory,
    )
    return "average gradients over time"


def draw_to_average(program: Program, rng: Generator) -> str:
    """Pull towards the average of past strategies, as proximal methods do."""
    anchor = program.add_state(("anchor", "centre"), "self.uniform()")
    pull = program.add_constant("pull", between(rng, 0.1, 5.0))
    memory = program.add_constant("memory", between(rng, 0.8, 0.99))
    _first(
        program,
        ("anchor", "memory * anchor + (1 - memory) * strategy"),
        ("gradient", "gradient + pull * (anchor - strategy)"),
        anchor=anchor,
        memory=memory,
        pull=pull,
    )
    return "pull towards the average of past strategies"


def _result(program: Program) -> ast.Return:
    last = program.body("update")[-1]
    if not isinstance(last, ast.Return) or last.value is None:
        raise NotApplicable("update() does not end with a result")
    return last


def mix_with_last(program: Program, rng: Generator) -> str:
    """Move only part of the way: damping against cycles."""
    last = _result(program)
    damping = program.add_constant("damping", between(rng, 0.05, 0.6))
    parts = {**_parameters(program), "found": last.value, "damping": damping}
    last.value = fill("damping * strategy + (1 - damping) * found", **parts)  # type: ignore[arg-type]
    return "move only part of the way"


def step_in_logarithms(program: Program, rng: Generator) -> str:
    """Return multiplicative weights instead of a projection."""
    last = _result(program)
    rate = program.add_constant("rate", between(rng, 0.01, 0.2))
    parts = {**_parameters(program), "rate": rate}
    last.value = fill("self.softmax(np.log(strategy) + rate * gradient)", **parts)
    return "step in the logarithms of the strategy"
