"""The `params` of a JSON-RPC request, read one by one, and refused as agave refuses them."""

from dataclasses import dataclass
from typing import Any

from solders.hash import Hash

from landfall.core.values import Commitment, Pubkey, Signature
from landfall.localnet.wire import Encoding, Json

U64_MAX = 2**64 - 1


class RpcError(Exception):
    """A JSON-RPC error reply."""

    def __init__(self, code: int, message: str, data: Json = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


def invalid_params(message: str) -> RpcError:
    """-32602."""
    return RpcError(-32602, message)


@dataclass(frozen=True, slots=True)
class Config:
    """The options object that most methods take last.

    Unknown options are passed over, as agave does.
    """

    options: dict[str, Any]

    def commitment(self, default: Commitment = Commitment.FINALIZED) -> Commitment:
        """The commitment asked for."""
        word = self.options.get("commitment")
        if word is None:
            return default
        for level in Commitment:
            if word == level.wire:
                return level
        raise invalid_params(
            f"Invalid params: unknown variant `{word}`, expected one of `processed`, `confirmed`, "
            "`finalized`."
        )

    def flag(self, name: str) -> bool:
        """A boolean option; absent is false."""
        value = self.options.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise invalid_params(f"Invalid params: invalid type for {name}, expected a boolean.")
        return value

    def number(self, name: str) -> int | None:
        """An unsigned integer option."""
        value = self.options.get(name)
        return None if value is None else _u64(value, name)

    def text(self, name: str) -> str | None:
        """A text option."""
        value = self.options.get(name)
        if value is not None and not isinstance(value, str):
            raise invalid_params(f"Invalid params: invalid type for {name}, expected a string.")
        return value

    def mapping(self, name: str) -> dict[str, Any] | None:
        """An object option."""
        value = self.options.get(name)
        if value is not None and not isinstance(value, dict):
            raise invalid_params(f"Invalid params: invalid type for {name}, expected an object.")
        return value

    def listing(self, name: str) -> list[Any]:
        """An array option; absent is empty."""
        value = self.options.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise invalid_params(f"Invalid params: invalid type for {name}, expected a sequence.")
        return value

    def account_encoding(self, default: Encoding) -> Encoding:
        """How account data is to be written."""
        match self.options.get("encoding"):
            case None:
                return default
            case "base64":
                return "base64"
            case "base58":
                return "base58"
            case "binary":
                return "binary"
            case "jsonParsed":
                return "jsonParsed"
            case "base64+zstd":
                # No compressor is on board; clients read the encoding from the reply.
                return "base64"
            case other:
                raise invalid_params(
                    f"Invalid params: unknown variant `{other}`, expected one of `binary`, "
                    "`base58`, `base64`, `jsonParsed`, `base64+zstd`."
                )

    def data_slice(self) -> tuple[int, int] | None:
        """(offset, length) in bytes."""
        asked = self.mapping("dataSlice")
        if asked is None:
            return None
        return _u64(asked.get("offset"), "offset"), _u64(asked.get("length"), "length")


@dataclass(frozen=True, slots=True)
class Params:
    """Positional parameters."""

    values: list[Any]

    def config(self, index: int) -> Config:
        """The options object at `index`; absent is empty."""
        value = self.values[index] if index < len(self.values) else None
        if value is None:
            return Config({})
        if not isinstance(value, dict):
            raise invalid_params("Invalid params: invalid type, expected an options object.")
        return Config(value)

    def text(self, index: int) -> str:
        """A required text."""
        value = self._required(index)
        if not isinstance(value, str):
            raise invalid_params(
                f"Invalid params: invalid type: {_kind(value)}, expected a string."
            )
        return value

    def number(self, index: int) -> int:
        """A required unsigned integer."""
        return _u64(self._required(index), "parameter")

    def optional_number(self, index: int) -> int | None:
        """An unsigned integer, or None where an options object or nothing stands."""
        value = self.values[index] if index < len(self.values) else None
        return None if value is None or isinstance(value, dict) else _u64(value, "parameter")

    def pubkey(self, index: int) -> Pubkey:
        """A required address."""
        return parse_pubkey(self.text(index))

    def listing(self, index: int, limit: int) -> list[Any]:
        """A required array of at most `limit` entries."""
        value = self._required(index)
        if not isinstance(value, list):
            raise invalid_params(
                f"Invalid params: invalid type: {_kind(value)}, expected a sequence."
            )
        if len(value) > limit:
            raise invalid_params(f"Too many inputs provided; max {limit}")
        return value

    def _required(self, index: int) -> Any:
        if index >= len(self.values):
            raise invalid_params(f"`params` should have at least {index + 1} argument(s)")
        return self.values[index]


def parse_pubkey(value: Any) -> Pubkey:
    """An address from base58."""
    if not isinstance(value, str):
        raise invalid_params(f"Invalid params: invalid type: {_kind(value)}, expected a string.")
    try:
        return Pubkey.from_string(value)
    except ValueError as error:
        raise invalid_params(f"Invalid param: {_flaw(error)}") from error


def parse_signature(value: Any) -> Signature:
    """A transaction signature from base58."""
    if not isinstance(value, str):
        raise invalid_params(f"Invalid params: invalid type: {_kind(value)}, expected a string.")
    try:
        return Signature.from_string(value)
    except ValueError as error:
        raise invalid_params(f"Invalid param: {_flaw(error)}") from error


def parse_hash(value: str) -> Hash:
    """A blockhash from base58."""
    try:
        return Hash.from_string(value)
    except Exception as error:
        raise invalid_params(f"Invalid param: {_flaw(error)}") from error


def _u64(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= U64_MAX:
        raise invalid_params(f"Invalid params: invalid {name}: expected u64.")
    return value


def _flaw(error: Exception) -> str:
    return "WrongSize" if "size" in str(error) else "Invalid"


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return f"boolean `{str(value).lower()}`"
        case int():
            return f"integer `{value}`"
        case float():
            return f"floating point `{value}`"
        case str():
            return "string"
        case list():
            return "sequence"
    return "map"
