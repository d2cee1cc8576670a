"""Prints syntax trees as readable Python, in the style of the usual formatters, within 110 columns."""

from __future__ import annotations

import ast

WIDTH = 110
_INDENT = 4

_BINARY = {
    ast.Add: ("+", 12), ast.Sub: ("-", 12), ast.Mult: ("*", 13), ast.Div: ("/", 13), ast.FloorDiv: ("//", 13),
    ast.Mod: ("%", 13), ast.MatMult: ("@", 13), ast.Pow: ("**", 15), ast.LShift: ("<<", 11),
    ast.RShift: (">>", 11), ast.BitAnd: ("&", 10), ast.BitXor: ("^", 9), ast.BitOr: ("|", 8),
}  # fmt: skip
_COMPARE = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_UNARY = {ast.USub: ("-", 14), ast.UAdd: ("+", 14), ast.Invert: ("~", 14), ast.Not: ("not ", 6)}
_ATOM = 20


def format_expression(node: ast.expr) -> str:
    """Return the source of an expression on one line."""
    return _flat(node)[0]


def shortened(node: ast.expr, longest: int) -> str:
    """Return the source of an expression, cut off where it is longer than a number of characters."""
    text = format_expression(node)
    return text if len(text) <= longest else text[: longest - 3] + "..."


def _flat(node: ast.expr) -> tuple[str, int]:
    """Return source and binding strength."""
    match node:
        case ast.BinOp():
            symbol, level = _BINARY[type(node.op)]
            if isinstance(node.op, ast.Pow):
                left, right = _wrap(node.left, level + 1), _wrap(node.right, 14)
                tight = _simple(node.left) and _simple(node.right)
                return (f"{left}**{right}" if tight else f"{left} ** {right}"), level
            return f"{_wrap(node.left, level)} {symbol} {_wrap(node.right, level + 1)}", level
        case ast.UnaryOp():
            symbol, level = _UNARY[type(node.op)]
            return f"{symbol}{_wrap(node.operand, level)}", level
        case ast.BoolOp():
            word, level = ("and", 5) if isinstance(node.op, ast.And) else ("or", 4)
            return f" {word} ".join(_wrap(value, level + 1) for value in node.values), level
        case ast.Compare():
            rest = (
                f" {_COMPARE[type(op)]} {_wrap(right, 8)}" for op, right in zip(node.ops, node.comparators)
            )
            return _wrap(node.left, 8) + "".join(rest), 7
        case ast.IfExp():
            return f"{_wrap(node.body, 3)} if {_wrap(node.test, 3)} else {_wrap(node.orelse, 2)}", 2
        case ast.Call():
            return f"{_wrap(node.func, _ATOM)}({', '.join(_arguments(node))})", _ATOM
        case ast.Attribute():
            value = _wrap(node.value, _ATOM)
            return f"({value}).{node.attr}" if value.isdigit() else f"{value}.{node.attr}", _ATOM
        case ast.Subscript():
            return f"{_wrap(node.value, _ATOM)}[{_bare(node.slice)}]", _ATOM
        case ast.Starred():
            return f"*{_wrap(node.value, 8)}", _ATOM
        case ast.Name():
            return node.id, _ATOM
        case ast.Tuple(elts=[_, _, *_]):
            return f"({_listed(node)})", _ATOM
        case ast.Constant(value=str() as text) if "'" not in repr(text)[1:-1] and '"' not in text:
            return f'"{repr(text)[1:-1]}"', _ATOM
        case ast.Constant(value=float() as value):
            return repr(value).replace("e-0", "e-"), _ATOM
        case ast.Constant() | ast.List() | ast.Dict() | ast.Set() | ast.ListComp():
            return ast.unparse(node), _ATOM
        case _:
            return ast.unparse(node), 0


def _bare(node: ast.expr) -> str:
    text = ast.unparse(node) if isinstance(node, ast.Slice | ast.Tuple) else _flat(node)[0]
    return text.removeprefix("(").removesuffix(")") if isinstance(node, ast.Tuple) else text


def _listed(node: ast.Tuple) -> str:
    return ", ".join(_wrap(part, 2) for part in node.elts)


def _wrap(node: ast.expr, level: int) -> str:
    text, own = _flat(node)
    return text if own >= level else f"({text})"


def _arguments(node: ast.Call) -> list[str]:
    values = [_flat(argument)[0] for argument in node.args]
    named = [f"{k.arg}={_flat(k.value)[0]}" if k.arg else f"**{_flat(k.value)[0]}" for k in node.keywords]
    return values + named


def _simple(node: ast.expr) -> bool:
    """Whether a power hugs this operand: names, numbers and dotted names, perhaps negative."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) or (
        isinstance(node, ast.Constant) and isinstance(node.value, int | float)
    )


def _fit(node: ast.expr, indent: int, before: str, after: str) -> str:
    """Return ``before + expression + after`` at an indentation, over several lines where it is too long."""
    pad = " " * indent
    flat = before + format_expression(node) + after
    if indent + len(flat) <= WIDTH:
        return pad + flat
    deeper = indent + _INDENT
    match node:
        case ast.Call():
            lines = [" " * deeper + ", ".join(_arguments(node))]
            if len(node.args) == 1 and not node.keywords:
                lines = [_inside(node.args[0], deeper, "", "")]
            elif len(lines[0]) > WIDTH:
                lines = [_inside(argument, deeper, "", ",") for argument in node.args]
                lines += [
                    _inside(k.value, deeper, f"{k.arg}=" if k.arg else "**", ",") for k in node.keywords
                ]
            before += _wrap(node.func, _ATOM)
        case ast.BinOp(op=ast.Pow()) if _flat(node.left)[1] == _ATOM and _simple(node.right):
            return _fit(node.left, indent, before, f" ** {_wrap(node.right, 14)}{after}")
        case ast.BinOp():
            lines = [_operands(node, deeper)]
        case ast.Tuple(elts=[_, _, *_]):
            lines = [_inside(part, deeper, "", ",") for part in node.elts]
        case ast.BoolOp() | ast.Compare() | ast.IfExp():
            lines = [" " * deeper + format_expression(node)]
        case _:
            return pad + flat
    return "\n".join([f"{pad}{before}(", *lines, f"{pad}){after}"])


def _inside(node: ast.expr, indent: int, before: str, after: str) -> str:
    """As `_fit`, inside brackets, where a sum or product needs no parentheses to be broken."""
    if isinstance(node, ast.BinOp) and not before:
        return _operands(node, indent) + after
    return _fit(node, indent, before, after)


def _operands(node: ast.BinOp, indent: int) -> str:
    """Return a chain of operators of equal strength, one operand a line unless one line holds it."""
    flat = format_expression(node)
    if indent + len(flat) <= WIDTH:
        return " " * indent + flat
    level = _BINARY[type(node.op)][1]
    if isinstance(node.op, ast.Pow):
        return f"{_operand(node.left, _ATOM, indent, '')}\n{_operand(node.right, level, indent, '** ')}"
    chain: list[tuple[str, ast.expr]] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and _BINARY[type(left.op)][1] == level:
        chain.insert(0, (_BINARY[type(left.op)][0] + " ", left.right))
        left = left.left
    lines = [_operand(operand, level + 1, indent, symbol) for symbol, operand in chain]
    return "\n".join([_operand(left, level, indent, ""), *lines])


def _operand(node: ast.expr, level: int, indent: int, symbol: str) -> str:
    """Return an operand with the operator before it, in parentheses unless it binds so strongly."""
    if _flat(node)[1] >= level:
        return _fit(node, indent, symbol, "")
    flat = f"{symbol}({format_expression(node)})"
    if indent + len(flat) <= WIDTH or not isinstance(node, ast.BinOp):
        return " " * indent + flat
    return f"{' ' * indent}{symbol}(\n{_operands(node, indent + _INDENT)}\n{' ' * indent})"


def format_block(body: list[ast.stmt], indent: int) -> list[str]:
    """Return the lines of a block, with the comments and blank lines that its statements carry."""
    lines: list[str] = []
    for place, statement in enumerate(body or [ast.Pass()]):
        layout = vars(statement).get("layout")
        if layout is not None:
            if layout.blank and place > 0:
                lines.append("")
            lines += [" " * indent + comment for comment in layout.comments]
        lines += _statement(statement, indent)
    return lines


def _statement(node: ast.stmt, indent: int) -> list[str]:
    pad = " " * indent
    match node:
        case ast.Assign():
            targets = "".join(f"{format_expression(target)} = " for target in node.targets)
            return _fit(node.value, indent, targets, "").split("\n")
        case ast.AugAssign():
            before = f"{format_expression(node.target)} {_BINARY[type(node.op)][0]}= "
            return _fit(node.value, indent, before, "").split("\n")
        case ast.Return(value=ast.Tuple(elts=[_, _, *_]) as value) if (
            len(pad) + len(bare := f"return {_listed(value)}") <= WIDTH
        ):
            return [pad + bare]
        case ast.Return(value=ast.expr() as value):
            return _fit(value, indent, "return ", "").split("\n")
        case ast.Expr():
            return _fit(node.value, indent, "", "").split("\n")
        case ast.If():
            lines = [*_fit(node.test, indent, "if ", ":").split("\n"), *format_block(node.body, indent + 4)]
            while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
                node = node.orelse[0]
                lines += _fit(node.test, indent, "elif ", ":").split("\n")
                lines += format_block(node.body, indent + _INDENT)
            if node.orelse:
                lines += [pad + "else:", *format_block(node.orelse, indent + _INDENT)]
            return lines
        case ast.For() | ast.While():
            if isinstance(node, ast.For):
                lines = _fit(node.iter, indent, f"for {format_expression(node.target)} in ", ":").split("\n")
            else:
                lines = _fit(node.test, indent, "while ", ":").split("\n")
            lines += format_block(node.body, indent + _INDENT)
            if node.orelse:
                lines += [pad + "else:", *format_block(node.orelse, indent + _INDENT)]
            return lines
        case ast.FunctionDef(decorator_list=[]):
            returns = f" -> {format_expression(node.returns)}" if node.returns else ""
            head = f"{pad}def {node.name}({ast.unparse(node.args)}){returns}:"
            return [head, *format_block(node.body, indent + _INDENT)]
        case _:
            # Copies of trees have no places, which ast looks at where statements may have type comments.
            return [pad + line for line in ast.unparse(ast.fix_missing_locations(node)).split("\n")]
