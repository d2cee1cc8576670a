"""Arguments of tools: what is missing, unknown or of another kind is told in a sentence."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import ValidationError

from nashforge.evolve.config.faults import fault_of

SHOWN = 3
"""Faults of one call that are told."""

LONGEST_SHOWN = 60

Text = str
"""A text that may be left out, ``""`` by default. Not ``str | None``: where something else than a text may be
given, the library reads texts as JSON, such as a note that says ``null`` or is a list in brackets."""


class Tools(MCPServer[Any]):
    """A server whose tools take the arguments that they name, and no others."""

    async def list_tools(self) -> list[Any]:
        """Return the tools, whose schemas say that there are no other arguments."""
        listed = await super().list_tools()
        for tool in listed:
            tool.input_schema = {**tool.input_schema, "additionalProperties": False}
        return listed

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> Any:
        """Call a tool, if the arguments are its own; one that is null is as if it was not given.

        Raises
        ------
        ToolError
            If they are not, or the tool cannot do what is asked.
        """
        tool = next((tool for tool in await super().list_tools() if tool.name == name), None)
        given = {argument: value for argument, value in arguments.items() if value is not None}
        if tool is not None:
            _check(name, dict(tool.input_schema), arguments, given)
        try:
            return await super().call_tool(name, given, context)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(f"{name}: {_faults(error.__cause__)}") from error
            raise


def _check(name: str, schema: dict[str, Any], named: Iterable[str], given: Container[str]) -> None:
    known = list(schema.get("properties", {}))
    takes = f"it takes {', '.join(known)}"
    for argument in named:
        if argument not in known:
            raise ToolError(f"{name} has no argument {argument[:LONGEST_SHOWN]!r}; {takes}")
    if missing := [wanted for wanted in schema.get("required", ()) if wanted not in given]:
        raise ToolError(f"{name} needs {' and '.join(missing)}; {takes}")


def _faults(error: ValidationError) -> str:
    """Return what is wrong with which argument."""
    return "; ".join(
        f"{'.'.join(map(str, fault['loc']))} = {repr(fault['input'])[:LONGEST_SHOWN]}: {fault_of(fault)}"
        for fault in error.errors()[:SHOWN]
    )
