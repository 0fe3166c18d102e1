"""Refuse files that no commit should hold: `check_files.py FILE…`.

Text must end with one newline and have no blanks at line ends; no file may be large; nothing that
looks like a private key may be in any of them.
"""

import json
import re
import sys
from pathlib import Path

BYTES_MAX = 1_000_000
# Locks are long, recordings longer; both are made by machines and reviewed as such.
MAY_BE_LARGE = re.compile(r"(^|/)tests/vectors/")
PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
NUMBERS = re.compile(r"\[\s*\d{1,3}(?:\s*,\s*\d{1,3}){63}\s*\]")


def faults(path: str, content: bytes) -> list[str]:
    """What is wrong with this file, if anything."""
    found = []
    if len(content) > BYTES_MAX and not MAY_BE_LARGE.search(path):
        found.append(f"{len(content)} bytes, more than {BYTES_MAX}")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return found
    if text and not MAY_BE_LARGE.search(path):
        if not text.endswith("\n") or text.endswith("\n\n"):
            found.append("must end with one newline")
        if re.search(r"[ \t]+$", text, re.MULTILINE):
            found.append("has blanks at the end of a line")
    if PEM.search(text) or any(_is_keypair(match) for match in NUMBERS.findall(text)):
        found.append("holds what looks like a private key")
    return found


def _is_keypair(numbers: str) -> bool:
    """Sixty-four bytes in the form in which `solana-keygen` writes a key."""
    return all(0 <= number <= 255 for number in json.loads(numbers))


def main(paths: list[str]) -> int:
    """Print every fault; 1 if there is one."""
    bad = [f"{path}: {fault}" for path in paths for fault in faults(path, Path(path).read_bytes())]
    print("\n".join(bad), end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
