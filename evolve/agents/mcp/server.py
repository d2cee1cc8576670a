"""The server of the Model Context Protocol: eight tools and three resources over one archive."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any, TypeVar

import anyio.to_thread
from anyio.lowlevel import checkpoint_if_cancelled
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from nashforge.archive import Archive
from nashforge.errors import NashforgeError
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.answers.verbs import Asked, Notes, ProgramView, Standing, Told
from nashforge.evolve.agents.asking import AGAIN, Who
from nashforge.evolve.agents.core import LocalCore
from nashforge.evolve.agents.mcp.answers import Best, Measured, Started
from nashforge.evolve.agents.mcp.arguments import Text, Tools
from nashforge.evolve.agents.mcp.jobs import Jobs
from nashforge.evolve.agents.mcp.starting import start as start_run
from nashforge.evolve.agents.telling import Bill
from nashforge.evolve.agents.views import open_desk
from nashforge.evolve.domains import domain as find_domain
from nashforge.evolve.search.population.ranking import ranked

T = TypeVar("T")

LATEST = "latest"

SLICE = 2.0
"""Seconds between two signs of progress."""

INSTRUCTIONS = (
    "Nashforge searches for game-theoretic algorithms. ask claims a task (a token, the parent, how to "
    "answer), tell hands a program over by the token and says how well it does; ask again until its state is "
    "finished (interrupted: the run has to be resumed first). One unit of the budget is one program that is "
    "evaluated. evaluate measures a program on training games without spending the budget. notes is the lab "
    "book that all tasks show."
)

Run = Annotated[str, Field(description="A run, by name or the beginning of it; latest: the newest.")]
Wait = Annotated[float, Field(ge=0, le=600, description="Seconds to wait, telling progress meanwhile.")]


class _Verbs:
    """The work of tools, in threads: the archive is not asked on the loop of events."""

    def __init__(self, archive: Archive, who: Who, command: Sequence[str]) -> None:
        self.archive, self.command = archive, command
        self.core, self.who = LocalCore(archive, who), who
        self.jobs = Jobs(archive)
        self._process = secrets.token_hex(8)

    async def do(self, work: Callable[[], T]) -> T:
        try:
            return await anyio.to_thread.run_sync(work)
        except NashforgeError as error:
            raise ToolError(str(error)) from error

    def of(self, context: Context[Any]) -> LocalCore:
        """Return the verbs of a session: its client goes by a name of its own, and is told all once.

        Over standard input, a process has one session; over HTTP, clients of protocols without any share one.
        """
        headers = context.headers or {}
        session = headers.get("mcp-session-id", self._process)
        mark = hashlib.sha256(session.encode()).hexdigest()[:8]
        return LocalCore(self.archive, Who(self.who.author, f"{self.who.client} session {mark}"))

    async def heard(self, answer: Asked) -> Asked:
        """Return an answer to whoever asked; its tasks are nobody's if that has hung up meanwhile."""
        try:
            await checkpoint_if_cancelled()
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                await self.do(partial(self.core.take_back, answer))
            raise
        return answer

    async def waited(
        self,
        context: Context[Any],
        seconds: float,
        once: Callable[[float], T],
        open_: Callable[[T], bool],
        said: Callable[[T], tuple[float, float | None, str]] | None = None,
    ) -> T:
        """Ask until an answer is final or the wait is over, and tell progress meanwhile."""
        began = time.monotonic()
        while True:
            left = max(began + seconds - time.monotonic(), 0.0)
            answer = await self.do(partial(once, min(left, SLICE)))
            passed = time.monotonic() - began
            if not open_(answer) or passed >= seconds:
                return answer
            progress = (passed, seconds, "waiting") if said is None else said(answer)
            await context.report_progress(*progress)


def server(
    archive: Archive, who: Who, *, command: Sequence[str], version: str, read_only: bool = False
) -> MCPServer[Any]:
    """Return a server of the tools.

    Parameters
    ----------
    archive
        Where runs are looked for.
    who
        Who asks and tells.
    command
        The command line of this package, up to its first argument, by which runs are started.
    read_only
        Whether only those tools are offered that change nothing.
    """
    made = Tools("nashforge", instructions=INSTRUCTIONS, version=version, log_level="ERROR")
    verbs = _Verbs(archive, who, command)
    _reading(made, verbs)
    if read_only:
        _read_notes(made, verbs)
    else:
        _working(made, verbs)
    _resources(made, verbs)
    return made


def _reading(made: MCPServer[Any], verbs: _Verbs) -> None:
    reads = ToolAnnotations(read_only_hint=True)

    @made.tool(annotations=reads)
    async def status(run: Run = "latest") -> Standing:
        """The standing of a run: state, budget, failures, the seed and the best program."""
        return await verbs.do(partial(verbs.core.status, run))

    @made.tool(annotations=reads)
    async def best(run: Run = "latest", top: Annotated[int, Field(ge=1, le=50)] = 5) -> Best:
        """The best programs of a run, with fitness, values by training game and notes, without sources."""

        def found() -> Best:
            desk = open_desk(verbs.archive, run)
            programs = [desk.program(one, source=False) for one in ranked(desk.archive, desk.run, top)]
            return Best(run=desk.run.nickname, programs=programs, noise=desk.noise)

        return await verbs.do(found)

    @made.tool(annotations=reads)
    async def show(
        program: Annotated[str, Field(description="Nickname, hash, or the index of a candidate.")],
        run: Run = "latest",
    ) -> ProgramView:
        """One measured program of a run: its source, fitness and values by training game."""

        def found() -> ProgramView:
            desk = open_desk(verbs.archive, run)
            for one in ranked(desk.archive, desk.run):
                view = desk.program(one)
                if program in (view.program, str(view.index)) or (
                    len(program) >= 6 and view.hash.startswith(program)
                ):
                    return view
            raise AgentError(
                f"no measured program of {desk.run.nickname} is called {program[:80]!r}; see best"
            )

        return await verbs.do(found)


def _read_notes(made: MCPServer[Any], verbs: _Verbs) -> None:
    @made.tool(annotations=ToolAnnotations(read_only_hint=True))
    async def notes(run: Run = "latest") -> Notes:
        """The lab book of a run."""
        return await verbs.do(partial(verbs.core.notes, run))


def _working(made: MCPServer[Any], verbs: _Verbs) -> None:
    @made.tool()
    async def notes(run: Run = "latest", add: Text = "") -> Notes:
        """The lab book of a run, after adding to it: hypotheses with their evidence, shown in all tasks."""
        return await verbs.do(partial(verbs.core.notes, run, add or None))

    @made.tool()
    async def start(
        name: Annotated[str, Field(description="Name of the new run.")],
        domain: Annotated[str, Field(description="What is searched: cfr, psro, rqe, ...")] = "cfr",
        evaluations: Annotated[
            int, Field(description="The budget: programs to evaluate, those that it starts from included.")
        ] = 30,
        proposer: Annotated[str, Field(description="agent, offline, or agent,offline for both.")] = "agent",
    ) -> Started:
        """Start a search in a process of its own, which goes on if this server ends."""
        begin = partial(start_run, verbs.archive, verbs.command, name, domain, evaluations, proposer)
        await verbs.do(begin)
        return Started(run=name, message="it runs; ask for a task")

    @made.tool()
    async def ask(
        context: Context[Any],
        run: Run = "latest",
        count: Annotated[int, Field(ge=1, le=16)] = 1,
        interface: Annotated[Text, Field(description="Hash of the interface that is known.")] = "",
        full: Annotated[
            bool,
            Field(
                description="Tell all again; else what this session was told before is named and left out. "
                "Give it in your first question if other agents use this server, too."
            ),
        ] = False,
        look: Annotated[bool, Field(description="Claim nothing: say what is open and what is held.")] = False,
        task: Annotated[
            int | None,
            Field(
                description="The index of a candidate whose task is held for you, see held: claim nothing, "
                "and tell it again, with its token and nothing left out."
            ),
        ] = None,
        wait: Wait = 60.0,
    ) -> Asked:
        """Claim tasks of a run under a lease: what is to be written, by which token it is told.

        Each is held for you until its lease ends, and nobody else can write it meanwhile: give up what you
        will not write, or only look.
        """

        core = verbs.of(context)
        if task is not None:
            return await verbs.do(partial(core.again, run, task))

        def once(seconds: float) -> Asked:
            return core.ask(run, count=count, interface=interface or None, wait=seconds, full=full, look=look)

        wanted = 0.0 if look else wait
        answer = await verbs.waited(context, wanted, once, lambda answer: answer.state in AGAIN)
        if run == LATEST:
            told = f"{answer.message} (the run is {answer.run}, the latest)"
            answer = answer.model_copy(update={"message": told})
        return await verbs.heard(answer)

    @made.tool()
    async def tell(
        context: Context[Any],
        token: str,
        program: Annotated[
            Text, Field(description="Whole source, or SEARCH/REPLACE blocks; none: only the outcome.")
        ] = "",
        note: Annotated[Text, Field(description="What was changed, and why.")] = "",
        give_up: Annotated[bool, Field(description="Give the request back instead.")] = False,
        model: Text = "",
        input_tokens: int = 0,
        output_tokens: int = 0,
        usd: float = 0.0,
        wait: Wait = 300.0,
    ) -> Told:
        """Hand a program over by its token, and hear what became of it; idempotent by token."""
        if give_up:
            return await verbs.do(partial(_given_up, verbs, token))
        bill = await verbs.do(partial(Bill, model or None, input_tokens, output_tokens, usd))
        core = verbs.of(context)

        def once(seconds: float) -> Told:
            return core.tell(token, program or None, note=note or None, bill=bill, wait=seconds)

        return await verbs.waited(context, wait, once, lambda answer: answer.status == "evaluating")

    @made.tool()
    async def evaluate(
        context: Context[Any],
        program: Annotated[Text, Field(description="Source, or the name of a program.")] = "",
        run: Annotated[
            Text,
            Field(
                description="The run whose training games are played. By default the newest that agents "
                "write, while it has not finished; without one, the domain's own training games."
            ),
        ] = "",
        domain: Annotated[Text, Field(description="By default that of the run, or cfr.")] = "",
        games: Annotated[list[str] | None, Field(description="Some of those games, by name.")] = None,
        iterations: Annotated[
            int | None, Field(description="Fewer than those of the search are quick.")
        ] = None,
        job: Annotated[Text, Field(description="Ask for a measurement that was submitted.")] = "",
        wait: Wait = 60.0,
    ) -> Measured:
        """Measure a program on training games, outside of any budget: submit, then ask again by the job.

        Its fitness is the domain's own; a run may have another.
        """
        if bool(program) == bool(job):
            raise ToolError("give a program to measure, or the job of a measurement; one of the two")
        if program:
            submit = partial(verbs.jobs.submit, run=run or None, domain_name=domain or None)
            job = await verbs.do(partial(submit, program, games, iterations))
        return await verbs.waited(
            context,
            wait,
            partial(verbs.jobs.wait, job),
            lambda answer: answer.state == "running",
            lambda answer: (answer.done, answer.of, f"{answer.done} of {answer.of or '?'} games"),
        )


def _given_up(verbs: _Verbs, token: str) -> Told:
    answer = verbs.core.give_up(token)
    request = verbs.archive.requests.get(token)
    return Told(
        token=token,
        run=answer.run,
        index=request.index,
        status="given_up" if answer.freed else str(request.state),
        budget=answer.budget,
        message=answer.message,
    )


def _resources(made: MCPServer[Any], verbs: _Verbs) -> None:
    @made.resource("nashforge://interface/{domain}", mime_type="text/markdown")
    async def interface(domain: str) -> str:
        """The instructions for programs of a domain: interface, the rules of the sandbox, what is known."""
        return await _resource(verbs, partial(_interface, domain))

    @made.resource("nashforge://program/{hash}", mime_type="text/x-python")
    async def program(hash: str) -> str:
        """The source of a program in the archive, by hash or nickname."""
        return await _resource(verbs, lambda: verbs.archive.programs.get(hash).source)

    @made.resource("nashforge://run/{name}", mime_type="text/markdown")
    async def run(name: str) -> str:
        """All that is known of a run: the best programs, how they came to be, failures, the lab book."""
        return await _resource(verbs, partial(verbs.core.context, name))


async def _resource(verbs: _Verbs, work: Callable[[], str]) -> str:
    try:
        return await verbs.do(work)
    except ToolError as error:
        raise ResourceError(str(error)) from error


def _interface(name: str) -> str:
    from nashforge.evolve.proposers.llm.feedback import load_feedback
    from nashforge.evolve.proposers.llm.prompting import Prompter

    work = find_domain(name)
    train = work.stage("train", work.suites["train"], work.horizon, work.fitness)
    return Prompter(work, train, load_feedback("dense")).system
