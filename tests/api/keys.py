"""Keys on a desk: made as the engine makes them, without a database."""

from dataclasses import replace

from landfall.access import ApiKey, Presented, Scope, hash_of, new_key
from tests.api.desk import Desk
from tests.api.stories import STARTED_MS


def give_key(
    desk: Desk, *scopes: Scope, account: str = "desk-1", expires_at_ms: int | None = None
) -> Presented:
    """A key with these scopes, known to the desk."""
    key = new_key()
    desk.keys[key.key_id] = ApiKey(
        key_id=key.key_id,
        account=account,
        label="test",
        scopes=frozenset(scopes),
        secret_hash=hash_of(key.secret),
        created_at_ms=STARTED_MS,
        expires_at_ms=expires_at_ms,
    )
    return key


def revoke(desk: Desk, key: Presented) -> None:
    """End a key."""
    desk.keys[key.key_id] = replace(desk.keys[key.key_id], revoked_at_ms=STARTED_MS)


def bearer(key: Presented) -> dict[str, str]:
    """The header that carries a key."""
    return {"authorization": f"Bearer {key.text}"}
