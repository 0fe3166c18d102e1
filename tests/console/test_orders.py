"""Ten thousand orders: listed, paged, found, opened, exported; some under hostile names."""

import csv
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import Site, Visiting
from tests.console.history import copy_orders

ORDERS = 10_000
HOSTILE = "<img src=x onerror=window.pwned=1>"
FORMULA = "=HYPERLINK(1)"


@pytest.fixture(scope="module")
def last(site: Site) -> dict[str, str]:
    """The site's newest order, with a history behind it; its names are hostile."""
    plain = site.ended(site.submit(amount="1.1"))
    copy_orders(site.dsn(), plain["orderId"], ORDERS, HOSTILE)
    return site.ended(site.submit(amount="1.3", clientOrderId=HOSTILE, userId=FORMULA))


def rows(page: Page) -> list[str]:
    """The client order ids of the rows in view."""
    return page.locator('.ag-row [col-id="client"]').all_inner_texts()


def test_the_list_is_live_and_pages_back_through_all_of_it(
    site: Site, last: dict[str, str], visiting: Visiting
):
    visitor = visiting(site.console)
    page = visitor.open("/orders")
    expect(page.locator(".ag-row").first).to_contain_text("confirmed")
    assert rows(page)[0] == HOSTILE
    fresh = site.submit(amount="1.7", clientOrderId="fresh-1")
    expect(page.locator(".ag-row", has_text="fresh-1")).to_contain_text("confirmed")
    page.get_by_role("combobox", name="Orders on a page").click()
    page.get_by_role("option", name="500").click()
    expect(page.get_by_text("1 to 500, newest first")).to_be_visible()
    for number in range(1, 21):
        page.get_by_role("button", name="Older").click()
        first, most = number * 500 + 1, min(ORDERS + 3, number * 500 + 500)
        expect(page.get_by_text(f"{first:,} to {most:,}, newest first")).to_be_visible()
    expect(page.get_by_role("button", name="Older")).to_be_disabled()
    expect(page.locator(".ag-row", has_text=f"old-{ORDERS}")).to_be_visible()
    page.get_by_role("button", name="Newest").click()
    expect(page.locator(".ag-row", has_text="fresh-1")).to_be_visible()
    gets = page.locator('.ag-row [col-id="gets"]', has_text="<img…d=1>")
    expect(gets.first).to_be_visible()
    assert site.order(fresh)["status"] == "confirmed"
    assert page.evaluate("window.pwned") is None
    visitor.said_nothing()


def test_orders_are_found_by_name_and_by_status(
    site: Site, last: dict[str, str], visiting: Visiting
):
    page = visiting(site.console).open("/orders")
    search = page.get_by_label("Search")
    for name in ("old-7777", last["orderId"], last["txHash"], HOSTILE):
        search.fill(name)
        expect(page.get_by_text("1 to 1, newest first")).to_be_visible()
        expect(page.locator(".ag-row")).to_have_count(1)
    search.fill("nobody's")
    expect(page.get_by_text("No orders here", exact=True).first).to_be_visible()
    search.fill("")
    page.get_by_role("combobox", name="Any status").click()
    page.get_by_role("option", name="cancelled").click()
    expect(page.locator(".ag-row").first).to_contain_text("cancelled")
    assert {
        text.strip() for text in page.locator('.ag-row [col-id="status"]').all_inner_texts()
    } == {"cancelled"}


def test_orders_are_found_by_token_and_time_and_the_oldest_come_first_if_wanted(
    site: Site, last: dict[str, str], visiting: Visiting
):
    visitor = visiting(site.console)
    page = visitor.open("/orders?token=USDC/SOL")
    expect(page.get_by_text("No orders here", exact=True).first).to_be_visible()
    selling = site.submit(tokenIn="USDC", tokenOut="SOL", amount="20", clientOrderId="selling")
    expect(page.locator(".ag-row", has_text="selling")).to_be_visible()
    tokens = page.get_by_label("Token or pair")
    tokens.fill("RAY")
    expect(page.get_by_text("No orders here", exact=True).first).to_be_visible()
    tokens.fill("nothing")
    expect(page.get_by_text("known symbol", exact=False).first).to_be_visible()
    tokens.fill("sol")
    expect(page.get_by_text("1 to 100, newest first")).to_be_visible()
    page.locator('.ag-header-cell[col-id="time"]').click()
    expect(page.get_by_text("1 to 100, oldest first")).to_be_visible()
    expect(page.locator(".ag-row").first).to_contain_text(f"old-{ORDERS}")
    page.get_by_role("button", name="Newer").click()
    expect(page.locator(".ag-row").first).to_contain_text(f"old-{ORDERS - 100}")
    page.get_by_role("combobox", name="Any time").click()
    page.get_by_role("option", name="Between …").click()
    accepted = datetime.fromisoformat(site.order(selling)["createdAt"])
    tokens.fill("USDC/SOL")
    since, until = page.get_by_label("From, UTC"), page.get_by_label("Until, UTC")
    since.fill(f"{accepted + timedelta(minutes=1):%Y-%m-%dT%H:%M}")
    until.fill(f"{accepted + timedelta(days=1):%Y-%m-%dT%H:%M}")
    expect(page.get_by_text("No orders here", exact=True).first).to_be_visible()
    since.fill(f"{accepted:%Y-%m-%dT%H:%M}")
    expect(page.locator(".ag-row", has_text="selling")).to_be_visible()
    visitor.said_nothing()


def test_a_drawer_tells_everything_and_tells_it_again(
    site: Site, last: dict[str, str], visiting: Visiting
):
    visitor = visiting(site.console)
    page = visitor.open(f"/orders?search={last['orderId']}")
    cell = page.locator('.ag-row [col-id="status"]')
    expect(cell).to_have_count(1)
    cell.click()
    drawer = page.locator(".drawer")
    expect(drawer.locator(".outcome.good").first).to_contain_text("Got")
    expect(drawer.get_by_text("Attempt 1", exact=True)).to_be_visible()
    log = drawer.locator(".rawlog")
    expect(log).to_contain_text('"type": "TransactionSigned"')
    expect(log).to_contain_text(HOSTILE)
    drawer.get_by_label("Replay from the beginning").click()
    expect(drawer.get_by_text("2/5")).to_be_visible()
    expect(drawer.locator(".tl.next").first).to_be_visible()
    expect(drawer.get_by_text("5/5")).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    cell.click()
    expect(drawer).to_be_visible()
    assert page.evaluate("window.pwned") is None
    visitor.said_nothing()


def test_an_export_holds_every_order_and_no_formula(
    site: Site, last: dict[str, str], visiting: Visiting, tmp_path: Path
):
    visitor = visiting(site.console)
    page = visitor.open("/orders")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    file = tmp_path / "orders.csv"
    download.value.save_as(file)
    with file.open(newline="") as lines:
        exported = list(csv.DictReader(lines))
    assert len(exported) >= ORDERS + 2
    assert len({each["orderId"] for each in exported}) == len(exported)
    mine = next(each for each in exported if each["orderId"] == last["orderId"])
    assert mine["userId"] == f"'{FORMULA}"
    assert mine["clientOrderId"] == HOSTILE
    assert mine["amountOut"] == last["fill"]["amountOut"]  # type: ignore[index]
    again = page.request.get(download.value.url)
    assert again.status == 404
    assert re.search(r"/export/[\w-]{20,}/orders.csv$", download.value.url)
