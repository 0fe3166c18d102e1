"""What a commit tells listeners: which orders moved, and how far. A hint; the log is the truth."""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from uuid import UUID

COMMITS_CHANNEL = "landfall_commits"

# PostgreSQL refuses payloads of 8000 bytes and more.
_PAYLOAD_BYTES_MAX = 7_900
LOOK_YOURSELF = "*"


def write_hint(versions: Iterable[tuple[UUID, int]]) -> str:
    """Orders and their newest versions as a payload, or `*` if they are too many for one."""
    words = [
        f"{b64encode(order_id.bytes).decode()[:22]}{version}" for order_id, version in versions
    ]
    payload = " ".join(words)
    return payload if len(payload) <= _PAYLOAD_BYTES_MAX else LOOK_YOURSELF


def read_hint(payload: str) -> Mapping[UUID, int] | None:
    """Newest versions by order; None for `*` or anything else that names no orders."""
    try:
        return {
            UUID(bytes=b64decode(word[:22] + "==", validate=True)): int(word[22:])
            for word in payload.split()
        }
    except ValueError:
        return None
