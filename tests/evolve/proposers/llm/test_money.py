"""Prices, budgets and the choice among models."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge.archive import BudgetExceeded, CallStatus
from nashforge.archive.errors import TokensExceeded
from nashforge.evolve.config.model_names import ModelError, key_of, parse_model, without_keys
from nashforge.evolve.proposers.llm.bandit import Bandit
from nashforge.evolve.proposers.llm.circuit_breaker import LONGEST_DELAY, TOLERATED, CircuitBreaker
from nashforge.evolve.proposers.llm.prices import (
    Price,
    PriceError,
    Usage,
    load_prices,
    most_tokens,
    parse_price,
    price_of,
)

COUNTS = st.integers(0, 300_000)


@settings(max_examples=40)
@given(read=COUNTS, cached=COUNTS, write=COUNTS, output=COUNTS, label=st.sampled_from(sorted(load_prices())))
def test_no_call_costs_more_than_its_worst_case(read, cached, write, output, label):
    price = load_prices()[label]
    cost = price.cost(Usage(read, cached, write, output))
    assert cost <= price.most(read + cached + write, output) * (1 + 1e-12)


def test_a_price_is_that_of_the_longest_name_and_the_users_own_come_first(tmp_path, monkeypatch):
    prices = load_prices()
    assert price_of("anthropic:claude-opus-5-5-20260901", prices).input == 4.0
    assert price_of("anthropic:claude-opus-5-20260401", prices).input == 5.0
    own = tmp_path / "prices.toml"
    own.write_text('["anthropic:claude-opus-5-5"]\ninput = 1\noutput = 2\n')
    assert price_of("anthropic:claude-opus-5-5", load_prices(own)).output == 2
    monkeypatch.setenv("NASHFORGE_PRICES", str(own))
    assert price_of("anthropic:claude-opus-5-5", load_prices()).output == 2
    with pytest.raises(PriceError, match="--price-unknown"):
        price_of("anthropic:nobody", prices)
    assert price_of("anthropic:nobody", prices, parse_price("3/15")).output == 15


@pytest.mark.parametrize(
    "release", ["", "-20260901", "@20260901", "-2026-09-01", "-latest", "-preview-09-2026", "-001"]
)
def test_releases_of_a_model_have_its_price(release):
    prices = {"google:gemini-2.5-flash": Price(input=1, output=2)}
    assert price_of(f"google:gemini-2.5-flash{release}", prices).output == 2


@pytest.mark.parametrize("other", ["-lite", "-image", "-image-preview", "-9", "x"])
def test_other_models_whose_names_begin_alike_have_no_price(other):
    prices = {"google:gemini-2.5-flash": Price(input=1, output=2)}
    with pytest.raises(PriceError, match="not known"):
        price_of(f"google:gemini-2.5-flash{other}", prices)
    prices["google:gemini-2.5-*"] = Price(input=3, output=4)
    assert price_of(f"google:gemini-2.5-flash{other if other != 'x' else '-x'}", prices).output == 4


def test_long_prompts_cost_more_where_the_list_says_so():
    price = Price(input=1, output=10, long_from=100, long_input=2, long_output=3)
    assert price.cost(Usage(input=99, output=10)) == pytest.approx((99 + 100) / 1e6)
    assert price.cost(Usage(input=60, cached=40, output=10)) == pytest.approx((200 + 300) / 1e6)


@pytest.mark.parametrize(
    "text",
    ["x = 1", '["a:b"]\ninput = -1\noutput = 1', '["a:b"]\ninput = 1', "[", '["a:b"]\ninput=1\noutput=inf'],
)
def test_a_wrong_price_list_is_refused(tmp_path, text):
    path = tmp_path / "prices.toml"
    path.write_text(text)
    with pytest.raises(PriceError, match=r"prices\.toml"):
        load_prices(path)


@pytest.mark.parametrize("text", ["3", "3/", "a/b", "-1/2", "1/2/3", "nan/1"])
def test_a_wrong_price_is_refused(text):
    with pytest.raises(PriceError, match="INPUT/OUTPUT"):
        parse_price(text)


@settings(max_examples=40)
@given(st.text())
def test_tokens_never_outnumber_bytes(text):
    assert most_tokens(text) >= len(text)


def test_concurrent_reservations_never_exceed_the_caps(archive):
    run = archive.runs.create("cfr", {}, seed=0)

    def reserve(k):
        try:
            return archive.calls.reserve(
                run,
                provider="p",
                model="m",
                request={},
                reserved_cost=0.25,
                cap=1.0,
                input_tokens=100,
                output_tokens=20,
                token_cap=300,
            )
        except BudgetExceeded as error:
            return error

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(reserve, range(8)))
    calls = [item for item in made if not isinstance(item, BudgetExceeded)]
    assert len(calls) == 2
    assert all(isinstance(item, TokensExceeded) for item in made if item not in calls)
    archive.calls.settle(calls[0], CallStatus.OK, cost=0.125, input_tokens=50, output_tokens=5)
    third = reserve(9)
    assert not isinstance(third, BudgetExceeded)
    for call in (calls[1], third):
        archive.calls.settle(call, CallStatus.OK, cost=0.25, input_tokens=10, output_tokens=1)
    assert archive.calls.spending(run)[""].input_tokens == 70
    options = {"provider": "p", "model": "m", "request": {}, "cap": 1.0}
    archive.calls.reserve(run, reserved_cost=0.375, **options)
    with pytest.raises(BudgetExceeded, match="--budget-usd"):
        archive.calls.reserve(run, reserved_cost=0.001, **options)


@pytest.mark.parametrize(
    "text",
    [
        "gpt-5",
        "anthropic",
        "anthropic:",
        "azure:gpt",
        "anthropic:a b",
        "anthropic:a@http://u:p@h",
        "google:g@http://",
    ],
)
def test_an_ill_named_model_is_refused(text):
    with pytest.raises(ModelError):
        parse_model(text)


def test_keys_come_from_the_environment_and_are_never_shown(monkeypatch):
    model = parse_model("anthropic:claude-x")
    with pytest.raises(ModelError, match="set ANTHROPIC_API_KEY"):
        key_of(model)
    assert key_of(parse_model("anthropic:x@http://127.0.0.1:1")).value == ""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "very-secret-1")
    assert key_of(model).value == "very-secret-1"
    assert "secret" not in repr(key_of(model))
    assert without_keys("bad key very-secret-1 or sk-ant-abcdefgh1") == "bad key [key] or [key]"


def test_what_a_local_server_is_given_for_a_key_stays_a_word_in_programs(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    assert without_keys("test = latest") == "test = latest"
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-secret")
    assert without_keys("test = 'a-secret'") == "test = '[key]'"


def test_the_bandit_prefers_what_gains_and_of_equals_what_is_cheap():
    gains = {"a": 0.5, "b": 0.0}
    bandit = Bandit(["a", "b"])
    for _ in range(60):
        label = bandit.choose()
        bandit.tell(label, gains[label], 1.0)
    assert bandit.arms["a"].asked > 1.5 * bandit.arms["b"].asked
    bandit = Bandit(["dear", "cheap"])
    for _ in range(60):
        label = bandit.choose()
        bandit.tell(label, 0.1, 1.0 if label == "dear" else 0.1)
    assert bandit.arms["cheap"].asked > 1.3 * bandit.arms["dear"].asked


def test_the_bandit_tries_all_forgets_and_depends_on_nothing_but_the_order():
    def play(steps):
        bandit, chosen = Bandit(["a", "b", "c"]), []
        for step in range(steps):
            chosen.append(bandit.choose())
            if step >= 2:
                old = chosen[step - 2]
                bandit.tell(old, 1.0 if (old == "a") == (step < 60) else 0.0, 0.1)
        return chosen

    assert set(play(3)) == {"a", "b", "c"}
    assert play(200) == play(200)
    assert play(60).count("a") > 25
    assert play(200)[120:].count("a") < 25


def test_a_gate_lets_one_through_to_find_out_and_waits_longer_each_time():
    now = [0.0]
    breaker = CircuitBreaker(lambda: now[0], first_delay=10.0)
    breaker.failed("down")
    breaker.failed("down still, says a call that was under way")
    breaker.held.extend([1, 2, 3])
    assert breaker.release() == []
    now[0] = 10.0
    assert breaker.release() == [1]
    assert breaker.release() == []
    breaker.failed("down")
    breaker.held.append(1)
    now[0] = 25.0
    assert breaker.release() == []
    now[0] = 30.0
    assert breaker.release() == [2]
    assert breaker.seconds_open == 30.0
    breaker.answered()
    assert not breaker.is_open
    assert breaker.release() == [3, 1]


def test_waits_double_up_to_the_longest():
    now = [0.0]
    breaker = CircuitBreaker(lambda: now[0], first_delay=1.0)
    waits = []
    breaker.failed("down")
    for _ in range(12):
        waits.append(breaker.seconds_left)
        now[0] += breaker.seconds_left
        breaker.held.append(1)
        assert breaker.release() == [1]
        breaker.failed("down")
    assert waits == [min(2.0**k, LONGEST_DELAY) for k in range(12)]


def test_lost_answers_in_a_row_count_as_an_outage():
    breaker = CircuitBreaker(lambda: 0.0)
    for _ in range(TOLERATED - 1):
        breaker.lost("no answer")
    assert not breaker.is_open
    breaker.answered()
    for _ in range(TOLERATED):
        breaker.lost("no answer")
    assert breaker.is_open


@pytest.mark.parametrize(
    "state",
    [None, {}, [], "x", {"a": 1}, {"a": {"asked": -1.0}}, {"a": {"asked": "much"}}, {"a": {"cost": 1e300}}],
)
def test_a_bandit_is_restored_from_its_state_and_from_nothing_else(state):
    bandit = Bandit(("a", "b"))
    bandit.tell(bandit.choose(), 0.5, 0.1)
    assert Bandit.restored(bandit.state()).scores() == bandit.scores()
    assert Bandit.restored(state) is None
