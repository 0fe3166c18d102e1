"""Logs of a rewritten transaction, retold as if the stand-in had been a program.

The SVM logs one group of lines per instruction, from `Program X invoke [1]` to its success or
failure. Groups that belong to a played instruction are moved one level down, between lines of its
own.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from landfall.localnet.failures import instruction_sentence
from landfall.localnet.wire import Json

INVOKE = re.compile(r"^Program (\w+) invoke \[(\d+)\]$")
FAILED = re.compile(r"^Program \w+ failed: (.*)$")


@dataclass(frozen=True, slots=True)
class Played:
    """One played instruction. `units_before` is what had been burned when it began."""

    program: str
    logs: tuple[str, ...]
    units: int
    units_before: int


def retell(
    steps: Sequence[tuple[int, str]],
    played: Mapping[int, Played],
    lines: Sequence[str],
    limit: int,
) -> tuple[str, ...]:
    """All lines, in the original's order. `steps` are (original index, program called)."""
    groups = _groups(lines)
    told: list[str] = []
    position = 0
    opened: int | None = None
    for origin, program in steps:
        if opened is not None and origin != opened:
            told += _closing(played[opened], limit)
            opened = None
        if position >= len(groups):
            break
        if origin in played and opened is None:
            opened = origin
            told += _opening(played[origin])
        if groups[position][0] != program:
            continue  # a precompile: it runs without a word
        group = groups[position][1]
        position += 1
        told += map(_one_deeper, group) if origin in played else group
        failure = FAILED.match(group[-1])
        if failure is not None and origin in played:
            return (*told, *_closing(played[origin], limit, failure[1]))
    if opened is not None:
        told += _closing(played[opened], limit)
    return tuple(told)


def refusal_log(played: Played, limit: int, error: Json) -> tuple[str, ...]:
    """The lines of a played instruction that refused."""
    _, cause = error["InstructionError"]
    return (*_opening(played), *_closing(played, limit, instruction_sentence(cause)))


def _opening(played: Played) -> list[str]:
    words = (
        line if line.startswith("Program ") else f"Program log: {line}" for line in played.logs
    )
    return [f"Program {played.program} invoke [1]", *words]


def _closing(played: Played, limit: int, failure: str | None = None) -> list[str]:
    burned = f"consumed {played.units} of {limit - played.units_before} compute units"
    end = "success" if failure is None else f"failed: {failure}"
    return [f"Program {played.program} {burned}", f"Program {played.program} {end}"]


def _one_deeper(line: str) -> str:
    invoked = INVOKE.match(line)
    return line if invoked is None else f"Program {invoked[1]} invoke [{int(invoked[2]) + 1}]"


def _groups(lines: Sequence[str]) -> list[tuple[str, list[str]]]:
    groups: list[tuple[str, list[str]]] = []
    for line in lines:
        invoked = INVOKE.match(line)
        if invoked is not None and invoked[2] == "1":
            groups.append((invoked[1], [line]))
        elif groups:
            groups[-1][1].append(line)
    return groups
