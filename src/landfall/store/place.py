"""Where a commit is in the log of all orders, and the cursor that clients keep of it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from landfall.core.errors import OrderRejected, RejectionReason


class Place(NamedTuple):
    """Where a commit is in the log of all orders: after everything that compares less."""

    transaction: int
    order_id: UUID
    version: int

    def cursor(self) -> str:
        """The place as clients keep it."""
        packed = (
            self.transaction.to_bytes(8, "big")
            + self.order_id.bytes
            + self.version.to_bytes(4, "big")
        )
        return urlsafe_b64encode(packed).decode().rstrip("=")


def place_of(cursor: str) -> Place:
    """The place a cursor means.

    Raises:
        OrderRejected: it is no cursor.
    """
    with suppress(ValueError):
        packed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        transaction, version = packed[:8], packed[24:]
        if len(packed) == 28 and transaction[0] < 0x80 and version[0] < 0x80:
            return Place(
                int.from_bytes(transaction, "big"),
                UUID(bytes=packed[8:24]),
                int.from_bytes(version, "big"),
            )
    raise OrderRejected(
        RejectionReason.WRONG_TYPE, "after", "after must be the cursor of an earlier message."
    )


def before(transaction: int) -> Place:
    """The last place before everything of a transaction."""
    return Place(transaction - 1, UUID(int=2**128 - 1), 2**31 - 1)
