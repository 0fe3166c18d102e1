"""What pages watch is known again soon after the engine is back, however seldom it is asked for."""

import asyncio

import pytest

from landfall.client import ClientError
from landfall.console import watching
from landfall.console.watching import Watched

SELDOM_SECONDS = 3_600.0


async def test_an_error_is_asked_again_soon(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(watching, "AGAIN_SECONDS", 0.01)
    answers: list[str | ClientError] = [ClientError("gone"), ClientError("gone"), "back"]
    asked = asyncio.Event()

    async def ask() -> str:
        answer = answers.pop(0)
        if isinstance(answer, ClientError):
            raise answer
        asked.set()
        return answer

    watched = Watched(ask, SELDOM_SECONDS)
    leave = watched.watch()
    await asyncio.wait_for(asked.wait(), timeout=10)
    await asyncio.sleep(0)
    assert watched.value == "back"
    leave()
