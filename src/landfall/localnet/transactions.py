"""A transaction as a node takes it from the wire: decoded, checked for form, its accounts resolved.

Addresses are in the order that JSON-RPC and instruction indexes use: the message's own keys, then
the writable and then the read-only addresses loaded from lookup tables.
Source: anza-xyz/agave, rpc/src/rpc.rs (decode_and_deserialize), sdk address-lookup-table state.rs.
"""

from collections.abc import Callable
from dataclasses import dataclass

from solders.address_lookup_table_account import ID as LOOKUP_TABLE_PROGRAM
from solders.errors import SignerError
from solders.hash import Hash
from solders.message import Message, MessageV0
from solders.transaction import SanitizeError, VersionedTransaction

from landfall.core.values import Account, Pubkey, Signature

LOOKUP_TABLE_ADDRESSES_AT = 56
LOOKUP_TABLE_INITIALIZED = 1


class MalformedTransaction(Exception):
    """Bytes that no node would take for a transaction. The text says why."""


class LookupFailed(Exception):
    """An address lookup table does not give what the message asks of it.

    `error` is the chain's name for it.
    """

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedMessage:
    """One transaction with its wire bytes. Nothing is known of its signatures but their number.

    `programs` are its instructions as (program, data); programs are among the message's own keys.
    """

    wire: bytes
    decoded: VersionedTransaction
    message: Message | MessageV0
    signatures: tuple[Signature, ...]
    static_keys: tuple[Pubkey, ...]
    programs: tuple[tuple[Pubkey, bytes], ...]

    @property
    def signature(self) -> Signature:
        return self.signatures[0]

    @property
    def payer(self) -> Pubkey:
        return self.static_keys[0]

    @property
    def blockhash(self) -> Hash:
        return self.message.recent_blockhash

    def signatures_are_good(self) -> bool:
        """Whether every signature is its signer's over this message."""
        try:
            return all(self.decoded.verify_with_results())
        except (ValueError, SignerError):
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedAccounts:
    """All addresses a transaction loads, and what the message lets it do with each."""

    keys: tuple[Pubkey, ...]
    signers: int
    writable: tuple[bool, ...]
    loaded_writable: tuple[Pubkey, ...]
    loaded_readonly: tuple[Pubkey, ...]


def decode_transaction(wire: bytes) -> SignedMessage:
    """Bytes to a transaction of sound form.

    Raises:
        MalformedTransaction: not a transaction, or one whose indexes and counts disagree.
    """
    try:
        decoded = VersionedTransaction.from_bytes(wire)
    except Exception as error:
        raise MalformedTransaction(f"failed to deserialize: {error}") from error
    message = decoded.message
    if not isinstance(message, Message | MessageV0):
        raise MalformedTransaction("transaction version 1 is not supported")
    if bytes(decoded) != wire:
        raise MalformedTransaction("failed to deserialize: bytes left over after the transaction")
    try:
        decoded.sanitize()
    except SanitizeError as error:
        raise MalformedTransaction(f"invalid transaction: {error}") from error
    keys = tuple(message.account_keys)
    return SignedMessage(
        wire=wire,
        decoded=decoded,
        message=message,
        signatures=tuple(decoded.signatures),
        static_keys=keys,
        programs=tuple((keys[each.program_id_index], each.data) for each in message.instructions),
    )


def resolve_accounts(
    transaction: SignedMessage, account_at: Callable[[Pubkey], Account | None]
) -> ResolvedAccounts:
    """Look up the addresses that the message names by table and index.

    Raises:
        LookupFailed: no such table, or no such index in it.
    """
    message = transaction.message
    header = message.header
    count = len(transaction.static_keys)
    writable_signers = header.num_required_signatures - header.num_readonly_signed_accounts
    first_readonly = count - header.num_readonly_unsigned_accounts
    flags = [
        index < writable_signers or header.num_required_signatures <= index < first_readonly
        for index in range(count)
    ]
    loaded_writable: list[Pubkey] = []
    loaded_readonly: list[Pubkey] = []
    if isinstance(message, MessageV0):
        for lookup in message.address_table_lookups:
            table = _table_addresses(account_at(lookup.account_key))
            loaded_writable += _pick(table, bytes(lookup.writable_indexes))
            loaded_readonly += _pick(table, bytes(lookup.readonly_indexes))
    return ResolvedAccounts(
        keys=(*transaction.static_keys, *loaded_writable, *loaded_readonly),
        signers=header.num_required_signatures,
        writable=(*flags, *(True for _ in loaded_writable), *(False for _ in loaded_readonly)),
        loaded_writable=tuple(loaded_writable),
        loaded_readonly=tuple(loaded_readonly),
    )


def _table_addresses(account: Account | None) -> bytes:
    if account is None:
        raise LookupFailed("AddressLookupTableNotFound")
    if account.owner != LOOKUP_TABLE_PROGRAM:
        raise LookupFailed("InvalidAddressLookupTableOwner")
    kind = int.from_bytes(account.data[:4], "little")
    if len(account.data) < LOOKUP_TABLE_ADDRESSES_AT or kind != LOOKUP_TABLE_INITIALIZED:
        raise LookupFailed("InvalidAddressLookupTableData")
    return account.data[LOOKUP_TABLE_ADDRESSES_AT:]


def _pick(table: bytes, indexes: bytes) -> list[Pubkey]:
    if any((index + 1) * 32 > len(table) for index in indexes):
        raise LookupFailed("InvalidAddressLookupTableIndex")
    return [Pubkey.from_bytes(table[index * 32 : index * 32 + 32]) for index in indexes]
