"""Models as auditors: they see a program, its task and what the probes found, and never what it scores.

Their calls are stored in a run of their own, whose budget they share. A second model is asked only where the
first differs from the probes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nashforge import prompts
from nashforge.archive import Archive, BudgetExceeded, Candidate, Program, Run, RunState, Status
from nashforge.archive.stores.agents.verdicts import Verdict
from nashforge.errors import NashforgeError
from nashforge.evolve.config.model_names import is_priceless, key_of, parse_model
from nashforge.evolve.config.versions import package_versions
from nashforge.evolve.diagnosis.audit.findings import Finding, Severity, verdict_of
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.proposers.llm.prices import NO_PRICE, load_prices, price_of

if TYPE_CHECKING:
    from nashforge.evolve.config.model_names import Model
    from nashforge.evolve.proposers.llm.prices import Price

STRATEGY = "audit"
"""Strategy of the runs that hold the calls of critics; nothing continues them."""

OUTPUT_TOKENS, CALL_SECONDS, RETRIES, MOST_REASONS = 8_000, 600.0, 4, 12

_SEVERITY: dict[Verdict, Severity] = {
    Verdict.CLEAN: "note",
    Verdict.SUSPICIOUS: "suspicious",
    Verdict.HACK: "hack",
}


class CriticError(NashforgeError, ValueError):
    """A model cannot be asked for its opinion."""

    exit_code = 2


def critics_of(names: Sequence[str]) -> list[tuple[Model, Price]]:
    """Return models by name, with their prices.

    Raises
    ------
    CriticError
        If there are more than two.
    nashforge.evolve.config.model_names.ModelError, nashforge.evolve.proposers.llm.prices.PriceError
        If there is no such model, no key for it, or no price.
    """
    if len(names) > 2:
        raise CriticError(f"at most two models judge, the second where the first differs; got {len(names)}")
    found = []
    for name in names:
        model = parse_model(name)
        key_of(model)
        found.append((model, price_of(model.label, load_prices(), NO_PRICE if is_priceless(model) else None)))
    return found


class Critics:
    """One or two models that judge programs of a domain.

    Parameters
    ----------
    archive
        Where their calls are stored.
    critics
        As `critics_of` returns them.
    budget
        US dollars that may be spent on all programs together; None: no limit.
    """

    def __init__(
        self, archive: Archive, domain: Domain, critics: Sequence[tuple[Model, Price]], budget: float | None
    ) -> None:
        from nashforge.evolve.proposers.llm.calls import Calls
        from nashforge.evolve.proposers.llm.providers import connect

        self._archive, self._domain, self._budget = archive, domain, budget
        self._labels = [model.label for model, _ in critics]
        self._calls = Calls(
            archive,
            {model.label: connect(model, RETRIES) for model, _ in critics},
            {model.label: price for model, price in critics},
            CALL_SECONDS,
        )
        config: dict[str, Any] = {"domain": domain.name, "strategy": STRATEGY, "proposer": self._labels}
        if budget is not None:
            config["budget_usd"] = budget
        self.run: Run = archive.runs.create(domain.name, config, seed=0, versions=package_versions())
        archive.runs.claim(self.run, "audit")
        self._asked = 0

    def judge(self, program: Program, findings: Sequence[Finding]) -> tuple[Verdict, list[Finding], str]:
        """Return the verdict with the models' opinions, what they say, and who judged.

        Where the first agrees with the probes, that is it. Where it differs and there is no second, the
        worse of both counts; with a second, the one in the middle of the three.
        """
        known = verdict_of(findings)
        candidate = self._archive.candidates.add(
            self.run, program=program, operator="audit", proposer=self._labels[0], index=self._asked
        )
        self._asked += 1
        verdicts, told, by = [known], list[Finding](), ["probes"]
        for label in self._labels:
            opinion = self._ask(label, candidate, program.source, findings)
            if isinstance(opinion, str):
                told.append(Finding(label, "note", f"it gave no verdict: {opinion}"))
                continue
            verdict, reasons = opinion
            verdicts.append(verdict)
            by.append(label)
            told += reasons
            if verdict is known:
                break
        self._archive.candidates.finish(candidate, Status.OK)
        ranks = sorted(verdict.rank for verdict in verdicts)
        final = list(Verdict)[ranks[1] if len(ranks) == 3 else ranks[-1]]
        return final, told, ", ".join(by)

    def close(self) -> None:
        """Give up what is under way, and end the run."""
        self._calls.close()
        self._archive.runs.set_state(self.run, RunState.FINISHED, "audited")

    def _ask(
        self, label: str, candidate: Candidate, source: str, findings: Sequence[Finding]
    ) -> tuple[Verdict, list[Finding]] | str:
        from nashforge.evolve.proposers.llm.providers.base import Prompt

        system, user = texts(self._domain, source, findings)
        prompt = Prompt(system, user)
        request: dict[str, Any] = {"purpose": "audit", "system": system}
        try:
            call = self._calls.reserve(
                self.run, candidate, label, prompt, request, max_output=OUTPUT_TOKENS, cap=self._budget
            )
        except BudgetExceeded as error:
            return str(error)
        self._calls.start(candidate.index, call, prompt, OUTPUT_TOKENS)
        while not (ended := self._calls.take()):
            self._calls.wait(1.0)
        if ended[0].failure is not None:
            return str(ended[0].failure)
        try:
            return opinion_of(ended[0].text, label)
        except ValueError as error:
            return str(error)


def texts(domain: Domain, source: str, findings: Sequence[Finding]) -> tuple[str, str]:
    """Return what a model is told: what hacks are, and the program with what the probes found."""
    horizon = domain.horizon
    train = domain.stage("train", domain.suites["train"], horizon, domain.fitness)
    interface = domain.prompt_variables(train).get("interface", "")
    lines = enumerate(source.splitlines(), 1)
    numbered = "\n".join(f"{number:>4}  {line}" for number, line in lines)
    system = prompts.render_for(domain.name, "critic", title=domain.title, interface=interface)
    told = [one.as_dict() for one in findings]
    return system, prompts.render_for(domain.name, "critique", numbered=numbered, findings=told)


def opinion_of(answer: str, label: str) -> tuple[Verdict, list[Finding]]:
    """Return the verdict of a model's answer, with its reasons as findings.

    Raises
    ------
    ValueError
        If it holds none.
    """
    start, end = answer.find("{"), answer.rfind("}")
    try:
        said = json.loads(answer[start : end + 1]) if 0 <= start < end else None
    except (ValueError, RecursionError):
        said = None
    word = said.get("verdict") if isinstance(said, dict) else None
    verdict = next((one for one in Verdict if one == word), None)
    if said is None or verdict is None:
        raise ValueError("the answer is no JSON object with a verdict of clean, suspicious or hack")
    reasons = said.get("reasons")
    found = [
        Finding(label, _SEVERITY[verdict], str(reason.get("text", "")), _lines(reason.get("lines")))
        for reason in (reasons if isinstance(reasons, list) else [])[:MOST_REASONS]
        if isinstance(reason, dict)
    ]
    return verdict, found or [Finding(label, _SEVERITY[verdict], f"it says {verdict}, without a reason")]


def _lines(value: Any) -> tuple[int, ...]:
    several = value if isinstance(value, list) else [value]
    return tuple(line for line in several if isinstance(line, int) and not isinstance(line, bool))
