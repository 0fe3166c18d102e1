"""What a provider says that is not so: of two that are asked, one may lie, and money must not move.

A lie is about what became of a transaction, which no other answer of the same provider contradicts.
Of accounts and prices nobody lies here: a wrong price costs what the order's bound allows, and no
transaction lands twice of it.
"""

from typing import Any

from landfall.core.values import Commitment
from tests.simulation.weather import Weather

# Further ahead than any expiry, and less than the calm at the end of a history.
_SLOTS_AHEAD = 300

Json = Any


def lie(weather: Weather, method: str, truth: Json) -> Json:
    """The truth, or something else in its shape."""
    match method:
        case "getSignatureStatuses":
            slot = truth["context"]["slot"]
            said = [_status(weather, slot, status) for status in truth["value"]]
            if weather.strikes("finality made up"):
                slot += _SLOTS_AHEAD
            return {"context": {"slot": slot}, "value": said}
        case "getEpochInfo" if weather.strikes("finality made up"):
            ahead = {name: truth[name] + _SLOTS_AHEAD for name in ("absoluteSlot", "blockHeight")}
            return {**truth, **ahead}
        case _:
            return truth


def _status(weather: Weather, slot: int, truth: Json) -> Json:
    if truth is not None:
        return None if weather.strikes("landed transaction denied") else truth
    if weather.strikes("success made up"):
        return _made_up(slot, None)
    if weather.strikes("failure made up"):
        return _made_up(slot, {"InstructionError": [3, {"Custom": 6005}]})
    return None


def _made_up(slot: int, error: Json) -> Json:
    return {"slot": slot - 1, "confirmationStatus": Commitment.FINALIZED.wire, "err": error}
