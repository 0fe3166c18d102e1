"""A convex solver that knows nothing of levels and duals finds the same splits."""

from random import Random

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, NonlinearConstraint, minimize

from landfall.core.values import SwapMode
from tests.core.routing.markets import a_token, ask, products, request

A, B, C, D = a_token(1, 9), a_token(2), a_token(3), a_token(4)
Reserves = list[tuple[int, int, int]]
CLOSE = 2e-6  # 0.02 bp, about as far as the solver itself comes


def reserves(random: Random, count: int, price: float) -> Reserves:
    """Pools of some depth around a price."""
    pools = []
    for _ in range(count):
        held = int(10 ** random.uniform(11, 13))
        paid = int(held * price * random.uniform(0.998, 1.002))
        pools.append((held, paid, random.choice((1, 5, 25, 30))))
    return pools


def paid(pools: Reserves, taken: np.ndarray) -> np.ndarray:
    """What constant products pay, in real numbers."""
    if not pools:
        return np.zeros(0)
    held, out, fee = (np.array(column, dtype=float) for column in zip(*pools, strict=True))
    net = taken * (1 - fee / 10_000)
    return out * net / (held + net)


def best_split(pools: Reserves, amount: float) -> float:
    """The most that the pools pay for the amount, from either start: some end before their time."""
    count, depths = len(pools), np.array([held for held, _, _ in pools], dtype=float)
    starts = (np.full(count, 1 / count), depths / depths.sum())
    return max(split_from(start, pools, amount) for start in starts)


def split_from(start: np.ndarray, pools: Reserves, amount: float) -> float:
    """The best split that the solver reaches from this one."""
    count = len(pools)
    scale = paid(pools, start * amount).sum()
    found = minimize(
        lambda shares: -paid(pools, shares * amount).sum() / scale,
        start,
        method="SLSQP",
        bounds=[(0, 1)] * count,
        constraints=[LinearConstraint(np.ones(count), 1, 1)],
        options={"ftol": 1e-13, "maxiter": 500},
    )
    return -found.fun * scale


@pytest.mark.parametrize("seed", range(12))
def test_a_split_is_the_solvers(seed):
    random = Random(seed)
    pools = reserves(random, random.randint(2, 5), 0.15)
    amount = int(sum(held for held, _, _ in pools) * 10 ** random.uniform(-3.5, -1))
    theirs = best_split(pools, amount)
    route = ask(products(pools, A, B), request(A, B, amount)).route
    assert route.out_amount == pytest.approx(theirs, rel=CLOSE)
    assert route.upper_bound_out >= theirs * (1 - CLOSE)


@pytest.mark.parametrize("seed", range(12))
def test_what_a_split_pays_costs_the_same_when_it_is_asked_for(seed):
    random = Random(seed)
    pools = reserves(random, random.randint(2, 5), 0.15)
    amount = int(sum(held for held, _, _ in pools) * 10 ** random.uniform(-3.5, -1))
    wanted = request(A, B, int(best_split(pools, amount)), SwapMode.EXACT_OUT)
    route = ask(products(pools, A, B), wanted).route
    assert route.in_amount == pytest.approx(amount, rel=CLOSE)


@pytest.mark.parametrize("seed", range(8))
def test_two_hops_are_the_solvers(seed):
    random = Random(seed)
    near, far = reserves(random, 3, 0.15), reserves(random, 2, 4.0)
    amount = int(sum(held for held, _, _ in near) * 10 ** random.uniform(-3.5, -1.5))
    theirs = best_mix([], [(near, far)], amount)
    pools = (*products(near, A, C), *products(far, C, B))
    route = ask(pools, request(A, B, amount)).route
    assert len(route.hops) == 2
    assert route.out_amount == pytest.approx(theirs, rel=CLOSE)


def best_mix(direct: Reserves, detours: list[tuple[Reserves, Reserves]], amount: float) -> float:
    """The most that comes out over all ways at once, all shares searched at once."""
    firsts = [len(direct), *(len(near) for near, _ in detours)]
    start, scales, cuts = [np.full(sum(firsts), 1 / sum(firsts))], [], np.cumsum(firsts)
    for near, far in detours:
        scales.append(paid(near, np.full(len(near), amount / sum(firsts))).sum())
        start.append(np.full(len(far), 1 / len(far)))

    def parts(shares: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        ends = cuts[-1] + np.cumsum([len(far) for _, far in detours])
        return np.split(shares[: cuts[-1]], cuts[:-1]), np.split(
            shares[cuts[-1] :], ends - cuts[-1]
        )

    def out(shares: np.ndarray) -> float:
        """What comes out of all ways."""
        spent, sold = parts(shares)
        found = paid(direct, spent[0] * amount).sum()
        for (_, far), handed, one in zip(detours, scales, sold, strict=False):
            found += paid(far, one * handed).sum()
        return found

    def unspent(shares: np.ndarray) -> np.ndarray:
        spent, sold = parts(shares)
        return np.array(
            [
                paid(near, into * amount).sum() / handed - one.sum()
                for (near, _), into, handed, one in zip(
                    detours, spent[1:], scales, sold, strict=False
                )
            ]
        )

    everywhere = np.concatenate(start)
    scale = out(everywhere)
    found = minimize(
        lambda shares: -out(shares) / scale,
        everywhere,
        method="SLSQP",
        bounds=[(0, 1)] * int(cuts[-1]) + [(0, None)] * (len(everywhere) - int(cuts[-1])),
        constraints=[
            LinearConstraint(np.r_[np.ones(cuts[-1]), np.zeros(len(everywhere) - cuts[-1])], 1, 1),
            NonlinearConstraint(unspent, 0, np.inf),
        ],
        options={"ftol": 1e-13, "maxiter": 500},
    )
    return -found.fun * scale


@pytest.mark.parametrize("seed", range(12))
def test_a_mix_of_ways_is_the_solvers(seed):
    random = Random(seed)
    direct = reserves(random, random.randint(1, 3), 0.6)
    detours = [
        (reserves(random, random.randint(1, 3), 0.15), reserves(random, random.randint(1, 2), 4.0))
        for _ in range(random.randint(1, 2))
    ]
    amount = int(sum(held for held, _, _ in direct) * 10 ** random.uniform(-2, -1))
    theirs = best_mix(direct, detours, amount)
    pools = products(direct, A, B)
    for third, (near, far) in zip((C, D), detours, strict=False):
        pools += (*products(near, A, third), *products(far, third, B))
    route = ask(pools, request(A, B, amount)).route
    assert len(route.ways) > 1
    assert route.out_amount == pytest.approx(theirs, rel=CLOSE)
    assert route.upper_bound_out >= theirs * (1 - CLOSE)
    costs = ask(pools, request(A, B, route.out_amount, SwapMode.EXACT_OUT)).route
    assert len(costs.ways) > 1
    assert costs.in_amount == pytest.approx(amount, rel=CLOSE)
