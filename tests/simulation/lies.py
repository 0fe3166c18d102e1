"""What a provider says that is not so: of two that are asked, one may lie, and money must not move.

A lie is about what became of a transaction, or for how long it may land. Of accounts and prices
nobody lies here: a wrong price costs what the order's bound allows, and no transaction lands twice
of it.
"""

from random import Random
from typing import Any

from landfall.core.values import Commitment
from tests.simulation.weather import Weather

# Further ahead than any expiry: by little, and by what no history sees the end of.
_AHEAD = (300, 10**12)

Json = Any


def lie(weather: Weather, chance: Random, method: str, truth: Json) -> Json:
    """The truth, or something else in its shape."""
    ahead = chance.choice(_AHEAD)
    match method:
        case "getSignatureStatuses":
            slot = truth["context"]["slot"]
            said = [_status(weather, slot, status) for status in truth["value"]]
            if weather.strikes("finality made up"):
                slot += ahead
            return {"context": {"slot": slot}, "value": said}
        case "getEpochInfo" if weather.strikes("finality made up"):
            return {
                **truth,
                **{name: truth[name] + ahead for name in ("absoluteSlot", "blockHeight")},
            }
        case "getLatestBlockhash" if weather.strikes("lifetime made up"):
            last_valid = truth["value"]["lastValidBlockHeight"] + ahead
            return {**truth, "value": {**truth["value"], "lastValidBlockHeight": last_valid}}
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
