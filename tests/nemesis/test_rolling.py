"""Two APIs and two workers are restarted one after another while orders flow; nothing is lost."""

from pathlib import Path

import pytest

from tests.nemesis.run import rolling


@pytest.mark.timeout(300)
async def test_rolling_restarts_lose_nothing_acknowledged(open_path: Path) -> None:
    result = await rolling(open_path, rounds=1, seed=11)
    assert result.orders > 0
    assert result.judgement.is_clean, result.judgement
