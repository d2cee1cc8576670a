"""``nashforge probe``: what the behaviour of a policy rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from nashforge.cli.options.archives import programs
from nashforge.cli.options.declared import option
from nashforge.cli.options.dilemmas import Agents, Map, Preset
from nashforge.cli.options.shared import Database, Json, ProgramName, Tier
from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from nashforge.evolve.diagnosis.probe.probing import Effect


def probe(
    policy: ProgramName,
    game: Annotated[
        str,
        option("SETTING", "What is played, such as gathering or cleanup(agents=5).", show_default=True),
    ] = "cleanup",
    preset: Preset = None,
    map_file: Map = None,
    agents: Agents = None,
    steps: Annotated[int | None, option("N", "Steps of an episode. [default: 1000]", min=10)] = None,
    seeds: Annotated[str | None, option("SEEDS", "Episodes, such as 0-4 or 1,5,7. [default: 0-4]")] = None,
    views: Annotated[
        str, option("K,K", "Radii to restrict the view to, with commas between.", show_default=True)
    ] = "3",
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Probe a policy of a social dilemma: take something from it, and see what that costs.

    Memory wiped at every step, chance fixed, agents renumbered, one agent a step late, a restricted view: all
    with the same seeds. Beside it, what its actions depend on: observation, history, and other agents.
    """
    from nashforge.cli.options.dilemmas import parse_seeds, setting_of
    from nashforge.cli.rendering.diagnosis.probing import print_probed, probed_as_dict, radii
    from nashforge.cli.rendering.measuring import check_tier
    from nashforge.evolve.diagnosis.probe.probing import probe_confined

    setting = setting_of([game], preset, map_file, agents, None, steps)
    several, restricted = parse_seeds(seeds), radii(views)
    tier = check_tier(allow_weaker_sandbox)
    with programs([policy], database, domain=setting.game, stored=False) as ([named], _):
        source, label = named.source, named.label

    def tell(effect: Effect) -> None:
        output.remark(f"{effect.intervention.name}: done")

    probed = probe_confined(setting, source, several, tier=tier, views=restricted, on_effect=tell)
    if output.wants_json(json):
        output.print_json(probed_as_dict(label, probed))
    else:
        print_probed(output.console(), label, probed)
