"""A port that is taken is named, with the variable that moves it."""

import pytest

from landfall.bootstrap.errors import CannotStart
from landfall.bootstrap.listening import bound, is_free

HOST = "127.0.0.1"


def test_a_taken_port_is_told_with_the_variable_that_moves_it():
    with bound(HOST, 0, "PORT") as first:
        first.listen()
        port = first.getsockname()[1]
        assert not is_free(HOST, port)
        with pytest.raises(CannotStart, match=rf"Port {port} .* set PORT to another"):
            bound(HOST, port, "PORT")
    assert is_free(HOST, port)
