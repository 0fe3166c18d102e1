"""What a transaction asks to compute, and what it pays for it.

Units: prices are micro-lamports per compute unit, limits compute units, fees lamports.
Source: anza-xyz/agave, compute-budget-instruction (SIMD-170 default limits), fee/src/lib.rs.
"""

from collections.abc import Iterable

from solders.compute_budget import ID as COMPUTE_BUDGET_PROGRAM
from solders.pubkey import Pubkey

from landfall.core.ledger.transaction import COMPUTE_UNITS_MAX
from landfall.core.values import U64_MAX, ceil_div

LAMPORTS_PER_SIGNATURE = 5_000
UNITS_PER_BUILTIN_INSTRUCTION = 3_000
UNITS_PER_INSTRUCTION = 200_000

SET_UNIT_LIMIT = 2
SET_UNIT_PRICE = 3

BUILTIN_PROGRAMS = frozenset(
    map(
        Pubkey.from_string,
        (
            "11111111111111111111111111111111",
            "ComputeBudget111111111111111111111111111111",
            "Vote111111111111111111111111111111111111111",
            "BPFLoader1111111111111111111111111111111111",
            "BPFLoader2111111111111111111111111111111111",
            "BPFLoaderUpgradeab1e11111111111111111111111",
            "LoaderV411111111111111111111111111111111111",
            "Ed25519SigVerify111111111111111111111111111",
            "KeccakSecp256k11111111111111111111111111111",
        ),
    )
)
PRECOMPILES = frozenset(
    map(
        Pubkey.from_string,
        (
            "Ed25519SigVerify111111111111111111111111111",
            "KeccakSecp256k11111111111111111111111111111",
            "Secp256r1SigVerify1111111111111111111111111",
        ),
    )
)


def explicit_unit_limit(instructions: Iterable[tuple[Pubkey, bytes]]) -> int | None:
    """The limit the transaction sets itself, or None. Instructions are (program, data)."""
    for program, data in instructions:
        if program == COMPUTE_BUDGET_PROGRAM and len(data) >= 5 and data[0] == SET_UNIT_LIMIT:
            return min(COMPUTE_UNITS_MAX, int.from_bytes(data[1:5], "little"))
    return None


def unit_limit(instructions: Iterable[tuple[Pubkey, bytes]]) -> int:
    """How many compute units the transaction may burn. Instructions are (program, data)."""
    listed = tuple(instructions)
    explicit = explicit_unit_limit(listed)
    if explicit is not None:
        return explicit
    units = sum(
        UNITS_PER_BUILTIN_INSTRUCTION if program in BUILTIN_PROGRAMS else UNITS_PER_INSTRUCTION
        for program, _ in listed
    )
    return min(COMPUTE_UNITS_MAX, units)


def unit_price(instructions: Iterable[tuple[Pubkey, bytes]]) -> int:
    """Micro-lamports per compute unit that the transaction offers. Instructions are (program,
    data).
    """
    price = 0
    for program, data in instructions:
        if program == COMPUTE_BUDGET_PROGRAM and len(data) >= 9 and data[0] == SET_UNIT_PRICE:
            price = int.from_bytes(data[1:9], "little")
    return price


def transaction_fee(signatures: int, instructions: Iterable[tuple[Pubkey, bytes]]) -> int:
    """Lamports the payer is charged, landed well or badly."""
    listed = tuple(instructions)
    for program, data in listed:
        if program in PRECOMPILES and data:
            signatures += data[0]
    priority = min(U64_MAX, ceil_div(unit_price(listed) * unit_limit(listed), 1_000_000))
    return signatures * LAMPORTS_PER_SIGNATURE + priority
