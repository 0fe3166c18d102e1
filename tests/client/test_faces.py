"""The synchronous face of the SDK is the asynchronous one without `await`, and up to date."""

import inspect

import pytest

from landfall.client import AsyncClient, Client
from scripts.generate_sync_client import modules, synchronous


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.name)
def test_a_generated_module_is_up_to_date(path):
    assert path.read_text() == modules()[path], "run: make docs"


def test_both_faces_have_the_same_methods_with_the_same_parameters():
    def methods(face: type) -> dict[str, list[str]]:
        found = inspect.getmembers(face, inspect.isfunction)
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in found
            if not name.startswith("_")
        }

    assert methods(Client) == methods(AsyncClient)
    assert {"submit", "cancel", "follow", "updates", "metrics", "ticket"} <= methods(Client).keys()


def test_a_word_that_is_not_known_stops_the_translation():
    with pytest.raises(ValueError, match="asyncio"):
        synchronous('"""Of locks."""\n\nlock = asyncio.Lock()\n', "Of locks.")
