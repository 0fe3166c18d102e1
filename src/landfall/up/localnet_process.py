"""The local chain as a child process: started, watched, restarted if it dies, stopped."""

import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from landfall import observe
from landfall.core.errors import LandfallError
from landfall.core.values import Pubkey
from landfall.up.home import Home

_READY = "localnet is ready"
_READY_SECONDS_MAX = 30
_STOP_SECONDS_MAX = 5
_LOOK_SECONDS = 0.05
_RESTART_SECONDS = 1
_FINALIZED_LAG = 32


class LocalnetError(LandfallError):
    """The local chain does not start; the sentence holds what it said last."""


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

    def line(self) -> list[str]:
        """The command line. The chain ends with its parent, however that ends."""
        line = [sys.executable, "-m", "landfall.localnet", "--exit-with-parent", str(os.getpid())]
        line += ["--port", str(self.port), "--slot-ms", str(self.slot_ms)]
        line += ["--data", str(self.home.chain), "--fund", str(self.wallet)]
        if self.confirm_ms:
            lag = -(-self.confirm_ms // self.slot_ms)
            line += ["--confirmed-lag", str(lag), "--finalized-lag", str(max(_FINALIZED_LAG, lag))]
        for file in self.accounts:
            line += ["--account", str(file)]
        for program in self.programs:
            line += ["--program", program]
        return line


class LocalnetProcess:
    """One running local chain. `start` returns when it answers; `stop` when it is gone."""

    def __init__(self, command: LocalnetCommand) -> None:
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            LocalnetError: it ended, or did not answer in time.
        """
        await self._spawn()
        await self._until_ready()
        self._watch = asyncio.create_task(self._keep_running())

    async def stop(self) -> None:
        """End it, gently first."""
        if self._watch is not None:
            self._watch.cancel()
            # Whatever became of the watch, the process must go.
            await asyncio.gather(self._watch, return_exceptions=True)
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS_MAX)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _spawn(self) -> None:
        try:
            with self._command.home.chain_log.open("wb") as output:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command.line(),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    # A Ctrl-C in the terminal is for the parent, which stops its children in order.
                    start_new_session=True,
                )
        except OSError as error:
            raise LocalnetError(f"The local chain does not start: {error.strerror}.") from None

    async def _until_ready(self) -> None:
        assert self._process is not None
        deadline = asyncio.get_running_loop().time() + _READY_SECONDS_MAX
        while asyncio.get_running_loop().time() < deadline:
            if self._process.returncode is not None:
                raise LocalnetError(f"The local chain does not start: {self._last_words()}")
            if _READY in self._command.home.chain_log.read_text(errors="replace"):
                return
            await asyncio.sleep(_LOOK_SECONDS)
        raise LocalnetError(f"The local chain does not answer: {self._last_words()}")

    def _last_words(self) -> str:
        lines = self._command.home.chain_log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    async def _keep_running(self) -> None:
        while True:
            assert self._process is not None
            await self._process.wait()
            observe.child_died("localnet")
            await asyncio.sleep(_RESTART_SECONDS)
            # The process is still the dead one then, and the next round tries again.
            with suppress(LocalnetError):
                await self._spawn()
