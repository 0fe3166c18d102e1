"""An old backup is put back while its orders have long been filled: nothing is filled twice."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from landfall.store.embedded import EmbeddedPostgres
from tests.acceptance.conftest import Engine

LAMPORTS = 1_900_000_000


def backup(engine: Engine, place: Path) -> None:
    """A copy of the stopped database's files."""
    EmbeddedPostgres(engine.home / "postgres").stop()
    subprocess.run(["cp", "-a", str(engine.home / "postgres"), str(place)], check=True)


def restore(engine: Engine, place: Path) -> None:
    shutil.rmtree(engine.home / "postgres")
    subprocess.run(["cp", "-a", str(place), str(engine.home / "postgres")], check=True)


def recover(engine: Engine, *options: str) -> tuple[int, str]:
    """What `landfall recover` answers."""
    ran = subprocess.run(
        [sys.executable, "-m", "landfall", "recover", *options],
        env=engine.environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return ran.returncode, ran.stdout


@pytest.mark.timeout(240)
def test_orders_of_a_restored_backup_that_were_filled_are_not_filled_again(
    engine: Engine, open_path: Path
) -> None:
    engine.variables["LOCALNET_SLOT_MS"] = "50"
    engine.start()
    engine.ended(engine.submit(amount="1.1"))
    # One order is on record and nothing more when the backup is made.
    worker = engine.part("landfall worker")
    worker.suspend()
    filled_later = engine.submit(amount="1.9")
    worker.kill()
    assert engine.process is not None
    engine.process.send_signal(signal.SIGKILL)
    engine.process.communicate()
    engine.process = None
    backup(engine, open_path / "backup")
    engine.start()
    engine.ended(filled_later)
    assert len(engine.filled().get(LAMPORTS, [])) == 1
    assert engine.stop()[0] == 0

    restore(engine, open_path / "backup")
    engine.start()
    status = engine.order(filled_later)["status"]
    later = engine.submit(amount="1.7")
    time.sleep(5)
    assert engine.order(later)["status"] == "pending"
    assert engine.order(filled_later)["status"] == status
    code, said = recover(engine)
    assert code == 1
    assert engine.filled()[LAMPORTS][0] in said
    assert filled_later in said

    code, said = recover(engine, "--accept")
    assert code == 0, said
    assert engine.ended(filled_later)["status"] in ("failed", "confirmed")
    assert engine.ended(engine.submit(amount="1.6"))["status"] == "confirmed"
    assert recover(engine)[0] == 0
    assert len(engine.filled()[LAMPORTS]) == 1
