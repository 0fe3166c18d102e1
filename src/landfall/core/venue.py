"""What a venue must do: one pool program as six pure functions, and a seventh that saves work.

A venue never fetches. It says which accounts would show it its pools, and is handed their bytes; it
answers with a pool or with the addresses it still needs, and somebody else reads them. So every
venue is pure, and adding one is a folder and a line in `venues/__init__.py`. The verbs, in the
order they are called:

1. `pools_trading(mint, other)`: which `getProgramAccounts` questions find the pools of this pair.
2. `load(address, accounts, slot)`: a pool decoded from bytes, or `NeedAccounts`. At most two
   rounds.
3. `quote(pool, request, clock)`: what the program would do with this swap now, to the base unit.
4. `supply(pool, request, clock)`: the pool's supply curve from its first unit until it fills the
   request, or as far as the pool goes; empty if it would refuse any trade.
5. `swap(pool, leg, trader)`: the instruction that does it, with the leg's threshold as the on-chain
   bound.
6. `explain(error)`: what one of the program's refusals means for the order.

`phase(pool, clock)` is for whoever remembers answers: at two clocks of one phase, the pool quotes
and offers the same. Where a venue does not say, every moment is a phase of its own.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, fields, replace
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar, cast

from solders.instruction import Instruction

from landfall.core.errors import FailureReason
from landfall.core.quote import Leg, Quote, Refused, SwapRequest
from landfall.core.supply import Segment
from landfall.core.values import Accounts, ChainClock, ProgramAccountsFilter, Pubkey, Slot


class Pool(Protocol):
    """What every venue's pool has: enough to group pools by pair, whatever their curve."""

    @property
    def address(self) -> Pubkey: ...

    @property
    def mints(self) -> tuple[Pubkey, Pubkey]: ...

    @property
    def context_slot(self) -> Slot: ...


PoolT = TypeVar("PoolT", bound=Pool)


def as_of(pool: PoolT, slot: Slot) -> PoolT:
    """The same pool, known to be so at another slot."""
    # Every venue's pool is a dataclass with this field; the protocol cannot say so.
    renewed: PoolT = replace(cast("Any", pool), context_slot=slot)
    return renewed


def are_same(one: Pool, other: Pool) -> bool:
    """Whether two pools differ in nothing but the slot they are known at."""
    if one is other:
        return True
    state = _state(type(one))
    return type(one) is type(other) and bool(state(one) == state(other))


@lru_cache(maxsize=64)
def _state(kind: type[Any]) -> Callable[[Any], Any]:
    """Reads all that a pool of this class has but for its slot. Remembered, for it is made of the
    class's fields."""
    return attrgetter(*(field.name for field in fields(kind) if field.name != "context_slot"))


def every_moment(_pool: Pool, clock: ChainClock) -> Hashable:
    """The phase of a pool whose answers may depend on anything the clock says."""
    return clock


def gives_first(pool: Pool, request: SwapRequest) -> bool:
    """Whether the trader gives the pool's first mint for its second, or the other way round."""
    first, second = pool.mints
    if request.in_mint == first:
        assert request.out_mint == second, "the pool does not trade this pair"
        return True
    assert request.in_mint == second, "the pool does not trade this pair"
    assert request.out_mint == first, "the pool does not trade this pair"
    return False


@dataclass(frozen=True, slots=True)
class NeedAccounts:
    """`load` cannot answer yet: read these addresses and ask again with everything read so far."""

    addresses: tuple[Pubkey, ...]


def still_needed(wanted: Iterable[Pubkey], accounts: Accounts) -> NeedAccounts | None:
    """Those of the accounts a pool depends on that are not read yet; None if all are."""
    missing = tuple(address for address in wanted if address not in accounts)
    return NeedAccounts(missing) if missing else None


@dataclass(frozen=True, slots=True)
class Trader:
    """Who swaps: the wallet that signs and its two token accounts."""

    wallet: Pubkey
    in_account: Pubkey
    out_account: Pubkey


@dataclass(frozen=True, slots=True)
class ProgramError:
    """An error as the chain reports it: the program that raised it, its number, and its name if
    the logs give it.
    """

    program_id: Pubkey
    code: int | None
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue(Generic[PoolT]):
    """One pool program under one id. `name` is ours and unique on a cluster (`raydium_cpmm`), `dex`
    is the wire's word (`raydium`). A program whose id is another one on another cluster is a venue
    of the same name there, and neither takes an account of the other's for its own.

    `load` raises MalformedAccount for bytes that are not a tradable pool of this program: wrong
    owner, discriminator or size, vaults of another mint or authority, a feature this model does not
    know. `inner_programs` are those that the program calls to swap and whose refusals `explain`
    knows as well as its own; not the token programs. Without `has_exact_out` the program swaps for
    an exact input only: every other request is refused, and `swap` is never asked for one.
    """

    name: str
    dex: str
    program_id: Pubkey
    inner_programs: tuple[Pubkey, ...] = ()
    has_exact_out: bool = True
    pools_trading: Callable[[Pubkey, Pubkey], tuple[ProgramAccountsFilter, ...]]
    load: Callable[[Pubkey, Accounts, Slot], PoolT | NeedAccounts]
    quote: Callable[[PoolT, SwapRequest, ChainClock], Quote | Refused]
    supply: Callable[[PoolT, SwapRequest, ChainClock], tuple[Segment, ...]]
    swap: Callable[[PoolT, Leg, Trader], Instruction]
    explain: Callable[[ProgramError], FailureReason]
    phase: Callable[[PoolT, ChainClock], Hashable] = every_moment


class Program(Protocol):
    """A pool program under one of its ids, with what a venue derives from the id."""

    @property
    def address(self) -> Pubkey: ...


ProgramT = TypeVar("ProgramT", bound=Program)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployable(Generic[ProgramT, PoolT]):
    """What is the same of a venue under each id that its program has.

    The verbs whose accounts or addresses follow from the id take the program first; what a pool is
    worth does not depend on it.
    """

    name: str
    dex: str
    pools_trading: Callable[[ProgramT, Pubkey, Pubkey], tuple[ProgramAccountsFilter, ...]]
    load: Callable[[ProgramT, Pubkey, Accounts, Slot], PoolT | NeedAccounts]
    quote: Callable[[PoolT, SwapRequest, ChainClock], Quote | Refused]
    supply: Callable[[PoolT, SwapRequest, ChainClock], tuple[Segment, ...]]
    swap: Callable[[ProgramT, PoolT, Leg, Trader], Instruction]
    explain: Callable[[ProgramT, ProgramError], FailureReason]
    phase: Callable[[PoolT, ChainClock], Hashable]

    def under(self, program: ProgramT) -> Venue[PoolT]:
        """The venue on the clusters where the program has this id."""
        return Venue(
            name=self.name,
            dex=self.dex,
            program_id=program.address,
            pools_trading=partial(self.pools_trading, program),
            load=partial(self.load, program),
            quote=self.quote,
            supply=self.supply,
            swap=partial(self.swap, program),
            explain=partial(self.explain, program),
            phase=self.phase,
        )


AnyVenue = Venue[Any]
"""A venue whose pool type is not known here. It is only ever handed pools that it loaded itself."""
