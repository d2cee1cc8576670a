"""``nashforge dashboard``: runs in a browser, while they go on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from nashforge.cli.options.archives import opened
from nashforge.cli.options.declared import flag, option
from nashforge.cli.options.shared import Database, Tier
from nashforge.cli.rendering import output

RETRY_SECONDS = 5.0
"""So long pages wait for a server that is away, before they say that it is."""


def dashboard(
    port: Annotated[
        int, option("PORT", "Where to listen; 0: any port that is free.", min=0, max=65535, show_default=True)
    ] = 8750,
    host: Annotated[
        str, option("ADDRESS", "Address to listen on: by default, only this machine reaches it.")
    ] = "127.0.0.1",
    server_name: Annotated[
        list[str] | None,
        option(
            "NAME",
            "Name by which browsers call it, as behind a proxy; may be given several times. Addresses and "
            "localhost do without.",
        ),
    ] = None,
    allow_control: Annotated[
        bool,
        flag(
            "Let the pages change runs (pause, resume, stop, note, tag, rename, delete), evaluate and distil "
            "programs, and hand in programs by hand.",
            "--allow-control",
        ),
    ] = False,
    token_file: Annotated[
        Path | None,
        option(
            "FILE",
            "File with the token, made if there is none. [default: a new token each time]",
        ),
    ] = None,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
) -> None:
    """Show runs, programs and lineages in a browser, live, until Ctrl-C.

    Over any archive, also while other machines write to it. Without --allow-control, nothing can be changed.
    """
    import secrets
    from urllib.parse import quote

    from nashforge.extras import require

    require("dashboard", "the dashboard")
    from nashforge.cli.dashboard.app import LOOPBACK, application
    from nashforge.cli.rendering.measuring import check_tier
    from nashforge.evolve.agents.http.addresses import is_loopback
    from nashforge.evolve.agents.http.secrets import own_secret
    from nashforge.evolve.agents.http.serving import serve

    secret = secrets.token_urlsafe(24) if token_file is None else own_secret(token_file)[0]
    screen = output.console()
    names = {*LOOPBACK, host, *(server_name or ())}

    def listening(address: str) -> None:
        lines = [f"Dashboard: {address}/?token={quote(secret, safe='')}", "Ctrl-C ends it."]
        if not is_loopback(host):
            lines.append("HTTP is not encrypted: let others reach it through a proxy with TLS, or a tunnel.")
        for line in lines:
            screen.print(output.plain(line), soft_wrap=True)

    tier = None if allow_weaker_sandbox is None else check_tier(allow_weaker_sandbox)
    with opened(database, retry_seconds=RETRY_SECONDS) as archive:
        app = application(archive, secret, names, can_control=allow_control, tier=tier)
        serve(app, host, port, listening)
