"""What an instruction is written in: accounts, by what is done with them, and amounts."""

from solders.instruction import AccountMeta

from landfall.core.values import Pubkey


def signed(key: Pubkey) -> AccountMeta:
    """The account that signs; it pays through its token accounts, so it is not written itself."""
    return AccountMeta(key, is_signer=True, is_writable=False)


def written(key: Pubkey) -> AccountMeta:
    """An account that the program changes."""
    return AccountMeta(key, is_signer=False, is_writable=True)


def read(key: Pubkey) -> AccountMeta:
    """An account that the program only looks at."""
    return AccountMeta(key, is_signer=False, is_writable=False)


def u64_bytes(amount: int) -> bytes:
    """An amount as programs read it: eight bytes, little-endian.

    >>> u64_bytes(258)
    b'\\x02\\x01\\x00\\x00\\x00\\x00\\x00\\x00'
    """
    return amount.to_bytes(8, "little")
