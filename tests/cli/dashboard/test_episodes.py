"""Episodes on pages: of training alone, played when they are looked at, with every step to be seen."""

from __future__ import annotations

import base64
import io
import time

import numpy as np
import pytest
from PIL import Image

from nashforge.archive import Archive, Status
from nashforge.cli.rendering.episodes import EpisodeFilm
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.capabilities import WatchedEpisode
from nashforge.games.dilemmas.actions import STAND
from nashforge.games.dilemmas.environment import make
from nashforge.games.dilemmas.settings import parse_setting
from nashforge.solvers import rule_source
from nashforge.solvers.policies import policy_source

PATIENCE = 600
GAME = "cleanup(agents=3,map=cleanup_small,horizon=20)"


def filmed(game, most):
    """Return a film of an episode in which nobody moves."""
    shows, setting = domain("cleanup").watch, parse_setting(game)
    film = EpisodeFilm(shows, game, most)
    environment = make(setting)
    environment.reset(np.random.default_rng(0))
    while not environment.done:
        environment.step([STAND] * setting.agents)
        film(environment)
    return film.told(game, 7, WatchedEpisode([0.0] * setting.agents, {"efficiency": None}))


def test_a_film_has_a_picture_and_the_facts_of_every_step():
    told = filmed(GAME, 1000)
    assert [facts["step"] for facts in told["facts"]] == list(range(1, 21))
    assert len(told["pictures"]) == 20
    facts = told["facts"][0]
    assert len(facts["earned"]) == len(facts["place"]) == 3
    assert 0 <= facts["waste"] <= 1
    assert facts["place"][0].startswith("row ")
    with Image.open(io.BytesIO(base64.b64decode(told["pictures"][0]))) as image:
        assert image.format == "PNG"
        assert len(set(image.convert("RGB").get_flattened_data())) > 3


def test_of_a_long_episode_steps_are_left_out_evenly_and_the_end_is_kept():
    steps = [facts["step"] for facts in filmed(GAME, 6)["facts"]]
    assert len(steps) <= 7
    assert steps[-1] == 20
    assert len(set(np.diff(steps[:-1]))) == 1


@pytest.fixture
def policies(tmp_path):
    """Return an archive with a policy, one that fails, and a rule."""
    with Archive.open(tmp_path / "wet.db") as archive:
        config = {"domain": "cleanup", "train": "cleanup-small", "horizon": 20}
        run = archive.runs.create("cleanup", config, nickname="wet-feet")
        found = []
        for source in (policy_source("nearest_apple"), "def act(observation, memory):\n    return 1 / 0\n"):
            program = archive.programs.add(source, "cleanup")
            candidate = archive.candidates.add(run, program=program, operator="seed", proposer="offline")
            archive.candidates.finish(candidate, Status.OK, train=1.0)
            found.append(program.hash)
        return tmp_path / "wet.db", *found, archive.programs.add(rule_source("cfr"), "cfr").hash


def test_an_episode_is_played_for_its_page(policies, opened_at):
    database, policy, broken, rule = policies
    client = opened_at(database)
    assert f"/programs/{policy}/episode" in client.get(f"/programs/{policy}").text
    assert f"/programs/{rule}/episode" not in client.get(f"/programs/{rule}").text
    for address, why in (
        (f"{rule}/episode", "no episodes"),
        (f"{policy}/episode?seed=0", "none of training"),
    ):
        answer = client.get(f"/programs/{address}")
        assert (answer.status_code, why in answer.text) == (404, True)
    assert client.get("/episodes/..%2fwet.json").status_code == 404

    def settled(address):
        deadline = time.monotonic() + PATIENCE
        while 'class="state' in (text := client.get(address).text):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        return text

    good, bad = (f"/programs/{program}/episode?seed=1001" for program in (policy, broken))
    for address in (good, bad):  # both are played, or wait for their turn
        assert "and appears here" in client.get(address).text
    text = settled(good)
    film = client.get(text.partition('data-address="')[2].partition('"')[0]).json()
    assert (film["seed"], len(film["pictures"])) == (1001, len(film["facts"]))
    assert film["facts"][-1]["step"] == 20
    text = settled(bad)
    assert "ZeroDivisionError" in text
    assert "attempt=2" in text
    with Archive.open(database) as archive:
        assert archive.evaluations.find(program=archive.programs.get(policy)) == [], "nothing is stored"
