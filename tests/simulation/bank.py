"""What a transaction does to accounts: the few programs the engine calls, on real account bytes.

Swaps are played by localnet's stand-in of Raydium CPMM, which is itself held against recorded
mainnet swaps. Two pools trade the one pair there is, at different fees.
Units: base units, lamports.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from solders.compute_budget import ID as COMPUTE_BUDGET
from solders.keypair import Keypair
from solders.system_program import ID as SYSTEM

from landfall.core.ledger.token_accounts import ASSOCIATED_TOKEN_PROGRAM, associated_address
from landfall.core.token import (
    ACCOUNT_AMOUNT,
    ACCOUNT_MINT,
    ACCOUNT_OWNER,
    MINT_BYTES,
    MINT_DECIMALS,
    MINT_INITIALIZED,
    TOKEN_ACCOUNT_BYTES,
    TOKEN_PROGRAM,
)
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Account, ChainClock, Pubkey, Slot, SwapMode
from landfall.core.venues.raydium_cpmm.layout import POOL_VAULTS, PROGRAM_ID
from landfall.core.venues.raydium_cpmm.swap import SWAP_BASE_INPUT, SWAP_BASE_OUTPUT
from landfall.localnet.compute_budget import transaction_fee
from landfall.localnet.openings.deposits import Deposit, owned_account, token_account
from landfall.localnet.openings.raydium_cpmm import FeeRates, open_pool, pool_address
from landfall.localnet.programs.raydium_cpmm import RaydiumCpmm
from landfall.localnet.programs.stand_in import AccountRef, Effects, ProgramRefused
from landfall.localnet.transactions import SignedMessage, resolve_accounts

WALLET = Keypair.from_seed(b"the wallet of all simulations...")
TOKENS = (KNOWN_TOKENS["JUP"], KNOWN_TOKENS["USDC"])
CLOCK_SYSVAR = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
SYSVAR_OWNER = Pubkey.from_string("Sysvar1111111111111111111111111111111111111")
UNITS_CONSUMED = 60_000
_WALLET_TOKENS = 10**12
_TOKEN_INSUFFICIENT_FUNDS = 1
_SIDES = tuple(Deposit(token=token, amount=5 * 10**12) for token in TOKENS)
_FEES = (FeeRates(trade=2_500), FeeRates(trade=3_000))
POOLS = tuple(pool_address((_SIDES[0], _SIDES[1]), index) for index in range(len(_FEES)))

Bank = Mapping[Pubkey, Account]
Json = object


@dataclass(frozen=True, slots=True)
class Asked:
    """What a transaction's swaps ask for together, read from its own bytes.

    `amount` is what the mode fixes, `bound` the least output or the most input.
    """

    in_mint: Pubkey
    mode: SwapMode
    amount: int
    bound: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """A transaction's effect: the accounts after it, or why it failed, in JSON-RPC's shape."""

    bank: Bank
    error: Json
    logs: tuple[str, ...]
    fee: int


class _Failed(Exception):
    def __init__(self, error: Json, *logs: str) -> None:
        super().__init__(str(error))
        self.error = error
        self.logs = logs


@cache
def genesis() -> Bank:
    """The accounts every history begins with."""
    accounts: dict[Pubkey, Account] = {
        WALLET.pubkey(): Account(SYSTEM, 10**12, b""),
        **{token.mint: _mint(token.decimals) for token in TOKENS},
    }
    for token in TOKENS:
        held = token_account(Deposit(token=token, amount=_WALLET_TOKENS), WALLET.pubkey())
        accounts[associated_address(WALLET.pubkey(), token)] = held
    for index, rates in enumerate(_FEES):
        accounts |= open_pool((_SIDES[0], _SIDES[1]), config_index=index, rates=rates)
    return accounts


def asked(transaction: SignedMessage) -> Asked | None:
    """What the swaps of a transaction ask for; None if it has none."""
    keys = transaction.static_keys
    found: Asked | None = None
    for instruction in transaction.message.instructions:
        if keys[instruction.program_id_index] != PROGRAM_ID:
            continue
        data, accounts = instruction.data, bytes(instruction.accounts)
        first, second = (int.from_bytes(data[at : at + 8], "little") for at in (8, 16))
        mode = SwapMode.EXACT_IN if data[:8] == SWAP_BASE_INPUT else SwapMode.EXACT_OUT
        amount, bound = (first, second) if mode is SwapMode.EXACT_IN else (second, first)
        if found is not None:
            amount, bound = found.amount + amount, found.bound + bound
        found = Asked(keys[accounts[10]], mode, amount, bound)
    return found


def execute(bank: Bank, transaction: SignedMessage, clock: ChainClock) -> Executed:
    """Run a transaction whose signatures and blockhash have been checked."""
    fee = transaction_fee(len(transaction.signatures), transaction.programs)
    payer = bank[transaction.payer]
    charged = {**bank, transaction.payer: replace(payer, lamports=payer.lamports - fee)}
    working = dict(charged)
    logs: list[str] = []
    refs = _refs(transaction)
    for index, instruction in enumerate(transaction.message.instructions):
        program = transaction.static_keys[instruction.program_id_index]
        try:
            logs += _instruction(
                working, program, instruction.data, [refs[i] for i in instruction.accounts], clock
            )
        except _Failed as failed:
            error = {"InstructionError": [index, failed.error]}
            return Executed(bank=charged, error=error, logs=(*logs, *failed.logs), fee=fee)
    return Executed(bank=working, error=None, logs=tuple(logs), fee=fee)


def move_price(bank: Bank, pool: Pubkey, per_mille: int) -> Bank:
    """The pool after somebody else's trade: one side `per_mille` larger, the same product."""
    vaults = [vault.read(bank[pool].data) for vault in POOL_VAULTS]
    amounts = [ACCOUNT_AMOUNT.read(bank[vault].data) for vault in vaults]
    first = amounts[0] * (1_000 + per_mille) // 1_000
    after = (first, amounts[0] * amounts[1] // first)
    moved = {
        vault: _with_amount(bank[vault], amount)
        for vault, amount in zip(vaults, after, strict=True)
    }
    return {**bank, **moved}


def tokens_of(account: Account | None) -> tuple[Pubkey, Pubkey, int] | None:
    """Mint, owner and amount of a token account; None for anything else."""
    if account is None or len(account.data) != TOKEN_ACCOUNT_BYTES:
        return None
    data = account.data
    return ACCOUNT_MINT.read(data), ACCOUNT_OWNER.read(data), ACCOUNT_AMOUNT.read(data)


def holdings(bank: Bank, owner: Pubkey) -> dict[Pubkey, int]:
    """What `owner` has of each mint."""
    held: dict[Pubkey, int] = {}
    for account in bank.values():
        found = tokens_of(account)
        if found is not None and found[1] == owner:
            held[found[0]] = held.get(found[0], 0) + found[2]
    return held


def clock_account(clock: ChainClock) -> Account:
    """The Clock sysvar."""
    words = (clock.slot, 0, clock.epoch, clock.epoch, clock.unix_timestamp)
    return Account(SYSVAR_OWNER, 1, b"".join(word.to_bytes(8, "little") for word in words))


def clock_at(slot: int, unix_timestamp: int) -> ChainClock:
    """The cluster's clock; all histories happen within one epoch."""
    return ChainClock(slot=Slot(slot), epoch=1, unix_timestamp=unix_timestamp)


def _instruction(
    bank: dict[Pubkey, Account],
    program: Pubkey,
    data: bytes,
    refs: list[AccountRef],
    clock: ChainClock,
) -> tuple[str, ...]:
    if program in (COMPUTE_BUDGET,):
        return ()
    if program == ASSOCIATED_TOKEN_PROGRAM:
        # Idempotent creation of an account that every wallet here has.
        if refs[1].address not in bank:
            raise _Failed("InvalidAccountData")
        return (f"Program {program} invoke [1]", f"Program {program} success")
    if program == SYSTEM and data[:4] == (2).to_bytes(4, "little"):
        _move_lamports(bank, refs[0].address, refs[1].address, int.from_bytes(data[4:12], "little"))
        return ()
    if program != PROGRAM_ID or data[:8] not in (SWAP_BASE_INPUT, SWAP_BASE_OUTPUT):
        raise _Failed("UnsupportedProgramId")
    opening = f"Program {program} invoke [1]"
    try:
        _apply(bank, RaydiumCpmm().process(data, refs, bank, clock))
    except ProgramRefused as refused:
        raise _Failed(
            {"Custom": refused.code},
            opening,
            f"Program log: AnchorError occurred. Error Code: {refused.name}. "
            f"Error Number: {refused.code}. Error Message: {refused.message}.",
            f"Program {program} failed: custom program error: {refused.code:#x}",
        ) from None
    return (opening, f"Program {program} success")


def _apply(bank: dict[Pubkey, Account], effects: Effects) -> None:
    for move in effects.transfers:
        left = ACCOUNT_AMOUNT.read(bank[move.source].data) - move.amount
        if left < 0:
            raise _Failed(
                {"Custom": _TOKEN_INSUFFICIENT_FUNDS},
                f"Program {TOKEN_PROGRAM} failed: custom program error: 0x1",
            )
        bank[move.source] = _with_amount(bank[move.source], left)
        held = ACCOUNT_AMOUNT.read(bank[move.destination].data)
        bank[move.destination] = _with_amount(bank[move.destination], held + move.amount)
    for address, data in effects.writes.items():
        bank[address] = replace(bank[address], data=data)


def _move_lamports(bank: dict[Pubkey, Account], source: Pubkey, to: Pubkey, lamports: int) -> None:
    payer, payee = bank[source], bank.get(to, Account(SYSTEM, 0, b""))
    if payer.lamports < lamports:
        raise _Failed({"Custom": 1}, f"Program {SYSTEM} failed: custom program error: 0x1")
    bank[source] = replace(payer, lamports=payer.lamports - lamports)
    bank[to] = replace(payee, lamports=payee.lamports + lamports)


def _refs(transaction: SignedMessage) -> list[AccountRef]:
    resolved = resolve_accounts(transaction, lambda _: None)
    return [
        AccountRef(key, index < resolved.signers, writable)
        for index, (key, writable) in enumerate(zip(resolved.keys, resolved.writable, strict=True))
    ]


def _with_amount(account: Account, amount: int) -> Account:
    data = bytearray(account.data)
    ACCOUNT_AMOUNT.write(data, amount)
    return replace(account, data=bytes(data))


def _mint(decimals: int) -> Account:
    data = bytearray(MINT_BYTES)
    MINT_DECIMALS.write(data, decimals)
    MINT_INITIALIZED.write(data, 1)
    return owned_account(TOKEN_PROGRAM, bytes(data))
