"""Options of ``run`` and ``resume`` that concern language models, each defined once."""

from __future__ import annotations

from typing import Annotated

import typer

Proposers = Annotated[
    list[str] | None,
    typer.Option(
        "--proposer",
        "--model",
        metavar="NAME",
        help="Who writes the programs: offline, anthropic:MODEL, google:MODEL (@http://HOST for your own "
        "server; several: an ensemble), or replay:RUN. [default: offline]",
        show_default=False,
    ),
]
Budget = Annotated[
    float | None,
    typer.Option(
        "--budget-usd",
        metavar="DOLLARS",
        min=0,
        help="What models may cost in all; never exceeded. 0: no limit. [default: 5]",
        show_default=False,
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, help="What models may take of tokens, input and output.", show_default=False
    ),
]
MaxOutputTokens = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=256, help="Longest answer of a model. [default: 16384]", show_default=False
    ),
]
MaxUseless = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Stop when so many proposals of models in a row came to nothing. [default: 20]",
        show_default=False,
    ),
]
Prices = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Price list of your own, see docs/howto-models.md.", show_default=False
    ),
]
PriceUnknown = Annotated[
    str | None,
    typer.Option(
        metavar="IN/OUT",
        help="Price of models that are in no list, in dollars per million tokens.",
        show_default=False,
    ),
]
Feedback = Annotated[
    str | None,
    typer.Option(
        metavar="LEVEL",
        help="What models are told of measurements: sparse, dense, or a TOML file. [default: dense]",
        show_default=False,
    ),
]
Prompts = Annotated[
    str | None,
    typer.Option(metavar="FOLDER", help="Prompt templates of your own; they come first.", show_default=False),
]
ModelIslands = Annotated[
    bool | None,
    typer.Option(
        "--model-islands/--shared-islands",
        help="Whether each model works on an island of its own. [default: no]",
        show_default=False,
    ),
]
