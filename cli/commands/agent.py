"""``nashforge agent``: what agents need around a run: a server, a folder to work in, a skill."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nashforge.cli.errors import FAILED
from nashforge.cli.options.agents import As, Server, TokenFile, core
from nashforge.cli.options.archives import awaited_run
from nashforge.cli.options.declared import argument, option
from nashforge.cli.options.shared import Database
from nashforge.cli.rendering import output

agent = typer.Typer(help="Serve a run to coding agents, or set their folders up.", no_args_is_help=True)

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
    wait: Annotated[
        float,
        option("S", "Seconds to wait for a run that is not there yet.", min=0, max=86400, show_default=True),
    ] = 3600.0,
    database: Database = None,
) -> None:
    """Let agents ask and tell over HTTP, until Ctrl-C: agents of other users, who cannot read the archive.

    They need the address and the token (--server and --token-file of ask, tell, give-up, notes and context)
    and reach nothing but these verbs of this run. The server may be started before the run: it makes the
    token at once, waits for the archive and the run, says so, and listens when they are there.
    """
    from nashforge.extras import require

    require("serve", "a server for agents")
    from nashforge.evolve.agents.http.addresses import is_loopback
    from nashforge.evolve.agents.http.secrets import own_secret
    from nashforge.evolve.agents.http.server import DATABASE_SECONDS, application
    from nashforge.evolve.agents.http.serving import serve

    secret, made = own_secret(token_file)
    screen = output.console()

    def say(text: str) -> None:
        screen.print(output.plain(text), soft_wrap=True)

    with awaited_run(database, run, wait, say, busy_timeout=DATABASE_SECONDS) as (archive, served):

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
                say(line)

        serve(application(archive, served, secret), host, port, listening)


Folder = Annotated[Path, argument("DIR", "The folder; made if it is not there.")]


@agent.command()
def workspace(
    run: Run,
    folder: Folder,
    wait: Annotated[
        float, option("S", "Seconds to wait for a task.", min=0, max=3600, show_default=True)
    ] = 60.0,
    name: As = None,
    server: Server = None,
    token_file: TokenFile = None,
    database: Database = None,
) -> None:
    """Claim a task and write it into a folder, for an agent with a shell.

    TASK.md and INTERFACE.md say what is wanted, parents/ holds the programs; ./tell TOKEN FILE hands one
    over, and ./next writes the next task.
    """
    import sys

    from nashforge.evolve.agents.workspace import write_workspace

    places: tuple[tuple[str, str | None], ...] = (
        ("--as", name),
        ("--server", server),
        ("--token-file", None if token_file is None else str(token_file.absolute())),
        ("--database", database),
    )
    options = [word for option, value in places if value is not None for word in (option, value)]
    command = [sys.executable, "-c", "from nashforge.cli.main import main; main()"]
    with core(database, server, token_file, name) as verbs:
        asked = verbs.ask(run, wait=0, full=True)  # the folder holds one task, whole
        if wait and asked.retry_seconds is not None:
            output.remark(f"{asked.message}; waiting for a task, {wait:g} s at most")
            asked = verbs.ask(run, wait=wait, full=True)
    written = write_workspace(
        folder,
        asked,
        tell=[*command, "tell"],
        options=options,
        again=[*command, "agent", "workspace", asked.run, str(folder.absolute()), *options],
    )
    for path in written:
        output.say_text(f"{path}\n")
    output.say_prose(f"{asked.message}\n")
    if asked.state == "interrupted":
        raise typer.Exit(FAILED)


@agent.command()
def skill(folder: Folder) -> None:
    """Write the skill of this package into a folder of skills, such as .claude/skills."""
    from importlib.resources import files

    from nashforge.cli.errors import Failed

    target = folder / "nashforge" / "SKILL.md"
    text = files("nashforge.evolve.agents").joinpath("skill.txt").read_text()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    except OSError as error:
        raise Failed(f"{target} cannot be written ({error.strerror}); choose another folder") from error
    output.say_text(f"{target}\n")
