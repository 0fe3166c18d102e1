"""Order ids that sort by time and cannot be guessed, and a clock that many processes share."""

import asyncio
import time
from uuid import UUID

import pytest

from landfall import clock as clock_module
from landfall.clock import SharedClock, SteadyClock, new_order_id, uuid7
from landfall.core.errors import Unavailable

CHANCE_MAX = (1 << 74) - 1


def test_the_example_of_the_standard_is_reproduced():
    chance = 0xCC3 << 62 | 0x18C4DC0C0C07398F
    assert uuid7(0x017F22E279B0, chance) == UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")


@pytest.mark.parametrize("chance", [0, 1, 1 << 61, 1 << 62, CHANCE_MAX])
@pytest.mark.parametrize("milliseconds", [0, 1, 1_800_000_000_000, (1 << 48) - 1])
def test_time_chance_version_and_variant_each_have_their_bits(milliseconds: int, chance: int):
    made = uuid7(milliseconds, chance)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == milliseconds
    assert (made.int >> 64 & 0xFFF) << 62 | made.int & (1 << 62) - 1 == chance


def test_ids_of_a_later_millisecond_sort_after_all_of_an_earlier_one():
    assert str(uuid7(1_000, CHANCE_MAX)) < str(uuid7(1_001, 0))


def test_new_ids_tell_their_time_and_never_repeat():
    before = time.time_ns() // 1_000_000
    made = [new_order_id() for _ in range(1_000)]
    after = time.time_ns() // 1_000_000
    assert all(before <= each.int >> 80 <= after for each in made)
    assert len({each.int & (1 << 62) - 1 for each in made}) == 1_000


class Machine:
    """A machine's steady time, and the shared clock as it looks from there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steady_ms = 5_000
        self.shared_ahead_ms = 1_800_000_000_000
        self.trip_ms = 0
        self.reads = 0
        self.down = False
        monkeypatch.setattr(clock_module, "_steady_ms", lambda: self.steady_ms)

    async def read_ms(self) -> int:
        self.reads += 1
        if self.down:
            raise Unavailable("down")
        self.steady_ms += self.trip_ms // 2
        read = self.steady_ms + self.shared_ahead_ms
        self.steady_ms += self.trip_ms // 2
        return read

    @property
    def shared_ms(self) -> int:
        return self.steady_ms + self.shared_ahead_ms


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


async def test_the_shared_time_is_kept_between_looks_by_the_machine_s_steady_clock(
    machine: Machine,
):
    clock = SharedClock(machine.read_ms)
    await clock.synchronise()
    for passed in (0, 1, 60_000):
        machine.steady_ms += passed
        assert clock.now_ms() == machine.shared_ms
    assert machine.reads == 1


async def test_the_way_there_and_back_does_not_count(machine: Machine):
    machine.trip_ms = 400
    clock = SharedClock(machine.read_ms)
    await clock.synchronise()
    assert clock.now_ms() == machine.shared_ms


async def test_a_shared_clock_that_was_set_is_followed_at_the_next_look(machine: Machine):
    clock = SharedClock(machine.read_ms)
    await clock.synchronise()
    machine.shared_ahead_ms -= 86_400_000
    assert clock.now_ms() == machine.shared_ms + 86_400_000
    await clock.synchronise()
    assert clock.now_ms() == machine.shared_ms


async def test_an_outage_changes_nothing_and_the_looks_go_on(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(clock_module, "_SYNCHRONISE_EVERY_S", 0)
    clock = SharedClock(machine.read_ms)
    await clock.synchronise()
    told = clock.now_ms()
    machine.down = True
    machine.shared_ahead_ms += 7
    keeping = asyncio.create_task(clock.keep_synchronised())
    while machine.reads < 4:
        await asyncio.sleep(0)
    assert clock.now_ms() == told
    machine.down = False
    while clock.now_ms() == told:
        await asyncio.sleep(0)
    assert clock.now_ms() == machine.shared_ms
    keeping.cancel()


async def test_a_first_look_that_fails_is_told(machine: Machine):
    machine.down = True
    with pytest.raises(Unavailable):
        await SharedClock(machine.read_ms).synchronise()


async def test_sleeping_lets_others_run(machine: Machine):
    clock = SharedClock(machine.read_ms)
    ran = asyncio.create_task(asyncio.sleep(0, "ran"))
    await clock.sleep_ms(1)
    assert ran.done()


async def test_what_is_measured_is_not_disturbed_by_a_shared_clock_that_is_set_back(
    machine: Machine,
):
    clock = SharedClock(machine.read_ms)
    await clock.synchronise()
    steady = SteadyClock(clock.now_ms())
    began = steady.now_ms()
    assert began == clock.now_ms()
    machine.steady_ms += 400
    machine.shared_ahead_ms -= 3_600_000
    await clock.synchronise()
    assert clock.now_ms() < began
    assert steady.now_ms() - began == 400
