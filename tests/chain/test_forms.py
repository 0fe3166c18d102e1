"""What transactions may be made of here, as the chain says and as long as it is remembered."""

from collections.abc import Sequence

from solders.address_lookup_table_account import ID as LOOKUP_TABLE_PROGRAM

from landfall.chain.forms import ChainForms
from landfall.core.errors import Unavailable
from landfall.core.ledger.answers import AccountsAt
from landfall.core.ledger.features import FEATURE_PROGRAM, V1_TRANSACTIONS
from landfall.core.ledger.transaction import PLAIN, Form
from landfall.core.values import U64_MAX, Account, Pubkey, Slot
from tests.chain.clocks import SleptClock

TABLE, OTHER = Pubkey(bytes([1] * 32)), Pubkey(bytes([2] * 32))
HELD = Pubkey(bytes([3] * 32))
ACTIVE = Account(FEATURE_PROGRAM, 1, b"\1" + bytes(8))


def a_table(deactivated: int = U64_MAX) -> Account:
    data = (1).to_bytes(4, "little") + deactivated.to_bytes(8, "little") + bytes(44) + bytes(HELD)
    return Account(LOOKUP_TABLE_PROGRAM, 1, data)


class Accounts:
    """A chain of a few accounts, counting how often it is asked. None: it does not answer."""

    def __init__(self, held: dict[Pubkey, Account] | None) -> None:
        self.held = held
        self.asked: list[tuple[Pubkey, ...]] = []

    async def accounts(self, addresses: Sequence[Pubkey]) -> AccountsAt:
        self.asked.append(tuple(addresses))
        if self.held is None:
            raise Unavailable("nobody there")
        return AccountsAt(Slot(100), {each: self.held.get(each) for each in addresses})


def forms(
    chain: Accounts, clock: SleptClock, *tables: Pubkey, allows_v1: bool = True
) -> ChainForms:
    return ChainForms(chain, clock, tables, allows_v1=allows_v1, remembered_ms=1_000)  # type: ignore[arg-type]


async def test_active_tables_and_the_feature_are_read_in_one_call_and_remembered() -> None:
    chain = Accounts({TABLE: a_table(), OTHER: a_table(5), V1_TRANSACTIONS: ACTIVE})
    clock = SleptClock()
    port = forms(chain, clock, TABLE, OTHER)
    form = await port.current()
    assert [table.address for table in form.tables] == [TABLE]
    assert form.tables[0].addresses == (HELD,)
    assert form.takes_v1
    clock.ms += 1_000
    assert await port.current() == form
    assert chain.asked == [(TABLE, OTHER, V1_TRANSACTIONS)]
    clock.ms += 1
    chain.held = {}
    assert await port.current() == PLAIN
    assert len(chain.asked) == 2


async def test_while_nobody_answers_what_was_read_last_stands() -> None:
    chain, clock = Accounts(None), SleptClock()
    port = forms(chain, clock, TABLE)
    assert await port.current() == PLAIN
    chain.held = {V1_TRANSACTIONS: ACTIVE}
    assert await port.current() == Form((), takes_v1=True)
    clock.ms, chain.held = clock.ms + 5_000, None
    assert await port.current() == Form((), takes_v1=True)


async def test_v1_is_not_even_asked_for_where_it_is_not_allowed() -> None:
    chain = Accounts({V1_TRANSACTIONS: ACTIVE})
    assert await forms(chain, SleptClock(), allows_v1=False).current() == PLAIN
    assert chain.asked == []
