"""Every bench runs and says what it measured. How fast this machine is, no test asks."""

import asyncio
import json
import math
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from landfall.bench.engine import running
from landfall.bench.keep_alive import KeepAlive, NoAnswer
from landfall.bench.load import LoadTest
from landfall.bench.machine import this_machine
from landfall.bench.run import BENCHES, UnknownBench, measure, measure_load, write_json
from landfall.bench.scale import TINY


def quiet() -> Console:
    return Console(file=StringIO(), width=200)


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_says_what_it_measured_and_how_often(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # What the official SDKs say has tests of its own; here nothing is installed.
    monkeypatch.setattr("landfall.bench.quotes.answers", lambda asked: {})
    console = quiet()
    measured = measure([name], TINY, console)
    figures = measured[name]
    assert figures
    assert all(figure.samples > 0 and math.isfinite(figure.value) for figure in figures)
    assert len({figure.what for figure in figures}) == len(figures)
    written = tmp_path / "figures.json"
    write_json(written, measured, this_machine())
    report = json.loads(written.read_text())
    assert [each["what"] for each in report["figures"][name]] == [each.what for each in figures]
    assert report["machine"]["cores"] >= 1
    assert isinstance(console.file, StringIO)
    assert figures[0].what in console.file.getvalue()


async def test_an_engine_that_cannot_start_is_said_to():
    with pytest.raises(NoAnswer, match="landfall up"):
        async with running(ORDER_RATE_LIMIT="many"):
            raise AssertionError("it started")


async def test_nobody_to_load_is_an_answer_and_not_a_crash():
    async with KeepAlive("http://127.0.0.1:9") as http:
        with pytest.raises(NoAnswer):
            await http.get("/health")
    with pytest.raises(NoAnswer, match="http://"):
        KeepAlive("https://engine.example")


def test_a_name_that_no_bench_has_is_refused_before_anything_runs():
    with pytest.raises(UnknownBench, match="quotes, route"):
        measure(["route", "speed"], TINY, quiet())


async def test_load_counts_every_answer_by_its_status():
    async with running() as engine:
        test = LoadTest(url=engine.url, rate=20, duration=1)
        console = quiet()
        figures = await asyncio.to_thread(measure_load, test, console)
    told = {figure.what: figure.value for figure in figures}
    assert told["answers with status 201"] == 20
    assert "POST order at 20/s, p99" in told


def test_load_on_nobody_is_one_sentence():
    with pytest.raises(NoAnswer, match="no answer from"):
        measure_load(LoadTest(url="http://127.0.0.1:9", rate=10, duration=0.3), quiet())
