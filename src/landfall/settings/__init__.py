"""The environment as frozen Settings: the table of variables, reading them, and what comes of it.

Nothing else reads `os.environ`. Secrets are wrapped so that no text form shows them.
"""

from landfall.settings.reading import read_settings
from landfall.settings.sections import DoorSettings, PathSettings, PoolSettings, Secret, Settings
from landfall.settings.values import SettingsError
from landfall.settings.variables import VARIABLES, Variable

__all__ = [
    "VARIABLES",
    "DoorSettings",
    "PathSettings",
    "PoolSettings",
    "Secret",
    "Settings",
    "SettingsError",
    "Variable",
    "read_settings",
]
