"""Account versions: every slot that is not final reads as it was."""

from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from landfall.core.values import Account, Slot
from landfall.localnet.accounts import AccountVersions

OWNERS = [Pubkey.new_unique() for _ in range(3)]
ADDRESSES = [Pubkey.new_unique() for _ in range(4)]

changes = st.dictionaries(
    st.sampled_from(ADDRESSES),
    st.none() | st.builds(Account, st.sampled_from(OWNERS), st.integers(1, 9), st.just(b"")),
)


def applied(states: dict, change: dict) -> dict:
    merged = {**states, **change}
    return {address: account for address, account in merged.items() if account is not None}


@given(st.lists(changes, min_size=1, max_size=12), st.data())
def test_every_slot_reads_as_it_was_at_its_end(history, data):
    versions = AccountVersions({})
    states = [{}]
    for number, change in enumerate(history, start=1):
        # A slot may change an account more than once; only its end counts.
        versions.put(Slot(number), dict.fromkeys(change, Account(OWNERS[0], 77, b"mid")))
        versions.put(Slot(number), change)
        states.append(applied(states[-1], change))
    final = data.draw(st.integers(0, len(history)))
    versions.forget_versions_until(Slot(final))
    for slot in range(final, len(states)):
        for address in ADDRESSES:
            assert versions.get(address, Slot(slot)) == states[slot].get(address)
        for owner in OWNERS:
            expected = {a: account for a, account in states[slot].items() if account.owner == owner}
            assert dict(versions.owned_by(owner, Slot(slot))) == expected
        for address, account in versions.touched_in(Slot(slot)).items():
            assert account == states[slot].get(address)
    assert dict(versions.newest()) == states[-1]


def test_what_is_final_costs_no_memory():
    versions = AccountVersions({})
    for slot in range(1, 100):
        versions.put(Slot(slot), {ADDRESSES[0]: Account(OWNERS[0], slot, b"")})
        versions.forget_versions_until(Slot(slot - 2))
    assert [slot for slot in range(1, 100) if versions.touched_in(Slot(slot))] == [98, 99]
