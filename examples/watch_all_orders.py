"""Print what happens to all orders until one has ended; the next run goes on right behind that.

    make run                                          # in another terminal
    .venv/bin/python examples/watch_all_orders.py [CURSOR_FILE]

Every change carries a cursor. Whoever keeps the last one misses nothing: not over a lost
connection, which the SDK makes again, nor over a restart of this program or of the engine.
"""

import os
import sys
from contextlib import closing
from pathlib import Path

from landfall.client import Client

URL = os.environ.get("LANDFALL_URL", "http://127.0.0.1:3000")
KEY = os.environ.get("LANDFALL_API_KEY")


def main(place: Path) -> None:
    """Print changes, and keep the place of each."""
    after = place.read_text() if place.exists() else None
    with Client(URL, api_key=KEY) as engine, closing(engine.updates(after)) as updates:
        for update in updates:
            print(f"{update.timestamp:%H:%M:%S} {update.order_id} {update.status}", flush=True)
            # After it was dealt with, so that a crash repeats a change and never loses one.
            place.write_text(update.cursor or "")
            if update.ends_the_order:
                return


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "landfall.cursor"))
