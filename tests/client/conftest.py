from collections.abc import AsyncIterator

import pytest

from tests.api.desk import Desk
from tests.api.serving import Running, serving


@pytest.fixture
async def api() -> AsyncIterator[Running]:
    async with serving(Desk()) as running:
        yield running
