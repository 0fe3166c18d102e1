"""Logging never waits: not for a pipe that nobody reads, not for one that is gone."""

import subprocess
import sys

LOGS = """
import sys
from landfall import observe
observe.configure()
for number in range({lines}):
    observe.started("x" * 1_000)
print("done", flush=True)
"""


def logging_process(lines: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", LOGS.format(lines=lines)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_full_pipe_stops_nobody_and_what_was_lost_is_counted():
    process = logging_process(lines=30_000)
    assert process.stdout is not None
    assert process.stdout.readline() == b"done\n"
    _, written = process.communicate(timeout=30)
    lines = written.decode().splitlines()
    assert process.returncode == 0
    assert 1_000 < len(lines) <= 30_000


def test_the_last_lines_are_written_before_the_end():
    process = logging_process(lines=50)
    _, written = process.communicate(timeout=30)
    assert len(written.decode().splitlines()) == 50


def test_a_reader_that_went_away_stops_nobody():
    process = logging_process(lines=5_000)
    assert process.stderr is not None
    assert process.stdout is not None
    process.stderr.close()
    assert process.stdout.readline() == b"done\n"
    assert process.wait(timeout=30) == 0
    process.stdout.close()
