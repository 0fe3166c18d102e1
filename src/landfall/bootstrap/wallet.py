"""Which wallet a process signs with: the one that the settings name, or none."""

from dataclasses import dataclass
from typing import NoReturn

from landfall.bootstrap.errors import CannotStart
from landfall.core.values import Pubkey
from landfall.settings import Settings
from landfall.wallet.keypair import KeypairSigner, from_file, from_text

UNKNOWN_WALLET = Pubkey.default()


@dataclass(frozen=True, slots=True)
class NoKey:
    """The signer of a process that must never sign: it has no key to leak.

    `address` is of the wallet that other processes sign with, where this one knows it.
    """

    address: Pubkey = UNKNOWN_WALLET

    def sign(self, message: bytes) -> NoReturn:
        """Refuse."""
        raise CannotStart("This process holds no key and signs nothing.")


def open_wallet(settings: Settings) -> KeypairSigner | None:
    """The wallet the settings name, or None if they name none.

    Raises:
        CannotStart: they name two.
        WalletError: it cannot be used.
    """
    if settings.private_key is not None and settings.wallet_file is not None:
        raise CannotStart("PRIVATE_KEY and WALLET_KEYPAIR both name a wallet; set one of them.")
    if settings.private_key is not None:
        return from_text(settings.private_key.reveal())
    if settings.wallet_file is not None:
        return from_file(settings.wallet_file)
    return None
