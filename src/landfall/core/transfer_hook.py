"""Transfer hooks: the accounts that must be named so that a mint's transfers can call its hook.

A Token-2022 mint may name a program that is called at every transfer. It cannot change what the
transfer moves, only let it fail; but the accounts it wants must be part of the transaction. A
validation account, at an address made of mint and program, lists them: as addresses, or as seeds
from which addresses are derived, among them the accounts of the transfer itself. Seeds that are
bytes of other accounts or of the instruction are not known when a pool is loaded, and such a hook
is refused.

Source: solana-program/libraries, tlv-account-resolution/src/{account,seeds,state}.rs (35 bytes an
account); solana-program/transfer-hook, interface/src/{lib,instruction}.rs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from solders.instruction import AccountMeta

from landfall.core.account_fields import u32
from landfall.core.errors import MalformedAccount
from landfall.core.instructions import read
from landfall.core.token import TOKEN_2022_PROGRAM, decode_mint
from landfall.core.values import Account, Accounts, Pubkey

EXECUTE = bytes.fromhex("692565c54bfb661a")
"""What starts the list, and an instruction to a hook: a hash of the instruction's name."""
LIST_BYTES, LIST_COUNT, LIST_START = u32(8), u32(12), 16
META_BYTES, CONFIG_BYTES = 35, 32
AS_ADDRESS, OF_HOOK_PROGRAM, OF_PROGRAM_AT = 0, 1, 128
NO_MORE_SEEDS, SEED_LITERAL, SEED_ACCOUNT_KEY = 0, 1, 3
EXTRA_MAX, SEEDS_MAX = 32, 15
"""More accounts than a transaction has room for; seeds of an address, its bump aside."""
TRANSFER_ACCOUNTS = 5
"""What a hook is always given: source, mint, destination, authority, validation account."""
Seed = bytes | int
"""Bytes as they are, or the place of an account whose address is the seed."""


@dataclass(frozen=True, slots=True)
class ExtraAccount:
    """An account a hook wants: `address` as it is, or `seeds` of a program's. The program is the
    hook's own where `program_at` is None, else the account at that place."""

    address: Pubkey | None
    seeds: tuple[Seed, ...]
    program_at: int | None
    is_writable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferHook:
    """A mint's hook as of one slot."""

    mint: Pubkey
    program: Pubkey
    validation: Pubkey
    extra: tuple[ExtraAccount, ...]

    def accounts(
        self, source: Pubkey, destination: Pubkey, authority: Pubkey
    ) -> tuple[AccountMeta, ...]:
        """What a transfer between these two token accounts must name, in the order it is named."""
        known = [source, self.mint, destination, authority, self.validation]
        for one in self.extra:
            known.append(_resolved(one, self.program, known))
        wanted = zip(known[TRANSFER_ACCOUNTS:], self.extra, strict=True)
        return (
            *(
                AccountMeta(key, is_signer=False, is_writable=one.is_writable)
                for key, one in wanted
            ),
            read(self.program),
            read(self.validation),
        )


@lru_cache(maxsize=1_024)
def validation_address(mint: Pubkey, program: Pubkey) -> Pubkey:
    """Where a hook keeps the list of the accounts it wants for this mint; remembered."""
    return Pubkey.find_program_address([b"extra-account-metas", bytes(mint)], program)[0]


def validation_accounts(mints: tuple[Pubkey, ...], accounts: Accounts) -> tuple[Pubkey, ...]:
    """What has to be read besides, for those of the mints that are known to have a hook.

    Raises:
        MalformedAccount: one is no mint.
    """
    programs = (
        (mint, decode_mint(mint, account).hook_program)
        for mint in mints
        if (account := accounts.get(mint)) is not None and account.owner == TOKEN_2022_PROGRAM
    )
    return tuple(validation_address(mint, hook) for mint, hook in programs if hook is not None)


def load_hook(mint: Pubkey, program: Pubkey, accounts: Accounts) -> TransferHook:
    """The hook of a mint, from its validation account.

    Raises:
        MalformedAccount: there is no list, it does not parse, or it wants what cannot be known
            before the transfer; the message says which.
    """
    validation = validation_address(mint, program)
    account = accounts[validation]
    extra = tuple(_extra_accounts(mint, account, program))
    return TransferHook(mint=mint, program=program, validation=validation, extra=extra)


def _extra_accounts(
    mint: Pubkey, account: Account | None, program: Pubkey
) -> Iterator[ExtraAccount]:
    data = b"" if account is None or account.owner != program else account.data
    if len(data) < LIST_START or not data.startswith(EXECUTE):
        raise MalformedAccount(f"mint {mint}: transfer hook without a list of its accounts")
    count = LIST_COUNT.read(data)
    if (
        LIST_BYTES.read(data) < 4 + count * META_BYTES
        or len(data) < LIST_START + count * META_BYTES
    ):
        raise MalformedAccount(f"mint {mint}: transfer hook whose list ends too soon")
    if count > EXTRA_MAX:
        raise MalformedAccount(f"mint {mint}: transfer hook that wants {count} accounts")
    for place in range(count):
        at = LIST_START + place * META_BYTES
        config = data[at + 1 : at + 1 + CONFIG_BYTES]
        is_signer, is_writable = data[at + 1 + CONFIG_BYTES : at + META_BYTES]
        if is_signer:
            raise MalformedAccount(f"mint {mint}: transfer hook that wants another signature")
        yield _extra_account(mint, data[at], config, bool(is_writable), TRANSFER_ACCOUNTS + place)


def _extra_account(
    mint: Pubkey, kind: int, config: bytes, is_writable: bool, place: int
) -> ExtraAccount:
    if kind == AS_ADDRESS:
        return ExtraAccount(Pubkey(config), (), None, is_writable)
    program_at = kind - OF_PROGRAM_AT if kind >= OF_PROGRAM_AT else None
    if program_at is None and kind != OF_HOOK_PROGRAM:
        raise MalformedAccount(f"mint {mint}: transfer hook that reads an address from data")
    seeds = tuple(_seeds(mint, config))
    if len(seeds) > SEEDS_MAX:
        raise MalformedAccount(f"mint {mint}: transfer hook with more seeds than an address has")
    named = [seed for seed in (*seeds, program_at) if isinstance(seed, int)]
    if any(named_place >= place for named_place in named):
        raise MalformedAccount(
            f"mint {mint}: transfer hook that names an account before it is known"
        )
    return ExtraAccount(None, seeds, program_at, is_writable)


def _seeds(mint: Pubkey, config: bytes) -> Iterator[Seed]:
    at = 0
    while at < CONFIG_BYTES and config[at] != NO_MORE_SEEDS:
        kind, argument = config[at], config[at + 1 : at + 2]
        if kind == SEED_LITERAL and argument and at + 2 + argument[0] <= CONFIG_BYTES:
            yield config[at + 2 : at + 2 + argument[0]]
            at += 2 + argument[0]
        elif kind == SEED_ACCOUNT_KEY and argument:
            yield argument[0]
            at += 2
        else:
            raise MalformedAccount(
                f"mint {mint}: transfer hook with seeds that are not known before"
            )


def _resolved(one: ExtraAccount, program: Pubkey, known: list[Pubkey]) -> Pubkey:
    if one.address is not None:
        return one.address
    owner = program if one.program_at is None else known[one.program_at]
    seeds = [seed if isinstance(seed, bytes) else bytes(known[seed]) for seed in one.seeds]
    return Pubkey.find_program_address(seeds, owner)[0]
