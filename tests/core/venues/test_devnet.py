"""Raydium on devnet: the same bytes under other ids price the same, and are traded there alone."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from landfall.core.clusters import DEVNET, MAINNET, TESTNET
from landfall.core.errors import FailureReason, MalformedAccount
from landfall.core.ledger.answers import TransactionError
from landfall.core.ledger.outcome import read_failure
from landfall.core.quote import Leg, Quote
from landfall.core.values import Account, Pubkey, Slot, SwapMode
from landfall.core.venue import NeedAccounts, ProgramError, Trader
from landfall.core.venues import PROGRAMS, VENUES, VENUES_BY_PROGRAM, venues_of
from landfall.core.venues.raydium_clmm.layout import Pool as ClmmPool
from landfall.core.venues.raydium_clmm.layout import load as load_clmm
from landfall.core.venues.raydium_clmm.layout import program_at
from landfall.core.venues.raydium_clmm.tick_map import extension_address
from tests.core.venues.devnet import AUTHORITY_SEEDS, moved_to_devnet, on_devnet
from tests.core.venues.opened import (
    CLOCK,
    HOLDINGS,
    POOLS,
    WALLET,
    Opened,
    amm,
    clmm,
    cpmm,
    requested,
)

LOCALNET = "9vzv4NSoVrwXJkYvhZ4Uj7jXPzJqtiDUyFA3T6wJ8kDr"
DEVNET_IDS = {
    "raydium_cpmm": "DRaycpLY18LhpbydsBWbVJtxpNv9oXPgjRSfpF2bWpYb",
    "raydium_clmm": "DRayAUgENGQBKVaX8owNhgzkEDyoHTGVEGHVJT1E9pfH",
    "raydium_amm": "DRaya7Kj3aMWQSy19kSjvmuwq9docCHofyP9kanQGaav",
}
RAYDIUMS = {name: opened for name, opened in POOLS.items() if opened.venue.dex == "raydium"}
every_raydium = pytest.mark.parametrize("opened", RAYDIUMS.values(), ids=RAYDIUMS)


def _built(opened: Opened, quote: Quote):
    mints = quote.request.in_mint, quote.request.out_mint
    leg = Leg(quote=quote, threshold=1)
    return opened.venue.swap(opened.pool(), leg, Trader(WALLET, *(HOLDINGS[m] for m in mints)))


def test_each_cluster_has_the_ids_of_its_own():
    for genesis_hash in (MAINNET, TESTNET, LOCALNET):
        assert venues_of(genesis_hash) is VENUES
    on_devnet = venues_of(DEVNET)
    assert list(on_devnet) == list(VENUES)
    for name, venue in on_devnet.items():
        assert (venue.name, venue.dex) == (name, VENUES[name].dex)
        known: Mapping[str, str] = {name: str(VENUES[name].program_id), **DEVNET_IDS}
        assert str(venue.program_id) == known[name]
    raydiums = {VENUES[name].program_id for name in DEVNET_IDS}
    assert raydiums.isdisjoint(venue.program_id for venue in on_devnet.values())
    assert raydiums | {venue.program_id for venue in on_devnet.values()} == PROGRAMS
    assert all(key == venue.program_id for key, venue in VENUES_BY_PROGRAM.items())


@every_raydium
def test_the_same_pool_quotes_the_same_on_devnet(opened: Opened):
    moved, _ = moved_to_devnet(opened)
    asked = 0
    for mode in SwapMode:
        for first_in in (True, False):
            for amount in (1_000, 10**8, 10**11):
                here = opened.ask(amount, mode, first_in=first_in)
                assert moved.ask(amount, mode, first_in=first_in) == here
                asked += isinstance(here, Quote)
                request = requested(opened.pool(), amount, mode, first_in=first_in)
                assert moved.venue.supply(moved.pool(), request, CLOCK) == opened.venue.supply(
                    opened.pool(), request, CLOCK
                )
    assert asked >= 6


@every_raydium
def test_its_swap_is_of_the_program_on_devnet_with_what_that_derives(opened: Opened):
    moved, renamed = moved_to_devnet(opened)
    for first_in in (True, False):
        quote = opened.quote(10**8, first_in=first_in)
        here, there = _built(opened, quote), _built(moved, quote)
        assert there.program_id == moved.venue.program_id == renamed[here.program_id]
        assert there.data == here.data
        assert [meta.pubkey for meta in there.accounts] == [
            renamed.get(meta.pubkey, meta.pubkey) for meta in here.accounts
        ]
        # Something of the program's own is named, so the two do differ.
        assert there.accounts != here.accounts


@every_raydium
def test_a_pool_of_one_deployment_is_none_of_the_other_s(opened: Opened):
    moved, _ = moved_to_devnet(opened)
    for pool, venue in ((opened, moved.venue), (moved, opened.venue)):
        with pytest.raises(MalformedAccount, match="is owned by"):
            replace(pool, venue=venue).pool()


@every_raydium
def test_a_pool_made_of_both_deployments_is_refused(opened: Opened):
    """Whatever of it the program owns, each alone under the other deployment."""
    moved, _ = moved_to_devnet(opened)
    home, away = opened.venue.program_id, moved.venue.program_id
    for pool, other in ((opened, away), (moved, home)):
        read = _read(pool)
        own = [one for one, account in read.items() if account.owner == pool.venue.program_id]
        assert len(own) >= (1 if opened.venue.name == "raydium_amm" else 2)
        for address in own:
            spoof = replace(pool.accounts[address], owner=other)
            with pytest.raises(MalformedAccount, match="is owned by"):
                pool.with_account(address, spoof).pool()


@pytest.mark.parametrize("opened", [cpmm(), amm()], ids=AUTHORITY_SEEDS)
def test_a_vault_under_the_other_deployment_s_authority_is_refused(opened: Opened):
    moved, _ = moved_to_devnet(opened)
    for vault in (side.vault for side in opened.pool().sides):
        for pool, other in ((opened, moved), (moved, opened)):
            with pytest.raises(MalformedAccount, match="is under"):
                pool.with_account(vault, other.accounts[vault]).pool()


def test_arrays_are_read_where_the_pool_s_own_program_keeps_them_in_two_rounds():
    opened, (moved, _) = clmm(), moved_to_devnet(clmm())
    first = moved.venue.load(moved.address, {}, Slot(1))
    away = moved.venue.program_id
    assert first == NeedAccounts((moved.address, extension_address(away, moved.address)))
    known = {address: moved.accounts[address] for address in first.addresses}
    second = moved.venue.load(moved.address, known, Slot(1))
    assert isinstance(second, NeedAccounts)
    known |= {address: moved.accounts[address] for address in second.addresses}
    pool = moved.venue.load(moved.address, known, Slot(1))
    assert isinstance(pool, ClmmPool)
    here = {array.start: array.address for array in _clmm(opened).below}
    there = {array.start: array.address for array in pool.below}
    assert here.keys() == there.keys()
    assert set(here.values()).isdisjoint(there.values())
    # At mainnet's addresses the same arrays are none of this pool's.
    strayed = {**known, **{here[start]: known[there[start]] for start in here}}
    for address in there.values():
        del strayed[address]
    assert isinstance(load_clmm(program_at(away), moved.address, strayed, Slot(1)), NeedAccounts)


@every_raydium
def test_a_search_on_devnet_asks_the_program_there_for_the_same(opened: Opened):
    first, second = opened.pool().mints
    here = opened.venue.pools_trading(first, second)
    there = on_devnet(opened).pools_trading(first, second)
    assert {question.program_id for question in there} == {on_devnet(opened).program_id}
    assert {question.program_id for question in here} == {opened.venue.program_id}
    assert [(q.data_size, q.memcmps) for q in there] == [(q.data_size, q.memcmps) for q in here]


@pytest.mark.parametrize("name", DEVNET_IDS)
def test_a_refusal_on_devnet_is_the_venue_s_own(name: str):
    program_id = venues_of(DEVNET)[name].program_id
    error = TransactionError("Custom", instruction=2, code=6_999)
    logs = [f"Program {program_id} failed: custom program error: 0x1b57"]
    failure = read_failure(error, logs, VENUES_BY_PROGRAM.values())
    assert failure.reason is FailureReason.POOL_REFUSED
    assert (failure.program, failure.detail) == (program_id, f"{name} refused: 6999")
    # A number says nothing where another program raised it.
    stranger = ProgramError(VENUES[name].program_id, 6_999, None)
    assert venues_of(DEVNET)[name].explain(stranger) is FailureReason.PROGRAM_ERROR


def _read(opened: Opened) -> dict[Pubkey, Account]:
    """Everything that loading the pool asks for and that there is."""
    seen: dict[Pubkey, Account | None] = {}
    while isinstance(needed := opened.venue.load(opened.address, seen, Slot(1)), NeedAccounts):
        seen |= {address: opened.accounts.get(address) for address in needed.addresses}
    return {address: account for address, account in seen.items() if account is not None}


def _clmm(opened: Opened) -> ClmmPool:
    pool = opened.pool()
    assert isinstance(pool, ClmmPool)
    return pool
