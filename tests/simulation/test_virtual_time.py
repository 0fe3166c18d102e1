"""Time passes only in waiting, and processes die and freeze as the operating system lets them."""

import asyncio
from typing import Any

import pytest

from tests.simulation.virtual_time import Process, Stuck, VirtualLoop


def run(scene: Any) -> tuple[list[str], VirtualLoop]:
    """Play a scene, which is given the loop and a list to write into."""
    loop = VirtualLoop()
    told: list[str] = []
    loop.run(scene(loop, told))
    return told, loop


async def ticking(told: list[str], name: str) -> None:
    try:
        for number in range(100):
            told.append(f"{name}{number}")
            await asyncio.sleep(1)
    finally:
        told.append(f"{name} cleans up")


def test_an_hour_passes_at_once_and_exactly() -> None:
    async def scene(loop: VirtualLoop, told: list[str]) -> None:
        await asyncio.sleep(3_600)
        told.append(str(loop.time()))

    assert run(scene)[0] == ["3600.0"]


def test_a_killed_process_does_nothing_more_not_even_clean_up() -> None:
    async def scene(loop: VirtualLoop, told: list[str]) -> None:
        process = Process(loop, "p")
        process.start(ticking(told, "p"))
        await asyncio.sleep(1.5)
        process.kill()
        await asyncio.sleep(100)
        told.append("end")

    told, _ = run(scene)
    assert told[: told.index("end")] == ["p0", "p1"]


def test_what_a_process_starts_dies_with_it() -> None:
    async def parent(told: list[str]) -> None:
        children = [asyncio.create_task(ticking(told, name)) for name in "ab"]
        await asyncio.gather(*children)

    async def scene(loop: VirtualLoop, told: list[str]) -> None:
        process = Process(loop, "p")
        process.start(parent(told))
        await asyncio.sleep(0.5)
        process.kill()
        await asyncio.sleep(10)
        told.append("end")

    told, _ = run(scene)
    assert told[: told.index("end")] == ["a0", "b0"]


def test_a_frozen_process_finds_what_happened_meanwhile() -> None:
    async def waiting(told: list[str], reply: "asyncio.Future[str]") -> None:
        try:
            async with asyncio.timeout(5):
                told.append(await reply)
        except TimeoutError:
            told.append("timed out")

    async def scene(loop: VirtualLoop, told: list[str]) -> None:
        process = Process(loop, "p")
        replies = [loop.create_future(), loop.create_future()]
        for reply in replies:
            process.start(waiting(told, reply))
        await asyncio.sleep(1)
        process.freeze()
        replies[0].set_result("reply")
        await asyncio.sleep(20)
        told.append("thawed")
        process.thaw()
        await asyncio.sleep(0)
        await asyncio.sleep(1)

    assert run(scene)[0] == ["thawed", "reply", "timed out"]


def test_a_killed_process_stays_dead_when_it_is_thawed() -> None:
    async def scene(loop: VirtualLoop, told: list[str]) -> None:
        process = Process(loop, "p")
        process.start(ticking(told, "p"))
        await asyncio.sleep(0.5)
        process.freeze()
        process.kill()
        process.thaw()
        await asyncio.sleep(5)
        told.append("end")

    told, _ = run(scene)
    assert told[: told.index("end")] == ["p0"]


def test_waiting_for_what_cannot_come_is_an_error() -> None:
    async def scene(loop: VirtualLoop, told: list[str]) -> None:
        await loop.create_future()

    with pytest.raises(Stuck):
        run(scene)


def test_what_a_callback_raises_is_reported() -> None:
    async def scene(loop: VirtualLoop, told: list[str]) -> None:
        loop.call_soon(lambda: 1 // 0)
        await asyncio.sleep(1)

    assert "ZeroDivisionError" in run(scene)[1].errors[0]
