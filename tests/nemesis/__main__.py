"""`make nemesis KILLS=200`: the last line is the verdict, and the exit code says if it is clean.

`--keep` leaves the directory with logs, journal, ledger and database where it is.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.nemesis.run import run


def main() -> int:
    """Run once; 0 if nothing was lost, doubled or wrong."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=None, help="the time, unless told")
    options.add_argument("--every", type=float, default=0.8, help="mean seconds between strikes")
    options.add_argument("--keep", action="store_true", help="do not delete the directory")
    told = options.parse_args()
    seed = int(time.time()) if told.seed is None else told.seed
    home = Path(tempfile.mkdtemp(prefix="landfall-nemesis-"))
    home.chmod(0o755)
    print(f"seed {seed}, in {home}", flush=True)
    began = time.monotonic()
    result = asyncio.run(run(home, kills=told.kills, seed=seed, every_s=told.every))
    found = result.judgement
    for line in (*result.struck, *result.statuses):
        print(line)
    for kind in ("lost", "double", "wrong"):
        for sentence in getattr(found, kind):
            print(f"{kind}: {sentence}")
    print(f"{time.monotonic() - began:.0f} s")
    print(result.line())
    if found.is_clean and not told.keep:
        shutil.rmtree(home, ignore_errors=True)
    return 0 if found.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
