"""A short run of `make nemesis`."""

from pathlib import Path

import pytest

from tests.nemesis.run import run


@pytest.mark.timeout(300)
async def test_nothing_is_lost_doubled_or_wrong_while_processes_are_killed(open_path: Path) -> None:
    result = await run(open_path, kills=12, seed=5, every_s=0.7)
    assert result.kills >= 12
    assert result.orders > 0
    assert result.judgement.is_clean, result.judgement
