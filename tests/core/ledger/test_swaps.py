"""Which pool an instruction of a message trades on."""

from solders.hash import Hash
from solders.instruction import Instruction

from landfall.core.ledger.swaps import pools_by_instruction
from landfall.core.ledger.transaction import ComputeBudget, compiled, instructions
from tests.core.examples import SOL, USDC, WALLET, a_quote, a_route, pubkey

PROGRAMS = frozenset({pubkey(901), pubkey(902)})


def test_the_swaps_of_a_message_are_its_legs_in_order():
    route = a_route(a_quote(1), a_quote(2))
    swaps = [Instruction(program, b"", []) for program in (pubkey(902), pubkey(901))]
    steps = instructions(route, (SOL, USDC), swaps, WALLET)
    for price, first in ((0, 5), (1, 6)):
        message = compiled(steps, ComputeBudget(1_000, price), WALLET, Hash.default())
        named = pools_by_instruction(message, route, PROGRAMS)
        assert named == {first: pubkey(1), first + 1: pubkey(2)}
