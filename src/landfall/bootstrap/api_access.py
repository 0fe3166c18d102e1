"""Who may reach the API, from the settings: whether a key is needed, and which limits hold.

Without a key nobody trades but on localnet, and there only from this machine. Localnet is a chain
that is none of the public ones and whose RPC is on this machine: whatever else it is, what it
trades belongs to whoever runs it.
"""

import ipaddress
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from landfall.api.guard import LOOPBACK_HOSTS
from landfall.api.parts import ApiConfig, ClusterFacts
from landfall.bootstrap.errors import CannotStart
from landfall.core.clusters import PUBLIC_CLUSTERS
from landfall.settings import Settings

ANONYMOUS = "local"
_BYTES_PER_MB = 1_000_000


def why_a_key_is_needed(
    settings: Settings, genesis_hash: str, rpc_urls: Sequence[str]
) -> str | None:
    """Half a sentence on why callers need a key; None if they need none."""
    cluster = PUBLIC_CLUSTERS.get(genesis_hash)
    if cluster is not None:
        return f"the RPC node is on {cluster}"
    if not all(is_loopback(urlsplit(url).hostname or "") for url in rpc_urls):
        return "the RPC node is not on this machine"
    if not is_loopback(settings.host):
        return f"HOST={settings.host} lets other machines reach the API"
    if settings.doors.api_access == "keys":
        return "API_ACCESS=keys says so"
    return None


def no_key_yet(reason: str) -> CannotStart:
    """The refusal to start without a key, and the command that makes one."""
    return CannotStart(
        f"Callers need an API key, because {reason}, and there is none yet. Make one, with the "
        f"same settings:\n\n  {_command()} keys create trader --scopes read,trade,cancel\n"
    )


def api_config(settings: Settings, *, key_needed: bool) -> ApiConfig:
    """The API's limits and names."""
    doors = settings.doors
    return ApiConfig(
        allowed_hosts=LOOPBACK_HOSTS | _own_name(settings.host) | {*doors.allowed_hosts},
        allowed_origins=frozenset(doors.allowed_origins),
        anonymous=None if key_needed else ANONYMOUS,
        requests_per_key=doors.requests_per_key,
        requests_per_address=doors.requests_per_address,
        sockets_per_key=doors.sockets_per_key,
        sockets_per_address=doors.sockets_per_address,
        waiting_orders_max=doors.waiting_orders_max,
        open_orders_max=doors.open_orders_max,
        paced_from=doors.paced_from,
        busy_from=max(1, settings.concurrency // 2),
        has_room=lambda: has_room(settings.home, doors.disk_free_min_mb),
    )


def cluster_facts(genesis_hash: str, rpc_url: str) -> ClusterFacts:
    """Which chain this is. The RPC's URL is told only if it is of this machine; others hold keys"""
    is_here = is_loopback(urlsplit(rpc_url).hostname or "")
    name = PUBLIC_CLUSTERS.get(genesis_hash, "localnet" if is_here else "private")
    return ClusterFacts(name=name, genesis_hash=genesis_hash, rpc_url=rpc_url if is_here else None)


def is_loopback(host: str) -> bool:
    """Whether an address, or the one name that always means it, is this machine's own.

    >>> is_loopback("127.0.0.2"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def has_room(home: Path, free_min_mb: int) -> bool:
    """Whether the disk that holds the data directory has this many megabytes free."""
    with suppress(OSError):
        return shutil.disk_usage(home).free >= free_min_mb * _BYTES_PER_MB
    return True  # No such directory: the data is elsewhere, and its database will say.


def _own_name(host: str) -> frozenset[str]:
    """The name under which a listening address is reached; every address is none."""
    with suppress(ValueError):
        if ipaddress.ip_address(host).is_unspecified:
            return frozenset()
    return frozenset({host.lower()})


def _command() -> str:
    """How this program is called here."""
    return "landfall" if shutil.which("landfall") else f"{sys.executable} -m landfall"
