"""A wallet whose key is a keypair on this machine: read it, make one, sign with it, show it to
nobody.

A key file is what `solana-keygen` writes: a JSON array of 64 numbers. It must be a regular file of
ours that nobody else can read. Messages here never hold any part of a key.
"""

import json
import os
import stat
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NoReturn

from solders.keypair import Keypair

from landfall.core.errors import LandfallError
from landfall.core.values import Pubkey, Signature

_SECRET_BYTES = 64
_FILE_BYTES_MAX = 4_096


class WalletError(LandfallError):
    """The key cannot be used; the sentence says why and what to do, and holds nothing of it."""


class KeypairSigner:
    """The `Signer` port over a keypair.

    Its text forms show the address alone, and it cannot be pickled.
    """

    __slots__ = ("_keypair", "address")

    def __init__(self, keypair: Keypair) -> None:
        self._keypair = keypair
        self.address: Pubkey = keypair.pubkey()

    def sign(self, message: bytes) -> Signature:
        """The wallet's signature of exactly these bytes."""
        return self._keypair.sign_message(message)

    def __repr__(self) -> str:
        return f"KeypairSigner({self.address})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signer is not copied")


def from_text(text: str) -> KeypairSigner:
    """A key given as base58 or as the JSON array of `solana-keygen`.

    Raises:
        WalletError: it is neither.
    """
    stripped = text.strip()
    try:
        if stripped.startswith("["):
            return KeypairSigner(_from_numbers(json.loads(stripped)))
        return KeypairSigner(Keypair.from_base58_string(stripped))
    # The cause would carry the text, and solders panics on some wrong lengths with a BaseException.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
    raise WalletError(
        "The private key is neither base58 nor the JSON array that solana-keygen writes."
    )


def from_file(path: Path) -> KeypairSigner:
    """The key in a `solana-keygen` file.

    Raises:
        WalletError: no such file, not a key, or readable by others.
    """
    try:
        # Not to follow a link, nor to wait for whoever writes to a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise WalletError(f"The wallet file {path} cannot be opened: {error.strerror}.") from None
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid():
            raise WalletError(f"The wallet file {path} is not a regular file of yours.")
        if about.st_mode & 0o077:
            raise WalletError(f"Others can read the wallet file {path}; run: chmod 600 {path}")
        written = os.read(descriptor, _FILE_BYTES_MAX)
    finally:
        os.close(descriptor)
    return from_text(written.decode(errors="replace"))


def create_file(path: Path) -> KeypairSigner:
    """Make a new key and write it where there is no file yet, readable by us alone.

    Raises:
        WalletError: there is something already, or nothing can be made there.
    """
    keypair = Keypair()
    try:
        # Written beside its place and linked there, so that a kill never leaves half a key.
        with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.") as file:
            json.dump(list(bytes(keypair)), file)
            file.flush()
            os.fsync(file.fileno())
            os.link(file.name, path)
    except OSError as error:
        raise WalletError(f"The wallet file {path} cannot be made: {error.strerror}.") from None
    return KeypairSigner(keypair)


def _from_numbers(numbers: object) -> Keypair:
    if not isinstance(numbers, list) or len(numbers) != _SECRET_BYTES:
        raise ValueError("not a key")
    return Keypair.from_bytes(bytes(numbers))
