"""Metrics of an API and a worker, read as those of one engine."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from landfall import observe
from landfall.up.worker_metrics import spare_port, worker_metrics


def process(counted: int, held: int, seen: int, observed: float) -> bytes:
    """What a process would tell."""
    registry = CollectorRegistry()
    Counter("moves", "m", ["status"], registry=registry).labels("routing").inc(counted)
    Gauge("sockets", "s", registry=registry).set(held)
    Gauge("lag", "l", ["rpc"], registry=registry).labels("one").set(seen)
    Histogram("seconds", "s", buckets=(1, 10), registry=registry).observe(observed)
    return generate_latest(registry)


def lines(text: bytes) -> list[str]:
    return [line for line in text.decode().splitlines() if "_created" not in line]


def test_counters_and_histograms_add_up():
    told = lines(observe.together((process(3, 0, 0, 0.5), process(4, 0, 0, 5.0))))
    assert 'moves_total{status="routing"} 7.0' in told
    assert 'seconds_bucket{le="1.0"} 1.0' in told
    assert 'seconds_bucket{le="10.0"} 2.0' in told
    assert "seconds_count 2.0" in told
    assert "seconds_sum 5.5" in told


def test_what_processes_hold_adds_up_and_what_they_see_is_as_the_last_sees_it():
    told = lines(observe.together((process(0, 5, 2, 1), process(0, 1, 0, 1))))
    assert "sockets 6.0" in told
    assert 'lag{rpc="one"} 0.0' in told


def test_one_process_is_told_as_it_is():
    alone = process(3, 5, 2, 1)
    assert lines(observe.together((alone,))) == lines(alone)


def test_what_is_told_together_has_each_metric_once():
    told = lines(observe.together((observe.metrics(), observe.metrics())))
    described = [line for line in told if line.startswith("# TYPE")]
    assert len(described) == len(set(described)) > 20
    assert described == [line for line in lines(observe.metrics()) if line.startswith("# TYPE")]


async def test_a_worker_tells_its_metrics_on_its_port():
    port = spare_port()
    observe.serve_metrics("127.0.0.1", port)
    told = await worker_metrics(port)
    assert told is not None
    assert b"landfall_order_moves_total" in told


async def test_a_worker_that_is_silent_or_away_is_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("landfall.up.worker_metrics.ANSWER_SECONDS_MAX", 0.1)
    assert await worker_metrics(spare_port()) is None
    silent = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with silent:
        assert await worker_metrics(silent.sockets[0].getsockname()[1]) is None
