"""How much work a bench does: enough to be believed, or just enough to see that it runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Counts that every bench multiplies out of.

    `seconds` is how long a rate is held, `pools` the largest market, `sockets` the most WebSockets
    tried, `history` the sizes of history looked into.
    """

    calls: int
    rounds: int
    orders: int
    seconds: float
    pools: int
    sockets: int
    history: tuple[int, ...]


FULL = Scale(
    calls=500,
    rounds=15,
    orders=5_000,
    seconds=10.0,
    pools=1_000,
    sockets=10_000,
    history=(10_000, 100_000, 1_000_000),
)
TINY = Scale(calls=5, rounds=1, orders=20, seconds=0.5, pools=10, sockets=5, history=(100, 200))
