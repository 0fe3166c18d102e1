"""A lookup table on the chain, made by its own program.

Source: solana-program/address-lookup-table (instructions 0 CreateLookupTable, 2 ExtendLookupTable).
"""

from collections.abc import Sequence

from solders.address_lookup_table_account import ID as LOOKUP_TABLE_PROGRAM
from solders.instruction import AccountMeta, Instruction
from solders.system_program import ID as SYSTEM_PROGRAM

from landfall.core.ledger.transaction import ComputeBudget, message, signed, to_sign
from landfall.core.values import Commitment, Pubkey
from tests.pipeline.conftest import Bench

# As many as one packet takes.
_ADDRESSES_PER_EXTENSION = 25


async def make_table(bench: Bench, addresses: Sequence[Pubkey]) -> Pubkey:
    """A warm table of these addresses, paid and owned by the wallet."""
    wallet = bench.world.signer.address
    slot = bench.localnet.node.cluster.block(Commitment.CONFIRMED).slot
    seeds = [bytes(wallet), slot.to_bytes(8, "little")]
    table, bump = Pubkey.find_program_address(seeds, LOOKUP_TABLE_PROGRAM)
    accounts = [
        AccountMeta(table, is_signer=False, is_writable=True),
        AccountMeta(wallet, is_signer=True, is_writable=False),
        AccountMeta(wallet, is_signer=True, is_writable=True),
        AccountMeta(SYSTEM_PROGRAM, is_signer=False, is_writable=False),
    ]
    create = (0).to_bytes(4, "little") + slot.to_bytes(8, "little") + bytes([bump])
    await _land(bench, Instruction(LOOKUP_TABLE_PROGRAM, create, accounts))
    for start in range(0, len(addresses), _ADDRESSES_PER_EXTENSION):
        part = addresses[start : start + _ADDRESSES_PER_EXTENSION]
        extend = (2).to_bytes(4, "little") + len(part).to_bytes(8, "little")
        extend += b"".join(map(bytes, part))
        await _land(bench, Instruction(LOOKUP_TABLE_PROGRAM, extend, accounts))
    return table


async def _land(bench: Bench, step: Instruction) -> None:
    latest = await bench.world.chain.latest_blockhash()
    made = message([step], ComputeBudget(100_000, 0), bench.world.signer.address, latest)
    transaction = signed(made, bench.world.signer.sign(to_sign(made)), latest)
    await bench.world.sender.send(transaction)
    for _ in range(4):
        await bench.world.clock.sleep_ms(200)
    landed = await bench.world.chain.transaction(transaction.signature)
    assert landed is not None
    assert landed.error is None, landed.logs
