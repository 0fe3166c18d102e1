"""A first-time user trades: sees the pools, executes, watches the order to its end."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import PHONE, Site, Visiting

DELAY_MS = 1_200
HOSTILE = "<img src=x onerror=window.pwned=1>"


@pytest.fixture(scope="module")
def site_variables() -> dict[str, str]:
    """Landing takes long enough for a page to be loaded again in the middle of it."""
    return {"MOCK_DELAY_MIN_MS": str(DELAY_MS), "MOCK_DELAY_MAX_MS": str(DELAY_MS)}


def fill_in(page: Page, amount: str) -> None:
    page.get_by_label("You pay").fill(amount)
    expect(page.get_by_role("button", name="Execute Order")).to_be_enabled()


def status(page: Page) -> str:
    """The last thing that happened, as the timeline tells it."""
    happened = page.locator(".tl:not(.next)")
    return happened.last.get_attribute("data-status") or "" if happened.count() else ""


def test_an_order_is_placed_and_watched_until_it_is_filled(site: Site, visiting: Visiting):
    visitor = visiting(site.console)
    page = visitor.open()
    fill_in(page, "25")
    rows = page.locator(".pools tbody tr")
    expect(rows.first).to_contain_text("best")
    assert rows.count() > 3
    assert "Raydium" in rows.all_inner_texts()[0] + rows.all_inner_texts()[1]
    expect(page.locator(".lane").first).to_be_visible()
    page.get_by_role("button", name="Execute Order").dblclick()
    expect(page).to_have_url(re.compile(r"/order/[0-9a-f-]{36}$"))
    expect(page.locator(".outcome .big")).to_have_text(re.compile(r"^Got [\d,.]+ USDC$"))
    order = site.order(page.url.rsplit("/", 1)[1])
    assert order["status"] == "confirmed"
    steps = page.locator(".tl").evaluate_all("all => all.map(e => e.dataset.status)")
    assert steps == ["pending", "routing", "building", "submitted", "confirmed"]
    link = page.locator("a.out").get_attribute("href") or ""
    assert order["txHash"] in link
    assert f"customUrl=http%3A%2F%2F127.0.0.1%3A{site.chain_port}" in link
    expect(page.locator(".tl.good")).to_contain_text("as quoted")
    # The button was clicked twice, as people do.
    listed = httpx.get(f"{site.url}/api/orders").json()["orders"]
    assert [each["amount"] for each in listed].count("25") == 1
    visitor.said_nothing()


def test_a_reload_in_the_middle_of_an_order_loses_nothing(site: Site, visiting: Visiting):
    page = visiting(site.console).open()
    fill_in(page, "1.25")
    page.get_by_role("button", name="Execute Order").click()
    expect(page.locator('.tl.now[data-status="submitted"]')).to_be_visible()
    page.reload()
    expect(page.locator('.tl[data-status="routing"]')).to_contain_text("pools answered")
    expect(page.locator(".outcome.good")).to_be_visible()
    assert page.locator(".tl:not(.next)").count() == 5


def test_two_tabs_tell_the_same_story(site: Site, visiting: Visiting):
    visitor = visiting(site.console)
    one = visitor.open()
    fill_in(one, "0.75")
    one.get_by_role("button", name="Execute Order").click()
    expect(one).to_have_url(re.compile(r"/order/"))
    two = visitor.open(one.url.removeprefix(site.console))
    for page in (one, two):
        expect(page.locator(".outcome.good")).to_be_visible()
    told = [page.locator(".tl-facts").all_inner_texts() for page in (one, two)]
    assert told[0] == told[1]
    # Each has a form of its own.
    one.get_by_label("You pay").fill("3")
    expect(two.get_by_label("You pay")).to_have_value("")


def test_what_is_no_amount_asks_for_nothing(site: Site, visiting: Visiting):
    page = visiting(site.console).open()
    for typed in ("abc", "-1", "1e9", "0", HOSTILE, "1" * 60, "٣"):
        fill_in(page, "2")
        expect(page.locator(".pools tbody tr").first).to_be_visible()
        page.get_by_label("You pay").fill(typed)
        expect(page.get_by_role("button", name="Enter an amount")).to_be_disabled()
        expect(page.locator(".pools tbody tr")).to_have_count(0)


def test_a_thin_market_and_an_empty_wallet_are_warned_of_in_words(site: Site, visiting: Visiting):
    page = visiting(site.console).open()
    fill_in(page, "60000")
    expect(page.locator(".note").first).to_contain_text("moves the price by")
    page.get_by_label("You pay").fill("1000000")
    expect(page.locator(".note", has_text="The wallet holds")).to_be_visible()
    expect(page.get_by_role("button", name="Execute anyway")).to_be_enabled()


def test_a_token_is_found_by_symbol_and_by_mint_and_a_hostile_name_is_only_text(
    site: Site, visiting: Visiting
):
    visitor = visiting(site.console)
    page = visitor.open()
    page.locator(".token-btn").nth(1).click()
    search = page.get_by_label("Search by symbol or mint address")
    search.fill("bon")
    expect(page.locator(".token-row")).to_have_count(1)
    search.fill("4k3Dyjzvzp8eMZWUXbBCjEvwSkkk59S5iCNLY3QrkX6R")
    expect(page.locator(".token-row")).to_have_count(1)
    search.fill(HOSTILE)
    expect(page.get_by_text("No token of that name")).to_be_visible()
    search.fill("JUP")
    page.keyboard.press("Enter")
    expect(page.locator(".token-btn").nth(1)).to_contain_text("JUP")
    assert page.evaluate("window.pwned") is None
    visitor.said_nothing()


def test_an_order_is_placed_with_the_keyboard_alone(site: Site, visiting: Visiting):
    page = visiting(site.console).open()
    expect(page.get_by_label("You pay")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the page")).to_be_focused()
    focused = (
        "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText"
    )
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == "You pay":
            break
    page.keyboard.type("0.5")
    expect(page.get_by_role("button", name="Execute Order")).to_be_enabled()
    for _ in range(40):
        page.keyboard.press("Tab")
        if "Execute Order" in page.evaluate(focused):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".outcome.good")).to_be_visible()


def test_an_unknown_order_is_told_as_such(site: Site, visiting: Visiting):
    page = visiting(site.console).open("/order/00000000-0000-7000-8000-000000000000")
    expect(page.locator(".live .note.bad")).to_be_visible()


def test_a_phone_shows_the_order_it_placed_without_scrolling_sideways(
    site: Site, visiting: Visiting
):
    page = visiting(site.console, size=PHONE, theme="light").open()
    fill_in(page, "2")
    page.get_by_role("button", name="Execute Order").click()
    expect(page.locator(".outcome.good")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    expect(page.locator(".nav-foot")).to_be_visible()
