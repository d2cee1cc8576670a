"""``nashforge mcp``: the Model Context Protocol, for agents that have it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.agents import As, who
from nashforge.cli.options.archives import opened
from nashforge.cli.options.declared import flag, option
from nashforge.cli.options.shared import Database


def mcp(
    http: Annotated[
        int | None,
        option(
            "PORT",
            "Serve over HTTP on this port of this machine (0: any that is free). [default: standard input "
            "and output]",
            min=0,
            max=65535,
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        option("FILE", "With --http: file with the token that is asked for; made if there is none."),
    ] = None,
    read_only: Annotated[bool, flag("Offer only the tools that change nothing.", "--read-only")] = False,
    name: As = None,
    database: Database = None,
) -> None:
    """Serve runs to agents by the Model Context Protocol, over standard input and output or HTTP.

    Tools: start, ask, tell, status, best, show, evaluate, notes.
    """
    from nashforge.extras import require

    require("mcp", "the Model Context Protocol")
    import sys
    from importlib.metadata import version

    from nashforge.cli.rendering import output
    from nashforge.evolve.agents.mcp.server import server

    if (http is None) != (token_file is None):
        raise UsageProblem("--http and --token-file go together: over HTTP, a token is asked for")
    command = (sys.executable, "-c", "from nashforge.cli.main import main; main()")
    with opened(database, create=not read_only) as archive:
        made = server(
            archive,
            who(name, "nashforge mcp"),
            command=command,
            version=version("nashforge"),
            read_only=read_only,
        )
        if http is None or token_file is None:
            made.run("stdio")
            return
        from nashforge.evolve.agents.http.guard import Guard
        from nashforge.evolve.agents.http.secrets import own_secret
        from nashforge.evolve.agents.http.serving import serve

        secret, _ = own_secret(token_file)
        screen = output.console()

        def listening(address: str) -> None:
            screen.print(f"Serving the Model Context Protocol at {address}/mcp", soft_wrap=True)
            screen.print(output.plain(f"The token (a bearer token) is in {token_file}"), soft_wrap=True)

        serve(Guard(made.streamable_http_app(), secret), "127.0.0.1", http, listening)
