"""The engine broken on purpose, one rule at a time: what the judge must notice.

Each mutant replaces a function or a statement in a running history. A mutant whose target has gone
fails to apply, and says so.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from tests.simulation.mutants.bounds import BOUNDS
from tests.simulation.mutants.reading import READING
from tests.simulation.mutants.recording import RECORDING
from tests.simulation.mutants.sending import SENDING
from tests.simulation.mutants.tools import Break

MUTANTS: Mapping[str, Break] = {**SENDING, **READING, **BOUNDS, **RECORDING}
"""What breaks the rule, by the rule's name."""


@contextmanager
def broken(name: str) -> Iterator[None]:
    """The engine as this mutant, until the context ends."""
    with ExitStack() as stack:
        MUTANTS[name](stack)
        yield
