"""What commands take from the environment: the engine's settings, and a client's API key.

The key comes from the environment alone: what is typed is seen by every process of the machine and
kept by the shell.
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from landfall.client.asynchronous import AsyncClient
    from landfall.settings import Settings


def engine(url: str) -> "AsyncClient":
    """The engine at this address, with the environment's key."""
    from landfall.client.asynchronous import AsyncClient

    return AsyncClient(url, api_key=os.environ.get("LANDFALL_API_KEY") or None)


def read_settings() -> "Settings":
    """The environment's settings, with logging set up as they say."""
    from landfall import observe
    from landfall.settings import read_settings as read

    settings = read(os.environ)
    observe.configure(settings.log_level, settings.log_format == "json")
    return settings
