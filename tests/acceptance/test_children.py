"""What `up` started is killed -9 under it: it is started again, and orders end as usual."""

import signal
import time

import pytest

from tests.acceptance.conftest import STEP_LAMPORTS, Engine

ORDERS = 12


@pytest.mark.parametrize("victim", ["landfall.localnet", "landfall worker", "postgres -D"])
def test_a_killed_part_comes_back_and_no_order_is_lost_or_filled_twice(
    engine: Engine, victim: str
) -> None:
    engine.start()
    amounts = [10_000_000 + number * STEP_LAMPORTS for number in range(ORDERS)]
    orders = {}
    for number, amount in enumerate(amounts):
        orders[engine.submit(amount=f"{amount / 10**9:.9f}", slippage=0.05)] = amount
        if number == ORDERS // 2:
            process = engine.part(victim)
            process.send_signal(signal.SIGKILL)
            process.wait()
            time.sleep(3)
    ended = {order_id: engine.ended(order_id) for order_id in orders}
    time.sleep(1)
    swaps = engine.filled()
    for order_id, amount in orders.items():
        filled = ended[order_id]["status"] == "confirmed"
        assert len(swaps.get(amount, [])) == int(filled), ended[order_id]
    assert engine.stop()[0] == 0
    assert engine.processes() == []
