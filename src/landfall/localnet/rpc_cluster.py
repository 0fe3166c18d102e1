"""JSON-RPC methods about the cluster itself: slots, blocks, blockhashes, epochs.

Source: anza-xyz/agave, rpc/src/rpc.rs.
"""

from collections.abc import Callable, Mapping

from landfall.core.values import Commitment, Slot
from landfall.localnet.blocks import SLOTS_PER_EPOCH
from landfall.localnet.context import API_VERSION, bank_slot, with_context
from landfall.localnet.node import Node
from landfall.localnet.params import Params, RpcError, invalid_params, parse_hash
from landfall.localnet.rpc_history import transaction_json
from landfall.localnet.wire import Json

BLOCKS_MAX = 500_000


def get_slot(node: Node, params: Params) -> Json:
    """The newest slot of a commitment."""
    return bank_slot(node, params.config(0))


def get_block_height(node: Node, params: Params) -> Json:
    """The height of the newest block of a commitment."""
    config = params.config(0)
    bank_slot(node, config)
    return node.cluster.block(config.commitment()).height


def get_latest_blockhash(node: Node, params: Params) -> Json:
    """A blockhash to sign with, and the last height it is good for."""
    config = params.config(0)
    slot = bank_slot(node, config)
    blockhash, last_valid = node.cluster.latest_blockhash(config.commitment())
    return with_context(slot, {"blockhash": str(blockhash), "lastValidBlockHeight": last_valid})


def is_blockhash_valid(node: Node, params: Params) -> Json:
    """Whether a blockhash may still be used."""
    blockhash, config = parse_hash(params.text(0)), params.config(1)
    slot = bank_slot(node, config)
    return with_context(slot, node.cluster.blockhash_is_valid(blockhash, config.commitment()))


def get_epoch_info(node: Node, params: Params) -> Json:
    """Where in its epoch the cluster is."""
    config = params.config(0)
    slot = bank_slot(node, config)
    return {
        "absoluteSlot": slot,
        "blockHeight": node.cluster.block(config.commitment()).height,
        "epoch": slot // SLOTS_PER_EPOCH,
        "slotIndex": slot % SLOTS_PER_EPOCH,
        "slotsInEpoch": SLOTS_PER_EPOCH,
        "transactionCount": node.ledger.transaction_count(),
    }


def get_epoch_schedule(node: Node, params: Params) -> Json:
    """Epochs of equal length, from the first."""
    return {
        "firstNormalEpoch": 0,
        "firstNormalSlot": 0,
        "leaderScheduleSlotOffset": SLOTS_PER_EPOCH,
        "slotsPerEpoch": SLOTS_PER_EPOCH,
        "warmup": False,
    }


def get_block_time(node: Node, params: Params) -> Json:
    """When a block was made, in Unix seconds."""
    slot = Slot(params.number(0))
    for commitment in Commitment:
        block = node.cluster.block(commitment)
        if block.slot == slot:
            return block.unix_timestamp
    closed = node.ledger.block(slot)
    if closed is None:
        raise _no_block(node, slot)
    return closed.unix_timestamp


def get_block(node: Node, params: Params) -> Json:
    """A confirmed block with its transactions."""
    slot = Slot(params.number(0))
    config = params.config(1)
    commitment = config.commitment()
    if commitment is Commitment.PROCESSED:
        raise invalid_params("Method does not support commitment below `confirmed`")
    closed = node.ledger.block(slot)
    if closed is None or slot > node.cluster.block(commitment).slot:
        raise _no_block(node, slot)
    parent = node.ledger.block(closed.parent_slot)
    block = {
        "blockHeight": closed.height,
        "blockTime": closed.unix_timestamp,
        "blockhash": str(closed.blockhash),
        "parentSlot": closed.parent_slot,
        "previousBlockhash": str(closed.blockhash if parent is None else parent.blockhash),
        "rewards": [],
    }
    match config.text("transactionDetails"):
        case "none":
            pass
        case "signatures":
            block["signatures"] = [str(landed.signature) for landed in node.ledger.landed_in(slot)]
        case _:
            block["transactions"] = [
                transaction_json(landed, config) for landed in node.ledger.landed_in(slot)
            ]
    return block


def get_blocks(node: Node, params: Params) -> Json:
    """The slots that have a block, in a range."""
    first = Slot(params.number(0))
    newest = node.cluster.block(params.config(2).commitment()).slot
    last = params.optional_number(1)
    last = newest if last is None else min(Slot(last), newest)
    if last - first > BLOCKS_MAX:
        raise invalid_params(f"Slot range too large; max {BLOCKS_MAX}")
    return node.ledger.slots_between(first, Slot(last), BLOCKS_MAX)


def get_blocks_with_limit(node: Node, params: Params) -> Json:
    """The next slots that have a block."""
    first, limit = Slot(params.number(0)), params.number(1)
    if limit > BLOCKS_MAX:
        raise invalid_params(f"Limit too large; max {BLOCKS_MAX}")
    newest = node.cluster.block(params.config(2).commitment()).slot
    return node.ledger.slots_between(first, newest, limit)


def get_first_available_block(node: Node, params: Params) -> Json:
    """The oldest slot with a block: all are kept."""
    return 0


def get_genesis_hash(node: Node, params: Params) -> Json:
    """The chain's identity."""
    return str(node.cluster.genesis_hash)


def get_health(node: Node, params: Params) -> Json:
    """This node is never behind."""
    return "ok"


def get_identity(node: Node, params: Params) -> Json:
    """The only validator, which is also the faucet."""
    return {"identity": str(node.faucet.pubkey())}


def get_slot_leader(node: Node, params: Params) -> Json:
    """The only validator leads every slot."""
    return str(node.faucet.pubkey())


def get_version(node: Node, params: Params) -> Json:
    """The release whose RPC this follows."""
    return {"feature-set": 0, "solana-core": API_VERSION}


def get_transaction_count(node: Node, params: Params) -> Json:
    """How many transactions ever landed."""
    return node.ledger.transaction_count()


def get_cluster_nodes(node: Node, params: Params) -> Json:
    """There is no gossip here."""
    return []


def get_vote_accounts(node: Node, params: Params) -> Json:
    """Nobody votes here."""
    return {"current": [], "delinquent": []}


def _no_block(node: Node, slot: Slot) -> RpcError:
    if slot > node.cluster.block(Commitment.CONFIRMED).slot:
        return RpcError(-32004, f"Block not available for slot {slot}")
    return RpcError(
        -32007, f"Slot {slot} was skipped, or missing due to ledger jump to recent snapshot"
    )


METHODS: Mapping[str, Callable[[Node, Params], Json]] = {
    "getBlock": get_block,
    "getBlockHeight": get_block_height,
    "getBlockTime": get_block_time,
    "getBlocks": get_blocks,
    "getBlocksWithLimit": get_blocks_with_limit,
    "getClusterNodes": get_cluster_nodes,
    "getEpochInfo": get_epoch_info,
    "getEpochSchedule": get_epoch_schedule,
    "getFirstAvailableBlock": get_first_available_block,
    "getGenesisHash": get_genesis_hash,
    "getHealth": get_health,
    "getIdentity": get_identity,
    "getLatestBlockhash": get_latest_blockhash,
    "getSlot": get_slot,
    "getSlotLeader": get_slot_leader,
    "getTransactionCount": get_transaction_count,
    "getVersion": get_version,
    "getVoteAccounts": get_vote_accounts,
    "isBlockhashValid": is_blockhash_valid,
    "minimumLedgerSlot": get_first_available_block,
}
