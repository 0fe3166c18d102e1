"""What the wallet holds and what open orders may still take of it; tokens, and their risks."""

from collections.abc import Sequence

from litestar import get
from litestar.params import FromPath

from landfall.access import Scope
from landfall.api import shapes, wire
from landfall.api.access import permitted
from landfall.api.errors import Problem, Refusal
from landfall.api.parts import GivenParts, HttpRequest
from landfall.api.scalars import amount
from landfall.core.errors import MalformedAccount
from landfall.core.ledger.token_accounts import associated_address
from landfall.core.token import ACCOUNT_AMOUNT, NATIVE_MINT, Token
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.token_risks import token_risks
from landfall.core.values import Accounts, Pubkey
from landfall.ports import Reserved


class BalanceWire(shapes.Wire, frozen=True, kw_only=True):
    """A token's balance. `reserved` is the most that open orders may still take of it.

    Orders whose input is not known yet (exact-out ones before they are routed) count in
    `openOrders` alone.
    """

    token: shapes.TokenWire
    amount: str
    amount_base_units: str
    reserved: str
    reserved_base_units: str
    open_orders: int


class WalletWire(shapes.Wire, frozen=True, kw_only=True):
    """The wallet that trades. `address` is null where this process does not know it."""

    address: str | None
    balances: list[BalanceWire]


class TokensWire(shapes.Wire, frozen=True, kw_only=True):
    """The tokens that go by a symbol."""

    tokens: list[shapes.TokenWire]


class TokenRisksWire(shapes.Wire, frozen=True, kw_only=True):
    """What to know of a mint before buying it, in sentences; empty if there is nothing."""

    token: shapes.TokenWire
    is_known: bool
    risks: list[str]


@get("/api/wallet", summary="Balances and reservations")
async def wallet(request: HttpRequest, parts: GivenParts) -> WalletWire:
    """What the wallet holds of every known token and of every token it has open orders in."""
    permitted(request, Scope.READ)
    address = parts.config.wallet
    if address is None:
        return WalletWire(address=None, balances=[])
    # The wallet is one, so orders of every account count.
    reserved = await parts.reader.reserved()
    tokens = {token.mint: token for token in KNOWN_TOKENS.values()}
    tokens |= {each.token.mint: each.token for each in reserved if each.token.mint not in tokens}
    accounts = [address, *(associated_address(address, token) for token in tokens.values())]
    at = await parts.world.chain.accounts(accounts)
    return WalletWire(
        address=str(address),
        balances=[_balance(address, token, at.accounts, reserved) for token in tokens.values()],
    )


@get("/api/tokens", summary="Known tokens")
async def tokens(request: HttpRequest) -> TokensWire:
    """The tokens that orders may name by symbol; any other goes by its mint's address."""
    permitted(request, Scope.READ)
    return TokensWire(tokens=[wire.token(each) for each in KNOWN_TOKENS.values()])


@get("/api/tokens/{text:str}", summary="A token and its risks")
async def token(request: HttpRequest, text: FromPath[str], parts: GivenParts) -> TokenRisksWire:
    """What is at a symbol or mint address, and what its issuer can do to those who hold it."""
    permitted(request, Scope.READ)
    known = await parts.world.tokens.resolve(text)
    if known is None:
        raise _no_token()
    at = await parts.world.chain.accounts([known.mint])
    try:
        risks = token_risks(known.mint, at.accounts[known.mint])
    except MalformedAccount:
        raise _no_token() from None
    return TokenRisksWire(
        token=wire.token(known), is_known=known.symbol is not None, risks=list(risks)
    )


def _no_token() -> Refusal:
    return Refusal(404, Problem.NOT_FOUND, "There is no token by that symbol or mint address.")


def _balance(
    wallet: Pubkey, token: Token, accounts: Accounts, reserved: Sequence[Reserved]
) -> BalanceWire:
    mine = [each for each in reserved if each.token.mint == token.mint]
    held, taken = _held(wallet, token, accounts), sum(each.amount for each in mine)
    return BalanceWire(
        token=wire.token(token),
        amount=amount(held, token),
        amount_base_units=str(held),
        reserved=amount(taken, token),
        reserved_base_units=str(taken),
        open_orders=sum(each.orders for each in mine),
    )


def _held(wallet: Pubkey, token: Token, accounts: Accounts) -> int:
    if token.mint == NATIVE_MINT:
        own = accounts[wallet]
        return 0 if own is None else own.lamports
    account = accounts[associated_address(wallet, token)]
    return 0 if account is None else ACCOUNT_AMOUNT.read(account.data)
