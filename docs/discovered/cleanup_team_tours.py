# Nashforge program beaming-crab (cleanup, b78838dbceb651da7e52bb7b7882fddfe0877c660a2e809cd9ca8e9562a7dc65)
# -*- coding: utf-8 -*-
# Run syn-cleanup-dense, candidate 10, proposed by openai:claude.
# Fitness: train +3.687, validation +3.681, test +3.627
# (mean efficiency over the games; higher is better)
# Lineage, 9 of 11 steps, which raised it most:
#   #0 nimble-nightjar (train +3.549): All agents compute the same roles from the same observation:
#     nearly everybody cleans at the start so that growth begins at once, then only about two stay at
#     the river (each in a band of rows of its own, cleaning what clears most per step), while the
#     others are matched to different apples, preferrin…
#   #1 high-pangolin (train +3.596): Instead of matching each harvester to one apple, all apples are
#     scheduled in parallel (each goes to whoever can have it first after what it is already to
#     collect), and each harvester takes its own list in the best order by exact enumeration, over
#     fertile cells. This shortens the ways per apple, so…
#   #4 patient-sheep (train +3.599): Back to two permanent cleaners (best so far), but each now plans
#     its next three cleanings, weighing the growth that dirty cells cost over time against the price
#     of a cleaning, and waits at the bank of its band looking west, from where one cleaning sweeps
#     the whole width. Fewer and better cleanings…
#   #5 stout-macaque (train +3.619): The returns show that nearly every cleaning clears a single cell
#     (about 0.42 paid per step for 0.5 cells). Holding a dirty cell costs really only about 0.06 a
#     step, as the hands of the harvesters limit what more growth brings; so cleaners now leave a
#     single distant cell until another can be cleared…
#   #6 hardy-kudu (train +3.529): Two permanent cleaners are idle half of the time, one alone cannot
#     keep up: so one is permanent, and the harvester nearest to the river helps in short campaigns,
#     from 8 dirty cells on until 4 are left. This clears two or more cells per paid cleaning and
#     gives most of the second cleaner's time back…
#   #7 chipper-crane (train +3.672): Back to two permanent cleaners (short campaigns cost more walking
#     than they saved); instead, the harvest is planned for the whole team: every agent keeps the same
#     tours over all apples, inserts new apples where they cost least, and hands over apples to others
#     as long as this brings apples sooner. S…
#   #8 alert-rabbit (train +3.647): On the way (among equally short ways) and when they have no apple
#     to go for, harvesters now move where they add most coverage: close to empty orchard cells that
#     no teammate is near. New apples then appear, on average, closer to somebody, which shortens the
#     time they block regrowth; all else stays.
#   #9 magic-quail (train +3.666): Leaves out the coverage rule, which did not help, and discounts
#     less when tours over the apples are planned (0.94 a step instead of 0.9), with more rounds of
#     handing over: what matters is the time that all ripe apples stand around together, as each of
#     them blocks regrowth, so later apples of a tour…
#   #10 beaming-crab (train +3.687): The team's tours over the apples are improved by one more kind of
#     move: neighbouring harvesters exchange whole tours or their ends, so that crossing ways and bad
#     early assignments are undone, which handing over single apples cannot do. Cleaners leave a
#     little earlier at the end, when new dirt no lo…
# Measured:
#   cleanup(agents=10,map=cleanup,preset=default) seed=1000: efficiency 3.672 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=1001: efficiency 3.701 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=0: efficiency 3.588 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=1: efficiency 3.66 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=2: efficiency 3.642 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=3: efficiency 3.657 after 1000 iterations
#   cleanup(agents=10,map=cleanup,preset=default) seed=4: efficiency 3.588 after 1000 iterations
# ---
"""Cleanup: shared deterministic roles; many cleaners while the river is dirty, about two afterwards.

Cleaners split the river into bands of rows. Each plans its next three cleanings: a cleared cell is worth the
growth that it would have cost from then on, a cleaning costs 1. Idle, they wait at the bank, looking west. A single
dirty cell that is not at hand waits until another is near it. Harvesters have
tours over all apples, which every agent plans alike for the whole team, keeps from step to step, and improves
by handing over apples to whoever has them sooner and by exchanging the ends of tours. In the last steps nobody cleans.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

from nashforge.solvers.policies.interface import (
    CLEAN,
    STAND,
    step_toward,
    turn_toward,
)

TURNS = np.array([[0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]], dtype=float)
MIN_CLEANERS = 2
DIRT_PER_CLEANER = 7.0
HOLDING = 0.0625
PATIENCE = 18.0
OUTSIDE = 0.3
LAST = 24
GAMMA = 0.92
FAR = 1e6
POWERS = [GAMMA**k for k in range(3000)]


def update_cleaners(observation, memory):
    """Return the sorted numbers of the cleaners; every agent computes the same."""
    world = observation.world
    alive = [k for k in range(world.agents) if observation.timeouts[k] == 0 and observation.cells[k] >= 0]
    if observation.step >= world.horizon - LAST:
        memory["cleaners"] = []
        return []
    cleaners = [k for k in memory.get("cleaners", []) if k in alive]
    dirt = len(observation.waste)
    want = int(np.ceil(dirt / DIRT_PER_CLEANER))
    want = max(MIN_CLEANERS, min(want, len(alive)))
    have = len(cleaners)
    away = {k: int(world.distance[observation.cells[k]][world.river_cells].min()) for k in alive}
    if want > have and (have == 0 or dirt > DIRT_PER_CLEANER * have + 3 or have < MIN_CLEANERS):
        others = sorted((k for k in alive if k not in cleaners), key=lambda k: (away[k], k))
        cleaners += others[: want - have]
    elif want < have:
        # Those closest to the orchard leave; of equals, those with the closest fellow cleaner.
        while len(cleaners) > want:
            def leave(k):
                home = int(world.distance[observation.cells[k]][world.apple_cells].min())
                fellow = min(
                    int(world.distance[observation.cells[k]][observation.cells[j]]) for j in cleaners if j != k
                )
                return (home + 0.7 * fellow, k)

            cleaners.remove(min(cleaners, key=leave))
    memory["cleaners"] = cleaners
    return cleaners


def clean(observation, cleaners):
    """Act as a cleaner: plan up to three cleanings ahead."""
    world, distance = observation.world, observation.world.distance
    order = sorted(cleaners, key=lambda k: (int(observation.cells[k]) // world.width, k))
    band = np.array_split(np.sort(world.river_cells), len(order))[order.index(observation.agent)]
    home = bank(observation, band)
    waste = np.asarray(observation.waste)
    best, choice = 0.0, None
    if len(waste):
        cover = np.zeros((4 * len(world.walls) + 1, len(waste)))
        cover[world.reached_from[waste].T, np.arange(len(waste))] = 1.0
        cover = cover[:-1]
        weight = np.where(np.isin(waste, band), 1.0, OUTSIDE)
        from_home = np.repeat(distance[home].astype(float), 4)
        plans = [(0.0, None, 0.0, observation.cell, observation.facing, weight)]
        for _ in range(3):
            found = []
            for total, first, time, cell, facing, left in plans:
                ends = time + (distance[cell].astype(float)[:, None] + TURNS[facing] + 1.0).ravel()
                gain = (cover @ left) * HOLDING * (PATIENCE - ends) - 1.0
                rank = gain - 0.01 * from_home
                for spot in np.argpartition(-rank, 8)[:8].tolist():
                    if gain[spot] <= 0.0:
                        continue
                    start = spot if first is None else first
                    rest = left * (1.0 - cover[spot])
                    found.append((total + rank[spot], start, ends[spot], spot // 4, spot % 4, rest))
            if not found:
                break
            found.sort(key=lambda plan: (-plan[0], plan[1]))
            plans = found[:10]
            if plans[0][0] > best + 1e-9:
                best, choice = plans[0][0], plans[0][1]
    if choice is None:
        if observation.cell != home:
            return step_toward(observation, home)
        return turn_toward(observation, 3)
    cell, facing = divmod(int(choice), 4)
    if cell != observation.cell:
        return step_toward(observation, cell)
    if facing != observation.facing:
        return turn_toward(observation, facing)
    return CLEAN


def bank(observation, band):
    """Return the cell in the middle of a band from where most river cells are in reach to the west."""
    world = observation.world
    river = np.zeros(len(world.walls))
    river[band] = 1.0
    reach = river[world.beam[:, 3]].sum(axis=1)
    middle = float(np.median(band // world.width))
    rows = np.arange(len(world.walls)) // world.width
    reach = np.where(world.walls, -1.0, reach - 2.0 * np.abs(rows - middle))
    return int(reach.argmax())


def schedule(observation, team, apples):
    """Give all apples to the harvesters, always the one that can be had first; return each one's list."""
    distance = observation.world.distance
    arrival = distance[observation.cells[team][:, None], apples].astype(float)
    between = distance[apples[:, None], apples].astype(float)
    lists = [[] for _ in team]
    for _ in range(len(apples)):
        who, what = divmod(int(arrival.argmin()), len(apples))
        time = arrival[who, what]
        lists[who].append(what)
        arrival[:, what] = FAR
        open_ = arrival[who] < FAR
        arrival[who] = np.where(open_, time + between[what], FAR)
    return lists, between


def worth(start, between, tour):
    """Return the discounted number of apples that a tour has."""
    time, total = 0, 0.0
    here = -1
    for there in tour:
        time += start[there] if here < 0 else between[here][there]
        total += POWERS[time]
        here = there
    return total


def insertion(start, between, tour, apple, at_least):
    """Return the best tour with one more apple and what it gains; None if that is not more than at_least."""
    base, best, gained = worth(start, between, tour), None, at_least
    for place in range(min(len(tour), 6) + 1):
        longer = tour[:place] + [apple] + tour[place:]
        gain = worth(start, between, longer) - base
        if gain > gained:
            best, gained = longer, gain
    return best, gained


def exchange_ends(observation, team, start, between, tours):
    """Let neighbours exchange their tours, or the ends of them, wherever that has apples sooner."""
    apart = observation.world.distance[observation.cells[team][:, None], observation.cells[team]].tolist()
    value = [worth(start[k], between, tours[k]) for k in range(len(team))]
    for a in range(len(team)):
        for b in range(a + 1, len(team)):
            if apart[a][b] > 9:
                continue
            one, two = tours[a], tours[b]
            most, best = value[a] + value[b] + 1e-6, None
            for p in range(min(len(one), 2) + 1):
                for q in range(min(len(two), 2) + 1):
                    if p == len(one) and q == len(two):
                        continue
                    left, right = one[:p] + two[q:], two[:q] + one[p:]
                    first, second = worth(start[a], between, left), worth(start[b], between, right)
                    if first + second > most:
                        most, best = first + second, (left, right, first, second)
            if best is not None:
                tours[a], tours[b], value[a], value[b] = best


def plan(observation, memory, team, apples):
    """Return a tour (indices of apples) for each harvester: kept from step to step and improved together."""
    distance = observation.world.distance
    cells = apples.tolist()
    index = {cell: k for k, cell in enumerate(cells)}
    start = distance[observation.cells[team][:, None], apples].tolist()
    between = distance[apples[:, None], apples].tolist()
    crew = range(len(team))
    if memory.get("team") != team:
        tours, _ = schedule(observation, team, apples)
    else:
        tours = [[index[cell] for cell in tour if cell in index] for tour in memory["tours"]]
        known = {k for tour in tours for k in tour}
        for apple in (k for k in range(len(cells)) if k not in known):
            best, gained, taker = None, -1e9, 0
            for k in sorted(crew, key=lambda k: (start[k][apple], k)):
                if best is not None and POWERS[start[k][apple]] <= gained:
                    break
                longer, gain = insertion(start[k], between, tours[k], apple, gained)
                if longer is not None:
                    best, gained, taker = longer, gain, k
            tours[taker] = best
    for _ in range(2):
        moved = False
        for giver in crew:
            for apple in list(tours[giver][:4]):
                shorter = [k for k in tours[giver] if k != apple]
                loss = worth(start[giver], between, tours[giver]) - worth(start[giver], between, shorter)
                best, gained, taker = None, loss + 1e-6, -1
                for k in crew:
                    if k == giver or POWERS[start[k][apple]] <= gained:
                        continue
                    longer, gain = insertion(start[k], between, tours[k], apple, gained)
                    if longer is not None:
                        best, gained, taker = longer, gain, k
                if best is not None:
                    tours[giver], tours[taker] = shorter, best
                    moved = True
        if not moved:
            break
    exchange_ends(observation, team, start, between, tours)
    for k in crew:
        if len(tours[k]) > 1:
            head, tail = tours[k][:4], tours[k][4:]
            best, most = head, worth(start[k], between, head) + 1e-9
            for order in permutations(head):
                total = worth(start[k], between, order)
                if total > most:
                    best, most = list(order), total
            tours[k] = best + tail
    memory["team"] = team
    memory["tours"] = [[cells[k] for k in tour] for tour in tours]
    return tours


def approach(observation, goal):
    """Make a move of a shortest path to a cell, over orchard cells and keeping both axes open if possible."""
    world, cell = observation.world, observation.cell
    if goal == cell:
        return STAND
    away = int(world.distance[cell, goal])
    best, choice = None, None
    for near in (cell - world.width, cell + 1, cell + world.width, cell - 1):
        if near < 0 or near >= len(world.walls) or world.walls[near]:
            continue
        if int(world.distance[near, goal]) != away - 1:
            continue
        down = abs(near // world.width - goal // world.width)
        aside = abs(near % world.width - goal % world.width)
        close = world.distance[near][world.apple_cells]
        fertile = 2 * int((close <= 1).sum()) + int((close <= 2).sum())
        key = (fertile, min(down, aside))
        if best is None or key > best:
            best, choice = key, near
    return step_toward(observation, goal if choice is None else int(choice))


def harvest(observation, memory, cleaners):
    """Act as a harvester."""
    world = observation.world
    team = [
        k
        for k in range(world.agents)
        if k not in cleaners and observation.timeouts[k] == 0 and observation.cells[k] >= 0
    ]
    me = team.index(observation.agent)
    apples = np.asarray(observation.apples)
    if len(apples):
        mine = plan(observation, memory, team, apples)[me]
        if mine:
            return approach(observation, int(apples[mine[0]]))
    else:
        memory["team"] = None
    # Nothing left: wait in the middle of an own share of the orchard.
    order = sorted(range(len(team)), key=lambda k: (int(observation.cells[team[k]]) // world.width, team[k]))
    rows, columns = np.divmod(world.apple_cells, world.width)
    share = np.array_split(np.lexsort((columns, rows)), len(team))[order.index(me)]
    cells = world.apple_cells[share]
    inner = world.distance[cells[:, None], cells].astype(float).sum(axis=1)
    return approach(observation, int(cells[inner.argmin()]))


def act(observation, memory):
    cleaners = update_cleaners(observation, memory)
    if observation.agent in cleaners:
        return clean(observation, cleaners)
    return harvest(observation, memory, cleaners)
