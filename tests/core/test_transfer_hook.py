"""Transfer hooks: the list of accounts they want, resolved, or refused for what it cannot tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfall.core.errors import MalformedAccount
from landfall.core.token import TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from landfall.core.transfer_hook import (
    EXECUTE,
    TransferHook,
    load_hook,
    validation_accounts,
    validation_address,
)
from landfall.core.values import Account, Pubkey

MINT, PROGRAM, SOURCE, DESTINATION, AUTHORITY, OTHER = (
    Pubkey(bytes([n] * 32)) for n in range(1, 7)
)
VALIDATION = validation_address(MINT, PROGRAM)
LITERAL, OF_HOOK, FROM_DATA = 0, 1, 2


def meta(kind: int, config: bytes, *, signs: bool = False, written: bool = False) -> bytes:
    return bytes([kind]) + config.ljust(32, b"\0") + bytes([signs, written])


def listed(*metas: bytes) -> bytes:
    body = len(metas).to_bytes(4, "little") + b"".join(metas)
    return EXECUTE + len(body).to_bytes(4, "little") + body


def hook(data: bytes, owner: Pubkey = PROGRAM) -> TransferHook:
    return load_hook(MINT, PROGRAM, {VALIDATION: Account(owner, 1, data)})


def wanted(*metas: bytes) -> list[tuple[Pubkey, bool, bool]]:
    accounts = hook(listed(*metas)).accounts(SOURCE, DESTINATION, AUTHORITY)
    return [(one.pubkey, one.is_signer, one.is_writable) for one in accounts]


def derived(program: Pubkey, *seeds: bytes) -> Pubkey:
    return Pubkey.find_program_address(list(seeds), program)[0]


def test_a_hook_without_further_accounts_names_itself_and_its_list():
    assert wanted() == [(PROGRAM, False, False), (VALIDATION, False, False)]


def test_an_account_is_named_as_it_is_or_by_its_seeds():
    counter = b"\x01\x07counter"
    by_owner = b"\x01\x05owner" + b"\x03\x03"
    assert wanted(
        meta(LITERAL, bytes(OTHER)),
        meta(OF_HOOK, counter, written=True),
        meta(OF_HOOK, by_owner),
    ) == [
        (OTHER, False, False),
        (derived(PROGRAM, b"counter"), False, True),
        (derived(PROGRAM, b"owner", bytes(AUTHORITY)), False, False),
        (PROGRAM, False, False),
        (VALIDATION, False, False),
    ]


def test_seeds_may_be_every_account_of_the_transfer_and_those_listed_before():
    for place, key in enumerate((SOURCE, MINT, DESTINATION, AUTHORITY, VALIDATION, OTHER)):
        listed_first = meta(LITERAL, bytes(OTHER))
        second = wanted(listed_first, meta(OF_HOOK, bytes([3, place])))[1]
        assert second[0] == derived(PROGRAM, bytes(key))


def test_an_account_of_another_program_is_derived_from_that_program():
    program_first = meta(LITERAL, bytes(OTHER))
    owned = meta(128 + 5, b"\x01\x01x" + b"\x03\x00")
    assert wanted(program_first, owned)[1][0] == derived(OTHER, b"x", bytes(SOURCE))


@pytest.mark.parametrize(
    ("metas", "why"),
    [
        ([meta(FROM_DATA, b"\x01\x00")], "from data"),
        ([meta(OF_HOOK, b"\x02\x08\x08")], "not known before"),
        ([meta(OF_HOOK, b"\x04\x00\x20\x20")], "not known before"),
        ([meta(OF_HOOK, b"\x01\xff")], "not known before"),
        ([meta(OF_HOOK, b"\x03\x05")], "before it is known"),
        ([meta(128 + 5, b"\x01\x01x")], "before it is known"),
        ([meta(OF_HOOK, b"\x03\x00" * 16)], "more seeds"),
        ([meta(LITERAL, bytes(OTHER), signs=True)], "another signature"),
        ([meta(LITERAL, bytes(OTHER))] * 33, "wants 33 accounts"),
    ],
)
def test_what_cannot_be_named_before_the_transfer_is_refused_by_name(metas: list[bytes], why: str):
    with pytest.raises(MalformedAccount, match=why):
        hook(listed(*metas))


def test_a_list_that_is_absent_short_or_not_the_hooks_own_is_refused():
    whole = listed(meta(LITERAL, bytes(OTHER)))
    for data, owner in ((whole[:-1], PROGRAM), (b"", PROGRAM), (bytes(51), PROGRAM)):
        with pytest.raises(MalformedAccount, match="transfer hook"):
            hook(data, owner)
    with pytest.raises(MalformedAccount, match="without a list"):
        hook(whole, OTHER)
    with pytest.raises(MalformedAccount, match="without a list"):
        load_hook(MINT, PROGRAM, {VALIDATION: None})


@given(data=st.binary(max_size=120), starts=st.booleans())
def test_hostile_lists_are_malformed_or_resolved_and_nothing_else(data: bytes, starts: bool):
    try:
        found = hook(EXECUTE + data if starts else data)
    except MalformedAccount:
        return
    assert found.accounts(SOURCE, DESTINATION, AUTHORITY)[-1].pubkey == VALIDATION


@given(kind=st.integers(0, 255), config=st.binary(min_size=32, max_size=32))
def test_every_hostile_entry_is_malformed_or_resolved(kind: int, config: bytes):
    try:
        found = hook(listed(meta(LITERAL, bytes(OTHER)), meta(kind, config)))
    except MalformedAccount:
        return
    assert len(found.accounts(SOURCE, DESTINATION, AUTHORITY)) == 4


def test_only_mints_with_a_hook_have_a_list_to_be_read():
    value = bytes(32) + bytes(PROGRAM)
    extension = (14).to_bytes(2, "little") + len(value).to_bytes(2, "little") + value
    plain = bytearray(82)
    plain[45] = 1
    hooked = bytes(plain) + bytes(83) + b"\x01" + extension
    accounts = {
        MINT: Account(TOKEN_2022_PROGRAM, 1, hooked),
        OTHER: Account(TOKEN_PROGRAM, 1, bytes(plain)),
        SOURCE: None,
    }
    assert validation_accounts((MINT, OTHER, SOURCE, DESTINATION), accounts) == (VALIDATION,)
