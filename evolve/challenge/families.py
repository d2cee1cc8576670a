"""Families of games with parameters, of OpenSpiel and of our generators, of moderate size."""

from __future__ import annotations

from collections.abc import Mapping

from nashforge.evolve.challenge.space import Build, GameFamily, Value

_SEEDS = tuple(range(1, 201))
_STAKES = (1, 2, 3, 5, 8, 13, 21, 50, 100)


def _poker(values: Mapping[str, Value]) -> str:
    """Return limit poker of one or two rounds: antes, one private card each, one on the board."""
    players, rounds = int(values["players"]), int(values["rounds"])

    def each_round(*of: Value) -> str:
        return " ".join(map(str, of[:rounds]))

    return (
        f"universal_poker(betting=limit,numPlayers={players},numRounds={rounds},"
        f"blind={' '.join([str(values['ante'])] * players)},"
        f"raiseSize={each_round(values['raise_1'], values['raise_2'])},firstPlayer={each_round(1, 1)},"
        f"maxRaises={each_round(values['raises_1'], values['raises_2'])},numSuits={values['suits']},"
        f"numRanks={values['ranks']},numHoleCards=1,numBoardCards={each_round(0, 1)})"
    )


def _battleship(values: Mapping[str, Value]) -> str:
    """Return Battleship on a small board, of one or two ships."""
    ships = int(values["ships"])
    sizes = ";".join(str(values[name]) for name in ("size_1", "size_2")[:ships])
    worth = ";".join(str(values[name]) for name in ("worth_1", "worth_2")[:ships])
    shared = ",".join(f"{name}={values[name]}" for name in ("board_width", "board_height", "num_shots"))
    return (
        f"battleship({shared},ship_sizes=[{sizes}],ship_values=[{worth}],"
        f"loss_multiplier={values['loss_multiplier']},allow_repeated_shots=False)"
    )


def _as_they_are(name: str) -> Build:
    """Return what writes the parameters of a family as they are in game strings."""

    def build(values: Mapping[str, Value]) -> str:
        return f"{name}({','.join(f'{key}={value}' for key, value in values.items())})"

    return build


FAMILIES = (
    GameFamily(
        "poker",
        {
            "players": (2, 3),
            "rounds": (1, 2),
            "suits": (1, 2, 3),
            "ranks": (2, 3, 4, 5, 6, 8),
            "ante": (1, 2, 5),
            "raise_1": _STAKES,
            "raise_2": _STAKES,
            "raises_1": (1, 2, 3),
            "raises_2": (1, 2, 3),
        },
        _poker,
    ),
    GameFamily(
        "goofspiel",
        {
            "num_cards": (3, 4, 5),
            "players": (2, 3),
            "num_turns": (-1, 2),
            "points_order": ("ascending", "descending", "random"),
            "returns_type": ("win_loss", "point_difference", "total_points"),
            "imp_info": ("True", "False"),
        },
        _as_they_are("goofspiel"),
    ),
    GameFamily(
        "liars_dice",
        {
            "dice_sides": (2, 3, 4, 5, 6),
            "numdice": (1, 2),
            "bidding_rule": ("reset-face", "reset-quantity"),
        },
        _as_they_are("liars_dice"),
    ),
    GameFamily(
        "blotto",
        {"coins": (3, 4, 5, 6, 7, 8, 9, 10), "fields": (2, 3, 4), "players": (2, 3)},
        _as_they_are("blotto"),
    ),
    GameFamily(
        "battleship",
        {
            "board_width": (1, 2, 3),
            "board_height": (1, 2),
            "ships": (1, 2),
            "size_1": (1, 2),
            "size_2": (1, 2),
            "worth_1": (1, 2, 5, 20),
            "worth_2": (1, 2, 5, 20),
            "num_shots": (1, 2, 3),
            "loss_multiplier": (1.0, 2.0, 5.0),
        },
        _battleship,
    ),
    GameFamily(
        "oshi_zumo",
        {"coins": (2, 3, 4, 5, 6), "size": (1, 2, 3), "horizon": (3, 4, 5, 6), "min_bid": (0, 1)},
        _as_they_are("oshi_zumo"),
    ),
    GameFamily(
        "auction",
        {"max_value": (2, 3, 4, 5, 6, 8, 10), "players": (2, 3)},
        _as_they_are("first_sealed_auction"),
    ),
    GameFamily(
        "random_tree",
        {
            "players": (2, 3),
            "depth": (3, 4, 5, 6, 7, 8),
            "actions": (2, 3, 4),
            "chance": (0, 1, 2),
            "outcomes": (2, 3, 4),
            "observed": (0.0, 0.3, 0.6, 1.0),
            "ends": (0.0, 0.2, 0.4),
            "payoffs": ("leaves", "path", "sparse"),
            "values": ("real", "integer"),
            "seed": _SEEDS,
        },
        _as_they_are("random_tree"),
    ),
    GameFamily(
        "normal_matrix", {"actions": (5, 10, 20, 40, 70), "seed": _SEEDS}, _as_they_are("normal_matrix")
    ),
    GameFamily(
        "low_rank_matrix",
        {"actions": (5, 10, 20, 40, 70), "rank": (1, 2, 3, 5, 8), "seed": _SEEDS},
        _as_they_are("low_rank_matrix"),
    ),
    GameFamily(
        "game_of_skill",
        {"actions": (5, 10, 20, 40, 70), "skill": (0.0, 0.3, 1.0, 3.0, 10.0), "seed": _SEEDS},
        _as_they_are("game_of_skill"),
    ),
    GameFamily(
        "sparse_matrix",
        {"actions": (5, 10, 20, 40, 70), "density": (0.05, 0.1, 0.2, 0.4), "seed": _SEEDS},
        _as_they_are("sparse_matrix"),
    ),
    GameFamily(
        "weighted_blotto",
        {"soldiers": (3, 4, 5, 6, 7, 8), "fields": (2, 3, 4), "most": (1, 2, 5, 20), "seed": _SEEDS},
        _as_they_are("weighted_blotto"),
    ),
    GameFamily(
        "security_game",
        {"targets": (3, 4, 5, 6, 8), "guards": (1, 2, 3), "attacks": (1, 2), "seed": _SEEDS},
        _as_they_are("security_game"),
    ),
)
"""What is varied. Sizes that turn out too large are refused when a game is compiled."""
