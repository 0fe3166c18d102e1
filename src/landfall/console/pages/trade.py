"""The Trade page: a ticket, every pool's answer, the route as a picture, and the order's story.

The path names the order that is followed, so a reload or a second tab shows the same one.
"""

import asyncio

from nicegui import background_tasks, ui

from landfall.client import ApiError, ClientError, OrderForm, Preview, Token, TokenRisks
from landfall.console import cautions, figures
from landfall.console.engine import Engines
from landfall.console.frame import Visit, arrive, draw_frame
from landfall.console.markup import box, button, heading, say, text
from landfall.console.quoting import Quoting
from landfall.console.widgets.caution_notes import CautionNotes
from landfall.console.widgets.live_updates import LiveUpdates
from landfall.console.widgets.quote_board import QuoteBoard
from landfall.console.widgets.quote_facts import QuoteFacts
from landfall.console.widgets.recent_orders import RecentOrders
from landfall.console.widgets.route_picture import RoutePicture
from landfall.console.widgets.ticket import Ticket
from landfall.console.widgets.token_picker import balance_of

FIRST_PAIR = ("SOL", "USDC")
ONE_CLICK_SECONDS = 0.6
"""Two clicks closer than this are one: nobody means a second order by the end of a double click."""


def add(engines: Engines) -> None:
    """Make the page known, without an order and with one."""

    @ui.page("/")
    async def trade() -> None:
        frame = draw_frame("Trade")
        visit = await arrive(engines, frame)
        if visit is None:
            return
        with frame.main:
            TradePage(visit)

    @ui.page("/order/{order_id}")
    async def trade_order(order_id: str) -> None:
        frame = draw_frame("Trade")
        visit = await arrive(engines, frame)
        if visit is None:
            return
        with frame.main:
            TradePage(visit).live.follow(order_id)


class TradePage:
    """One open Trade page."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._engine = visit.engine
        self._quoting = Quoting(visit)
        self._form: OrderForm | None = None
        self._risks: dict[str, TokenRisks] = {}
        self._seen: tuple[object, ...] = ()
        self._drawn: tuple[object, ...] = ()
        self._is_submitting = False
        visit.until_left(self._quoting.stop)
        with box("trade"):
            with box("stack wide ticket-column"):
                self._draw_ticket()
            with box("stack wide market"):
                self._draw_market()
                RecentOrders(visit, self._follow)
            with box("stack wide live"):
                self.live = LiveUpdates(visit)
        visit.look(self._look)

    def _draw_ticket(self) -> None:
        with box("card"):
            self._ticket = Ticket(self._engine, self._changed)
            self._facts = QuoteFacts()
            self._cautions = CautionNotes()
            self._execute = button("Execute Order", "primary wide")
            self._execute.on_click(self._submit)
            self._fault = text("", "bad small hidden").props("role=alert")

    def _draw_market(self) -> None:
        with box("card"):
            with box("row-flex between"):
                heading("Route")
                self._reason = text("", "card-note cut")
            self._route = RoutePicture()
        with box("card"):
            with box("row-flex between"):
                heading("All pools")
                self._slot = text("", "card-note mono")
            self._board = QuoteBoard()
            self._no_quote = box("empty")

    def _changed(self) -> None:
        self._fault.classes("hidden")
        self._form = self._ticket.form()
        self._quoting.want(self._form)
        for token in (self._ticket.pays, self._ticket.gets):
            if token is not None and token.symbol is None and token.mint not in self._risks:
                background_tasks.create(self._learn_risks(token))

    async def _learn_risks(self, token: Token) -> None:
        try:
            self._risks[token.mint] = await self._engine.client.token(token.mint)
        except ClientError:
            return
        self._seen = ()

    def _look(self) -> None:
        self._choose_first_pair()
        wallet = self._engine.wallet.version
        seen = (self._quoting.state, wallet, self._form, self._engine.is_gone)
        if seen == self._seen:
            return
        self._seen = seen
        self._ticket.show_balances()
        self._show_quote()

    def _choose_first_pair(self) -> None:
        known = self._engine.tokens.value
        if self._ticket.pays is not None or known is None:
            return
        by_symbol = {token.symbol: token for token in known.tokens}
        pays, gets = (by_symbol.get(symbol) for symbol in FIRST_PAIR)
        if pays is not None and gets is not None:
            self._ticket.choose(pays, gets)

    def _show_quote(self) -> None:
        preview, error = self._quoting.preview, self._quoting.error
        is_asking = self._form is not None
        if not is_asking or (preview is None and error is None):
            preview = None
        if preview is not None:
            self._slot.set_text(f"slot {preview.context_slot:,}")
        essence = (_essence(preview), is_asking, str(error), self._engine.is_gone)
        drawn = (essence, self._engine.wallet.version, tuple(self._risks))
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self._ticket.show(preview)
        self._facts.show(preview)
        found = self._found(preview, error)
        self._cautions.show(found)
        self._show_route(preview)
        self._show_pools(preview, is_asking, error)
        self._show_button(preview, is_asking, is_bad=any(each.kind == "bad" for each in found))

    def _found(self, preview: Preview | None, error: ClientError | None) -> list[cautions.Caution]:
        found: list[cautions.Caution] = []
        if preview is not None:
            held = balance_of(self._engine, preview.token_in.mint)
            found += cautions.of_preview(preview, self._ticket.slippage)
            found += cautions.of_balance(preview, held)
            mints = (preview.token_in.mint, preview.token_out.mint)
            found += cautions.of_tokens(
                [self._risks[mint] for mint in mints if mint in self._risks]
            )
        if isinstance(error, ApiError):
            found.append(cautions.Caution("bad", error.sentence))
        return found

    def _show_route(self, preview: Preview | None) -> None:
        names = self._engine.names
        self._route.show(preview, names)
        reason = preview.reason if preview is not None and preview.route is not None else ""
        self._reason.set_text(figures.sentence(reason, names))
        say(self._reason, reason)

    def _show_pools(
        self, preview: Preview | None, is_asking: bool, error: ClientError | None
    ) -> None:
        if preview is not None:
            self._board.show(preview)
        else:
            self._board.clear()
            self._slot.set_text("")
        self._no_quote.clear()
        if preview is not None and preview.quotes:
            self._no_quote.classes(replace="hidden")
            return
        self._no_quote.classes(replace="empty")
        with self._no_quote:
            if is_asking and error is None and preview is None:
                box("skeleton").style("width: 80%")
                box("skeleton").style("width: 62%")
            elif preview is not None:
                text("No pool would fill this order.", "small")
            else:
                ui.icon("table_rows")
                text("Enter an amount, and every pool is asked for its price.", "small")

    def _show_button(self, preview: Preview | None, is_asking: bool, is_bad: bool) -> None:
        is_ready = preview is not None and preview.route is not None and not self._engine.is_gone
        self._execute.set_enabled(is_ready)
        if self._engine.is_gone:
            words = "The engine is gone"
        elif not is_asking:
            words = self._ticket.missing()
        elif preview is not None and preview.route is None:
            words = "No pool fills this"
        else:
            words = "Execute anyway" if is_bad else "Execute Order"
        self._execute.set_text(words)
        self._execute.classes(replace=f"btn {'danger' if is_ready and is_bad else 'primary'} wide")

    async def _submit(self) -> None:
        form = self._form
        if form is None or self._is_submitting:
            return
        self._is_submitting = True
        self._execute.props(add="loading")
        try:
            accepted = await self._engine.client.submit(form)
        except ClientError as error:
            self._fault.set_text(str(error))
            self._fault.classes(remove="hidden")
        else:
            self._follow(str(accepted.order_id))
        await asyncio.sleep(ONE_CLICK_SECONDS)
        self._execute.props(remove="loading")
        self._is_submitting = False

    def _follow(self, order_id: str) -> None:
        ui.navigate.history.push(f"/order/{order_id}")
        self.live.follow(order_id)
        ui.run_javascript("landfall.show('.live')")


def _essence(preview: Preview | None) -> object:
    """What is drawn of a quote: asked again a few slots later, it is mostly the same."""
    if preview is None:
        return None
    quotes = [(each.pool, each.amount_in, each.amount_out) for each in preview.quotes]
    route = preview.route
    legs = [] if route is None else [(leg.pool, leg.amount_in_base_units) for leg in route.legs]
    filled = None if route is None else (route.amount_in, route.amount_out, route.min_out)
    asked = (preview.token_in, preview.token_out, preview.slippage_bps, preview.reason)
    return quotes, legs, filled, asked
