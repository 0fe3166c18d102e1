"""What the figures were measured on, for whoever compares them."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """`load` is how many processes wanted a core on average over the last minute."""

    cores: int
    processor: str
    system: str
    python: str
    load: float

    @property
    def sentence(self) -> str:
        """All of it, for people."""
        shared = "; it was busy with other things" if self.load > self.cores else ""
        return (
            f"{self.cores} cores of {self.processor}, {self.system}, Python {self.python}; "
            f"load {self.load:.1f} at the start{shared}"
        )


def this_machine() -> Machine:
    """The machine now."""
    return Machine(
        cores=len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        processor=_processor(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        load=os.getloadavg()[0],
    )


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "an unnamed processor"
