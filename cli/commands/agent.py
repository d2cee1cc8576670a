"""``nashforge agent``: what agents need around a run: a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nashforge.cli.options.archives import find_run, opened
from nashforge.cli.options.declared import argument, option
from nashforge.cli.options.shared import Database
from nashforge.cli.rendering import output

agent = typer.Typer(help="Serve a run to coding agents.", no_args_is_help=True)

Run = Annotated[str, argument("RUN", "A run, by its name or the beginning of it, or latest.")]
ServerToken = Annotated[
    Path,
    option(
        "FILE",
        "File with the token that is asked for; made, and readable to its owner alone, if there is none.",
        "--token-file",
    ),
]


@agent.command()
def serve(
    run: Run,
    token_file: ServerToken,
    port: Annotated[
        int, option("PORT", "Where to listen; 0: any port that is free.", min=0, max=65535, show_default=True)
    ] = 8765,
    host: Annotated[
        str, option("ADDRESS", "Address to listen on: by default, only this machine reaches it.")
    ] = "127.0.0.1",
    database: Database = None,
) -> None:
    """Let agents ask and tell over HTTP, until Ctrl-C: agents of other users, who cannot read the archive.

    They need the address and the token (--server and --token-file of ask, tell, give-up, notes and context)
    and reach nothing but these verbs of this run.
    """
    from nashforge.cli.options.agents import check_extra

    check_extra("serve", "starlette", "uvicorn")
    from nashforge.evolve.agents.http.addresses import is_loopback
    from nashforge.evolve.agents.http.secrets import own_secret
    from nashforge.evolve.agents.http.server import application
    from nashforge.evolve.agents.http.serving import serve

    with opened(database) as archive:
        served = find_run(archive, run)
        secret, made = own_secret(token_file)
        screen = output.console()

        def listening(address: str) -> None:
            said = " (made now)" if made else ""
            lines = [
                f"Serving the run {served.nickname} at {address}",
                f"The token is in {token_file}{said}; an agent asks with",
                f"  nashforge ask --server {address} --token-file FILE",
            ]
            if not is_loopback(host):
                lines.append(
                    "HTTP is not encrypted: let others reach it through a proxy with TLS, or a tunnel."
                )
            for line in lines:
                screen.print(output.plain(line), soft_wrap=True)

        serve(application(archive, served, secret), host, port, listening)
