"""Labels of trials that are shorter than the others of their stage."""

import pytest

from nashforge.evolve.evaluation.labels import label, shortened
from nashforge.evolve.evaluation.messages import Trial


@pytest.mark.parametrize("game", ["leduc_poker", "kuhn_poker(players=3)", "universal_poker(blind=1 1,n=2)"])
@pytest.mark.parametrize("disguised", [False, True])
def test_a_short_trial_is_called_as_if_it_were_made_so(game, disguised):
    trial = Trial(label=label(game, disguised=disguised), game=game, iterations=100)
    assert shortened(trial).label == label(game, disguised=disguised, iterations=100)
    assert shortened(trial).iterations == 100
