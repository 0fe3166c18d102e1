"""What a lying node says in the place of the truth."""

import hashlib

from landfall.core.values import Commitment
from landfall.localnet.node import Node
from landfall.localnet.wire import Json, base58_encode


def told(name: str, method: str, reply: Json, node: Node) -> Json:
    """The lie `name` in the place of a true reply to `method`. An error is told as it is."""
    if name == "lie-id":
        return {**reply, "id": "another"}
    if "result" not in reply:
        return reply
    truth = reply["result"]
    match name, method:
        case "lie-unknown", "getSignatureStatuses":
            lie: Json = {**truth, "value": [None for _ in truth["value"]]}
        case "lie-unknown", "getSignaturesForAddress":
            lie = []
        case "lie-unknown", _:
            lie = None
        case "lie-confirmed", _:
            lie = {**truth, "value": [each or _confirmed(node) for each in truth["value"]]}
        case "lie-signature", _:
            lie = _other(truth, 64)
        case "lie-genesis", _:
            lie = _other(truth, 32)
        case _:
            lie = truth
    return {**reply, "result": lie}


def _confirmed(node: Node) -> Json:
    return {
        "slot": node.cluster.block(Commitment.CONFIRMED).slot,
        "confirmations": 2,
        "err": None,
        "status": {"Ok": None},
        "confirmationStatus": Commitment.CONFIRMED.wire,
    }


def _other(truth: str, length: int) -> str:
    """A value of that many bytes which is not the truth, and the same for the same truth."""
    return base58_encode(hashlib.sha512(truth.encode()).digest()[:length])
