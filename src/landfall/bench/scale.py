"""How much work a bench does: enough to be believed, or just enough to see that it runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Counts that every bench multiplies out of. `seconds` is how long a rate is held."""

    calls: int
    rounds: int
    orders: int
    seconds: float


FULL = Scale(calls=500, rounds=15, orders=5_000, seconds=10.0)
TINY = Scale(calls=5, rounds=1, orders=20, seconds=0.5)
