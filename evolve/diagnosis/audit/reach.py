"""A probe of the source: does the program reach beyond its interface?

The sandbox stops what is dangerous; this probe tells of who tried.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from nashforge.evolve.diagnosis.audit.findings import Finding
from nashforge.evolve.diagnosis.audit.tree import Code
from nashforge.evolve.sandbox.program import STANDARD_IMPORTS

PROBE = "reach"

HARMLESS = frozenset({"__init__", "__name__", "__doc__", "__len__", "__post_init__", "__call__", "__class__"})
"""Double underscores that ordinary code has."""

OF_TUPLES = frozenset({"_replace", "_asdict", "_fields", "_make"})
"""Public parts of named tuples, in spite of their names."""

OUTSIDE = frozenset(
    {
        "__import__",
        "__builtins__",
        "globals",
        "vars",
        "locals",
        "eval",
        "exec",
        "compile",
        "open",
        "breakpoint",
        "input",
    }
)
"""Built-in names with which code gets at what it was not given."""

UNLOCKING = frozenset(
    {
        "setflags",
        "ctypes",
        "memmap",
        "tofile",
        "fromfile",
        "save",
        "savez",
        "savetxt",
        "load",
        "loadtxt",
        "random",
    }
)
"""Attributes of arrays and of numpy that write to memory or files, or draw random numbers."""

MODULES = frozenset(
    {
        "os",
        "sys",
        "gc",
        "ctypes",
        "socket",
        "subprocess",
        "inspect",
        "importlib",
        "threading",
        "time",
        "random",
        "io",
    }
)


def probe(code: Code, interfaces: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding for everything that an honest program has no use for.

    Parameters
    ----------
    interfaces
        Modules that programs of the domain may import besides numpy and some of the standard library.
    """
    allowed = (*STANDARD_IMPORTS, *interfaces)
    for node in code.nodes:
        line = (getattr(node, "lineno", 0),)
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in _imported(node):
                if not _is_allowed(name, allowed):
                    yield Finding(PROBE, "hack", f"it imports {name}, which programs may not", line)
                elif name.rpartition(".")[2] in UNLOCKING:
                    text = f"it imports {name}, which reaches memory, files or chance"
                    yield Finding(PROBE, "hack", text, line)
        elif isinstance(node, ast.Name) and node.id in OUTSIDE:
            yield Finding(PROBE, "hack", f"it uses {node.id}, which reaches beyond the interface", line)
        elif isinstance(node, ast.Attribute):
            yield from _attribute(code, node, line)
        elif isinstance(node, ast.Call):
            yield from _call(code, node, line)


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return what is imported by its full name: modules, and their parts where a module is allowed."""
    names = [one.name for one in node.names]
    return names if isinstance(node, ast.Import) else [f"{node.module or ''}.{name}" for name in names]


def _is_allowed(name: str, allowed: Sequence[str]) -> bool:
    if name == "numpy.random" or name.startswith("numpy.random."):
        return False
    several = (name, f"nashforge.{name}")
    return any(each == one or each.startswith(f"{one}.") for one in allowed for each in several)


def _attribute(code: Code, node: ast.Attribute, line: tuple[int]) -> Iterator[Finding]:
    name, owner = node.attr, node.value
    if name.startswith("__") and name.endswith("__") and name not in HARMLESS:
        yield Finding(PROBE, "hack", f"it uses {code.text(node)}, behind what it was given", line)
    elif name in UNLOCKING and not (isinstance(owner, ast.Name) and owner.id == "self"):
        yield Finding(
            PROBE, "hack", f"it uses {code.text(node)}, which reaches memory, files or chance", line
        )
    elif name.startswith("_") and not name.startswith("__") and name not in OF_TUPLES:
        own = isinstance(owner, ast.Name) and owner.id in ("self", "cls")
        if not own:
            yield Finding(PROBE, "suspicious", f"it uses {code.text(node)}, a private part of others", line)


def _call(code: Code, node: ast.Call, line: tuple[int]) -> Iterator[Finding]:
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    first = node.args[0] if node.args else None
    own = isinstance(first, ast.Name) and first.id == "self"
    if called in ("setattr", "delattr") and not own:
        yield Finding(PROBE, "hack", f"it changes what is not its own: {code.text(node)}", line)
    if called == "getattr" and not own and len(node.args) > 1 and not isinstance(node.args[1], ast.Constant):
        yield Finding(PROBE, "suspicious", f"it looks for names that it makes up: {code.text(node)}", line)
    for argument in node.args:
        if isinstance(argument, ast.Constant) and argument.value in MODULES and called != "print":
            text = f"it names the module {argument.value} in a call: {code.text(node)}"
            yield Finding(PROBE, "hack", text, line)
