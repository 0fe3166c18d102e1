"""`python -m tests.conformance [FOLDER]`: check every set of recorded swaps below a folder.

One line per set on standard output; what differs, and what was skipped, on standard error. The exit
status is 1 if anything differs, and 2 if there is nothing to check.
"""

import sys
from pathlib import Path

from tests.conformance.recordings import find_sets
from tests.conformance.suite import Tally, check_set

DEFAULT_FOLDER = Path("tests/vectors")
SHOWN_MAX = 5


def main(arguments: list[str]) -> int:
    """Check the sets below the folder named, and say what came of it."""
    folder = Path(arguments[0]) if arguments else DEFAULT_FOLDER
    if not folder.is_dir():
        sys.stderr.write(f"{folder} is not a folder.\n")
        return 2
    sets = find_sets(folder)
    if not sets:
        sys.stderr.write(f"{folder} holds no set of recorded swaps (*.cases.jsonl.gz).\n")
        return 2
    differs = False
    for recorded in sets:
        tally = check_set(recorded)
        sys.stdout.write(tally.line() + "\n")
        sys.stdout.flush()
        _explain(tally)
        differs = differs or bool(tally.mismatches)
    return int(differs)


def _explain(tally: Tally) -> None:
    lines = [f"skipped {count}, {reason}" for reason, count in tally.skipped_for.items()]
    shown = tally.mismatches[:SHOWN_MAX]
    lines += [f"{case}: {mismatch.kind.value}: {mismatch.what}" for case, mismatch in shown]
    if len(tally.mismatches) > SHOWN_MAX:
        lines.append(f"{len(tally.mismatches)} differences in all")
    sys.stderr.write("".join(f"{tally.name}: {line}\n" for line in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
