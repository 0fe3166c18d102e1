"""The first minute: one command starts everything, an order fills, everything stops in order."""

import signal

import httpx
import pytest

from tests.acceptance.conftest import Engine, free_ports, is_gone


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_order_fills_and_everything_stops_with_exit_code_0(
    engine: Engine, how: signal.Signals
) -> None:
    engine.start()
    order = engine.ended(engine.submit(amount="1.5"))
    assert order["status"] == "confirmed"
    signature = order["txHash"]
    assert engine.filled()[1_500_000_000] == [signature]
    code, said = engine.stop(how)
    assert code == 0
    assert f"curl -X POST {engine.url}/api/orders/execute" in said
    assert engine.processes() == []


def test_every_part_is_asked_how_it_is(engine: Engine) -> None:
    engine.start()
    answer = httpx.get(f"{engine.url}/api/health/detailed").json()
    assert answer["status"] == "ok"
    assert set(answer["checks"]) == {"database", "chain", "queue", "record", "worker"}


def test_the_next_start_finds_the_orders_and_the_chain(engine: Engine) -> None:
    engine.start()
    first = engine.ended(engine.submit(amount="1.5"))
    engine.stop()
    engine.start()
    assert engine.order(first["orderId"])["fill"] == first["fill"]
    listed = httpx.get(f"{engine.url}/api/orders").json()["orders"]
    assert [order["orderId"] for order in listed] == [first["orderId"]]
    engine.ended(engine.submit(amount="1.6"))
    assert {1_500_000_000, 1_600_000_000} <= set(engine.filled())


def test_fresh_starts_over_and_keeps_the_wallet(engine: Engine) -> None:
    engine.start()
    engine.ended(engine.submit())
    engine.stop()
    wallet = (engine.home / "wallet.json").read_text()
    engine.start("--fresh")
    assert httpx.get(f"{engine.url}/api/orders").json()["orders"] == []
    assert engine.filled() == {}
    assert (engine.home / "wallet.json").read_text() == wallet


def test_a_killed_engine_leaves_nothing_that_the_next_start_trips_over(engine: Engine) -> None:
    engine.start()
    order_id = engine.submit(amount="1.7")
    worker = engine.part("landfall worker")
    assert engine.process is not None
    engine.process.kill()
    engine.process.communicate()
    # Its log lines go where those of `up` go, so this end of the pipe was open until it was gone.
    assert is_gone(worker)
    engine.start()
    assert engine.ended(order_id)["status"] == "confirmed"
    assert len(engine.filled()[1_700_000_000]) == 1


def test_two_engines_run_side_by_side(engine: Engine) -> None:
    other = Engine(engine.home.parent / ("deep" * 30) / ("er" * 60), *free_ports())
    engine.start()
    other.start()
    try:
        assert other.ended(other.submit(amount="1.8"))["status"] == "confirmed"
        assert 1_800_000_000 in other.filled()
        assert 1_800_000_000 not in engine.filled()
    finally:
        other.stop()


def refusal(engine: Engine, *options: str) -> str:
    """The one sentence with which `up` refuses to start."""
    process = engine.launch(*options)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    lines = [line for line in output.decode().splitlines() if "✓" not in line]
    assert len(lines) == 1, output.decode()
    return lines[0]


def test_a_second_up_on_the_same_data_is_refused(engine: Engine) -> None:
    engine.start()
    second = Engine(engine.home, *free_ports())
    sentence = refusal(second)
    assert f"Another Landfall (process {engine.process.pid})" in sentence  # type: ignore[union-attr]
    assert httpx.get(f"{engine.url}/health").status_code == 200


def test_a_port_in_use_is_named(engine: Engine) -> None:
    engine.start()
    same_port = Engine(engine.home.parent / "other", engine.port, free_ports()[1])
    assert f"Port {engine.port} cannot be used" in refusal(same_port)
    same_chain_port = Engine(engine.home.parent / "third", free_ports()[0], engine.chain_port)
    assert "LOCALNET_PORT" in refusal(same_chain_port)


def test_data_of_another_format_or_of_something_else_is_refused(engine: Engine) -> None:
    engine.home.mkdir()
    (engine.home / "thesis.txt").write_text("years of work")
    assert "is not a Landfall data directory" in refusal(engine)
    (engine.home / "thesis.txt").unlink()
    (engine.home / "format").write_text("99")
    assert "of format '99'" in refusal(engine)


def test_an_address_that_others_can_reach_is_refused(engine: Engine) -> None:
    engine.variables["HOST"] = "0.0.0.0"
    process = engine.launch()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"HOST=0.0.0.0 lets other machines reach the API" in output
    assert b"landfall keys create" in output


def test_a_variable_that_makes_no_sense_is_named(engine: Engine) -> None:
    engine.variables["RETRY_MAX_ATTEMPTS"] = "many"
    assert refusal(engine).startswith("RETRY_MAX_ATTEMPTS must be a whole number")


def test_no_key_is_printed_logged_or_readable_by_others(engine: Engine) -> None:
    engine.start()
    engine.ended(engine.submit())
    httpx.post(f"{engine.url}/api/orders/execute", json={"nonsense": 1})
    _, said = engine.stop()
    wallet = engine.home / "wallet.json"
    assert wallet.stat().st_mode & 0o077 == 0
    numbers = wallet.read_text().strip("[]")
    secret = bytes(int(number) for number in numbers.split(","))
    everything = said.encode() + (engine.home / "localnet.log").read_bytes()
    assert numbers.encode() not in everything
    assert secret[:32].hex().encode() not in everything
    assert secret not in everything
