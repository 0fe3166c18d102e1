"""A tip: lamports for whoever builds the block, paid by an instruction among the order's own bytes.

It is part of the one transaction, so it is paid if and only if that lands, whichever way it took. A
tip in a transaction of its own could be paid for a swap that never happened. The read-only account
asks block engines to let nothing run before the transaction in its bundle.

Source: docs.jito.wtf, low latency transaction send: tip accounts, minimum tip, sandwich mitigation.
"""

from dataclasses import dataclass

from solders.instruction import AccountMeta, Instruction
from solders.system_program import TransferParams, transfer

from landfall.core.values import Lamports, Pubkey

TIP_ACCOUNTS = tuple(
    Pubkey.from_string(text)
    for text in (
        "96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5",
        "HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe",
        "Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY",
        "ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49",
        "DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh",
        "ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt",
        "DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL",
        "3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT",
    )
)
"""Where tips go, and nowhere else: an engine that names another account is not paid."""

TIP_MIN = Lamports(1_000)
DO_NOT_FRONT = Pubkey.from_string("jitodontfront111111111111111111111111111111")


@dataclass(frozen=True, slots=True)
class Tip:
    """What to pay to whom, and whether to ask that nothing runs ahead of us in a bundle."""

    account: Pubkey
    lamports: Lamports
    guards_front: bool = False


def tip_step(wallet: Pubkey, tip: Tip) -> Instruction:
    """The instruction that pays the tip."""
    paid = transfer(
        TransferParams(from_pubkey=wallet, to_pubkey=tip.account, lamports=tip.lamports)
    )
    if not tip.guards_front:
        return paid
    # The System program ignores accounts beyond those it needs.
    guard = AccountMeta(DO_NOT_FRONT, is_signer=False, is_writable=False)
    return Instruction(paid.program_id, bytes(paid.data), [*paid.accounts, guard])
