"""No commit holds a key, a large file or a torn line, and the check for it sees them."""

from pathlib import Path

import pytest

from scripts.check_files import BYTES_MAX, faults

ROOT = Path(__file__).resolve().parents[2]
A_KEY = "[" + ",".join(str(number) for number in range(64)) + "]\n"


def sources() -> list[Path]:
    rooms = [ROOT / room for room in ("docs", "examples", "scripts", "src", "tests")]
    inside = [path for room in rooms for path in room.rglob("*") if path.suffix != ".pyc"]
    return [path for path in (*ROOT.glob("*"), *inside) if path.is_file()]


def test_no_file_of_the_project_has_a_fault():
    files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in sources()}
    assert len(files) > 100
    assert [f"{p}: {fault}" for p, content in files.items() for fault in faults(p, content)] == []


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"x" * (BYTES_MAX + 1) + b"\n", "bytes"),
        (b"no newline", "newline"),
        (b"two newlines\n\n", "newline"),
        (b"blank at the end \n", "blanks"),
        (A_KEY.encode(), "private key"),
        (A_KEY.replace(",", ",\n ").encode(), "private key"),
        (b"-----BEGIN " + b"RSA PRIVATE KEY-----\n", "private key"),
    ],
)
def test_a_fault_is_seen(content, fault):
    assert any(fault in found for found in faults("somewhere.txt", content))


def test_an_ordinary_file_has_no_fault():
    assert faults("somewhere.txt", b"one line\nanother\n") == []
    assert faults("somewhere.txt", b"") == []
    assert faults("somewhere.bin", bytes(range(256))) == []
