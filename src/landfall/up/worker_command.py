"""The worker as a child process: how it is run."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from landfall.bootstrap.processes import WORKER_READY
from landfall.up.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCommand:
    """How the worker is to run: as this program was told to, but for these variables.

    They are seen by every process of the machine while it starts, so no secret may be among them.
    """

    home: Home
    variables: Mapping[str, str]

    name = "worker"
    subject = "The worker"
    ready = WORKER_READY

    @property
    def log(self) -> Path:
        """What it prints besides its log lines, which go where this program's do."""
        return self.home.worker_log

    def line(self) -> list[str]:
        """The command line. The worker ends with its parent, however that ends."""
        told = [f"{name}={value}" for name, value in self.variables.items()]
        line = ["env", *told, sys.executable, "-m", "landfall", "worker"]
        return [*line, "--exit-with-parent", str(os.getpid())]
