"""The engine is pulled from under open pages, and comes back."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest
from playwright.sync_api import expect

from tests.console.conftest import Site, Visiting, free_port
from tests.console.test_trade import fill_in

READY_SECONDS_MAX = 60


def kill(site: Site) -> None:
    """The whole engine, as a power cut would."""
    assert site.process is not None
    site.process.kill()
    site.process.communicate()
    site.process = None


@pytest.fixture
def console(site: Site) -> Iterator[str]:
    """A console of its own for the site's engine: it outlives the engine."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "landfall", "console", "--api", site.url, "--port", str(port)],
        env=os.environ,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert b"ready" in process.stdout.readline()
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=READY_SECONDS_MAX)
    assert process.returncode == 0


def test_a_page_says_that_the_engine_is_gone_and_recovers_with_its_order_and_its_form(
    site: Site, console: str, visiting: Visiting
):
    page = visiting(console).open()
    fill_in(page, "1.75")
    page.get_by_role("button", name="Execute Order").click()
    expect(page.locator(".tl:not(.next)").first).to_be_visible()
    kill(site)
    expect(page.get_by_text("The engine is gone.")).to_be_visible()
    expect(page.get_by_role("button", name="The engine is gone")).to_be_disabled()
    site.start()
    expect(page.get_by_text("The engine is gone.")).to_be_hidden()
    expect(page.locator(".outcome.good")).to_be_visible()
    order = site.ended(page.url.rsplit("/", 1)[1])
    assert order["status"] == "confirmed"
    assert len(site.swaps()[1_750_000_000]) == 1
    expect(page.get_by_label("You pay")).to_have_value("1.75")
    expect(page.get_by_role("button", name="Execute Order")).to_be_enabled()


def test_when_everything_is_gone_the_page_says_so_and_comes_back(site: Site, visiting: Visiting):
    visitor = visiting(site.console)
    page = visitor.open()
    kill(site)
    expect(page.locator("#popup")).to_contain_text("This page comes back by itself")
    expect(page.locator("#popup")).to_be_visible()
    site.start()
    expect(page.locator("#popup")).to_be_hidden()
    fill_in(page, "0.9")
    page.get_by_role("button", name="Execute Order").click()
    expect(page.locator(".outcome.good")).to_be_visible()


def test_the_console_of_a_killed_engine_ends_and_a_killed_console_is_started_again(site: Site):
    assert httpx.get(f"{site.url}/", headers={"accept": "text/html"}).headers["location"] == (
        f"{site.console}/"
    )
    found = console_pids(site)
    assert len(found) == 1
    os.kill(found[0], signal.SIGKILL)
    answers = until_answered(site.console)
    assert re.search("<title>", answers)
    kill(site)
    deadline = time.monotonic() + READY_SECONDS_MAX
    while console_pids(site) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert console_pids(site) == []


def console_pids(site: Site) -> list[int]:
    """The processes that listen as the site's console."""
    return [
        each.pid
        for each in psutil.process_iter(["cmdline"])
        if {"landfall.console", "--port", str(site.console_port)} <= {*(each.info["cmdline"] or ())}
    ]


def until_answered(url: str) -> str:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            return httpx.get(url).text
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")
