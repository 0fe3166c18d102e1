"""The console as a child process: how it is run."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from landfall.up.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleCommand:
    """How the console is to run: for which API, where it listens, and the names it answers to."""

    home: Home
    api: str
    host: str
    port: int
    allowed_hosts: tuple[str, ...]

    name = "console"
    subject = "The console"
    ready = "console is ready"

    @property
    def log(self) -> Path:
        """What it prints."""
        return self.home.console_log

    def line(self) -> list[str]:
        """The command line. The console ends with its parent, however that ends."""
        line = [sys.executable, "-m", "landfall.console", "--exit-with-parent", str(os.getpid())]
        line += ["--api", self.api, "--host", self.host, "--port", str(self.port)]
        return line + [word for name in self.allowed_hosts for word in ("--allowed-host", name)]
