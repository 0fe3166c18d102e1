"""What goes wrong, how likely, and how often it did.

Each seed draws its own weather: most faults are absent from most seeds, and those that are present
come in a strength of their own. Histories differ more this way than if everything always went a
little wrong. Every fault has a name here, so that a run can tell which ones never struck.
"""

from collections.abc import Callable, Mapping
from random import Random

# Each fault and the most likely it gets, per chance it has to strike.
NETWORK: Mapping[str, float] = {
    "request refused": 0.06,
    "request lost": 0.06,
    "request swallowed": 0.02,
    "reply lost": 0.08,
    "reply after the time-out": 0.02,
    "reply of another request": 0.05,
    "reply garbled": 0.05,
    "HTTP 429": 0.08,
    "HTTP 503": 0.05,
    "429 within HTTP 200": 0.05,
    "node down for a while": 0.01,
    "provider down for a while": 0.004,
    "all providers down for a while": 0.006,
}
NODES: Mapping[str, float] = {
    "nodes fall behind": 0.02,
    "history falls behind": 0.02,
    "history forgotten": 0.05,
    "statuses out for a while": 0.02,
    "landed transaction denied": 0.3,
    "success made up": 0.1,
    "failure made up": 0.1,
    "finality made up": 0.1,
    "lifetime made up": 1.0,
    "slot made up": 1.5,
    "send denied but passed on": 0.2,
    "send acknowledged but dropped": 0.3,
}
LEDGER: Mapping[str, float] = {
    "slot skipped": 0.25,
    "tip rolled back": 0.25,
    "rolled back bytes forgotten": 0.8,
    "bytes dropped each time": 0.4,
    "bytes dropped now and then": 0.5,
    "bytes land slowly": 0.5,
    "bytes land at the last moment": 0.6,
    "bytes arrive after expiry": 0.3,
    "bytes arrive twice": 0.3,
    "price moved": 0.5,
}
DATABASE: Mapping[str, float] = {
    "database unreachable": 0.03,
    "statement lost": 0.05,
    "commit unheard": 0.08,
    "commit straggles": 0.08,
    "deadlock": 0.03,
    "session does not end": 0.3,
    "notification lost": 0.5,
    "database down for a while": 0.002,
}
PROCESSES: Mapping[str, float] = {
    "killed before an effect": 0.01,
    "killed after an effect": 0.01,
    "frozen at an effect": 0.01,
    "worker killed": 0.1,
    "worker frozen": 0.1,
    "worker frozen past its lease": 0.1,
    "worker drained": 0.05,
    "clock wrong": 0.5,
    "API killed": 0.15,
    "answer to a client lost": 0.5,
}
FAMILIES = (NETWORK, NODES, LEDGER, DATABASE, PROCESSES)
FAULTS: Mapping[str, float] = {name: most for family in FAMILIES for name, most in family.items()}

_FAMILY_PRESENT = 0.7
_FAULT_PRESENT = 0.6


class Weather:
    """The faults of one history.

    Args:
        chance: where this history's chance comes from.
        now_s: the history's time.
        likely: how likely each fault is at each chance; None draws that.
    """

    def __init__(
        self,
        chance: Random,
        now_s: Callable[[], float],
        likely: Mapping[str, float] | None = None,
    ) -> None:
        self.struck: list[tuple[float, str]] = []
        self.is_calm = False
        self._now_s = now_s
        self._chance = chance
        present = _drawn(chance) if likely is None else likely
        self._likely = {**dict.fromkeys(FAULTS, 0.0), **present}

    def has(self, family: Mapping[str, float]) -> bool:
        """Whether this history knows any fault of the family."""
        return any(self._likely[name] for name in family)

    def strikes(self, fault: str) -> bool:
        """Whether the fault happens at this chance; it is remembered."""
        likely = self._likely[fault]
        if not likely or self.is_calm or self._chance.random() >= likely:
            return False
        self.struck.append((self._now_s(), fault))
        return True


def _drawn(chance: Random) -> Mapping[str, float]:
    return {
        name: most * chance.random()
        for family in FAMILIES
        if chance.random() < _FAMILY_PRESENT
        for name, most in family.items()
        if chance.random() < _FAULT_PRESENT
    }
