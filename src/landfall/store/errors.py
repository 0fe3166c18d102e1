"""What an operator must mend before the store can work."""

from landfall.core.errors import LandfallError


class DatabaseUnusable(LandfallError):
    """The database cannot be used as it stands; the message says why and what to do.

    Never raised for an outage, which is `Unavailable` and passes.
    """
