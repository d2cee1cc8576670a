"""Arguments of a bot's session; nothing here loads the bots."""

from __future__ import annotations

from typing import Any

BOT_HOST = "nashforge.games.roshambo.host"


def bot_arguments(bot: str, seed: int) -> dict[str, Any]:
    """Return the arguments of a session in which a bot plays one match; the seed has 32 bits."""
    return {
        "host": BOT_HOST,
        "setup": {"bot": bot, "seed": seed},
        "inputs": [],
        "outputs": [("throw", (1,), "<f8")],
    }
