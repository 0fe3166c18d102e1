"""Who needs a key: every combination of where the API listens and which chain it trades on."""

import pytest

from landfall.bootstrap.api_access import api_config, no_key_yet, why_a_key_is_needed
from landfall.core.clusters import PUBLIC_CLUSTERS
from landfall.settings import read_settings

PRIVATE = "9vzv4NSoVrwXJkYvhZ4Uj7jXPzJqtiDUyFA3T6wJ8kDr"
LOCAL_RPC = "http://127.0.0.1:8899"
PUBLIC = sorted(PUBLIC_CLUSTERS)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
@pytest.mark.parametrize("rpc", [LOCAL_RPC, "http://localhost:1", "http://[::1]:8899"])
def test_only_this_machine_on_localnet_needs_no_key(host: str, rpc: str):
    settings = read_settings({"HOST": host})
    assert why_a_key_is_needed(settings, PRIVATE, [rpc]) is None
    assert api_config(settings, key_needed=False).anonymous == "local"


@pytest.mark.parametrize(
    ("environ", "genesis", "rpc", "why"),
    [
        ({"HOST": "0.0.0.0"}, PRIVATE, LOCAL_RPC, "HOST=0.0.0.0"),
        ({"HOST": "::"}, PRIVATE, LOCAL_RPC, "HOST=::"),
        ({"HOST": "192.168.1.5"}, PRIVATE, LOCAL_RPC, "HOST=192.168.1.5"),
        ({"HOST": "trading.example"}, PRIVATE, LOCAL_RPC, "HOST=trading.example"),
        ({"HOST": "127.0.0.1.evil.example"}, PRIVATE, LOCAL_RPC, "HOST="),
        ({}, PRIVATE, "https://rpc.example", "not on this machine"),
        ({}, PRIVATE, "http://localhost.evil.example", "not on this machine"),
        ({}, PRIVATE, "http://127.0.0.1@evil.example", "not on this machine"),
        *(({}, genesis, LOCAL_RPC, PUBLIC_CLUSTERS[genesis]) for genesis in PUBLIC),
        ({"API_ACCESS": "keys"}, PRIVATE, LOCAL_RPC, "API_ACCESS=keys"),
    ],
)
def test_every_other_combination_needs_one_and_says_why(
    environ: dict[str, str], genesis: str, rpc: str, why: str
):
    settings = read_settings(environ)
    reason = why_a_key_is_needed(settings, genesis, [LOCAL_RPC, rpc])
    assert reason is not None
    assert why in reason
    assert api_config(settings, key_needed=True).anonymous is None
    assert "keys create trader --scopes read,trade,cancel" in str(no_key_yet(reason))


def test_the_api_answers_to_its_own_names_alone():
    everywhere = api_config(read_settings({"HOST": "0.0.0.0"}), key_needed=True)
    assert everywhere.allowed_hosts == {"127.0.0.1", "localhost", "::1"}
    environ = {"HOST": "10.0.0.7", "API_ALLOWED_HOSTS": "Trading.Example, other.example"}
    named = api_config(read_settings(environ), key_needed=True)
    assert named.allowed_hosts - everywhere.allowed_hosts == {
        "10.0.0.7",
        "trading.example",
        "other.example",
    }


def test_a_disk_with_less_than_wanted_has_no_room(tmp_path):
    home = {"LANDFALL_HOME": str(tmp_path)}
    assert api_config(read_settings(home), key_needed=False).has_room()
    greedy = read_settings({**home, "DISK_FREE_MIN_MB": str(10**12)})
    assert not api_config(greedy, key_needed=False).has_room()
