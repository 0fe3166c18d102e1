"""How a stand-in refuses: in the program's own words, whatever the venue's code raised.

The venue refuses by fault (`SwapRefused`), by what its bytes are not (`MalformedAccount`) or by a
number that does not fit its field; to whoever sent the instruction each is an error of the program.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from landfall.core.anchor import ProgramFault, SwapRefused
from landfall.core.errors import MalformedAccount
from landfall.localnet.programs.stand_in import ProgramRefused

INVALID_ACCOUNT_DATA = ProgramFault(None, "InvalidAccountData", "invalid account data")
UNSUPPORTED_SYSVAR = ProgramFault(None, "UnsupportedSysvar", "unsupported sysvar")


def refuse(fault: ProgramFault) -> NoReturn:
    """The program returns this error."""
    raise ProgramRefused(fault.code, fault.name, fault.message)


def require(condition: bool, fault: ProgramFault) -> None:
    """Go on only if `condition` holds."""
    if not condition:
        refuse(fault)


@contextmanager
def as_the_program(overflow: ProgramFault) -> Iterator[None]:
    """Within it, what the venue raises is the program's refusal.

    Args:
        overflow: what the program gives where a number does not fit, or divides by zero.
    """
    try:
        yield
    except SwapRefused as refused:
        refuse(refused.fault)
    except MalformedAccount:
        refuse(INVALID_ACCOUNT_DATA)
    except ArithmeticError:
        refuse(overflow)
