"""Which accounts of a program match: the one question that many nodes refuse for good.

Source: the Solana JSON-RPC reference (solana.com/docs/rpc), `getProgramAccounts`.
"""

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from landfall.chain.jsonrpc import HttpRefused, JsonRpc, RpcError, RpcRefused
from landfall.chain.wire import read_pubkey
from landfall.core.errors import OutcomeUnknown, Unavailable
from landfall.core.values import ProgramAccountsFilter, Pubkey

_NO_SEARCH = frozenset({-32601, -32600, -32602, -32010, -32052, -32403, 403, 405, 410})
_NO_SEARCH_HTTP = frozenset({401, 403, 404, 405, 410, 413})
"""With which nodes refuse: no such method, not of this program, not for this key, not in this plan.
"""


class SearchRefused(Unavailable):
    """The node does not search a program's accounts; asking it again will not change that."""


class _Keyed(msgspec.Struct, frozen=True):
    pubkey: str


async def search(
    node: JsonRpc, wanted: ProgramAccountsFilter, state: Mapping[str, Any]
) -> tuple[Pubkey, ...]:
    """Addresses of a program's accounts that match. `state` says of which state, to the node.

    Raises:
        SearchRefused: this node does not search, now or later.
        Unavailable: it did not answer.
    """
    filters: list[dict[str, Any]] = [{"dataSize": wanted.data_size}]
    filters += [
        {
            "memcmp": {
                "offset": memcmp.offset,
                "bytes": base64.b64encode(memcmp.wanted).decode(),
                "encoding": "base64",
            }
        }
        for memcmp in wanted.memcmps
    ]
    config = {
        "encoding": "base64",
        "dataSlice": {"offset": 0, "length": 0},
        "filters": filters,
        **state,
    }
    params = [str(wanted.program_id), config]
    try:
        reply = await node.call("getProgramAccounts", params, list[_Keyed])
    except (Unavailable, OutcomeUnknown) as error:
        raise _refused(error) or Unavailable(str(error)) from None
    return tuple(read_pubkey(found.pubkey) for found in reply)


def _refused(error: Unavailable | OutcomeUnknown) -> SearchRefused | None:
    match error:
        case HttpRefused(status=status) if status in _NO_SEARCH_HTTP:
            return SearchRefused(str(error))
        case RpcRefused(error=RpcError(code=code)) if code in _NO_SEARCH:
            return SearchRefused(str(error))
        case _:
            return None
