"""Base58 and amounts as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from landfall.localnet.wire import base58_decode, base58_encode, token_amount_json


@given(st.binary(max_size=200))
def test_base58_is_undone_by_its_inverse(data: bytes):
    assert base58_decode(base58_encode(data)) == data


@given(st.binary(min_size=32, max_size=32))
def test_base58_is_the_one_addresses_are_written_in(data: bytes):
    assert base58_encode(data) == str(Pubkey.from_bytes(data))


@pytest.mark.parametrize("text", ["0", "O", "l", "I", " ", "é"])
def test_letters_outside_base58_are_refused(text: str):
    with pytest.raises(ValueError, match="is not base58"):
        base58_decode(text)


@pytest.mark.parametrize(
    ("amount", "decimals", "text"),
    [
        (0, 6, "0"),
        (1, 6, "0.000001"),
        (1_250_000, 6, "1.25"),
        (5, 0, "5"),
        (2**64 - 1, 9, "18446744073.709551615"),
    ],
)
def test_an_amount_is_shown_exactly(amount: int, decimals: int, text: str):
    shown = token_amount_json(amount, decimals)
    assert (shown["amount"], shown["uiAmountString"]) == (str(amount), text)
