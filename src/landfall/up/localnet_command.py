"""The local chain as a child process: how it is run."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from landfall.core.values import Pubkey
from landfall.up.home import Home

_FINALIZED_LAG = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalnetCommand:
    """How the local chain is to run. `confirm_ms` is how long confirming takes; 0: as it comes."""

    home: Home
    port: int
    slot_ms: int
    confirm_ms: int
    wallet: Pubkey
    accounts: tuple[Path, ...]
    programs: tuple[str, ...]
    faults: tuple[str, ...] = ()
    seed: int = 0

    name = "localnet"
    subject = "The local chain"
    ready = "localnet is ready"

    @property
    def log(self) -> Path:
        """What it prints."""
        return self.home.chain_log

    def line(self) -> list[str]:
        """The command line. The chain ends with its parent, however that ends."""
        line = [sys.executable, "-m", "landfall.localnet", "--exit-with-parent", str(os.getpid())]
        line += ["--port", str(self.port), "--slot-ms", str(self.slot_ms)]
        line += ["--data", str(self.home.chain), "--fund", str(self.wallet)]
        if self.confirm_ms:
            lag = -(-self.confirm_ms // self.slot_ms)
            line += ["--confirmed-lag", str(lag), "--finalized-lag", str(max(_FINALIZED_LAG, lag))]
        line += ["--seed", str(self.seed)]
        for rule in self.faults:
            line += ["--fault", rule]
        for file in self.accounts:
            line += ["--account", str(file)]
        for program in self.programs:
            line += ["--program", program]
        return line
