import uuid
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from landfall.api.app import ApiConfig
from tests.api.desk import Desk
from tests.api.serving import Running, serving


@pytest.fixture
async def api() -> AsyncIterator[Running]:
    async with serving(Desk(), ApiConfig(first_message_timeout_ms=300)) as running:
        yield running


@pytest.fixture
def order_id() -> UUID:
    return uuid.uuid4()
