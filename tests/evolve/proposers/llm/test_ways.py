"""Effort and thinking: how they are said, sent and booked, and models without a price."""

from __future__ import annotations

import asyncio

import pytest

from nashforge.archive.calls import CallStatus
from nashforge.evolve.config.model_names import Model, ModelError, is_priceless, parse_model
from nashforge.evolve.config.run import load_config
from nashforge.evolve.proposers.llm.cost_estimate import estimate_costs
from nashforge.evolve.proposers.llm.prices import NO_PRICE, PriceError
from nashforge.evolve.proposers.llm.providers import connect
from nashforge.evolve.proposers.llm.providers.base import Prompt
from nashforge.evolve.proposers.llm.providers.openai import base_url
from nashforge.evolve.runs.proposers import models_of, prices_of

from .conftest import Reply


def ask(model: Model):
    async def once():
        provider = connect(model, 0)
        try:
            return await provider.ask(Prompt("System.", "User."), 4000)
        finally:
            await provider.close()

    return asyncio.run(once())


def test_options_stand_in_the_name_of_a_model_and_not_in_its_label():
    model = parse_model("anthropic:claude-x?effort=high&thinking=2048@https://gate.example/v1")
    assert (model.label, model.effort, model.thinking) == ("anthropic:claude-x", "high", "2048")
    assert parse_model(model.text) == model
    assert model.way == "effort high, thinking at most 2,048 tokens"
    for wrong, told in (
        ("anthropic:x?effort=minimal", "knows no effort 'minimal'"),
        ("anthropic:x?thinking=5", "must be off, adaptive"),
        ("openai:x?thinking=off", "set the effort"),
        ("google:x?effort=low&thinking=off", "and not both"),
        ("google:x?warmth=1", "has the option 'warmth'"),
    ):
        with pytest.raises(ModelError, match=told):
            parse_model(wrong)


def test_what_a_model_says_itself_comes_before_the_setting():
    config = load_config(
        {"proposer": ["anthropic:a", "anthropic:b?effort=max"], "effort": "low", "price_unknown": "1/1"}
    )
    assert [model.effort for model in models_of(config)] == ["low", "max"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "where", "sent"),
    [
        ("anthropic:m?effort=xhigh", "output_config", {"effort": "xhigh"}),
        ("anthropic:m?thinking=adaptive", "thinking", {"type": "adaptive"}),
        ("anthropic:m?thinking=off", "thinking", {"type": "disabled"}),
        ("anthropic:m?thinking=9000", "thinking", {"type": "enabled", "budget_tokens": 3999}),
        ("openai:m?effort=high", "reasoning_effort", "high"),
    ],
)
def test_the_way_is_sent_as_the_protocol_says_it(serve, name, where, sent):
    server = serve(lambda ask: Reply("Hello, world."))
    answer = ask(parse_model(f"{name}@{server.url}"))
    assert server.asks[0].body[where] == sent
    assert answer.status is CallStatus.OK
    assert answer.usage.thinking == answer.usage.output // 3 > 0


@pytest.mark.slow
def test_google_takes_a_budget_or_a_level(serve):
    server = serve(lambda ask: Reply("Hello, world."))
    for option in ("thinking=2048", "thinking=off", "effort=low"):
        assert ask(parse_model(f"google:m?{option}@{server.url}")).usage.thinking > 0
    sent = [asked.body["generationConfig"]["thinkingConfig"] for asked in server.asks]
    assert sent == [{"thinking_budget": 2048}, {"thinking_budget": 0}, {"thinking_level": "LOW"}]


@pytest.mark.slow
def test_without_options_nothing_is_said_of_the_way(serve):
    server = serve(lambda ask: Reply("Hello."))
    for provider in ("anthropic", "google", "openai"):
        ask(parse_model(f"{provider}:m@{server.url}"))
    names = {"thinking", "output_config", "reasoning_effort"}
    assert not any(names & asked.body.keys() for asked in server.asks)
    assert "thinkingConfig" not in server.asks[1].body["generationConfig"]


def test_a_server_is_found_with_and_without_its_version():
    assert base_url(None) is None
    assert (
        base_url("http://127.0.0.1:8000") == base_url("http://127.0.0.1:8000/") == "http://127.0.0.1:8000/v1"
    )
    assert base_url("https://gate.example/openai/v1") == "https://gate.example/openai/v1"


def test_ones_own_server_needs_no_price_and_the_forecast_says_so():
    config = load_config({"proposer": "openai:local@http://127.0.0.1:8000", "effort": "high"})
    prices = prices_of(config, models_of(config))
    assert prices == {"openai:local": NO_PRICE}
    said = estimate_costs(prices, "System.", config, 10, 0.0)
    assert "openai:local (effort high, booked as output): about 13 calls" in said
    assert "the price is not known" in said
    assert not is_priceless(parse_model("openai:gpt-x"))
    dear = load_config({"proposer": "openai:gpt-x"})
    with pytest.raises(PriceError, match="price of openai:gpt-x is not known"):
        prices_of(dear, models_of(dear))
