"""Mints, token accounts and transfer fees, from good bytes and from bad ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfall.core.errors import MalformedAccount
from landfall.core.token import (
    TOKEN_2022_PROGRAM,
    TOKEN_PROGRAM,
    TransferFee,
    TransferFeeConfig,
    decode_mint,
    decode_token_account,
)
from landfall.core.values import U64_MAX, Account, Pubkey

ADDRESS = Pubkey.from_string("FbRuevgEoFn6JJQQ2cc1kQ1VJ6SHUgrY6k6XgDQbv461")
MINT = bytearray(82)
MINT[44], MINT[45] = 6, 1


def _mint(*extensions: tuple[int, bytes], tail: bytes = b"") -> Account:
    data = bytes(MINT) + bytes(83) + b"\x01"
    for number, value in extensions:
        data += number.to_bytes(2, "little") + len(value).to_bytes(2, "little") + value
    return Account(TOKEN_2022_PROGRAM, 1, data + tail)


def _fee(epoch: int, maximum: int, basis_points: int) -> bytes:
    return (
        epoch.to_bytes(8, "little")
        + maximum.to_bytes(8, "little")
        + basis_points.to_bytes(2, "little")
    )


def test_a_plain_mint_has_decimals_and_no_hazards():
    for program in (TOKEN_PROGRAM, TOKEN_2022_PROGRAM):
        mint = decode_mint(ADDRESS, Account(program, 1, bytes(MINT)))
        assert (mint.decimals, mint.program) == (6, program)
        assert mint.transfer_fees is None
        assert mint.hazards == ()


def test_the_transfer_fee_changes_at_its_epoch():
    config = bytes(72) + _fee(0, 1_000, 100) + _fee(7, 2_000, 300)
    fees = decode_mint(ADDRESS, _mint((1, config))).transfer_fees
    assert fees == TransferFeeConfig(TransferFee(100, 1_000), TransferFee(300, 2_000), 7)
    assert fees.at(6) == fees.older
    assert fees.at(7) == fees.newer


def test_a_transfer_fee_rounds_up_and_stops_at_its_maximum():
    fee = TransferFee(100, 50)
    assert [fee.of(amount) for amount in (0, 1, 100, 101, 5_000, 10**9)] == [0, 1, 1, 2, 50, 50]


@settings(max_examples=200, deadline=None)
@given(
    basis_points=st.integers(0, 10_000),
    maximum=st.integers(0, U64_MAX),
    received=st.integers(0, 10**15),
)
def test_an_inverse_fee_that_checks_delivers_exactly(
    basis_points: int, maximum: int, received: int
):
    fee = TransferFee(basis_points, maximum)
    try:
        added = fee.inverse(received)
    except OverflowError:
        assert received * 10_000 > U64_MAX * (10_000 - basis_points)
        return
    if fee.of(received + added) == added:
        assert received + added - fee.of(received + added) == received
    else:
        assert basis_points > 0


def test_the_inverse_fee_of_a_hundred_percent_is_the_maximum():
    assert TransferFee(10_000, 77).inverse(5) == 77


@pytest.mark.parametrize(
    ("extension", "hazard"),
    [
        ((14, bytes(32) + b"\x01" * 32), "transfer hook"),
        ((9, b""), "non-transferable"),
        ((26, bytes(32) + b"\x01"), "paused"),
        ((6, b"\x02"), "new accounts start frozen"),
        ((999, b"anything"), "unknown extension 999"),
        ((28, b""), "unknown extension 28"),
    ],
)
def test_what_makes_a_transfer_unpredictable_is_named(extension: tuple[int, bytes], hazard: str):
    assert decode_mint(ADDRESS, _mint(extension)).hazards == (hazard,)


@pytest.mark.parametrize(
    "extension",
    [
        (14, b"\x01" * 32 + bytes(32)),
        (26, b"\x01" * 32 + b"\x00"),
        (6, b"\x01"),
        (12, b"\x01" * 32),
        (3, b"\x01" * 32),
        (19, b"metadata of any length"),
    ],
)
def test_what_leaves_a_transfer_alone_is_no_hazard(extension: tuple[int, bytes]):
    assert decode_mint(ADDRESS, _mint(extension)).hazards == ()


@pytest.mark.parametrize(
    "account",
    [
        None,
        Account(ADDRESS, 1, bytes(MINT)),
        Account(TOKEN_PROGRAM, 1, bytes(MINT) + b"\0"),
        Account(TOKEN_PROGRAM, 1, bytes(82)),
        Account(TOKEN_2022_PROGRAM, 1, bytes(MINT)[:-1]),
        Account(TOKEN_2022_PROGRAM, 1, bytes(MINT) + bytes(83)),
        Account(TOKEN_2022_PROGRAM, 1, bytes(MINT) + bytes(83) + b"\x02"),
        Account(TOKEN_2022_PROGRAM, 1, bytes(MINT) + b"\x01" * 83 + b"\x01"),
        Account(TOKEN_2022_PROGRAM, 1, (bytes(MINT) + bytes(83) + b"\x01").ljust(355, b"\0")),
        _mint((1, b"too short")),
        _mint((9, b""), (9, b"")),
        _mint((1, bytes(72) + 2 * _fee(0, 1, 10_001))),
        _mint(tail=b"\x0c\x00\xff\xff"),
        _mint(tail=b"\x0c\x00\x01"),
    ],
)
def test_bytes_that_are_no_mint_are_malformed(account: Account | None):
    with pytest.raises(MalformedAccount):
        decode_mint(ADDRESS, account)


def test_a_reallocation_may_leave_a_byte_behind():
    assert decode_mint(ADDRESS, _mint((9, b""), tail=b"\x07")).hazards == ("non-transferable",)


@settings(max_examples=300, deadline=None)
@given(noise=st.binary(max_size=400), program=st.sampled_from([TOKEN_PROGRAM, TOKEN_2022_PROGRAM]))
def test_hostile_bytes_raise_nothing_but_malformed(noise: bytes, program: Pubkey):
    for data in (noise, bytes(MINT) + bytes(83) + b"\x01" + noise):
        for decode in (decode_mint, decode_token_account):
            try:
                decode(ADDRESS, Account(program, 1, data))
            except MalformedAccount:
                continue


def test_a_token_account_tells_its_mint_owner_amount_and_frost():
    data = bytes(ADDRESS) + bytes(TOKEN_PROGRAM) + (42).to_bytes(8, "little") + bytes(36)
    account = decode_token_account(
        ADDRESS, Account(TOKEN_PROGRAM, 1, data + b"\x02" + bytes(165 - len(data) - 1))
    )
    assert (account.mint, account.owner, account.amount) == (ADDRESS, TOKEN_PROGRAM, 42)
    assert account.is_frozen
