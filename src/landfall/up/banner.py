"""What `landfall up` says: what runs where, what the wallet holds, and what to type next."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from landfall import observe
from landfall.core.amount import to_decimal
from landfall.core.ledger.token_accounts import associated_address
from landfall.core.token import ACCOUNT_AMOUNT, NATIVE_MINT
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Pubkey
from landfall.ports import ChainClient

LAMPORT_DECIMALS = 9
_WHERE_CLIENTS_LOOK = "http://127.0.0.1:3000"


class Progress:
    """One line that says what is being waited for, and lines of what is done."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status = console.status("")

    def doing(self, what: str) -> None:
        """Show what is under way."""
        if self._console.is_terminal:
            self._status.update(f"{what} …")
            self._status.start()

    def failed(self, why: str) -> None:
        """Note that it is not done, and why; the rest goes on."""
        self._status.stop()
        self._console.print(f"  [yellow]![/yellow] {escape(why)}", highlight=False)

    def done(self, what: str) -> None:
        """Note that it is done."""
        self._status.stop()
        self._console.print(f"  [green]✓[/green] {escape(what)}", highlight=False)


async def balances(chain: ChainClient, wallet: Pubkey) -> Sequence[tuple[str, str]]:
    """Symbol and amount of every known token that the wallet holds, SOL first."""
    tokens = [token for token in KNOWN_TOKENS.values() if token.mint != NATIVE_MINT]
    accounts = {associated_address(wallet, token): token for token in tokens}
    at = await chain.accounts([wallet, *accounts])
    own = at.accounts[wallet]
    held = [("SOL", to_decimal(own.lamports if own else 0, LAMPORT_DECIMALS))]
    for address, token in accounts.items():
        account = at.accounts[address]
        if account is not None:
            amount = to_decimal(ACCOUNT_AMOUNT.read(account.data), token.decimals)
            held.append((token.symbol or str(token.mint), amount))
    return [(symbol, f"{amount.normalize():,f}") for symbol, amount in held]


def ready(
    console: Console,
    *,
    api: str,
    page: str | None,
    rpc: str,
    is_localnet: bool,
    needs_key: bool,
    home: str,
    wallet: Pubkey,
    held: Sequence[tuple[str, str]],
) -> None:
    """Print where everything is, and the first order to copy. Of the RPC URL the host alone."""
    say = Say(console)
    key = ' -H "Authorization: Bearer $LANDFALL_API_KEY"' if needs_key else ""
    at = "" if api == _WHERE_CLIENTS_LOOK else f" --url {api}"
    kind = "localnet: a real SVM, play money" if is_localnet else "your RPC"
    say(f"\n[bold]Landfall is ready[/bold] on [bold]{api}[/bold]")
    if page is not None:
        say(f"  console  [bold]{page}[/bold]  (open it in a browser)")
    say(f"  chain    {escape(observe.endpoint(rpc))}  ({kind})")
    say(f"  data     {escape(home)}")
    say(f"  wallet   {wallet}")
    say("           " + ", ".join(f"{amount} {symbol}" for symbol, amount in held))
    say("\nSend an order:\n")
    say(
        f"  curl -X POST {api}/api/orders/execute -H 'content-type: application/json'{key} \\\n"
        """    -d '{"type":"market","tokenIn":"SOL","tokenOut":"USDC","amountIn":1.5,"""
        """"slippage":0.01}'"""
    )
    say("\nor watch one from the command line:\n")
    say(f"  .venv/bin/landfall order SOL USDC 1.5{at}\n")
    if needs_key:
        say("Both take an API key from LANDFALL_API_KEY; `landfall keys create` makes one.\n")
    say("Stop with Ctrl-C. The next start finds the orders and the chain as they are.\n")


class Say:
    """Print one line as it is: wrapped nowhere, so that a command can be copied."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, line: str) -> None:
        self._console.print(line, highlight=False, soft_wrap=True)
