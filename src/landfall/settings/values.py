"""One variable's value as what it should be: a number, a word, an address; or what is wrong."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from landfall.core.errors import LandfallError
from landfall.core.values import Pubkey
from landfall.settings.sections import Secret
from landfall.settings.variables import VARIABLES

_DIGITS_MAX = 20
_HTTP = ("http", "https")
_POSTGRES = ("postgresql", "postgres")
_PLACE_ENDS = re.compile(r"[/?#]")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\[\]:]*)(:[0-9]{1,5})?")


class SettingsError(LandfallError):
    """A variable cannot be used; the sentence says which and what it should be."""


def value_of(environ: Mapping[str, str], key: str) -> str | None:
    """The text given for a variable, under whichever name, or its default.

    Raises:
        SettingsError: two names that mean the same differ.
    """
    variable = VARIABLES[key]
    given = {name: environ[name] for name in variable.names if environ.get(name)}
    if len(set(given.values())) > 1:
        raise SettingsError(f"{' and '.join(given)} mean the same and differ; set one of them.")
    return next(iter(given.values()), variable.default)


def number_of(environ: Mapping[str, str], key: str, least: int, most: int) -> int:
    """A whole number from `least` to `most`.

    Raises:
        SettingsError: it is none.
    """
    value = value_of(environ, key) or ""
    is_number = value.isascii() and value.isdigit() and len(value) <= _DIGITS_MAX
    if not is_number or not least <= int(value) <= most:
        name = VARIABLES[key].names[0]
        raise SettingsError(
            f"{name} must be a whole number from {least} to {most}, not {value[:_DIGITS_MAX]!r}."
        )
    return int(value)


def word_of(environ: Mapping[str, str], key: str, words: tuple[str, ...]) -> str:
    """One of these words, in lower case.

    Raises:
        SettingsError: it is another.
    """
    value = (value_of(environ, key) or "").lower()
    if value not in words:
        raise SettingsError(f"{VARIABLES[key].names[0]} must be one of {', '.join(words)}.")
    return value


def list_of(environ: Mapping[str, str], key: str, separator: str = ",") -> tuple[str, ...]:
    """What stands between separators, without what is empty."""
    texts = (value_of(environ, key) or "").split(separator)
    return tuple(text.strip() for text in texts if text.strip())


def url_of(environ: Mapping[str, str], key: str) -> Secret | None:
    """An address of HTTP, which may hold a key; None if there is none.

    Raises:
        SettingsError: it is not one.
    """
    text = value_of(environ, key)
    return _checked(key, text) if text else None


def database_of(environ: Mapping[str, str], key: str) -> Secret | None:
    """An address of PostgreSQL, which may hold a password; None if there is none.

    It is looked at here, for a driver that cannot read one quotes it, and what it takes for a port
    may be a password.

    Raises:
        SettingsError: it is not one, or a password in it would be read as something else.
    """
    text = value_of(environ, key)
    if not text:
        return None
    scheme, _, rest = text.partition("://")
    place, rest = _PLACE_ENDS.split(f"{rest}/", maxsplit=1)
    user, _, hosts = place.rpartition("@")
    is_read_alike = not set("[]").intersection(user) and "@" not in rest
    are_hosts = all(map(_HOST.fullmatch, hosts.split(",")))
    if scheme not in _POSTGRES or not is_read_alike or not are_hosts:
        raise SettingsError(
            f"{VARIABLES[key].names[0]} must be a postgresql:// address; in a password, "
            "all but letters, digits and -._~ is written as %2F is for /."
        )
    return Secret(text)


def urls_of(
    environ: Mapping[str, str], key: str, schemes: tuple[str, str] = _HTTP
) -> tuple[Secret, ...]:
    """Addresses of these schemes, separated by commas.

    Raises:
        SettingsError: one of them is not.
    """
    texts = (value_of(environ, key) or "").split(",")
    return tuple(_checked(key, text.strip(), schemes) for text in texts if text.strip())


def addresses_of(environ: Mapping[str, str], key: str) -> tuple[Pubkey, ...]:
    """Addresses on chain, separated by commas.

    Raises:
        SettingsError: one of them is none.
    """
    texts = [text.strip() for text in (value_of(environ, key) or "").split(",")]
    try:
        return tuple(Pubkey.from_string(text) for text in texts if text)
    except ValueError:
        name = VARIABLES[key].names[0]
        raise SettingsError(f"{name} must be addresses, separated by commas.") from None


def _checked(key: str, text: str, schemes: tuple[str, str] = _HTTP) -> Secret:
    try:
        parts = urlsplit(text)
        is_usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    # Raised out here: the cause quotes parts of the URL.
    if not is_usable:
        name = VARIABLES[key].names[0]
        raise SettingsError(f"{name} must be an {schemes[0]}:// or {schemes[1]}:// address.")
    return Secret(text)
