"""All cases of a set, checked and counted."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

from landfall.core import anchor
from landfall.core.anchor import ProgramFault
from landfall.core.values import Account, Pubkey
from landfall.core.venues.meteora_damm_v1 import faults as damm_v1_faults
from landfall.core.venues.meteora_damm_v1.layout import PROGRAM_ID as DAMM_V1
from landfall.core.venues.meteora_damm_v2 import faults as damm_v2_faults
from landfall.core.venues.meteora_damm_v2.layout import PROGRAM_ID as DAMM_V2
from landfall.core.venues.meteora_dbc import faults as dbc_faults
from landfall.core.venues.meteora_dbc.layout import PROGRAM_ID as DBC
from landfall.core.venues.meteora_dlmm import faults as dlmm_faults
from landfall.core.venues.meteora_dlmm.arrays import PROGRAM_ID as DLMM
from landfall.core.venues.raydium_amm import faults as amm_faults
from landfall.core.venues.raydium_amm.layout import PROGRAM_ID as AMM_V4
from landfall.core.venues.raydium_clmm import faults as clmm_faults
from landfall.core.venues.raydium_clmm.tick_array import PROGRAM_ID as CLMM
from landfall.core.venues.raydium_cpmm import faults as cpmm_faults
from landfall.core.venues.raydium_cpmm.layout import PROGRAM_ID as CPMM
from tests.conformance import (
    clmm_recordings,
    damm_v1_recordings,
    dbc_recordings,
    dlmm_recordings,
    meteora_recordings,
    raydium_amm_recordings,
    raydium_recordings,
)
from tests.conformance.checks import Kind, Mismatch, NotModelled, check
from tests.conformance.recordings import Case, Failed, Landed, RecordedSet, Unreadable, program_of

Reader = Callable[[Any, Mapping[str, Account]], Case]

READER_OF: Mapping[Pubkey, Reader] = {
    CPMM: raydium_recordings.read,
    DLMM: dlmm_recordings.read,
    DAMM_V2: meteora_recordings.read,
    DAMM_V1: damm_v1_recordings.read,
    AMM_V4: raydium_amm_recordings.read,
    CLMM: clmm_recordings.read,
    DBC: dbc_recordings.read,
}


def _names(*modules: ModuleType) -> Mapping[int | None, str]:
    """Names by number, of every fault a module declares."""
    return {
        fault.code: fault.name
        for module in modules
        for fault in vars(module).values()
        if isinstance(fault, ProgramFault) and fault.code is not None
    }


NAME_OF: Mapping[Pubkey, Mapping[int | None, str]] = {
    CPMM: _names(anchor, cpmm_faults),
    DLMM: _names(anchor, dlmm_faults),
    DAMM_V2: _names(anchor, damm_v2_faults),
    DAMM_V1: _names(anchor, damm_v1_faults),
    AMM_V4: _names(amm_faults),
    CLMM: _names(anchor, clmm_faults),
    DBC: _names(anchor, dbc_faults),
}


@dataclass(slots=True)
class Tally:
    """What checking a set came to. `skipped_for` says why cases were passed over."""

    name: str
    cases: int = 0
    skipped: int = 0
    skipped_for: Counter[str] = field(default_factory=Counter)
    mismatches: list[tuple[str, Mismatch]] = field(default_factory=list)

    def count(self, kind: Kind) -> int:
        """How many cases differ in this; a case counts once, however often it does."""
        return len({case for case, mismatch in self.mismatches if mismatch.kind is kind})

    def line(self) -> str:
        """The set's result on one line."""
        counts = " ".join(f"{kind.value}={self.count(kind)}" for kind in Kind)
        return f"{self.name} cases={self.cases} {counts} skipped={self.skipped}"


def check_set(recorded: RecordedSet) -> Tally:
    """Every case of a set.

    A case of a program that no venue trades on, or of a pool that its venue refuses by name because
    it cannot predict it, is skipped for that reason. A case that cannot be read is a
    mismatch, not a skip: it was recorded to be checked.
    """
    tally = Tally(recorded.name)
    states: Mapping[str, Account] = {}
    for number, line in enumerate(recorded.lines()):
        tally.cases += 1
        case_id = str(line.get("id", number))
        try:
            program = program_of(line)
            reader = READER_OF.get(program)
            if reader is None:
                tally.skipped += 1
                tally.skipped_for[f"no venue trades on {program}"] += 1
                continue
            states = states or recorded.states()
            found = check(_read(reader, line, states))
        except NotModelled as reason:
            tally.skipped += 1
            tally.skipped_for[str(reason)] += 1
            continue
        except Exception as fault:  # noqa: BLE001 - one broken case must not hide the others
            found = [Mismatch(Kind.REFUSAL, f"not checked: {fault!r}")]
        tally.mismatches += [(case_id, mismatch) for mismatch in found]
    return tally


def _read(reader: Reader, line: Any, states: Mapping[str, Account]) -> Case:
    try:
        case = reader(line, states)
        return replace(case, expected=_named(case.program_id, case.expected))
    except (KeyError, IndexError, TypeError, ValueError) as fault:
        raise Unreadable(repr(fault)) from fault


def _named(program: Pubkey, expected: Landed | Failed) -> Landed | Failed:
    """A refusal recorded by number alone, with the name the program gives that number."""
    if isinstance(expected, Landed) or expected.name is not None:
        return expected
    return Failed(NAME_OF[program].get(expected.code), expected.code)
