"""Feed hostile account bytes to every venue's `load`, `quote` and `supply`, guided by coverage.

    pip install atheris
    python fuzz/pool_bytes.py -max_total_time=60

A finding is anything but a pool, a request for more accounts, a refusal or `MalformedAccount`.
Input starts from the pools of localnet's genesis: some accounts of one pool are overwritten, cut,
extended, handed under another owner, or missing.
"""

import sys

import atheris

with atheris.instrument_imports(include=["landfall.core"]):
    from landfall.core.venues import VENUES

from landfall.core.errors import MalformedAccount
from landfall.core.quote import SwapRequest
from landfall.core.values import U64_MAX, Account, BaseUnits, ChainClock, Pubkey, Slot, SwapMode
from landfall.core.venue import AnyVenue, NeedAccounts
from landfall.localnet.genesis import genesis_accounts

BORN = genesis_accounts([])
CLOCK = ChainClock(Slot(1_000), 0, 1_800_000_000)
ROUNDS_MAX = 3


def pools_of(venue: AnyVenue) -> list[Pubkey]:
    """The pools of genesis that the venue takes for its own."""
    found = []
    for address in sorted(BORN, key=bytes):
        if BORN[address].owner == venue.program_id:
            try:
                venue.load(address, {address: BORN[address]}, Slot(1))
            except MalformedAccount:
                continue
            found.append(address)
    return found


POOLS = [(venue, address) for venue in VENUES.values() for address in pools_of(venue)]


def damaged(data: atheris.FuzzedDataProvider, account: Account) -> Account | None:
    """The account as a hostile node or a stranger's program would show it."""
    content, owner = bytearray(account.data), account.owner
    match data.ConsumeIntInRange(0, 5):
        case 0:
            for _ in range(data.ConsumeIntInRange(1, 8)):
                written = data.ConsumeBytes(data.ConsumeIntInRange(1, 32))
                offset = data.ConsumeIntInRange(0, max(0, len(content) - len(written)))
                content[offset : offset + len(written)] = written
        case 1:
            del content[data.ConsumeIntInRange(0, len(content)) :]
        case 2:
            content += data.ConsumeBytes(64)
        case 3:
            owner = Pubkey.default()
        case 4:
            content = bytearray(data.ConsumeBytes(len(content)))
        case 5:
            return None
    return Account(owner, account.lamports, bytes(content))


def test_one_input(raw: bytes) -> None:
    """One pool, some of its accounts damaged, loaded and asked for a price."""
    data = atheris.FuzzedDataProvider(raw)
    venue, address = POOLS[data.ConsumeIntInRange(0, len(POOLS) - 1)]
    accounts = {address: BORN.get(address)}
    if data.ConsumeBool():
        accounts[address] = damaged(data, BORN[address])
    try:
        for _ in range(ROUNDS_MAX):
            answer = venue.load(address, accounts, Slot(1))
            if not isinstance(answer, NeedAccounts):
                break
            for wanted in answer.addresses:
                account = BORN.get(wanted)
                hurt = account is not None and data.ConsumeIntInRange(0, 3) == 0
                accounts[wanted] = damaged(data, account) if hurt and account else account
        else:
            return
    except MalformedAccount:
        return
    mints = answer.mints if data.ConsumeBool() else answer.mints[::-1]
    request = SwapRequest(
        in_mint=mints[0],
        out_mint=mints[1],
        mode=SwapMode.EXACT_IN if data.ConsumeBool() else SwapMode.EXACT_OUT,
        amount=BaseUnits(data.ConsumeIntInRange(1, U64_MAX)),
    )
    venue.quote(answer, request, CLOCK)
    venue.supply(answer, request, CLOCK)


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
