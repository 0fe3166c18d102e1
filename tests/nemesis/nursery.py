"""Starts processes of the engine quickly: everything is imported once, and each start is a fork.

Each child is a process of its own, with the command line's `main` in it; only its imports are
inherited. Reads one JSON object per line (arguments, environment, log file) and answers each with a
process id.
"""

import json
import os
import signal
import sys
import traceback
from pathlib import Path

import landfall.bootstrap.processes
import landfall.localnet.__main__  # noqa: F401 - imported for the children
from landfall import cli
from tests.nemesis import points


def main() -> None:
    """Fork as told, until told no more."""
    # Children are buried by the system: who they were is asked by number, from outside.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        wanted = json.loads(line)
        child = os.fork()
        if child == 0:
            _be(wanted["arguments"], wanted["environment"], Path(wanted["log"]))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def _be(arguments: list[str], environment: dict[str, str], log: Path) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with log.open("ab", buffering=0) as output, open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ.update(environment)
    sys.argv = ["landfall", *arguments]
    code = 1
    try:
        points.arm()
        cli.main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - it must reach the log before the process goes
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
