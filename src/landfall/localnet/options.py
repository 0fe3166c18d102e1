"""What `landfall localnet` can be told, and how files named there are read."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from landfall.core.values import Account, Pubkey
from landfall.localnet.blocks import Pace
from landfall.localnet.faults.rules import BadRule, Rule, parse_rules
from landfall.localnet.rpc import METHODS


class BadOption(Exception):
    """An option cannot be used. The text is a sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalnetOptions:
    """Units: `slot_ms` milliseconds, `pace` slots.

    `data` None keeps the chain only as long as the process lives. `fund` and `account_files` matter
    where a new chain begins, `seed` there and to the `faults`; `programs` are loaded at every
    start. Port 0 takes any free one, and `slot_ms` 0 lets no slot pass by itself.
    """

    host: str = "127.0.0.1"
    port: int = 8899
    data: Path | None = None
    slot_ms: int = 200
    pace: Pace = field(default_factory=Pace)
    fund: tuple[Pubkey, ...] = ()
    account_files: tuple[Path, ...] = ()
    programs: Mapping[Pubkey, Path] | None = None
    seed: int = 0
    faults: tuple[str, ...] = ()
    parent: int | None = None


def check_options(options: LocalnetOptions) -> None:
    """Refuse numbers that make no sense.

    Raises:
        BadOption: one does not.
    """
    pace = options.pace
    if not 0 <= options.port <= 65_535:
        raise BadOption(f"{options.port} is not a port. Choose one between 1 and 65535.")
    if min(options.slot_ms, pace.skip_every) < 0 or pace.skip_every == 1:
        raise BadOption(
            "Neither slot time nor skipped slots can be negative, nor every slot skipped."
        )
    if not 0 <= pace.confirmed_lag <= pace.finalized_lag:
        raise BadOption("A block is finalized after it is confirmed: the lags must say so.")


def read_faults(options: LocalnetOptions) -> tuple[Rule, ...]:
    """The fault rules.

    Raises:
        BadOption: a text that is no rule.
    """
    try:
        return parse_rules(options.faults, list(METHODS))
    except BadRule as error:
        raise BadOption(str(error)) from error


def read_programs(options: LocalnetOptions) -> dict[Pubkey, bytes]:
    """Program binaries by program id.

    Raises:
        BadOption: a file that cannot be read.
    """
    try:
        return {key: path.read_bytes() for key, path in (options.programs or {}).items()}
    except OSError as error:
        raise BadOption(
            f"The program {error.filename} cannot be read: {error.strerror}."
        ) from error


def read_accounts(options: LocalnetOptions) -> dict[Pubkey, Account]:
    """Accounts from files in the JSON of `solana account --output json`, one or a list per file.

    Raises:
        BadOption: a file that cannot be read or holds something else.
    """
    accounts: dict[Pubkey, Account] = {}
    for path in options.account_files:
        try:
            content = msgspec.json.decode(path.read_bytes())
        except OSError as error:
            raise BadOption(f"The account file {path} cannot be read: {error.strerror}.") from error
        except msgspec.DecodeError as error:
            raise BadOption(f"The account file {path} is not JSON: {error}.") from error
        for entry in content if isinstance(content, list) else [content]:
            try:
                address, account = _account(entry)
            except (KeyError, TypeError, ValueError, binascii.Error) as error:
                raise BadOption(
                    f"The account file {path} is not the JSON of `solana account --output json`."
                ) from error
            accounts[address] = account
    return accounts


def _account(entry: Any) -> tuple[Pubkey, Account]:
    body = entry["account"]
    data, encoding = body["data"]
    if encoding != "base64":
        raise ValueError(encoding)
    return Pubkey.from_string(entry["pubkey"]), Account(
        Pubkey.from_string(body["owner"]),
        int(body["lamports"]),
        base64.b64decode(data, validate=True),
        bool(body.get("executable", False)),
    )
