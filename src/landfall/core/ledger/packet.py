"""Does it fit? A route is a transaction only if one packet holds it and the ledger locks its
accounts, so the router asks here before it chooses.

Units: bytes of the serialized transaction, with its one signature.
Source: anza-xyz/agave, packet (1,232 bytes: an IPv6 MTU without headers), accounts-db
account_locks.rs (64 accounts, as long as the increase to 128 is not active everywhere); SIMD-0385
for v1 transactions.
"""

from collections.abc import Iterable

from solders.instruction import Instruction
from solders.message import MessageV0, MessageV1
from solders.transaction import VersionedTransaction

from landfall.core.values import Pubkey, Signature

PACKET_BYTES_MAX = 1_232
V1_BYTES_MAX = 4_096
ACCOUNTS_MAX = 64
V1_INSTRUCTIONS_MAX = 64


def why_too_many(steps: Iterable[Instruction], wallet: Pubkey) -> str | None:
    """Why the ledger would not lock all that these steps name, or None if it would.

    To be asked before a message is made of them: its indices end at 256 accounts.
    """
    named = {wallet}
    for step in steps:
        named.add(step.program_id)
        named.update([meta.pubkey for meta in step.accounts])
    return _too_many(len(named))


def why_too_large(compiled: MessageV0 | MessageV1) -> str | None:
    """Why no transaction can be made of this message, or None if one can."""
    accounts, bytes_max = len(compiled.account_keys), V1_BYTES_MAX
    if isinstance(compiled, MessageV0):
        bytes_max = PACKET_BYTES_MAX
        accounts += sum(
            len(bytes(lookup.writable_indexes)) + len(bytes(lookup.readonly_indexes))
            for lookup in compiled.address_table_lookups
        )
    elif len(compiled.instructions) > V1_INSTRUCTIONS_MAX:
        return f"the transaction has {len(compiled.instructions)} instructions"
    if too_many := _too_many(accounts):
        return too_many
    size = len(bytes(VersionedTransaction.populate(compiled, [Signature.default()])))
    if size > bytes_max:
        return f"the transaction has {size} bytes, a packet takes {bytes_max}"
    return None


def _too_many(accounts: int) -> str | None:
    if accounts <= ACCOUNTS_MAX:
        return None
    return f"the transaction locks {accounts} accounts, the ledger allows {ACCOUNTS_MAX}"
