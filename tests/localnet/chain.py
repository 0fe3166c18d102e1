"""A chain driven by hand: a funded wallet, transactions in a line, slots that pass when told to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from landfall.core.ledger.token_accounts import associated_address
from landfall.core.token import ACCOUNT_AMOUNT
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Account, Commitment
from landfall.localnet.execution import Outcome
from landfall.localnet.node import Node
from landfall.localnet.options import LocalnetOptions
from landfall.localnet.records import Landed
from landfall.localnet.start import opened_node
from landfall.localnet.transactions import decode_transaction

BORN_AT = 1_800_000_000
FEE = 5_000
MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
RENT = 890_880


@dataclass
class Chain:
    """One node and the wallet that genesis funded."""

    node: Node
    wallet: Keypair
    memos: int = 0
    now: int = BORN_AT
    blockhashes: list[Hash] = field(default_factory=list)

    def advance(self, slots: int = 1) -> None:
        for _ in range(slots):
            self.now += 1
            self.node.advance(self.now)

    def slot(self, commitment: Commitment = Commitment.PROCESSED) -> int:
        return self.node.cluster.block(commitment).slot

    def height(self) -> int:
        return self.node.cluster.block(Commitment.PROCESSED).height

    def blockhash(self, commitment: Commitment = Commitment.PROCESSED) -> Hash:
        return self.node.cluster.latest_blockhash(commitment)[0]

    def signed(
        self,
        *instructions: Instruction,
        blockhash: Hash | None = None,
        signers: Sequence[Keypair] = (),
    ) -> bytes:
        payer = signers[0] if signers else self.wallet
        message = Message.new_with_blockhash(
            list(instructions), payer.pubkey(), blockhash or self.blockhash()
        )
        return bytes(VersionedTransaction(message, list(signers) or [self.wallet]))

    def paying(self, to: Pubkey, lamports: int, blockhash: Hash | None = None) -> bytes:
        return self.signed(self.payment(to, lamports), blockhash=blockhash)

    def payment(self, to: Pubkey, lamports: int) -> Instruction:
        return transfer(
            TransferParams(from_pubkey=self.wallet.pubkey(), to_pubkey=to, lamports=lamports)
        )

    def submit(self, wire: bytes) -> tuple[Outcome, Landed | None]:
        return self.node.submit(decode_transaction(wire))

    def run(self, *instructions: Instruction) -> tuple[Outcome, Landed | None]:
        """Submit with a memo of its own, so that no two transactions are the same."""
        self.memos += 1
        memo = Instruction(MEMO, str(self.memos).encode(), [])
        return self.submit(self.signed(*instructions, memo))

    def account(
        self, address: Pubkey, commitment: Commitment = Commitment.PROCESSED
    ) -> Account | None:
        return self.node.cluster.account(address, commitment)

    def lamports(self, address: Pubkey, commitment: Commitment = Commitment.PROCESSED) -> int:
        account = self.account(address, commitment)
        return 0 if account is None else account.lamports

    def tokens_of(self, symbol: str) -> Pubkey:
        return associated_address(self.wallet.pubkey(), KNOWN_TOKENS[symbol])

    def held(self, address: Pubkey) -> int:
        account = self.account(address)
        return 0 if account is None else ACCOUNT_AMOUNT.read(account.data)


def options_for(wallet: Keypair, data: Path | None = None) -> LocalnetOptions:
    return LocalnetOptions(port=0, slot_ms=0, fund=(wallet.pubkey(),), data=data)


def opened_chain(wallet: Keypair, stand_ins=(), data: Path | None = None):
    """A context: the node of `options_for`."""
    return opened_node(options_for(wallet, data), stand_ins, BORN_AT)


def failing() -> Instruction:
    """A memo that is not UTF-8: its program fails."""
    return Instruction(MEMO, b"\xff", [])


def token_transfer(
    source: Pubkey, mint: Pubkey, destination: Pubkey, authority: Pubkey, amount: int, decimals: int
) -> Instruction:
    return Instruction(
        KNOWN_TOKENS["USDC"].program,
        bytes([12]) + amount.to_bytes(8, "little") + bytes([decimals]),
        [
            AccountMeta(source, False, True),
            AccountMeta(mint, False, False),
            AccountMeta(destination, False, True),
            AccountMeta(authority, True, False),
        ],
    )
