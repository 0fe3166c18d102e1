"""Features of the cluster, switched on one by one: what an account of the feature program says.

Source: anza-xyz/agave, feature-gate-interface (an Option<u64>: the slot of activation); SIMD-0385
for the feature's address.
"""

from landfall.core.account_fields import u8, u64
from landfall.core.values import Account, Pubkey, Slot

FEATURE_PROGRAM = Pubkey.from_string("Feature111111111111111111111111111111111111")
V1_TRANSACTIONS = Pubkey.from_string("txv1aq4pp281K9um3tnPgkfX8UqtFT6wcVW3hNezGLL")

_IS_ACTIVATED = u8(0)
_ACTIVATED_AT = u64(1)
_BYTES = 9


def is_active(feature: Account | None, slot: Slot) -> bool:
    """Whether the feature of this account is on as of `slot`. One not asked for has no account."""
    return (
        feature is not None
        and feature.owner == FEATURE_PROGRAM
        and len(feature.data) >= _BYTES
        and _IS_ACTIVATED.read(feature.data) == 1
        and _ACTIVATED_AT.read(feature.data) <= slot
    )
