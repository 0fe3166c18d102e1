"""Raydium's pools as they would stand on devnet: the same bytes, under the ids of there."""

from dataclasses import replace

from landfall.core.clusters import DEVNET
from landfall.core.values import Account, Pubkey
from landfall.core.venue import AnyVenue
from landfall.core.venues import venues_of
from landfall.core.venues.raydium_clmm.layout import program_at
from landfall.core.venues.raydium_clmm.tick_array import ARRAY_START, array_address
from landfall.core.venues.raydium_clmm.tick_map import extension_address
from tests.core.venues.opened import Opened

AUTHORITY_SEEDS = {
    "raydium_cpmm": b"vault_and_lp_mint_auth_seed",
    "raydium_amm": b"amm authority",
}


def on_devnet(opened: Opened) -> AnyVenue:
    """Whose pool it would be there."""
    return venues_of(DEVNET)[opened.venue.name]


def moved_to_devnet(opened: Opened) -> tuple[Opened, dict[Pubkey, Pubkey]]:
    """The pool as it would stand on devnet, and each address that the program derives, there.

    A vault is a key that the pool names; whom it obeys is in its bytes.
    """
    home, away = opened.venue.program_id, on_devnet(opened).program_id
    renamed = {home: away}
    if seed := AUTHORITY_SEEDS.get(opened.venue.name):
        renamed[_derived(home, seed)] = _derived(away, seed)
    else:
        renamed[extension_address(home, opened.address)] = extension_address(away, opened.address)
        for start in _array_starts(opened):
            there = array_address(away, opened.address, start)
            renamed[array_address(home, opened.address, start)] = there
    accounts: dict[Pubkey, Account] = {}
    for address, account in opened.accounts.items():
        data = account.data
        for old, new in renamed.items():
            data = data.replace(bytes(old), bytes(new))
        owner = renamed.get(account.owner, account.owner)
        accounts[renamed.get(address, address)] = replace(account, owner=owner, data=data)
    return Opened(on_devnet(opened), opened.address, accounts), renamed


def _derived(program_id: Pubkey, seed: bytes) -> Pubkey:
    return Pubkey.find_program_address([seed], program_id)[0]


def _array_starts(opened: Opened) -> list[int]:
    kind = program_at(opened.venue.program_id).tick_array
    return [
        ARRAY_START.read(account.data)
        for account in opened.accounts.values()
        if len(account.data) == kind.size and account.data.startswith(kind.discriminator)
    ]
