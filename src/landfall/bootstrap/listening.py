"""The ports that a process listens on: one that is taken is told before anything starts."""

import socket
from contextlib import suppress

from landfall.bootstrap.errors import CannotStart


def bound(host: str, port: int, variable: str) -> socket.socket:
    """A socket bound to the port that this variable of the environment names.

    Raises:
        CannotStart: the port is taken, or the address is none of this machine.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CannotStart(
            f"Port {port} cannot be used ({error.strerror}); set {variable} to another one, "
            f"such as {variable}={port + 100}."
        ) from None
    return listener


def is_free(host: str, port: int) -> bool:
    """Whether the port could be listened on just now."""
    with suppress(CannotStart), bound(host, port, ""):
        return True
    return False
