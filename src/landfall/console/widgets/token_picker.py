"""Choose a token by symbol or mint, with what the wallet holds of each."""

from collections.abc import Callable
from decimal import Decimal

from nicegui import ui

from landfall.client import ClientError, Token
from landfall.console import figures
from landfall.console.engine import Engine
from landfall.console.markup import box, heading, text
from landfall.console.widgets.coin import draw_coin

MINT_LENGTH_MIN = 32


class TokenPicker:
    """A dialog with a search field; `open` shows it and calls back with what was chosen."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._chosen: Callable[[Token], None] | None = None
        self._found: list[Token] = []
        with ui.dialog().props('aria-label="Choose a token"') as self._dialog, box("dialog"):
            heading("Choose a token")
            self._search = (
                ui.input(placeholder="Symbol, or mint address", on_change=self._list)
                .props('borderless dense autofocus aria-label="Search by symbol or mint address"')
                .classes("field")
                .on("keydown.enter", self._take_first)
            )
            self._rows = box("token-list")

    def open(self, chosen: Callable[[Token], None]) -> None:
        """Ask for a token."""
        self._chosen = chosen
        self._search.set_value("")
        self._draw(self._matching(""))
        self._dialog.open()

    async def _list(self) -> None:
        asked = str(self._search.value or "").strip()
        found = self._matching(asked)
        if not found and len(asked) >= MINT_LENGTH_MIN:
            found = await self._looked_up(asked)
            if asked != str(self._search.value or "").strip():
                return
        self._draw(found)

    def _matching(self, asked: str) -> list[Token]:
        known = self._engine.tokens.value
        held = self._engine.wallet.value
        tokens = {token.mint: token for token in (known.tokens if known else ())}
        tokens.update({each.token.mint: each.token for each in (held.balances if held else ())})
        word = asked.upper()
        return [
            token
            for token in tokens.values()
            if word in (token.symbol or "").upper() or token.mint.startswith(asked)
        ]

    async def _looked_up(self, mint: str) -> list[Token]:
        try:
            return [(await self._engine.client.token(mint)).token]
        except ClientError:
            return []

    def _draw(self, tokens: list[Token]) -> None:
        self._found = tokens
        self._rows.clear()
        with self._rows:
            for token in tokens:
                self._row(token)
            if not tokens:
                with box("empty"):
                    text("No token of that name", "strong")
                    text("Any other goes by its mint address, all of it.", "small")

    def _row(self, token: Token) -> None:
        row = box("token-row", "button").props("type=button")
        row.on("click", lambda: self._take(token))
        with row:
            draw_coin(token)
            with box("grow"):
                text(token.symbol or "Unknown token", "strong")
                text(figures.short(token.mint), "small muted mono")
            held = balance_of(self._engine, token.mint)
            text("" if held is None else figures.amount(held), "mono right")

    def _take_first(self) -> None:
        if self._found:
            self._take(self._found[0])

    def _take(self, token: Token) -> None:
        self._dialog.close()
        if self._chosen is not None:
            self._chosen(token)


def balance_of(engine: Engine, mint: str) -> Decimal | None:
    """What the wallet holds of a token; None if the engine has not said."""
    wallet = engine.wallet.value
    held = {each.token.mint: each.amount for each in (wallet.balances if wallet else ())}
    return held.get(mint)
