"""Which bank answers a request, and the context its answer carries."""

from landfall.core.values import Commitment, Slot
from landfall.localnet.node import Node
from landfall.localnet.params import Config, RpcError
from landfall.localnet.wire import Json

API_VERSION = "3.0.0"
"""The agave release whose RPC this one follows."""


def check_min_context_slot(slot: Slot, config: Config) -> None:
    """Refuse to answer from an older state than the client has already seen."""
    wanted = config.number("minContextSlot")
    if wanted is not None and slot < wanted:
        raise RpcError(-32016, "Minimum context slot has not been reached", {"contextSlot": slot})


def bank_slot(node: Node, config: Config, default: Commitment = Commitment.FINALIZED) -> Slot:
    """The newest slot of the commitment asked for."""
    slot = node.cluster.block(config.commitment(default)).slot
    check_min_context_slot(slot, config)
    return slot


def with_context(slot: Slot, value: Json) -> Json:
    """An answer and the slot it is true for."""
    return {"context": {"apiVersion": API_VERSION, "slot": slot}, "value": value}
