"""A program taken apart: class constants, methods and their statements, and how it is written down again."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.formatting import format_block, format_expression

if TYPE_CHECKING:
    from nashforge.evolve.proposers.rewriting.grammar import Grammar, Kind


@dataclass(frozen=True)
class Layout:
    """Comments above a statement, and whether a blank line goes before them."""

    comments: tuple[str, ...]
    blank: bool


@dataclass
class Module:
    """The source of a program; edits change it in place.

    Attributes
    ----------
    grammar : Grammar
        What the program is written in.
    docstring : str
        The module's docstring.
    preamble : list of ast.stmt
        What the module holds beside the classes of the grammar: imports first.
    programs : list of Program
        The classes of the grammar, in the order of its kinds.
    """

    grammar: Grammar
    docstring: str
    preamble: list[ast.stmt]
    programs: list[Program] = field(default_factory=list)

    def copy(self) -> Module:
        """Return a copy that can be changed without changing this one."""
        preamble = [trees.clone(node, keep_layout=True) for node in self.preamble]
        copied = Module(self.grammar, self.docstring, preamble)
        copied.programs = [program.copy(copied) for program in self.programs]
        return copied


@dataclass
class Program:
    """One class of a program, which operators edit in place.

    Attributes
    ----------
    module : Module
        Where it is defined.
    kind : Kind
        What it is.
    name : str
        Name of the class.
    bases : list of ast.expr
        Base classes of the class.
    constants : dict
        Class attributes with plain values, in order.
    methods : dict
        Methods by name, in order.
    extras : list of ast.stmt
        Anything else in the body of the class.
    """

    module: Module = field(repr=False)
    kind: Kind
    name: str
    bases: list[ast.expr]
    constants: dict[str, ast.expr] = field(default_factory=dict)
    methods: dict[str, ast.FunctionDef] = field(default_factory=dict)
    extras: list[ast.stmt] = field(default_factory=list)

    @property
    def preamble(self) -> list[ast.stmt]:
        """Statements of the module beside the classes of the grammar."""
        return self.module.preamble

    def copy(self, module: Module) -> Program:
        """Return a copy for another module, which can be changed without changing this one."""
        return Program(
            module,
            self.kind,
            self.name,
            [trees.clone(node) for node in self.bases],
            {name: trees.clone(node) for name, node in self.constants.items()},
            {name: trees.clone(node, keep_layout=True) for name, node in self.methods.items()},
            [trees.clone(node, keep_layout=True) for node in self.extras],
        )

    def body(self, method: str) -> list[ast.stmt]:
        """Return the statements of a method; raise NotApplicable if it is missing."""
        if method not in self.methods:
            raise NotApplicable(f"the {self.module.grammar.what} has no method {method!r}")
        return self.methods[method].body

    def start(self) -> list[ast.stmt]:
        """Return the statements of ``start``, which is added if missing."""
        if "start" not in self.methods:
            (added,) = ast.parse("def start(self):\n    pass").body
            assert isinstance(added, ast.FunctionDef)
            self.methods = {"start": added, **self.methods}
        return self.methods["start"].body

    def parameter(self, method: str, place: int) -> str:
        """Return the name of a parameter of a method; place 0 is the first after ``self``."""
        self.body(method)
        names = self.parameters(method)[1:]
        if len(names) <= place:
            raise NotApplicable(f"{method}() takes fewer arguments than the interface gives it")
        return names[place]

    def state(self) -> dict[str, ast.expr]:
        """Return the attributes that ``start`` sets, with their initial values."""
        body = self.methods["start"].body if "start" in self.methods else []
        return {name[5:]: value for name, value in trees.assignments(body) if name.startswith("self.")}

    def parameters(self, method: str) -> list[str]:
        """Return the names of all parameters of a method, ``self`` included."""
        return [argument.arg for argument in self.methods[method].args.args]

    def writers(self) -> set[str]:
        """Return the methods that change attributes."""
        return {name for name, function in self.methods.items() if trees.attributes(trees.bound(function))}

    def mentions(self) -> set[str]:
        """Return every variable that the class mentions."""
        return trees.reads(*self.methods.values(), *self.extras, *self.constants.values(), *self.bases)

    def taken(self, method: str | None = None) -> set[str]:
        """Return names that a new attribute (or a new local of a method) must not have."""
        if method is None:
            used = trees.attributes(trees.reads(*self.methods.values()))
            return {name[5:] for name in used} | {*self.constants, *self.methods} | self.kind.reserved
        function = self.methods[method]
        return trees.local_names(trees.reads(function) | trees.bound(function)) | set(self.parameters(method))

    def fresh(self, hints: str | Sequence[str], method: str | None = None) -> str:
        """Return an unused name: the first free hint, else the first hint with a number."""
        hints = (hints,) if isinstance(hints, str) else tuple(hints)
        taken = self.taken(method)
        free = [hint for hint in hints if hint not in taken]
        if free:
            return free[0]
        count = 2
        while f"{hints[0]}_{count}" in taken:
            count += 1
        return f"{hints[0]}_{count}"

    def add_constant(self, hints: str | Sequence[str], value: float) -> ast.expr:
        """Add a class constant under a fresh name and return the expression that reads it."""
        name = self.fresh(hints)
        self.constants[name] = trees.as_expression(value)
        return trees.attribute(name)

    def add_state(self, hints: str | Sequence[str], initial: str | None = None) -> ast.Attribute:
        """Add a state attribute, set up in ``start``, and return the expression that reads it."""
        name = self.fresh(hints)
        self.start().append(ast.parse(f"self.{name} = {initial or self.kind.zeros}").body[0])
        return trees.attribute(name)


def read_module(source: str, grammar: Grammar) -> Module:
    """Take a source apart.

    Raises
    ------
    NotApplicable
        If it does not parse or does not define exactly one subclass of each base class of the grammar, with
        the methods that it requires.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise NotApplicable(f"the source does not parse: {error}") from error
    if "#" in source:
        _note_layouts(source, tree)
    found = {kind.base: _class_of(kind, tree) for kind in grammar.kinds}
    docstring = ast.get_docstring(tree) or ""
    _strip_docstrings(tree)
    _drop_annotations(tree)
    _part_targets(tree)
    preamble = [node for node in tree.body if all(node is not known for known in found.values())]
    module = Module(grammar, docstring, preamble)
    module.programs = [_read_class(found[kind.base], kind, module) for kind in grammar.kinds]
    return module


def _class_of(kind: Kind, tree: ast.Module) -> ast.ClassDef:
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and _derives(node, kind)]
    if len(classes) != 1:
        raise NotApplicable(
            f"the source must define exactly one subclass of {kind.base}; it has {len(classes)}"
        )
    return classes[0]


def _read_class(written: ast.ClassDef, kind: Kind, module: Module) -> Program:
    program = Program(module, kind, written.name, written.bases)
    for node in written.body:
        pair = trees.assignment(node)
        if pair is not None and pair[0] in kind.declarations:
            continue
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            program.methods[node.name] = node
        elif pair is not None and not pair[0].startswith("self."):
            program.constants[pair[0]] = pair[1]
        elif not isinstance(node, ast.Pass):
            program.extras.append(node)
    missing = [m.name for m in kind.methods if m.required and m.name not in program.methods]
    if missing:
        raise NotApplicable(f"the {module.grammar.what} does not define {', '.join(missing)}")
    return program


def write_module(module: Module) -> str:
    """Return the source of a program, formatted."""
    imports = [node for node in module.preamble if isinstance(node, ast.Import | ast.ImportFrom)]
    others = [node for node in module.preamble if not isinstance(node, ast.Import | ast.ImportFrom)]
    lines: list[str] = []
    if module.docstring:
        text = module.docstring
        lines += [f'"""{text}"""' if "\n" not in text else f'"""{text}\n"""', ""]
    lines += _imports(imports)
    for place, node in enumerate(others):
        if place == 0 and not isinstance(node, ast.FunctionDef):
            lines.append("")
        lines += (
            ["", "", *format_block([node], 0)]
            if isinstance(node, ast.FunctionDef)
            else format_block([node], 0)
        )
    for program in module.programs:
        lines += _write_class(program)
    return "\n".join(lines).strip("\n") + "\n"


def _write_class(program: Program) -> list[str]:
    bases = ", ".join(format_expression(base) for base in program.bases)
    lines = ["", "", f"class {program.name}({bases}):"]
    for name, value in program.constants.items():
        lines.append(f"    {name} = {format_expression(value)}")
    for node in program.extras:
        lines += format_block([node], 4)
    for place, method in enumerate(program.methods.values()):
        if place or program.constants or program.extras:
            lines.append("")
        lines += format_block([method], 4)
    return lines


def _imports(nodes: Sequence[ast.stmt]) -> list[str]:
    outside = [ast.unparse(node) for node in nodes if isinstance(node, ast.Import)]
    inside = [ast.unparse(node) for node in nodes if isinstance(node, ast.ImportFrom)]
    future = [line for line in inside if line.startswith("from __future__")]
    inside = [line for line in inside if line not in future]
    groups = [group for group in (future, outside, inside) if group]
    return "\n\n".join("\n".join(dict.fromkeys(group)) for group in groups).split("\n") if groups else []


def _derives(node: ast.ClassDef, kind: Kind) -> bool:
    return any(ast.unparse(base).split(".")[-1] == kind.base for base in node.bases)


def _strip_docstrings(tree: ast.Module) -> None:
    """Drop docstrings: what they say need not hold after an edit."""
    for node in [tree, *(statement for block in trees.blocks_inside(tree) for statement in block)]:
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:] or ([] if isinstance(node, ast.Module) else [ast.Pass()])


def _drop_annotations(tree: ast.Module) -> None:
    """Turn annotated assignments with a value into plain ones."""
    for block in trees.blocks_inside(tree):
        for place, statement in enumerate(block):
            if isinstance(statement, ast.AnnAssign) and statement.value is not None:
                plain = ast.Assign([statement.target], statement.value)
                vars(plain)["layout"] = vars(statement).get("layout")
                block[place] = plain


def _part_targets(tree: ast.Module) -> None:
    """Turn ``a = b = value`` of plain variables into ``a = value`` and ``b = a``: the same object still."""
    for block in trees.blocks_inside(tree):
        for place, statement in reversed(list(enumerate(block))):
            if not isinstance(statement, ast.Assign) or len(statement.targets) == 1:
                continue
            names = [trees.target_variable(target) for target in statement.targets]
            plain = all(name is not None for name in names)
            if plain and all(not isinstance(target, ast.Subscript) for target in statement.targets):
                first, *others = statement.targets
                copies: list[ast.stmt] = [
                    ast.Assign([target], trees.as_expression(ast.unparse(first))) for target in others
                ]
                statement.targets = [first]
                block[place + 1 : place + 1] = copies


def _note_layouts(source: str, tree: ast.Module) -> None:
    """Note the comments and blank lines of a source on the statements that they stand above or beside."""
    lines = re.split("\r\n?|\n", source)
    tokens = tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline)
    comments = {token.start[0]: token.string.rstrip() for token in tokens if token.type == tokenize.COMMENT}
    for statement in (part for block in trees.blocks_inside(tree) for part in block):
        first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
        row, column = first - 1, statement.col_offset
        if lines[row][:column].strip():
            continue  # another statement begins the line
        above: list[str] = []
        while row > 0 and (text := lines[row - 1]).strip() in ("", comments.get(row)):
            if text.strip() and not text[: column + 1].strip():
                break  # it belongs to the block above
            above.insert(0, text.strip())
            row -= 1
        told = [line for line in above if line]
        if not trees.blocks(statement) and statement.end_lineno in comments:
            told.append(comments[statement.end_lineno])
        if told or above:
            vars(statement)["layout"] = Layout(tuple(told), "" in above)


def settle_names(program: Program) -> None:
    """Drop the numbers of names such as ``gamma_2`` where the plain name is free."""
    numbered = re.compile(r"^(.+)_\d+$")
    for name in [*program.constants, *program.state()]:
        match = numbered.match(name)
        if match and match[1] not in program.taken():
            for function in program.methods.values():
                trees.rename(function, {f"self.{name}": f"self.{match[1]}"})
            constants = program.constants.items()
            program.constants = {match[1] if held == name else held: value for held, value in constants}
    for method, function in program.methods.items():
        for name in sorted(trees.local_names(trees.bound(function))):
            match = numbered.match(name)
            if match and match[1] not in program.taken(method):
                trees.rename(function, {name: match[1]})


def defined_names(node: ast.stmt) -> list[str]:
    """Return the names that a statement at module level defines."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.split(".")[0] for alias in node.names]
    return [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else sorted(trees.bound(node))


def called_methods(program: Program, node: ast.AST) -> set[str]:
    """Return the class's own methods that a tree calls."""
    calls = (trees.self_attribute(part.func) for part in trees.walk(node) if isinstance(part, ast.Call))
    return {name for name in calls if name is not None and name in program.methods}
