"""Lookup tables: what can be used of one, and which are worth using."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.address_lookup_table_account import ID as LOOKUP_TABLE_PROGRAM
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction

from landfall.core.errors import MalformedAccount
from landfall.core.ledger.lookup_table import LookupTable, decode_lookup_table, worth_using
from landfall.core.ledger.transaction import ComputeBudget, compiled
from landfall.core.values import U64_MAX, Account, Pubkey, Slot
from tests.core.examples import WALLET, pubkey

TABLE = pubkey(5)
ADDRESSES = tuple(pubkey(number) for number in range(100, 103))


def table_bytes(deactivated=U64_MAX, extended=90, extended_from=2, addresses=ADDRESSES) -> bytes:
    meta = (1).to_bytes(4, "little") + deactivated.to_bytes(8, "little")
    meta += extended.to_bytes(8, "little") + bytes([extended_from, 1]) + bytes(34)
    return meta + b"".join(map(bytes, addresses))


def decoded(data: bytes, slot: int = 100, owner: Pubkey = LOOKUP_TABLE_PROGRAM):
    return decode_lookup_table(TABLE, Account(owner, 1, data), Slot(slot))


def test_an_active_table_gives_its_addresses_in_order():
    assert decoded(table_bytes()) == LookupTable(TABLE, ADDRESSES)


def test_what_was_added_in_this_very_slot_is_not_there_yet():
    assert decoded(table_bytes(), slot=90) == LookupTable(TABLE, ADDRESSES[:2])
    assert decoded(table_bytes(), slot=91) == LookupTable(TABLE, ADDRESSES)


def test_a_table_that_is_being_closed_is_not_used():
    assert decoded(table_bytes(deactivated=95)) is None


@pytest.mark.parametrize(
    "data",
    [b"", bytes(55), bytes(56), table_bytes() + b"\0", (2).to_bytes(4, "little") + bytes(60)],
)
def test_what_is_no_table_is_refused(data: bytes):
    with pytest.raises(MalformedAccount):
        decoded(data)


def test_a_table_of_another_program_is_refused():
    with pytest.raises(MalformedAccount):
        decoded(table_bytes(), owner=pubkey(6))
    with pytest.raises(MalformedAccount):
        decode_lookup_table(TABLE, None, Slot(1))


def steps_over(*accounts: Pubkey) -> list[Instruction]:
    return [Instruction(pubkey(999), b"", [AccountMeta(a, False, True) for a in accounts])]


def test_one_address_is_not_worth_a_table_and_two_are():
    table = LookupTable(TABLE, ADDRESSES)
    assert worth_using([table], steps_over(ADDRESSES[0], pubkey(7)), WALLET) == ()
    assert worth_using([table], steps_over(*ADDRESSES[:2]), WALLET) == (table,)


def test_the_wallet_and_called_programs_stay_in_the_message():
    table = LookupTable(TABLE, (WALLET, pubkey(999), ADDRESSES[0]))
    assert worth_using([table], steps_over(WALLET, pubkey(999), ADDRESSES[0]), WALLET) == ()


def test_a_table_that_adds_nothing_to_another_is_left_out():
    large, small = LookupTable(pubkey(9), ADDRESSES), LookupTable(TABLE, ADDRESSES[:2])
    for tables in ([large, small], [small, large]):
        assert worth_using(tables, steps_over(*ADDRESSES), WALLET) == (large,)


addresses = st.sets(st.integers(100, 140).map(pubkey), max_size=20).map(
    lambda s: sorted(s, key=bytes)
)


@given(st.lists(addresses, max_size=4), addresses)
def test_using_tables_never_makes_a_message_larger(tables, accounts):
    listed = [LookupTable(pubkey(n), tuple(held)) for n, held in enumerate(tables, 1)]
    steps = steps_over(*accounts)
    budget = ComputeBudget(1_000, 0)
    plain = compiled(steps, budget, WALLET, Hash.default())
    through = compiled(steps, budget, WALLET, Hash.default(), listed)
    assert len(bytes(through)) <= len(bytes(plain))
    again = compiled(steps, budget, WALLET, Hash.default(), reversed(listed))
    assert bytes(again) == bytes(through)
