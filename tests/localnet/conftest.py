"""A chain of its own for each test."""

from collections.abc import Iterator

import pytest
from solders.keypair import Keypair

from landfall.localnet.programs import STAND_INS
from tests.localnet.chain import Chain, opened_chain


@pytest.fixture
def wallet() -> Keypair:
    return Keypair()


@pytest.fixture
def chain(wallet: Keypair) -> Iterator[Chain]:
    with opened_chain(wallet, STAND_INS) as node:
        yield Chain(node, wallet)
