"""Does it fit? A route is a transaction only if one packet holds it and the ledger locks its
accounts, so the router asks here before it chooses.

Units: bytes of the serialized transaction, with its one signature.
Source: anza-xyz/agave, packet (1,232 bytes: an IPv6 MTU without headers), accounts-db
account_locks.rs (64 accounts, as long as the increase to 128 is not active everywhere).
"""

from solders.message import MessageV0
from solders.transaction import VersionedTransaction

from landfall.core.values import Signature

PACKET_BYTES_MAX = 1_232
ACCOUNTS_MAX = 64


def why_too_large(compiled: MessageV0) -> str | None:
    """Why no transaction can be made of this message, or None if one can."""
    loaded = sum(
        len(bytes(lookup.writable_indexes)) + len(bytes(lookup.readonly_indexes))
        for lookup in compiled.address_table_lookups
    )
    accounts = len(compiled.account_keys) + loaded
    if accounts > ACCOUNTS_MAX:
        return f"the transaction locks {accounts} accounts, the ledger allows {ACCOUNTS_MAX}"
    size = len(bytes(VersionedTransaction.populate(compiled, [Signature.default()])))
    if size > PACKET_BYTES_MAX:
        return f"the transaction has {size} bytes, a packet takes {PACKET_BYTES_MAX}"
    return None
