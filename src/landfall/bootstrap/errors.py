"""What keeps a process from starting, besides parts that do not answer."""

from landfall.core.errors import LandfallError


class CannotStart(LandfallError):
    """This combination of settings is refused; the sentence says why and what to do."""
