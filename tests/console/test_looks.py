"""What axe finds wrong with the pages, in both themes; how they look at a desk and on a phone."""

import re
from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from landfall.console.theme import LIGHT, PALETTES
from tests.console.conftest import DESKTOP, PHONE, SCREENSHOTS, Site, Visiting
from tests.console.test_trade import fill_in

PATHS = ("/", "/orders", "/engine", "/wallet")
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}

MOVED_MAX = 0.1
"""What Web Vitals call good: the share of the window that moved, times how far."""

SETTLE_MS = 400


def settled(page: Page) -> tuple[int, float]:
    """How wide the page was at its widest, in pixels, and how far its parts were moved."""
    page.wait_for_timeout(SETTLE_MS)
    widest, moved = page.evaluate("[window.widest, window.moved]")
    return int(widest), float(moved)


def faults(page: Page) -> list[str]:
    """What axe finds, one line for each element."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


@pytest.fixture(scope="module")
def traded(site: Site) -> str:
    """A few orders, so that pages have something to show; the id of the last."""
    for amount in ("1.5", "20", "300"):
        site.submit(amount=amount)
    return str(site.ended(site.submit(amount="0.7"))["orderId"])


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_wrong(site: Site, traded: str, visiting: Visiting, theme: str):
    visitor = visiting(site.console, theme=theme)
    found = {}
    for path in PATHS:
        page = visitor.open(path)
        assert settled(page)[1] <= MOVED_MAX, path
        if path == "/":
            fill_in(page, "2500")
            expect(page.locator(".lane").first).to_be_visible()
        if path == "/orders":
            page.locator('.ag-row [col-id="status"]').first.click()
            expect(page.locator(".drawer .rawlog")).to_be_visible()
        # Colours that are on their way to others are none that axe should judge.
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=SCREENSHOTS / f"{path.strip('/') or 'trade'}-{theme}.png")
        found[path] = faults(page)
        page.close()
    assert found == {path: [] for path in PATHS}


def test_every_page_fits_a_phone(site: Site, traded: str, visiting: Visiting):
    visitor = visiting(site.console, size=PHONE)
    for path in (*PATHS, f"/order/{traded}"):
        page = visitor.open(path)
        widest, moved = settled(page)
        assert widest <= PHONE[0], path
        assert moved <= MOVED_MAX, path
        if path == "/orders":
            expect(page.locator('.ag-row [col-id="gets"]').first).to_be_in_viewport()
        name = path.strip("/").split("/")[0] or "trade"
        page.screenshot(path=SCREENSHOTS / f"{name}-phone.png")
        page.close()


def test_the_theme_is_kept_and_changes_charts_too(site: Site, traded: str, visiting: Visiting):
    visitor = visiting(site.console, theme="light")
    page = visitor.open("/engine")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.get_by_label("Dark or light").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_class(re.compile("body--dark"))
    expect(page.locator(".chart svg").first).to_be_visible()
    visitor.said_nothing()


def test_a_first_visit_is_in_the_theme_of_the_system_charts_included(
    site: Site, traded: str, visiting: Visiting
):
    visitor = visiting(site.console, theme="light")
    page = visitor.open("/engine")
    wins = page.locator(".card", has_text="Win rate of venues")
    expect(wins.locator("svg text", has_text="%").first).to_be_visible()
    throughput = page.locator(".card", has_text="Throughput")
    label = throughput.locator(f'svg text[fill="{PALETTES[LIGHT]["muted"]}"]').first
    expect(label).to_be_visible()
    visitor.said_nothing()


def test_very_long_values_stay_in_their_places(site: Site, visiting: Visiting):
    word = "W" * 128
    order = site.submit(clientOrderId=word, userId=word)
    for size, path in product((DESKTOP, PHONE), ("/orders", f"/order/{order}")):
        page = visiting(site.console, size=size, suffix=f"-{size[0]}").open(path)
        assert settled(page)[0] <= size[0], (path, size)
