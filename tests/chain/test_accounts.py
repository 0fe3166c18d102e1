"""The mirror by itself: whatever comes in whatever order, it was true, and nothing goes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfall.chain.accounts import (
    CLOCK_SYSVAR,
    SLOTS_AHEAD_MAX,
    AccountMirror,
    ImplausibleSlot,
    Reading,
)
from landfall.core.ledger.answers import AccountsAt
from landfall.core.values import Account, Pubkey, Slot

OWNER = Pubkey.from_string("9Hn4VafJzoG2ESdjWL1sWYUJDThmLZdNgf4nB5cZFmwC")
ONE, OTHER = Pubkey.new_unique(), Pubkey.new_unique()


def worth(value: int) -> Account:
    return Account(OWNER, 1, value.to_bytes(8, "little"))


def mirror_of(*addresses: Pubkey, slot: int = 100, value: int = 0) -> AccountMirror:
    """A mirror whose accounts the stream keeps true from a slot on."""
    mirror = AccountMirror()
    mirror.hold((CLOCK_SYSVAR, *addresses))
    for address in (CLOCK_SYSVAR, *addresses):
        mirror.subscribed(address)
    beat(mirror, slot)
    read(mirror, slot, dict.fromkeys(addresses, value))
    return mirror


def beat(mirror: AccountMirror, slot: int) -> tuple[Pubkey, ...]:
    return (*mirror.tell(CLOCK_SYSVAR, worth(slot), Slot(slot)), *mirror.settle())


def tell(mirror: AccountMirror, slot: int, values: dict[Pubkey, int]) -> None:
    for address, value in values.items():
        mirror.tell(address, worth(value), Slot(slot))


def read(mirror: AccountMirror, slot: int, values: dict[Pubkey, int]) -> tuple[Pubkey, ...]:
    accounts: dict[Pubkey, Account | None] = {key: worth(value) for key, value in values.items()}
    return mirror.read(AccountsAt(Slot(slot), {CLOCK_SYSVAR: worth(slot), **accounts}))


def value(mirror: AccountMirror, address: Pubkey = ONE) -> int:
    account = mirror.held[address].account
    assert account is not None
    return int.from_bytes(account.data, "little")


def as_of(mirror: AccountMirror, address: Pubkey = ONE) -> int:
    return mirror.as_of(mirror.held[address])


def test_an_account_that_the_stream_covers_is_as_new_as_its_heartbeat():
    mirror = mirror_of(ONE)
    beat(mirror, 150)
    assert (value(mirror), as_of(mirror)) == (0, 150)


def test_an_account_that_was_not_read_since_it_was_subscribed_to_is_only_as_new_as_its_read():
    mirror = AccountMirror()
    mirror.hold((CLOCK_SYSVAR, ONE))
    beat(mirror, 99)
    read(mirror, 99, {ONE: 1})
    mirror.subscribed(ONE)
    beat(mirror, 101)
    assert as_of(mirror) == 99
    assert mirror.unread
    read(mirror, 100, {ONE: 1})
    assert as_of(mirror) == 100
    read(mirror, 101, {ONE: 1})
    beat(mirror, 105)
    assert as_of(mirror) == 105


def test_a_slot_is_taken_whole_when_it_is_over():
    mirror = mirror_of(ONE, OTHER)
    tell(mirror, 101, {ONE: 1})
    assert (value(mirror, ONE), value(mirror, OTHER)) == (0, 0)
    tell(mirror, 101, {OTHER: 1})
    assert (value(mirror, ONE), value(mirror, OTHER)) == (0, 0)
    tell(mirror, 102, {ONE: 2})
    assert (value(mirror, ONE), value(mirror, OTHER)) == (1, 1)
    mirror.settle()
    assert (value(mirror, ONE), value(mirror, OTHER)) == (2, 1)


def test_nothing_older_replaces_anything_newer_from_either_side():
    mirror = mirror_of(ONE)
    tell(mirror, 110, {ONE: 10})
    beat(mirror, 110)
    tell(mirror, 105, {ONE: 5})
    mirror.settle()
    assert (value(mirror), as_of(mirror)) == (10, 110)
    read(mirror, 109, {ONE: 9})
    assert (value(mirror), as_of(mirror)) == (10, 110)
    read(mirror, 120, {ONE: 20})
    tell(mirror, 119, {ONE: 19})
    mirror.settle()
    assert (value(mirror), as_of(mirror)) == (20, 120)


def test_a_change_that_the_stream_has_passed_over_is_missed_at_once():
    mirror = mirror_of(ONE, OTHER)
    beat(mirror, 110)
    assert read(mirror, 109, {ONE: 9, OTHER: 0}) == (ONE,)
    assert (value(mirror), as_of(mirror)) == (9, 109)
    assert not mirror.held[ONE].covered
    assert mirror.held[OTHER].covered


def test_a_change_that_the_stream_may_still_tell_is_missed_when_it_has_passed_it():
    mirror = mirror_of(ONE, OTHER)
    assert read(mirror, 103, {ONE: 3, OTHER: 3}) == ()
    tell(mirror, 102, {OTHER: 3})
    assert beat(mirror, 103) == ()
    assert beat(mirror, 104) == (ONE,)
    assert not mirror.held[ONE].covered
    assert mirror.held[OTHER].covered


def test_one_that_was_missed_is_covered_again_once_subscribed_to_and_read():
    mirror = mirror_of(ONE)
    beat(mirror, 110)
    read(mirror, 109, {ONE: 9})
    mirror.subscribed(ONE)
    beat(mirror, 111)
    assert not mirror.held[ONE].covered
    read(mirror, 111, {ONE: 9})
    beat(mirror, 112)
    assert as_of(mirror) == 112


def test_a_lost_stream_leaves_what_it_kept_true_as_new_as_it_was():
    mirror = mirror_of(ONE)
    tell(mirror, 104, {ONE: 4})
    beat(mirror, 110)
    tell(mirror, 111, {ONE: 11})
    mirror.disconnected()
    assert (value(mirror), as_of(mirror)) == (4, 110)
    assert not mirror.held[ONE].covered
    # A node that is behind must not take us back.
    read(mirror, 103, {ONE: 3})
    assert (value(mirror), as_of(mirror)) == (4, 110)


def test_a_slot_out_of_this_world_is_refused():
    mirror = mirror_of(ONE)
    with pytest.raises(ImplausibleSlot):
        mirror.tell(ONE, worth(1), Slot(100 + SLOTS_AHEAD_MAX + 1))
    mirror.tell(ONE, worth(1), Slot(100 + SLOTS_AHEAD_MAX))


def test_what_is_dropped_is_gone_and_what_is_told_of_it_ignored():
    mirror = mirror_of(ONE)
    mirror.drop([ONE])
    tell(mirror, 101, {ONE: 1})
    mirror.settle()
    read(mirror, 102, {ONE: 1})
    assert ONE not in mirror.held


def test_a_reading_knows_what_was_looked_at_and_nothing_unread():
    mirror = mirror_of(ONE)
    mirror.hold([OTHER])
    reading = Reading(mirror)
    assert ONE in reading
    assert OTHER not in reading
    assert reading.get(OTHER) is None
    assert set(reading) == {CLOCK_SYSVAR, ONE}
    assert [*reading.seen] == [ONE]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["tell", "read", "beat", "cut", "subscribe"]), st.integers(0, 40)
        ),
        max_size=60,
    )
)
def test_however_news_come_every_account_was_so_at_its_slot_and_none_goes_back(
    steps: list[tuple[str, int]],
):
    # The account's value changes every third slot; an honest source shows what it was at a slot.
    mirror = mirror_of(ONE, slot=100, value=33)
    newest_told = 100
    before = 0
    for kind, ahead in steps:
        slot = 90 + ahead
        match kind:
            case "tell" if slot % 3 == 0:
                tell(mirror, slot, {ONE: slot // 3})
            case "read":
                read(mirror, slot, {ONE: slot // 3})
            case "beat":
                newest_told = max(newest_told, slot)
                # Heartbeats come in order, and after the news of their slot.
                for told in range(100, newest_told + 1):
                    if told % 3 == 0 and mirror.stream_slot and told > mirror.held[ONE].told:
                        tell(mirror, told, {ONE: told // 3})
                beat(mirror, newest_told)
            case "cut":
                mirror.disconnected()
            case "subscribe":
                mirror.subscribed(ONE)
        mirror.settle()
        assert as_of(mirror) >= before
        before = as_of(mirror)
        assert value(mirror) == before // 3
