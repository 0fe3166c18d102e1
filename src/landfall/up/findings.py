"""What a look at one thing came to, and how it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from rich.markup import escape
from rich.table import Table


class Verdict(Enum):
    """`fail`: the engine will not run, or not trade. `warn`: it will, and worse than it could."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line: what was looked at, what was seen, and what to do about it if anything."""

    what: str
    verdict: Verdict
    seen: str
    do: str = ""


def fine(what: str, seen: str) -> Finding:
    """Nothing to do."""
    return Finding(what=what, verdict=Verdict.OK, seen=seen)


def doubtful(what: str, seen: str, do: str) -> Finding:
    """It works, and could be better."""
    return Finding(what=what, verdict=Verdict.WARN, seen=seen, do=do)


def broken(what: str, seen: str, do: str) -> Finding:
    """It does not work."""
    return Finding(what=what, verdict=Verdict.FAIL, seen=seen, do=do)


def is_well(findings: Sequence[Finding]) -> bool:
    """Whether nothing failed."""
    return all(each.verdict is not Verdict.FAIL for each in findings)


_COLOURS = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


def table(findings: Sequence[Finding]) -> Table:
    """The findings as a table."""
    shown = Table("part", "", "seen", "what to do")
    for each in findings:
        colour = _COLOURS[each.verdict]
        word = f"[{colour}]{each.verdict.value}[/{colour}]"
        shown.add_row(each.what, word, escape(each.seen), escape(each.do))
    return shown
