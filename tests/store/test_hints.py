"""What NOTIFY carries."""

from uuid import uuid4

import pytest

from landfall.store.hints import LOOK_YOURSELF, read_hint, write_hint


@pytest.mark.parametrize("count", [0, 1, 250])
def test_a_hint_names_orders_and_versions(count):
    versions = {uuid4(): number for number in range(count)}
    payload = write_hint(versions.items())
    assert len(payload) < 8_000
    assert read_hint(payload) == versions


def test_too_many_orders_for_one_payload_become_a_hint_to_look():
    payload = write_hint((uuid4(), 3) for _ in range(1_000))
    assert payload == LOOK_YOURSELF
    assert read_hint(payload) is None


@pytest.mark.parametrize("payload", ["*", "rubbish", "A" * 22, "!" * 30, "A" * 21 + "-1"])
def test_rubbish_names_no_orders(payload):
    assert read_hint(payload) is None
