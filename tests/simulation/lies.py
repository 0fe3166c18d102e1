"""What a provider says that is not so: of two that are asked, one may lie, and money must not move.

A lie is about what became of a transaction, for how long it may land, or which slot it is. Of
balances and prices nobody lies here: a wrong price costs what the order's bound allows, and no
transaction lands twice of it.
"""

import base64
from random import Random
from typing import Any

from landfall.core.values import Commitment
from tests.simulation.bank import SYSVAR_OWNER
from tests.simulation.weather import Weather

# Further ahead than any expiry: by little, and by what no history sees the end of.
_AHEAD = (300, 10**12)
APART = (-300, *_AHEAD)
"""How far from the truth the slot of a liar is, for a whole history."""

_TELL_THE_SLOT = frozenset(
    {"getMultipleAccounts", "getLatestBlockhash", "simulateTransaction", "getSlot"}
)

Json = Any


def lie(weather: Weather, chance: Random, method: str, truth: Json, apart: int) -> Json:
    """The truth, or something else in its shape. `apart` is one of `APART`."""
    ahead = chance.choice(_AHEAD)
    if method in _TELL_THE_SLOT and weather.strikes("slot made up"):
        truth = _elsewhen(truth, apart)
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


def _elsewhen(truth: Json, apart: int) -> Json:
    """The same, said to be of another slot: with its clock, and as long to live from there."""
    if isinstance(truth, int):
        return max(0, truth + apart)
    slot, value = truth["context"]["slot"], truth["value"]
    moved = max(-slot, apart)
    if isinstance(value, list):
        value = [_clock_elsewhen(account, moved) for account in value]
    elif "lastValidBlockHeight" in value:
        value = {**value, "lastValidBlockHeight": value["lastValidBlockHeight"] + moved}
    return {"context": {"slot": slot + moved}, "value": value}


def _clock_elsewhen(account: Json, apart: int) -> Json:
    if account is None or account["owner"] != str(SYSVAR_OWNER):
        return account
    data = base64.b64decode(account["data"][0])
    moved = (int.from_bytes(data[:8], "little") + apart).to_bytes(8, "little")
    return {**account, "data": [base64.b64encode(moved + data[8:]).decode(), "base64"]}


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
