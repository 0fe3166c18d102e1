"""HTTP bodies answered by a node at fault: what is done, what is said, and whether it is said.

A call is refused before anything is done, or it is done and its answer is lost, stale or a lie. In
a batch, a refusal or a lost answer of one call is that of the whole reply, for they share it.
"""

from dataclasses import dataclass, replace
from typing import Any

from landfall.localnet.faults.faults import Faults
from landfall.localnet.faults.kinds import Place
from landfall.localnet.faults.lies import told
from landfall.localnet.node import Node
from landfall.localnet.params import RpcError
from landfall.localnet.rpc import Methods, answer_one, answer_with, failure
from landfall.localnet.wire import Json

ADMIN_PREFIX = "localnet_"
"""Methods that no fault strikes: they are there to change the faults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What becomes of one HTTP request. `lost` is `hang` or `reset` where nothing is answered."""

    body: bytes
    status: int = 200
    retry_after: int | None = None
    lost: str | None = None


class FaultyCalls:
    """Answers at the node's named doors, each with the faults that are its own."""

    def __init__(self, node: Node, faults: Faults) -> None:
        self._node = node
        self._faults = faults

    def answer(self, body: bytes, methods: Methods, name: str) -> Reply:
        """The reply to one HTTP body at the node called `name`; empty: the one without a name."""
        spoiled: list[Reply] = []

        def one(request: Any) -> Json | None:
            reply, spoils = self._one(request, methods, name)
            if spoils is not None:
                spoiled.append(spoils)
            return reply

        encoded = answer_with(body, one)
        return spoiled[0] if spoiled else Reply(body=encoded)

    def _one(self, request: Any, methods: Methods, name: str) -> tuple[Json | None, Reply | None]:
        method = request.get("method") if isinstance(request, dict) else None
        if not isinstance(method, str) or method.startswith(ADMIN_PREFIX):
            return answer_one(self._node, request, methods), None
        struck = self._faults.strike(Place.CALL, method, name)
        spoils = None
        match None if struck is None else struck.name:
            case "429":
                assert struck is not None
                limited = b'{"error": "Too many requests"}'
                return None, Reply(body=limited, status=429, retry_after=struck.amount)
            case "503":
                return None, Reply(body=b"Service unavailable", status=503)
            case "garbage":
                return None, Reply(body=b"<html>It works!</html>")
            case "429-in-200":
                return failure(request.get("id"), RpcError(429, "Too many requests")), None
            case "hang" | "reset" as lost:
                spoils = Reply(body=b"", lost=lost)
        return self._answered(request, method, methods, name), spoils

    def _answered(self, request: Any, method: str, methods: Methods, name: str) -> Json | None:
        struck = self._faults.strike(Place.ANSWER, method, name)
        if struck is None:
            return answer_one(self._node, request, methods)
        if struck.name == "stale":
            node = self._node
            behind = replace(node, cluster=node.cluster.behind(struck.amount))
            return answer_one(behind, request, methods)
        reply = answer_one(self._node, request, methods)
        return None if reply is None else told(struck.name, method, reply, self._node)
