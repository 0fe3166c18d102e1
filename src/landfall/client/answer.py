"""What the shapes of all answers share."""

import msgspec


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Immutable, camelCase on the wire; fields a newer engine adds are passed over."""
