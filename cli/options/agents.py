"""Options of the commands of agents, and where these commands find a run: in an archive, or on a server."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.archives import opened
from nashforge.cli.options.declared import argument, option

if TYPE_CHECKING:
    from nashforge.evolve.agents.asking import Who
    from nashforge.evolve.agents.core import Core

NAME_VARIABLE = "NASHFORGE_AGENT"
SERVER_VARIABLE = "NASHFORGE_AGENT_SERVER"
TOKEN_VARIABLE = "NASHFORGE_AGENT_TOKEN_FILE"

Token = Annotated[str, argument("TOKEN", "Token of a request, from `nashforge ask`.")]
As = Annotated[
    str | None, option("NAME", f"Who asks and tells. [default: ${NAME_VARIABLE}, or the user]", "--as")
]
Server = Annotated[
    str | None,
    option(
        "URL",
        f"Where `nashforge agent serve` listens, instead of an archive. [default: ${SERVER_VARIABLE}]",
    ),
]
TokenFile = Annotated[
    Path | None,
    option("FILE", f"File with the token that the server asks for. [default: ${TOKEN_VARIABLE}]"),
]


def who(name: str | None, client: str = "nashforge") -> Who:
    """Return who asks and tells."""
    from importlib.metadata import PackageNotFoundError, version

    from nashforge.evolve.agents.asking import Who

    try:
        called = name or os.environ.get(NAME_VARIABLE) or getpass.getuser()
    except (KeyError, OSError):
        called = "somebody"
    try:
        return Who(called, f"{client} {version('nashforge')}")
    except PackageNotFoundError:
        return Who(called, client)


def read_program(file: str) -> str:
    """Return the text of a file that an agent hands over; ``-`` is standard input."""
    from nashforge.evolve.proposers.llm.replies.reading import MAX_REPLY

    most = 4 * MAX_REPLY + 1
    if file == "-":
        data = sys.stdin.buffer.read(most)
    else:
        path = Path(file)
        if path.exists() and not path.is_file():
            raise UsageProblem(f"{file} is not a plain file; give the file with the program")
        try:
            with path.open("rb") as opened_file:
                data = opened_file.read(most)
        except OSError as error:
            raise UsageProblem(
                f"the file {file} cannot be read ({error.strerror}); check the path"
            ) from error
    return data.decode("utf-8", "replace")


@contextmanager
def core(
    database: str | None, server: str | None, token_file: Path | None, name: str | None
) -> Iterator[Core]:
    """Give what an agent can do, in an archive or on a server."""
    place = server or os.environ.get(SERVER_VARIABLE)
    if place is not None and database is not None:
        raise UsageProblem("--server and --database name two places; give one of them")
    from nashforge.evolve.agents.core import LocalCore

    if place is None:
        with opened(database) as archive:
            yield LocalCore(archive, who(name))
        return
    from nashforge.extras import require

    require("serve", "a server of agents")
    from nashforge.evolve.agents.http.client import RemoteCore
    from nashforge.evolve.agents.http.secrets import read_secret

    file = token_file or os.environ.get(TOKEN_VARIABLE)
    if file is None:
        raise UsageProblem(
            f"a server asks for its token; give the file that holds it with --token-file or ${TOKEN_VARIABLE}"
        )
    remote = RemoteCore(place, read_secret(Path(file)), who(name))
    try:
        yield remote
    finally:
        remote.close()
