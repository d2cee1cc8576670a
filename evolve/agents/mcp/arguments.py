"""Arguments of tools: what is missing, unknown or of another kind is told in a sentence."""

from __future__ import annotations

from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import ValidationError

SHOWN = 3
"""Faults of one call that are told."""


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
        """Call a tool, if the arguments are its own.

        Raises
        ------
        ToolError
            If they are not, or the tool cannot do what is asked.
        """
        tool = next((tool for tool in await super().list_tools() if tool.name == name), None)
        if tool is not None:
            _check(name, dict(tool.input_schema), arguments)
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(f"{name}: {_faults(error.__cause__)}") from error
            raise


def _check(name: str, schema: dict[str, Any], arguments: dict[str, Any]) -> None:
    known = list(schema.get("properties", {}))
    takes = f"it takes {', '.join(known)}"
    for given in arguments:
        if given not in known:
            raise ToolError(f"{name} has no argument {given[:60]!r}; {takes}")
    if missing := [wanted for wanted in schema.get("required", ()) if wanted not in arguments]:
        raise ToolError(f"{name} needs {' and '.join(missing)}; {takes}")


def _faults(error: ValidationError) -> str:
    """Return what is wrong with which argument."""
    return "; ".join(
        f"{'.'.join(map(str, fault['loc']))} = {str(fault['input'])[:60]!r}: {fault['msg'].lower()}"
        for fault in error.errors()[:SHOWN]
    )
