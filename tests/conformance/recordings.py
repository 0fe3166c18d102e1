"""Sets of recorded swaps, read into one shape whatever recorded them.

A set is two files, `<name>.cases.jsonl.gz` and `<name>.states.jsonl.gz`; the README beside them
tells the two dialects. A case lists the accounts before the swap, the instruction as it was sent,
and what became of it. What a dialect leaves out because no quote needs it (the trader's token
accounts, an oracle account) is put in by the reader, in the plainest form that lets the instruction
run.
"""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landfall.core.values import Account, ChainClock, Pubkey, Slot, SwapMode
from landfall.localnet.programs import AccountRef

CASES_SUFFIX = ".cases.jsonl.gz"
STATES_SUFFIX = ".states.jsonl.gz"
PANIC = "panic"


class Unreadable(Exception):
    """A case that does not say what a case must say."""


@dataclass(frozen=True, slots=True)
class Landed:
    """The swap went through: what left and what reached the trader, and fees where recorded."""

    in_amount: int
    out_amount: int
    fees: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The swap was refused, by the name its log gives or, without one, by its number."""

    name: str | None
    code: int | None = None

    def is_told_by(self, name: str, code: int | None) -> bool:
        """Whether a refusal with this name and number is the recorded one."""
        if self.name is not None:
            return self.name == name
        return self.code is not None and self.code == code


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One recorded swap.

    `amount` and `bound` are the instruction's two numbers: input and least output, or with exact
    out the output and the most input. `mode_byte` is the instruction's own mode where it has one.
    `price_limit` is the price at which it stops short of the amount; 0 where it does not.
    `opens_its_pool` says that the same transaction opened the pool.
    """

    case_id: str
    program_id: Pubkey
    pool: Pubkey
    clock: ChainClock
    accounts: Mapping[Pubkey, Account]
    data: bytes
    refs: tuple[AccountRef, ...]
    wallet: Pubkey
    user_in: Pubkey
    user_out: Pubkey
    in_is_first: bool
    mode: SwapMode
    mode_byte: int | None
    amount: int
    bound: int
    expected: Landed | Failed
    post: Mapping[Pubkey, bytes]
    price_limit: int = 0
    opens_its_pool: bool = False


@dataclass(frozen=True, slots=True)
class RecordedSet:
    """One set on disk. `name` is what its files are called before the suffix."""

    name: str
    folder: Path

    def lines(self) -> Iterator[Any]:
        """The cases as recorded, without the line that describes the set."""
        for case in _json_lines(self.folder / (self.name + CASES_SUFFIX)):
            if "meta" not in case:
                yield case

    def states(self) -> Mapping[str, Account]:
        """Account states by key."""
        return {
            state["h"]: Account(
                owner=Pubkey.from_string(state["owner"]),
                lamports=state.get("lamports", 10**9),
                data=base64.b64decode(state["data"]),
            )
            for state in _json_lines(self.folder / (self.name + STATES_SUFFIX))
        }


def find_sets(folder: Path) -> list[RecordedSet]:
    """Every set below `folder`, in the order of their paths."""
    return [
        RecordedSet(path.name.removesuffix(CASES_SUFFIX), path.parent)
        for path in sorted(folder.rglob("*" + CASES_SUFFIX))
    ]


def program_of(line: Any) -> Pubkey:
    """The program a recorded line calls.

    Raises:
        Unreadable: the line does not say.
    """
    try:
        return Pubkey.from_string(line["ix"]["program_id"])
    except (KeyError, TypeError, ValueError) as fault:
        raise Unreadable(f"no program: {fault!r}") from fault


def clock_of(line: Any) -> ChainClock:
    """The chain's clock when the swap was made."""
    clock = line["clock"]
    return ChainClock(Slot(clock["slot"]), clock["epoch"], clock["unix_timestamp"])


def states_of(keyed: Mapping[str, str], states: Mapping[str, Account]) -> dict[Pubkey, Account]:
    """The accounts a line refers to by key."""
    return {Pubkey.from_string(address): states[key] for address, key in keyed.items()}


def bytes_after(line: Any, states: Mapping[str, Account]) -> dict[Pubkey, bytes]:
    """What the accounts held after the swap, where a line tells."""
    after = states_of(line.get("post") or {}, states)
    return {address: account.data for address, account in after.items()}


def _json_lines(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
