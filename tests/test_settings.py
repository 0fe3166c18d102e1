"""The environment, read once: every variable counts, and what makes no sense is said in a line."""

import traceback
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import pytest
from asyncpg.connect_utils import _parse_connect_arguments

from landfall.settings import (
    VARIABLES,
    DoorSettings,
    PathSettings,
    PoolSettings,
    Secret,
    Settings,
    SettingsError,
    read_settings,
)

CANARY = "CANARY-3b9f"

ANOTHER = {
    "host": "0.0.0.0",
    "home": "/var/lib/landfall",
    "database_url": "postgresql://u:p@db.example/orders",
    "database_host": "db.example",
    "database_name": "orders",
    "localnet_faults": "drop 10%; hang 5%",
    "database_user": "trader",
    "database_password": "secret",
    "rpc_url": "https://rpc.example/key",
    "rpc_urls": "https://rpc.example/other",
    "revert_commitment": "finalized",
    "lookup_tables": "So11111111111111111111111111111111111111112",
    "v1_transactions": "no",
    "jito_url": "https://engine.example/",
    "traces_endpoint": "http://collector.example:4318",
    "jito_tip_floor_url": "https://tips.example/",
    "jito_tip_percentile": "95",
    "jito_dont_front": "yes",
    "pools_pinned": "9Hn4VafJzoG2ESdjWL1sWYUJDThmLZdNgf4nB5cZFmwC",
    "stream_urls": "wss://stream.example/key",
    "private_key": "a key",
    "wallet_file": "/keys/wallet.json",
    "api_access": "keys",
    "allowed_hosts": "landfall.example",
    "allowed_origins": "https://app.example",
    "mock_mode": "true",
    "app_env": "test",
    "log_level": "DEBUG",
    "log_format": "json",
}
"""Other values than the defaults of all that are no numbers."""

NUMBERS = sorted(VARIABLES.keys() - ANOTHER.keys())
LEAST = {
    "console_port": 0,
    "worker_metrics_port": 0,
    "requests_per_key": 0,
    "requests_per_address": 0,
    "sockets_per_key": 0,
    "sockets_per_address": 0,
    "waiting_orders_max": 0,
    "open_orders_max": 0,
    "paced_from": 0,
    "disk_free_min_mb": 0,
    "localnet_seed": 0,
    "mock_delay_min_ms": 0,
    "mock_delay_max_ms": 0,
    "rate_limit": 0,
    "retry_delay_ms": 0,
    "agreement_above": 0,
    "jito_tip_min": 1_000,
    "jito_tip_max": 1_000,
    "unit_price_percentile": 0,
    "unit_price_floor": 0,
    "unit_price_cap": 0,
    "pools_remembered_ms": 0,
    "drain_ms": 0,
    "lease_ms": 100,
}
MOST = {
    "console_port": 65_535,
    "worker_metrics_port": 65_535,
    "port": 65_535,
    "database_port": 65_535,
    "localnet_port": 65_534,
    "localnet_slot_ms": 60_000,
    "concurrency": 10_000,
    "stream_silence_ms": 60_000,
    "pools_compare_ms": 3_600_000,
    "pools_slots_behind": 150,
    "mock_delay_min_ms": 10_000,
    "mock_delay_max_ms": 10_000,
    "attempts_max": 100,
    "unit_price_percentile": 100,
    "retry_delay_ms": 3_600_000,
}
NAMES = [(key, name) for key, variable in VARIABLES.items() for name in variable.names]


def needed_for(key: str) -> dict[str, str]:
    """What else must be set for this variable to count: the parts of a database want its host."""
    is_part = key.startswith("database_") and key not in ("database_url", "database_host")
    return {"POSTGRES_HOST": "localhost"} if is_part else {}


def another(key: str) -> str:
    """A value other than the default."""
    return ANOTHER.get(key) or str(LEAST.get(key, 1) + 1)


def shown(settings: Settings) -> dict[str, object]:
    """Every setting, secrets revealed."""
    values = {each.name: getattr(settings, each.name) for each in fields(settings)}
    for part in (values.pop("paths"), values.pop("doors"), values.pop("pools")):
        values |= {each.name: getattr(part, each.name) for each in fields(part)}
    return {name: revealed(value) for name, value in values.items()}


def revealed(value: object) -> object:
    """A setting without its wrapping: as text where the list tells a text."""
    match value:
        case Secret():
            return value.reveal()
        case tuple():
            return ",".join(str(revealed(each)) for each in value)
        case bool():
            return "yes" if value else "no"
        case _:
            return value


class Watched(Mapping[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("an environment is asked, not read through")

    def __len__(self) -> int:
        return len(self._values)


def test_an_empty_environment_gives_the_defaults_that_the_list_tells():
    settings = shown(read_settings({}))
    without = {key for key, variable in VARIABLES.items() if variable.default is None}
    databases, paths = {"database_url", "database_host"}, {"jito_url", "jito_tip_floor_url"}
    others = {"rpc_url", "private_key", "wallet_file", "traces_endpoint"}
    assert without == databases | paths | others
    for key in without - {"database_host"}:
        assert settings[key] is None
    for key in settings.keys() - without - {"home"}:
        assert str(settings[key]) == VARIABLES[key].default
    assert settings["home"] == Path.cwd() / ".landfall"


def test_the_list_and_the_reading_name_the_same_variables():
    environ = Watched({"POSTGRES_HOST": "localhost"})
    read_settings(environ)
    assert environ.asked == {name for _, name in NAMES}
    assert len(NAMES) == len(environ.asked)


def test_every_setting_is_on_the_list():
    parts = {"database_host", "database_port", "database_name", "database_user"}
    kinds = (Settings, PathSettings, PoolSettings, DoorSettings)
    listed = {each.name for kind in kinds for each in fields(kind)} - {"paths", "pools", "doors"}
    assert listed == VARIABLES.keys() - parts - {"database_password"}


@pytest.mark.parametrize(("key", "name"), NAMES, ids=[name for _, name in NAMES])
def test_every_name_of_every_variable_changes_the_settings(key: str, name: str):
    before = shown(read_settings(needed_for(key)))
    after = shown(read_settings({**needed_for(key), name: another(key)}))
    changed = {each for each in after if after[each] != before[each]}
    assert changed == {"database_url" if key.startswith("database_") else key}


@pytest.mark.parametrize(("key", "name"), NAMES, ids=[name for _, name in NAMES])
def test_an_empty_variable_is_one_that_is_not_set(key: str, name: str):
    assert shown(read_settings({name: ""})) == shown(read_settings({}))


@pytest.mark.parametrize("key", [key for key, each in VARIABLES.items() if len(each.names) > 1])
def test_two_names_of_one_variable_may_agree_and_may_not_differ(key: str):
    first, second = VARIABLES[key].names
    value = another(key)
    environ = {**needed_for(key), first: value}
    assert shown(read_settings({**environ, second: value})) == shown(read_settings(environ))
    assert shown(read_settings({**environ, second: ""})) == shown(read_settings(environ))
    with pytest.raises(SettingsError, match=f"{first} and {second} mean the same and differ"):
        read_settings({**environ, second: f"{value}1"})


@pytest.mark.parametrize("key", NUMBERS)
@pytest.mark.parametrize(
    "value", ["-1", "+5", "1.5", "1e3", " 5", "5 ", "0x10", "1_000", "٣", "ten", "9" * 5_000]
)
def test_what_is_no_whole_number_is_refused_by_the_variable_s_name(key: str, value: str):
    name = VARIABLES[key].names[0]
    with pytest.raises(SettingsError, match=f"^{name} must be a whole number from ") as raised:
        read_settings({**needed_for(key), name: value})
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize("key", NUMBERS)
def test_numbers_have_their_bounds(key: str):
    name, least, most = VARIABLES[key].names[0], LEAST.get(key, 1), MOST.get(key, 2**53)
    for fine in (least, most):
        read_settings({**needed_for(key), name: str(fine)})
    for wrong in (least - 1, most + 1):
        with pytest.raises(SettingsError, match=f"from {least} to {most}, not"):
            read_settings({**needed_for(key), name: str(wrong)})


@pytest.mark.parametrize(
    "name", ["LOG_LEVEL", "LOG_FORMAT", "REVERT_COMMITMENT", "API_ACCESS", "APP_ENV"]
)
def test_a_word_is_one_of_its_words(name: str):
    with pytest.raises(SettingsError, match=f"{name} must be one of "):
        read_settings({name: "loud"})


def test_a_home_may_be_named_from_the_user_s_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = read_settings({"LANDFALL_HOME": "~/data", "WALLET_KEYPAIR": "~/id.json"})
    assert settings.home == tmp_path / "data"
    assert settings.wallet_file == tmp_path / "id.json"


NASTY = ["p@ss:w/rd", "a b", "100%", "%41", "ключ", "#?&=", "'\"\\", "+", "[::]", "\t"]


@pytest.mark.parametrize("text", NASTY)
def test_a_database_in_parts_reaches_the_driver_as_it_was_given(text: str):
    settings = read_settings(
        {
            "POSTGRES_HOST": "db.example",
            "DB_PORT": "6543",
            "POSTGRES_USER": text,
            "DB_PASSWORD": text,
            "DB_NAME": text,
        }
    )
    assert settings.database_url is not None
    addresses, given = driver_reads(settings.database_url.reveal())
    assert addresses == [("db.example", 6543)]
    assert (given.user, given.password, given.database) == (text, text, text)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("::1", ("::1", 5432)),
        ("10.0.0.7", ("10.0.0.7", 5432)),
        ("/var/run/postgresql", "/var/run/postgresql/.s.PGSQL.5432"),
    ],
)
def test_a_database_host_may_be_an_address_or_a_socket_s_directory(host: str, address: object):
    settings = read_settings({"DB_HOST": host})
    assert settings.database_url is not None
    assert driver_reads(settings.database_url.reveal())[0] == [address]


@pytest.mark.parametrize("place", ["u:{}@db.example:6543/d", "u:{}@db.example/d", "{}@db.example"])
@pytest.mark.parametrize("text", [*NASTY, "1/2", "12#", "?3", "[", "]:1", ",h", ":1"])
@pytest.mark.parametrize("secret", [f"{CANARY}{{}}", f"{{}}{CANARY}", f"7{{}}{CANARY}"])
def test_a_password_that_is_no_part_of_a_url_is_refused_or_read_as_one(
    place: str, text: str, secret: str
):
    given = f"postgresql://{place.format(secret.format(text))}"
    told, settings = "", None
    try:
        settings = read_settings({"DATABASE_URL": given})
    except SettingsError as refused:
        told = str(refused)
    assert CANARY not in told
    if settings is not None:
        assert settings.database_url is not None
        ((host, _),), _ = driver_reads(settings.database_url.reveal())
        assert host == "db.example"


@pytest.mark.parametrize("url", ["mysql://h/d", "host=h password=p", "postgresql://h:none/d", "h"])
def test_what_is_no_address_of_a_database_is_refused(url: str):
    with pytest.raises(SettingsError, match="DATABASE_URL must be a postgresql:// address"):
        read_settings({"DATABASE_URL": url})


@pytest.mark.parametrize(
    "url",
    [
        "postgres://h",
        "postgresql://u@/d?host=%2Frun%2Fpg&port=5432",
        "postgresql://u:p@one:1,two:2/d?target_session_attrs=primary",
        "postgresql://u:p%2F%40@[::1]:5432/d",
    ],
)
def test_addresses_that_the_driver_takes_are_taken(url: str):
    driver_reads(url)
    settings = read_settings({"DATABASE_URL": url})
    assert settings.database_url is not None
    assert settings.database_url.reveal() == url


def driver_reads(dsn: str):
    """What asyncpg makes of a DSN, without connecting."""
    addresses, given, *_ = _parse_connect_arguments(
        dsn=dsn,
        **dict.fromkeys(
            (
                *("host", "port", "user", "password", "passfile", "database", "command_timeout"),
                *("ssl", "direct_tls", "server_settings", "target_session_attrs"),
                *("krbsrvname", "gsslib", "service", "servicefile"),
            )
        ),
        statement_cache_size=0,
        max_cached_statement_lifetime=0,
        max_cacheable_statement_size=0,
    )
    return addresses, given


def test_a_url_of_a_database_counts_before_its_parts():
    url = "postgresql://u:p@one.example/db"
    settings = read_settings({"DATABASE_URL": url, "DB_HOST": "two.example"})
    assert settings.database_url is not None
    assert settings.database_url.reveal() == url


def test_parts_without_a_host_leave_the_embedded_database():
    settings = read_settings({"DB_USER": "u", "DB_PASSWORD": "p", "DB_PORT": "1", "DB_NAME": "d"})
    assert settings.database_url is None


@pytest.mark.parametrize(
    "url",
    [
        f"{CANARY}.example",
        f"ws://rpc.example/{CANARY}",
        f"file:///{CANARY}",
        f"https:///{CANARY}",
        f"https://rpc.example:{CANARY}/",
        f"https://rpc.example:99999/{CANARY}",
        f"https://rpc.example:0/{CANARY}",
        f"https://[::1/{CANARY}",
        f"https://[rpc]/{CANARY}",
    ],
)
def test_an_rpc_url_that_is_none_is_refused_without_repeating_it(url: str):
    with pytest.raises(SettingsError, match="SOLANA_RPC_URL must be") as raised:
        read_settings({"SOLANA_RPC_URL": url})
    assert CANARY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8899", "https://u:p@rpc.example/v2/key?api-key=k", "HTTP://[::1]:80"]
)
def test_an_rpc_url_is_kept_as_it_is(url: str):
    settings = read_settings({"SOLANA_RPC_URL": url})
    assert settings.paths.urls == (url,)


@pytest.mark.parametrize(
    "environ",
    [
        {"DATABASE_URL": f"postgresql://u:{CANARY}@h/d"},
        {"DB_HOST": "h", "DB_PASSWORD": CANARY},
        {"SOLANA_RPC_URL": f"https://rpc.example/?api-key={CANARY}"},
        {"PRIVATE_KEY": CANARY},
    ],
    ids=lambda environ: next(reversed(environ)),
)
def test_no_text_form_of_the_settings_holds_a_secret(environ: dict[str, str]):
    settings = read_settings(environ)
    assert CANARY in str(shown(settings))
    for text in (str(settings), repr(settings), f"{settings}", repr([settings])):
        assert CANARY not in text
    for each in fields(settings):
        value = getattr(settings, each.name)
        assert CANARY not in f"{value} {value!r} {value!s}"


def test_names_that_disagree_do_not_repeat_what_they_say():
    with pytest.raises(SettingsError) as raised:
        read_settings({"DB_HOST": "h", "DB_PASSWORD": CANARY, "POSTGRES_PASSWORD": f"{CANARY}-2"})
    assert CANARY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("url", ["db.example/orders", "mysql://db.example/orders"])
def test_a_database_is_named_by_an_address_of_postgresql(url: str):
    with pytest.raises(SettingsError, match="DATABASE_URL must be a postgresql:// address"):
        read_settings({"DATABASE_URL": url})


def test_mock_mode_is_the_local_chain_and_contradicts_another():
    assert read_settings({"MOCK_MODE": "true"}).paths.rpc_url is None
    rpc = {"SOLANA_RPC_URL": "https://rpc.example"}
    assert read_settings({"MOCK_MODE": "false", **rpc}).paths.rpc_url is not None
    for environ in ({"MOCK_MODE": "true", **rpc}, {"MOCK_MODE": "false"}, {"MOCK_MODE": "1"}):
        with pytest.raises(SettingsError, match="MOCK_MODE"):
            read_settings(environ)


def test_a_mock_delay_lies_between_the_least_and_the_most():
    settings = read_settings({"MOCK_DELAY_MIN_MS": "2000", "MOCK_DELAY_MAX_MS": "3000"})
    assert settings.mock_delay_ms == 2500
    assert read_settings({}).mock_delay_ms == 0


def test_production_logs_json_unless_told_otherwise():
    assert read_settings({"NODE_ENV": "production"}).log_format == "json"
    told = {"APP_ENV": "production", "LOG_FORMAT": "console"}
    assert read_settings(told).log_format == "console"


@pytest.mark.parametrize(
    "origin", ["app.example", "https://", "https://app.example/x", "https://*"]
)
def test_an_origin_is_a_scheme_and_a_host(origin: str):
    with pytest.raises(SettingsError, match="API_ALLOWED_ORIGINS"):
        read_settings({"API_ALLOWED_ORIGINS": origin})


def test_fault_rules_are_separated_by_semicolons():
    settings = read_settings({"LOCALNET_FAULTS": "drop 10%; late 5..20 slots 5% ;"})
    assert settings.localnet_faults == ("drop 10%", "late 5..20 slots 5%")
