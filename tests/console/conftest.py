"""The console as its users have it: `landfall up`, a real Chromium, and eyes for what must not be.

Every page that a test opens is watched: what it loads from elsewhere, and what its script complains
about, fails the test. What the page looked like in the end is kept under `build/screenshots`.
"""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.acceptance.conftest import Engine, free_ports

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
WAIT_MS = 60_000
"""As long as a page may need on a machine that does ten other things: only what fails waits."""
DESKTOP = (1440, 900)
PHONE = (390, 844)

# How wide the document was at its widest, and how far its parts were moved, while it loaded: a page
# that settles in the end still jumps.
SEEN_LOADING = """
    window.widest = 0;
    const look = () => {
        widest = Math.max(widest, document.documentElement?.scrollWidth ?? 0);
        if (performance.now() < 5000) requestAnimationFrame(look);
    };
    look();
    window.moved = 0;
    new PerformanceObserver((list) => {
        for (const shift of list.getEntries()) if (!shift.hadRecentInput) moved += shift.value;
    }).observe({ type: "layout-shift", buffered: true });
"""

expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium without a window.

    Not for the whole session: while it is open this thread has a running event loop, and tests of
    other modules want to run their own.
    """
    found = subprocess.run([ROOT / "scripts/browser"], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    # As root Chromium has no sandbox to offer.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found.stdout.strip(), args=arguments)
        yield chromium
        chromium.close()


@dataclass
class Visitor:
    """One browser session: its pages, and what went wrong on them."""

    context: BrowserContext
    address: str
    name: str
    loaded: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        """A new tab on this path of the console."""
        page = self.context.new_page()
        page.on("request", lambda request: self.loaded.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type == "error" else None,
        )
        page.goto(self.address + path)
        expect(page.locator(".bar-end .pill").last).to_be_visible()
        return page

    def leave(self) -> None:
        """Keep what was seen, and judge it."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(self.context.pages):
            page.screenshot(path=SCREENSHOTS / f"{self.name}{number or ''}.png")
        self.context.close()
        elsewhere = [url for url in self.loaded if not url.startswith((self.address, "data:"))]
        assert elsewhere == []

    def said_nothing(self) -> None:
        """Scripts had nothing to complain about."""
        assert self.complaints == []


Visiting = Callable[..., Visitor]


@pytest.fixture
def visiting(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visiting]:
    """Begin a browser session at a console's address."""
    visitors = []

    def visit(
        address: str, size: tuple[int, int] = DESKTOP, theme: str = "dark", suffix: str = ""
    ) -> Visitor:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,
            accept_downloads=True,
        )
        context.set_default_timeout(WAIT_MS)
        context.add_init_script(SEEN_LOADING)
        name = re.sub(r"[^a-z0-9]+", "-", f"{request.node.name}{suffix}".lower()).strip("-")
        visitors.append(Visitor(context, address, name))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.leave()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Site(Engine):
    """One `landfall up` with its console."""

    console_port: int = 0

    @property
    def console(self) -> str:
        return f"http://127.0.0.1:{self.console_port}"

    def environment(self) -> dict[str, str]:
        return super().environment() | {"CONSOLE_PORT": str(self.console_port)}


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A data directory that another user can pass through."""
    with TemporaryDirectory(prefix="landfall-test-", ignore_cleanup_errors=True) as directory:
        yield Path(directory) / "home"


@pytest.fixture(scope="module")
def site_variables() -> dict[str, str]:
    """What a module's site is started with, beyond the usual."""
    return {}


@pytest.fixture(scope="module")
def site(home: Path, site_variables: dict[str, str]) -> Iterator[Site]:
    """A running site; whatever of it runs at the end is killed."""
    port, chain_port = free_ports()
    site = Site(home, port, chain_port, variables=site_variables, console_port=free_port())
    site.start()
    yield site
    processes = site.processes()
    for process in processes:
        process.kill()
    if site.process is not None:
        site.process.kill()
        site.process.communicate()
    shutil.rmtree(home, ignore_errors=True)
