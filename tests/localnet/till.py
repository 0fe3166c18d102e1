"""A stand-in that does what its instruction says: takes one amount, gives another, and counts.

Data: a verb, then what to take and what to give (u64 each). Its state account holds how often it
was called, and what it saw in the trader's input account the last time.
"""

from dataclasses import dataclass

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Account
from landfall.localnet.openings.deposits import Deposit, owned_account, token_account
from landfall.localnet.programs.stand_in import AccountRef, Effects, ProgramRefused, TokenTransfer
from tests.localnet.chain import Chain

TILL = Pubkey.from_string("Ti11111111111111111111111111111111111111111")
AUTHORITY = Pubkey.find_program_address([b"till"], TILL)[0]
SWAP, REFUSE, PANIC, CRASH, OVERREACH = range(5)
REFUSAL = 6_005
VAULT = 1_000_000_000_000


class Till:
    """The stand-in."""

    program_id = TILL

    def process(self, data, refs: list[AccountRef], accounts, clock) -> Effects:
        take, give = int.from_bytes(data[1:9], "little"), int.from_bytes(data[9:17], "little")
        trader, state, user_in, user_out, vault_in, vault_out, mint_in, mint_out = refs[:8]
        seen = accounts[user_in.address]
        assert seen is not None
        match data[0]:
            case 1:
                raise ProgramRefused(REFUSAL, "TillClosed", "The till is closed")
            case 2:
                raise ProgramRefused(None, "panic", "attempt to divide by zero")
            case 3:
                raise KeyError("a mistake of the stand-in")
            case 4:
                return Effects((), {user_in.address: bytes(165)}, ())
        calls = int.from_bytes(accounts[state.address].data[:8], "little") + 1
        written = calls.to_bytes(8, "little") + seen.data[64:72]
        return Effects(
            transfers=(
                self._move(user_in, mint_in, vault_in, trader.address, take, accounts),
                self._move(vault_out, mint_out, user_out, AUTHORITY, give, accounts),
            ),
            writes={state.address: written},
            logs=(f"Instruction: Call {calls}",),
        )

    @staticmethod
    def _move(source, mint, destination, authority, amount, accounts) -> TokenTransfer:
        return TokenTransfer(
            source.address,
            mint.address,
            destination.address,
            authority,
            amount,
            accounts[mint.address].data[44],
            accounts[mint.address].owner,
        )


@dataclass(frozen=True)
class Counter:
    """One till of a chain, with both vaults full."""

    chain: Chain
    state: Pubkey
    vault_in: Pubkey
    vault_out: Pubkey
    symbols: tuple[str, str]

    def instruction(
        self,
        take: int,
        give: int,
        verb: int = SWAP,
        *,
        trader: Pubkey | None = None,
        user_in: Pubkey | None = None,
    ) -> Instruction:
        mints = [KNOWN_TOKENS[symbol] for symbol in self.symbols]
        metas = [AccountMeta(trader or self.chain.wallet.pubkey(), True, True)]
        for address in (
            self.state,
            user_in or self.chain.tokens_of(self.symbols[0]),
            self.chain.tokens_of(self.symbols[1]),
            self.vault_in,
            self.vault_out,
        ):
            metas.append(AccountMeta(address, False, True))
        for address in (mints[0].mint, mints[1].mint, AUTHORITY, mints[0].program):
            metas.append(AccountMeta(address, False, False))
        data = bytes([verb]) + take.to_bytes(8, "little") + give.to_bytes(8, "little")
        return Instruction(TILL, data, metas)

    def calls(self) -> int:
        return int.from_bytes(self.account(self.state).data[:8], "little")

    def seen(self) -> int:
        return int.from_bytes(self.account(self.state).data[8:16], "little")

    def account(self, address: Pubkey) -> Account:
        account = self.chain.account(address)
        assert account is not None
        return account

    def everything(self) -> dict[Pubkey, Account | None]:
        """All that a swap may touch, but the wallet that pays the fee."""
        addresses = [self.state, self.vault_in, self.vault_out]
        addresses += [self.chain.tokens_of(symbol) for symbol in self.symbols]
        return {address: self.chain.account(address) for address in addresses}


def opened_counter(chain: Chain, symbols: tuple[str, str] = ("USDC", "ETH")) -> Counter:
    """A till of its own in the open block."""
    counter = Counter(chain, Pubkey.new_unique(), Pubkey.new_unique(), Pubkey.new_unique(), symbols)
    vaults = [Deposit(token=KNOWN_TOKENS[symbol], amount=VAULT) for symbol in symbols]
    chain.node.cluster.svm.apply(
        chain.slot(),
        {
            counter.state: owned_account(TILL, bytes(16)),
            counter.vault_in: token_account(vaults[0], AUTHORITY),
            counter.vault_out: token_account(vaults[1], AUTHORITY),
        },
    )
    return counter
