"""A probe of the source: does it keep state where instances could share it, or change what it is given?"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nashforge.evolve.diagnosis.audit.findings import Finding
from nashforge.evolve.diagnosis.audit.tree import Code

PROBE = "state"

CHANGING = frozenset(
    {
        "append",
        "extend",
        "insert",
        "add",
        "update",
        "setdefault",
        "pop",
        "popitem",
        "clear",
        "remove",
        "discard",
        "fill",
    }
)
"""Methods that change what they are called on."""

GIVEN = frozenset({"observation", "infosets", "world", "game"})
"""What programs are given to look at."""


def probe(code: Code) -> Iterator[Finding]:
    """Yield a finding for state outside of instances, and for writing to what is only lent."""
    shared = _shared(code)
    made = {node.name for node in code.nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for function in code.functions:
        own = _own_names(function)
        for node in ast.walk(function):
            line = (getattr(node, "lineno", 0),)
            if isinstance(node, ast.Global):
                text = f"it keeps state in the module's {', '.join(node.names)}, outside of instances"
                yield Finding(PROBE, "suspicious", text, line)
            for target in _changed(node):
                root, path = _root(target)
                if isinstance(target, ast.Name):
                    continue
                if (
                    root in code.imported
                    and root not in own
                    and not (isinstance(node, ast.Call) and len(path) == 1)
                ):  # np.append() is a function, and no method of what it changes
                    yield Finding(PROBE, "hack", f"it changes an imported module: {code.text(target)}", line)
                elif (root in shared and root not in own) or (root in made and root not in own):
                    text = f"it keeps state in {root}, which all its instances share: {code.text(target)}"
                    yield Finding(PROBE, "suspicious", text, line)
                elif (root == "self" and len(path) > 1 and path[0] in GIVEN) or (root in GIVEN and path):
                    yield Finding(PROBE, "hack", f"it writes to what it is given: {code.text(target)}", line)
                elif root == "self" and path and path[0] in shared and path[0] not in _set_on_self(code):
                    text = f"it keeps state in the class's {path[0]}, which all its instances share"
                    yield Finding(PROBE, "suspicious", text, line)
        yield from _defaults(code, function)


def _changed(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what a node writes to: targets of assignments, and owners of changing methods."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from target.elts if isinstance(target, ast.Tuple | ast.List) else (target,)
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        yield node.target
    elif isinstance(node, ast.Delete):
        yield from node.targets
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
        # As a target: what is written to is what the method is called on.
        yield ast.Attribute(node.func.value, node.func.attr, ast.Store())


def _root(node: ast.expr) -> tuple[str, list[str]]:
    """Return the name at the beginning of a target, and the attributes that follow."""
    path: list[str] = []
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        if isinstance(node, ast.Attribute):
            path.append(node.attr)
        elif isinstance(node, ast.Subscript):
            path.append("")
        node = node.value
    return (node.id if isinstance(node, ast.Name) else ""), path[::-1]


def _shared(code: Code) -> set[str]:
    """Return the names of the module and of classes that hold what can be changed."""
    found: set[str] = set()
    bodies = [code.tree.body, *(node.body for node in code.nodes if isinstance(node, ast.ClassDef))]
    for statement in (one for body in bodies for one in body):
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        value = getattr(statement, "value", None)
        if isinstance(value, ast.List | ast.Dict | ast.Set | ast.Call | ast.ListComp | ast.DictComp):
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def _own_names(function: ast.AST) -> set[str]:
    """Return the parameters and local variables of a function."""
    arguments = function.args  # type: ignore[attr-defined]
    several = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    found = {argument.arg for argument in several} - GIVEN
    outer = {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}
    bound = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return found | (bound - outer)


def _set_on_self(code: Code) -> set[str]:
    return {
        node.attr
        for node in code.nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }


def _defaults(code: Code, function: ast.AST) -> Iterator[Finding]:
    """Yield a finding for defaults that are changed: they live as long as the function does."""
    arguments = function.args  # type: ignore[attr-defined]
    several = [*arguments.posonlyargs, *arguments.args]
    given = several[len(several) - len(arguments.defaults) :]
    pairs = [*zip(given, arguments.defaults, strict=True)]
    pairs += [
        (a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None
    ]
    kept = {a.arg for a, default in pairs if isinstance(default, ast.List | ast.Dict | ast.Set | ast.Call)}
    for node in ast.walk(function) if kept else ():
        for target in _changed(node):
            root, path = _root(target)
            if root in kept and path:
                text = f"it keeps state in the default of {root}: {code.text(target)}"
                yield Finding(PROBE, "suspicious", text, (getattr(node, "lineno", 0),))
