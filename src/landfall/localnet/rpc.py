"""JSON-RPC 2.0 over one node: bytes in, bytes out. No request makes it raise.

Source: error codes of the specification and of anza-xyz/agave, rpc-client-api/src/custom_error.rs.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from landfall.localnet.node import Node
from landfall.localnet.params import Params, RpcError
from landfall.localnet.rpc_accounts import METHODS as ACCOUNT_METHODS
from landfall.localnet.rpc_cluster import METHODS as CLUSTER_METHODS
from landfall.localnet.rpc_history import METHODS as HISTORY_METHODS
from landfall.localnet.rpc_tokens import METHODS as TOKEN_METHODS
from landfall.localnet.rpc_transactions import METHODS as TRANSACTION_METHODS
from landfall.localnet.wire import Json

BATCH_MAX = 1_000

Methods = Mapping[str, Callable[[Node, Params], Json]]

METHODS: Methods = {
    **ACCOUNT_METHODS,
    **CLUSTER_METHODS,
    **HISTORY_METHODS,
    **TOKEN_METHODS,
    **TRANSACTION_METHODS,
}

log = logging.getLogger(__name__)


def answer(node: Node, body: bytes, methods: Methods = METHODS) -> bytes:
    """The reply to one HTTP body: a call or a batch. Empty where only notifications were sent."""
    return answer_with(body, lambda request: answer_one(node, request, methods))


def answer_with(body: bytes, one: Callable[[Any], Json | None]) -> bytes:
    """The reply to one HTTP body, each of whose calls `one` answers."""
    try:
        request = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return encode(failure(None, RpcError(-32700, "Parse error")))
    if not isinstance(request, list):
        reply = one(request)
        return b"" if reply is None else encode(reply)
    if not request or len(request) > BATCH_MAX:
        return encode(failure(None, RpcError(-32600, "Invalid request")))
    answers = (one(each) for each in request)
    replies = [reply for reply in answers if reply is not None]
    return encode(replies) if replies else b""


def answer_one(node: Node, request: Any, methods: Methods = METHODS) -> Json | None:
    """The reply to one call, or None for a notification."""
    try:
        method, values, identity = read_call(request)
    except RpcError as error:
        return failure(request.get("id") if isinstance(request, dict) else None, error)
    called = methods.get(method)
    try:
        if called is None:
            raise RpcError(-32601, "Method not found")
        result = called(node, Params(values))
    except RpcError as error:
        return failure(identity, error)
    except Exception:
        # A fault of ours must cost one reply, not the cluster.
        log.exception("localnet failed to answer %s", method)
        return failure(identity, RpcError(-32603, "Internal error"))
    if "id" not in request:
        return None
    return {"jsonrpc": "2.0", "result": result, "id": identity}


def read_call(request: Any) -> tuple[str, list[Any], Json]:
    """Method, positional parameters and id of one call.

    Raises:
        RpcError: it is not a call.
    """
    if not isinstance(request, dict) or request.get("jsonrpc") != "2.0":
        raise RpcError(-32600, "Invalid request")
    method, values, identity = request.get("method"), request.get("params"), request.get("id")
    if not isinstance(method, str) or isinstance(identity, bool | dict | list):
        raise RpcError(-32600, "Invalid request")
    if values is None:
        values = []
    if not isinstance(values, list):
        raise RpcError(-32602, "Invalid params: expected a sequence.")
    return method, values, identity


def failure(identity: Json, error: RpcError) -> Json:
    """An error reply."""
    shown: dict[str, Json] = {"code": error.code, "message": error.message}
    if error.data is not None:
        shown["data"] = error.data
    return {"jsonrpc": "2.0", "error": shown, "id": identity}


encode = msgspec.json.Encoder().encode
