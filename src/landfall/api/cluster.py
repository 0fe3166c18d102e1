"""The chain behind the engine: which it is, and how far this engine sees it."""

import time

from litestar import get

from landfall.access import Scope
from landfall.api import shapes
from landfall.api.access import permitted
from landfall.api.parts import GivenParts, HttpRequest
from landfall.core.account_fields import i64, u64
from landfall.core.errors import Unavailable
from landfall.core.values import Pubkey

CLOCK_SYSVAR = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
SLOT, UNIX_TIMESTAMP = u64(0), i64(32)
"""Source: solana-sdk, clock/src/lib.rs: five 8-byte fields, the first and the last."""


class ClusterWire(shapes.Wire, frozen=True, kw_only=True):
    """Which chain this is and where it stands.

    `rpcUrl` is null unless it is of this machine, which explorers need to be told; any other may
    hold a key. `slotAgeMs` is by how much the chain's own clock at `slot` is behind the engine's:
    a chain that is followed well is a second or two behind, one that has stopped ever more.
    """

    name: str
    genesis_hash: str
    rpc_url: str | None
    slot: int
    slot_age_ms: int
    latency_ms: float


@get("/api/cluster", summary="The chain and its slot")
async def cluster(request: HttpRequest, parts: GivenParts) -> ClusterWire:
    """Read the chain's clock, at commitment confirmed."""
    permitted(request, Scope.READ)
    began = time.perf_counter()
    at = await parts.world.chain.accounts([CLOCK_SYSVAR])
    latency_ms = round((time.perf_counter() - began) * 1000, 2)
    clock = at.accounts[CLOCK_SYSVAR]
    if clock is None:
        raise Unavailable("the chain has no clock")
    facts = parts.config.cluster
    return ClusterWire(
        name=facts.name,
        genesis_hash=facts.genesis_hash,
        rpc_url=facts.rpc_url,
        slot=SLOT.read(clock.data),
        slot_age_ms=max(0, parts.world.clock.now_ms() - 1000 * UNIX_TIMESTAMP.read(clock.data)),
        latency_ms=latency_ms,
    )
