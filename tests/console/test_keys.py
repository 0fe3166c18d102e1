"""An engine that wants a key: the page asks for it, and keeps it to itself."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.acceptance.conftest import free_ports
from tests.console.conftest import Site, Visiting, free_port
from tests.console.test_trade import fill_in


@pytest.fixture(scope="module")
def keyed(home: Path) -> Iterator[tuple[Site, str]]:
    """A site where everybody needs a key, and one key."""
    port, chain_port = free_ports()
    site = Site(
        home,
        port,
        chain_port,
        variables={"API_ACCESS": "keys", "ORDER_RATE_LIMIT": "1"},
        console_port=free_port(),
    )
    made = subprocess.run(
        [sys.executable, "-m", "landfall", "keys", "create", "desk", "--scopes",
         "read,trade,cancel"],
        env=site.environment(),
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    key = next(word for word in made.stdout.split() if word.startswith("lf_") and "." in word)
    site.start()
    yield site, key
    for process in site.processes():
        process.kill()
    assert site.process is not None
    site.process.kill()
    site.process.communicate()


def test_the_page_asks_for_a_key_refuses_a_wrong_one_and_keeps_the_right_one_to_itself(
    keyed: tuple[Site, str], visiting: Visiting
):
    site, key = keyed
    visitor = visiting(site.console)
    page = visitor.open()
    field = page.get_by_label("API key")
    for wrong in ("nonsense", "lf_0000000000000000." + "A" * 43, "<b>ключ</b>"):
        field.fill(wrong)
        page.get_by_role("button", name="Use this key").click()
        expect(page.get_by_role("alert").filter(has_text="key")).to_be_visible()
    field.fill(key)
    page.get_by_role("button", name="Use this key").click()
    expect(field).to_be_hidden()
    fill_in(page, "1")
    page.get_by_role("button", name="Execute Order").click()
    expect(page.locator(".outcome.good")).to_be_visible()
    page.reload()
    expect(page.locator(".outcome.good")).to_be_visible()
    # Neither what the browser keeps nor what it asked for holds the key, and no log does.
    secret = key.partition(".")[2]
    assert not any(secret in url for url in visitor.loaded)
    assert secret not in str(visitor.context.storage_state())
    assert secret not in page.content()
    for log in (site.home / "console.log", site.home / "localnet.log"):
        assert secret not in log.read_text()
    # One order a minute is started here, so the next one waits and can still be withdrawn.
    fill_in(page, "2")
    page.get_by_role("button", name="Execute Order").click()
    page.get_by_role("button", name="Cancel order").click()
    expect(page.locator(".outcome")).to_contain_text("Cancelled")
    # Another tab is another visitor.
    expect(visitor.open().get_by_label("API key")).to_be_visible()


def test_the_page_is_for_browsers_that_know_its_name_and_come_from_itself(
    keyed: tuple[Site, str],
):
    site, _ = keyed
    own = f"127.0.0.1:{site.console_port}"
    for headers, status in (
        ({}, 200),
        ({"host": "evil.example"}, 403),
        ({"origin": f"http://{own}"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ):
        answer = httpx.get(site.console, headers=headers)
        assert answer.status_code == status, headers
    policy = httpx.get(site.console).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


def test_a_console_that_others_can_reach_shows_nothing_without_a_key(
    visiting: Visiting,
):
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "landfall.console", "--api", "http://127.0.0.1:1",
         "--host", "0.0.0.0", "--port", str(port)],
        env=os.environ,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert b"ready" in process.stdout.readline()
        page = visiting(f"http://127.0.0.1:{port}").context.new_page()
        page.goto(f"http://127.0.0.1:{port}/wallet")
        expect(page.get_by_label("API key")).to_be_visible()
    finally:
        process.terminate()
        process.communicate()
