"""Write the synchronous client's modules from the asynchronous ones, word by word.

The two differ in nothing but `await`: a method added to one is in the other after `make docs`, and
a test compares what is in the tree with `modules()`.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

CLIENT = Path(__file__).resolve().parents[1] / "src/landfall/client"
SOURCES: Mapping[str, str] = {
    "asynchronous.py": "The client without `await`, for scripts and notebooks.",
    "asynchronous_streams.py": "Updates over a WebSocket that is made again when it breaks.",
}
"""Modules to translate, and how their translations begin."""

WORDS: Mapping[str, str] = {
    "async def": "def",
    "async with": "with",
    "async for": "for",
    "await ": "",
    "an asynchronous context manager": "a context manager",
    "asynchronous_streams": "synchronous_streams",
    "AsyncClient": "Client",
    "AsyncStreams": "Streams",
    "AsyncGenerator[Update, None]": "Generator[Update, None, None]",
    "AsyncGenerator[Update | Start, None]": "Generator[Update | Start, None, None]",
    "AsyncGenerator": "Generator",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "aclose": "close",
    "aclosing": "closing",
    "asyncio.sleep": "time.sleep",
    "import asyncio\n": "import time\n",
    "websockets.asyncio.client": "websockets.sync.client",
}
"""Longer words are replaced before shorter ones that they contain."""

_ANY = re.compile("|".join(re.escape(word) for word in sorted(WORDS, key=len, reverse=True)))


def modules() -> Mapping[Path, str]:
    """The source of every synchronous module by its path.

    Raises:
        ValueError: something asynchronous is left that no word here translates.
    """
    return {
        CLIENT / name.removeprefix("a"): synchronous((CLIENT / name).read_text("utf-8"), first)
        for name, first in SOURCES.items()
    }


def synchronous(source: str, first: str) -> str:
    """The translation of one module's source; its docstring begins with this sentence.

    Raises:
        ValueError: as `modules`.
    """
    _, _, code = source.split('"""', 2)
    code = _ANY.sub(lambda found: WORDS[found.group()], code)
    left = re.findall(r".*(?:\basync\b|\bawait\b|[Aa]sync[A-Zi]).*", code)
    if left:
        raise ValueError(f"not translated: {left}")
    opening = (
        f"{first}\n\nGenerated from the asynchronous module by `make docs`; change that instead.\n"
    )
    return _formatted(f'"""{opening}"""{code}')


def _formatted(source: str) -> str:
    """As `make format` would have it: shorter words leave room on lines, imports change places."""
    for command in (("check", "--select=I", "--fix", "--quiet"), ("format",)):
        ran = subprocess.run(
            [
                sys.executable,
                "-m",
                "ruff",
                *command,
                f"--stdin-filename={CLIENT / 'generated.py'}",
                "-",
            ],
            input=source,
            capture_output=True,
            text=True,
            check=True,
        )
        source = ran.stdout
    return source


def main() -> None:
    """Write every module."""
    for path, source in modules().items():
        path.write_text(source, encoding="utf-8")


if __name__ == "__main__":
    main()
