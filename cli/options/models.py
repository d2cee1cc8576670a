"""Options of ``run`` and ``resume`` that concern language models, each defined once."""

from __future__ import annotations

from typing import Annotated

from nashforge.cli.options.declared import flag, option

Proposers = Annotated[
    list[str] | None,
    option(
        "NAME",
        "Who writes the programs: offline, agent (see `nashforge ask`), anthropic:MODEL, google:MODEL, "
        "openai:MODEL (@http://HOST for your own server), cli:claude, cli:codex or another command; several: "
        "an ensemble; or replay:RUN. [default: offline]",
        "--proposer",
        "--model",
    ),
]
Effort = Annotated[
    str | None,
    option("LEVEL", "How hard models work on an answer: low, medium, high, xhigh, max. [default: theirs]"),
]
Thinking = Annotated[
    str | None,
    option("HOW", "Whether models think first: off, adaptive, or the most tokens. [default: theirs]"),
]
Budget = Annotated[
    float | None,
    option("DOLLARS", "What models may cost in all; never exceeded. 0: no limit. [default: 5]", min=0),
]
MaxTokens = Annotated[int | None, option("N", "What models may take of tokens, input and output.", min=1)]
MaxOutputTokens = Annotated[int | None, option("N", "Longest answer of a model. [default: 16384]", min=256)]
MaxUseless = Annotated[
    int | None,
    option("N", "Stop when so many proposals of models in a row came to nothing. [default: 20]", min=1),
]
Prices = Annotated[str | None, option("FILE", "Price list of your own, see docs/howto-models.md.")]
PriceUnknown = Annotated[
    str | None, option("IN/OUT", "Price of models that are in no list, in dollars per million tokens.")
]
Feedback = Annotated[
    str | None,
    option("LEVEL", "What models are told of measurements: sparse, dense, or a TOML file. [default: dense]"),
]
Prompts = Annotated[str | None, option("FOLDER", "Prompt templates of your own; they come first.")]
ModelIslands = Annotated[
    bool | None,
    flag(
        "Whether each model works on an island of its own. [default: no]", "--model-islands/--shared-islands"
    ),
]
AgentSeconds = Annotated[
    float | None,
    option("S", "How long to wait for an agent before another proposer writes. [default: 900]"),
]
AgentLease = Annotated[float | None, option("S", "How long an agent may hold a request. [default: 1800]")]
AgentFallback = Annotated[
    str | None,
    option("NAME", "Who writes when no agent comes: a proposer, or none to wait. [default: offline]"),
]
Lookahead = Annotated[
    int | None,
    option(
        "N", "Programs asked for ahead; for agents, how many work at once. [default: 2 for agents]", min=1
    ),
]
