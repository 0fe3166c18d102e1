"""One recorded swap against the engine: the quote, the instruction, and the program's stand-in.

The recording tells what the program did. Four things are compared with it: amounts, refusals by
name, the instruction's bytes and accounts, and account bytes afterwards. A quote cannot know
everything a program does: not the trader's bound or balance, nor who signs. There the stand-in, on
the recorded accounts, must refuse as the program did, and the quote must be consistent with it.
The pool's supply curve, too, must pay what its quotes pay.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from itertools import accumulate

from landfall.core.errors import MalformedAccount
from landfall.core.quote import Leg, Quote, Refused, SwapRequest
from landfall.core.swap2 import MODE_EXACT_IN, MODE_EXACT_OUT
from landfall.core.values import Account, BaseUnits, BasisPoints, Pubkey, SwapMode
from landfall.core.venue import AnyVenue, NeedAccounts, Pool, Trader
from landfall.core.venues import VENUES
from landfall.core.venues.raydium_clmm.tick_array import PROGRAM_ID as CLMM
from landfall.core.venues.raydium_cpmm import curve as cpmm_curve
from landfall.core.venues.raydium_cpmm import layout as cpmm
from landfall.localnet.programs import STAND_INS, AccountRef, ProgramRefused, StandIn
from tests.conformance.instructions import instruction_differences
from tests.conformance.recordings import Case, Failed, Landed
from tests.conformance.token_ledger import TokenRefused, applied

ROUNDS_MAX = 2
SLIPPAGE = frozenset(
    {
        "ExceededSlippage",
        "TooLittleOutputReceived",
        "TooMuchInputPaid",
        "ExceededAmountSlippageTolerance",
        "InsufficientInAmount",
    }
)
UNPAYABLE = "InvalidAccountData"
HOOK = "transfer hook"
NO_SYSVAR = "FailToValidateSingleSwapInstruction"
CLOSED = "PoolDisabled"
SHORT = "InsufficientFunds"
NOTHING_LEFT = "InvalidInput"

VENUE_OF: Mapping[Pubkey, AnyVenue] = {venue.program_id: venue for venue in VENUES.values()}
STAND_IN_OF: Mapping[Pubkey, StandIn] = {stand_in.program_id: stand_in for stand_in in STAND_INS}

BOOKED_FEES = {
    "protocol_fee": cpmm.POOL_PROTOCOL_FEES,
    "fund_fee": cpmm.POOL_FUND_FEES,
    "creator_fee": cpmm.POOL_CREATOR_FEES,
}


class Kind(Enum):
    """What a mismatch is counted as."""

    AMOUNT = "amount_mismatch"
    REFUSAL = "refusal_mismatch"
    INSTRUCTION = "instruction_mismatch"
    POST_STATE = "post_state_mismatch"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One difference between a recording and the engine."""

    kind: Kind
    what: str


@dataclass(frozen=True, slots=True)
class Played:
    """A swap that the stand-in and the token programs let through."""

    in_amount: int
    out_amount: int
    after: Mapping[Pubkey, Account]


class NotModelled(Exception):
    """No quote can be compared: the pool is of a kind that its venue refuses by name, or the price
    depends on what else its transaction does."""


def check(case: Case) -> list[Mismatch]:
    """Everything in which the engine differs from the recording.

    Raises:
        NotModelled: the engine refuses the pool for a hook, and its stand-in was compared
            nevertheless; or the swap is not alone in its transaction.
    """
    if case.opens_its_pool:
        raise NotModelled("the pool is opened in the same transaction, which may lower its fee")
    venue = VENUE_OF[case.program_id]
    try:
        pool = loaded(venue, case)
    except MalformedAccount as fault:
        if HOOK in str(fault):
            played_wrong = _check_program(case, play(case, case.data, case.refs))
            if not played_wrong:
                raise NotModelled("a mint has a transfer hook and the pool is refused") from fault
            return played_wrong
        return [Mismatch(Kind.REFUSAL, f"the pool did not load: {fault}")]
    mint_in, mint_out = pool.mints if case.in_is_first else pool.mints[::-1]
    request = SwapRequest(
        in_mint=mint_in, out_mint=mint_out, mode=case.mode, amount=BaseUnits(case.amount)
    )
    answer = venue.quote(pool, request, case.clock)
    leg = _leg(case, pool, request)
    return [
        *_check_instruction(venue, case, pool, leg),
        *(_check_quote(venue, case, pool, answer, leg) if _is_quotable(case) else ()),
        *(_check_sent(venue, case, pool, answer) if isinstance(answer, Quote) else ()),
        *_check_supply(venue, case, pool, answer, request),
        *_check_program(case, play(case, case.data, case.refs)),
        *(_check_fees(case, pool, request) if pool_is_cpmm(pool) else ()),
    ]


def loaded(venue: AnyVenue, case: Case) -> Pool:
    """The case's pool, loaded as the engine loads it: from the pool itself and what `load` asks
    for, and no more."""
    known: dict[Pubkey, Account | None] = {case.pool: case.accounts.get(case.pool)}
    for _ in range(ROUNDS_MAX + 1):
        answer = venue.load(case.pool, known, case.clock.slot)
        if not isinstance(answer, NeedAccounts):
            pool: Pool = answer
            return pool
        known |= {address: case.accounts.get(address) for address in answer.addresses}
    raise AssertionError(f"load asks for accounts more than {ROUNDS_MAX} times")


def play(case: Case, data: bytes, refs: tuple[AccountRef, ...]) -> Played | Failed:
    """One instruction on the recorded accounts, by the stand-in and the token programs."""
    stand_in = STAND_IN_OF[case.program_id]
    try:
        effects = stand_in.process(data, refs, case.accounts, case.clock)
        after = dict(applied(effects.transfers, case.accounts, case.clock.epoch))
    except (ProgramRefused, TokenRefused) as refusal:
        return Failed(refusal.name, refusal.code)
    for address, written in effects.writes.items():
        after[address] = replace(after[address], data=written)
    return Played(
        in_amount=_balance(case.accounts[case.user_in]) - _balance(after[case.user_in]),
        out_amount=_balance(after[case.user_out]) - _balance(case.accounts[case.user_out]),
        after=after,
    )


def pool_is_cpmm(pool: Pool) -> bool:
    """Whether recorded fee parts can be looked up in the pool."""
    return isinstance(pool, cpmm.Pool)


def _is_quotable(case: Case) -> bool:
    """Partial fill and unknown modes have no quote; they are the stand-in's alone."""
    return not case.price_limit and case.mode_byte in (None, MODE_EXACT_IN, MODE_EXACT_OUT)


def _leg(case: Case, pool: Pool, request: SwapRequest) -> Leg:
    """The leg that asks for the recorded instruction; refused swaps are asked for, too."""
    quote = Quote(
        venue="recorded",
        dex="recorded",
        pool=pool.address,
        request=request,
        in_amount=BaseUnits(0),
        out_amount=BaseUnits(0),
        fee_amount=BaseUnits(0),
        fee_mint=request.in_mint,
        price_impact_bps=BasisPoints(0),
        context_slot=pool.context_slot,
    )
    return Leg(quote=quote, threshold=BaseUnits(case.bound))


def _trader(case: Case) -> Trader:
    return Trader(wallet=case.wallet, in_account=case.user_in, out_account=case.user_out)


def _check_instruction(venue: AnyVenue, case: Case, pool: Pool, leg: Leg) -> list[Mismatch]:
    built = venue.swap(pool, leg, _trader(case))
    return [
        Mismatch(Kind.INSTRUCTION, difference)
        for difference in instruction_differences(case, built)
    ]


def _check_quote(
    venue: AnyVenue, case: Case, pool: Pool, answer: Quote | Refused, leg: Leg
) -> list[Mismatch]:
    match case.expected, answer:
        case Landed() as landed, Quote():
            wanted = (landed.in_amount, landed.out_amount)
            if (answer.in_amount, answer.out_amount) != wanted:
                return [Mismatch(Kind.AMOUNT, f"quoted {answer}, recorded {landed}")]
            if answer.fee_amount != landed.fees.get("fee", answer.fee_amount):
                return [Mismatch(Kind.AMOUNT, f"quoted {answer}, recorded {landed}")]
        case Landed(), Refused():
            # A whitelisted signer trades before the pool opens; a quote is for everybody else.
            early = case.wallet in (
                getattr(pool, "whitelisted_vault", None),
                getattr(pool, "early_access", None),
            )
            if not (early and answer.error == CLOSED):
                return [Mismatch(Kind.REFUSAL, f"quote refused {answer.error}, recorded landed")]
        case Failed() as failed, Refused():
            # AMM v4 tests the trader's bound before it finds that the swap buys nothing.
            bound_first = case.bound > 0 and failed.name in SLIPPAGE
            told = failed.is_told_by(answer.error, None)
            if not told and not (bound_first and answer.error == NOTHING_LEFT):
                return [Mismatch(Kind.REFUSAL, f"quote refused {answer.error}, recorded {failed}")]
        case Failed() as failed, Quote():
            if not _is_beyond_a_quote(venue, case, pool, failed, answer, leg):
                return [Mismatch(Kind.REFUSAL, f"quoted {answer}, recorded {failed}")]
    return []


def _check_sent(venue: AnyVenue, case: Case, pool: Pool, quote: Quote) -> list[Mismatch]:
    """Where the engine names other tick arrays than the recording, whether they suffice."""
    if case.program_id != CLMM or not isinstance(case.expected, Landed):
        return []
    is_exact_in = case.mode is SwapMode.EXACT_IN
    leg = Leg(quote=quote, threshold=quote.out_amount if is_exact_in else quote.in_amount)
    ours = venue.swap(pool, leg, _trader(case))
    refs = tuple(
        AccountRef(meta.pubkey, meta.is_signer, meta.is_writable) for meta in ours.accounts
    )
    played = play(case, bytes(ours.data), refs)
    moved = (played.in_amount, played.out_amount) if isinstance(played, Played) else played
    if moved == (quote.in_amount, quote.out_amount):
        return []
    return [Mismatch(Kind.INSTRUCTION, f"moves {moved}, quoted {quote}")]


def _check_supply(
    venue: AnyVenue, case: Case, pool: Pool, answer: Quote | Refused, request: SwapRequest
) -> list[Mismatch]:
    """Whether the pool's supply curve pays what quotes pay, up to what is asked for here."""
    offered = venue.supply(pool, request, case.clock)
    taken = list(accumulate(one.in_amount for one in offered))
    paid = list(accumulate(one.out_amount for one in offered))
    # A curve may have a stretch for each of hundreds of bins; some ends tell of all.
    for i in {0, len(offered) // 2, len(offered) - 1} if offered else ():
        part = replace(request, mode=SwapMode.EXACT_IN, amount=BaseUnits(taken[i]))
        told = venue.quote(pool, part, case.clock)
        if not isinstance(told, Quote) or told.out_amount != paid[i]:
            return [Mismatch(Kind.AMOUNT, f"offers {paid[i]} for {taken[i]}, quoted {told}")]
    if isinstance(answer, Quote) and sum(paid[-1:]) < answer.out_amount:
        return [Mismatch(Kind.AMOUNT, f"offers {offered}, quoted {answer}")]
    return []


def _is_beyond_a_quote(
    venue: AnyVenue, case: Case, pool: Pool, failed: Failed, answer: Quote, leg: Leg
) -> bool:
    """Whether the recorded refusal follows from what a quote is not told, and this quote bears it
    out. Token errors are left to `_check_program`, which has the token accounts."""
    if failed.name in SLIPPAGE:
        if case.mode is SwapMode.EXACT_IN:
            return answer.out_amount < case.bound
        return answer.in_amount > case.bound
    if failed.name == NO_SYSVAR:
        ours = venue.swap(pool, leg, _trader(case))
        refs = tuple(
            AccountRef(meta.pubkey, meta.is_signer, meta.is_writable) for meta in ours.accounts
        )
        played = play(case, bytes(ours.data), refs)
        return isinstance(played, Played) and (played.in_amount, played.out_amount) == (
            answer.in_amount,
            answer.out_amount,
        )
    if failed.name == CLOSED:
        # DAMM v1 shuts a whitelisted signer out again once the pool opens to everybody else.
        return getattr(pool, "whitelisted_vault", None) == case.wallet
    if failed.name == SHORT:
        return _balance(case.accounts[case.user_in]) < answer.in_amount
    return failed.name == UNPAYABLE or (failed.name is None and failed.code is not None)


def _check_program(case: Case, outcome: Played | Failed) -> list[Mismatch]:
    match case.expected, outcome:
        case Landed() as landed, Played():
            wanted, got = (
                (landed.in_amount, landed.out_amount),
                (outcome.in_amount, outcome.out_amount),
            )
            found = [] if got == wanted else [Mismatch(Kind.AMOUNT, f"moved {got}, not {wanted}")]
            return found + [
                Mismatch(Kind.POST_STATE, f"{address}: {_first_difference(data, after)}")
                for address, data in case.post.items()
                if (after := outcome.after[address].data) != data
            ]
        case Failed() as failed, Failed():
            assert outcome.name is not None
            if not failed.is_told_by(outcome.name, outcome.code):
                return [Mismatch(Kind.REFUSAL, f"stand-in: {outcome}, recorded {failed}")]
        case wanted_outcome, _:
            return [Mismatch(Kind.REFUSAL, f"stand-in: {outcome}, recorded {wanted_outcome}")]
    return []


def _check_fees(case: Case, pool: Pool, request: SwapRequest) -> list[Mismatch]:
    """The parts of a fee, where the recording has them: as computed, and as booked in the pool."""
    if not isinstance(case.expected, Landed) or not case.expected.fees:
        return []
    assert isinstance(pool, cpmm.Pool)
    swapped = cpmm_curve.execute(pool, request, case.clock)
    found = [
        Mismatch(Kind.AMOUNT, f"{name} {getattr(swapped, name)}, recorded {fee}")
        for name, fee in case.expected.fees.items()
        if getattr(swapped, name) != fee
    ]
    outcome = play(case, case.data, case.refs)
    if not isinstance(outcome, Played):
        return found
    before, after = case.accounts[case.pool].data, outcome.after[case.pool].data
    for name, fields in BOOKED_FEES.items():
        booked = sum(side.read(after) - side.read(before) for side in fields)
        if booked != case.expected.fees.get(name, booked):
            found.append(Mismatch(Kind.POST_STATE, f"{name} booked as {booked}"))
    return found


def _balance(account: Account) -> int:
    return int.from_bytes(account.data[64:72], "little")


def _first_difference(wanted: bytes, got: bytes) -> str:
    if len(wanted) != len(got):
        return f"{len(got)} bytes, not {len(wanted)}"
    at = next(i for i, (one, other) in enumerate(zip(wanted, got, strict=True)) if one != other)
    return f"differs from byte {at}: {got[at : at + 16].hex()}, not {wanted[at : at + 16].hex()}"
