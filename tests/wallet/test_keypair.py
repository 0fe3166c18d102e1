"""A key goes in, signatures come out, and nothing else does."""

import copy
import json
import logging
import os
import pickle
import stat
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from solders.keypair import Keypair

from landfall.wallet.keypair import KeypairSigner, WalletError, create_file, from_file, from_text

KEY = Keypair.from_seed(bytes(range(7, 39)))
BASE58 = str(KEY)
NUMBERS = json.dumps(list(bytes(KEY)))
OTHER = bytes(Keypair.from_seed(bytes(32)))


def forms(key: Keypair = KEY) -> list[str]:
    """Every way in which a text could hold this key, or a telling part of it."""
    secret = bytes(key)[:32]
    listed = [str(number) for number in secret]
    return [
        str(key)[:12],
        str(key)[-12:],
        secret.hex()[:16],
        repr(secret)[2:20],
        ", ".join(listed[:6]),
        ",".join(listed[:6]),
    ]


def assert_tells_nothing(*texts: str) -> None:
    for text in texts:
        for form in forms():
            assert form not in text


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "wallet.json"
    path.write_text(NUMBERS)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("text", [BASE58, NUMBERS, f"  {BASE58}\n", f"\n{NUMBERS} "])
def test_both_text_forms_give_the_same_signer(text: str):
    signer = from_text(text)
    assert signer.address == KEY.pubkey()
    assert signer.sign(b"a message").verify(KEY.pubkey(), b"a message")


WRONG_TEXTS = {
    "nothing": "",
    "a word": "secret",
    "base58 one short": BASE58[:-1],
    "base58 one long": BASE58 + "1",
    "base58 twice": BASE58 * 2,
    "not in the alphabet": BASE58[:-1] + "0",
    "the seed alone, in base58": str(KEY)[:43],
    "ones": "1" * 64,
    "hex": bytes(KEY).hex(),
    "beyond ASCII": "é" * 88,
    "a NUL": BASE58[:40] + "\0" + BASE58[41:],
    "a very long text": BASE58 * 1_000,
    "63 numbers": json.dumps(list(bytes(KEY))[:63]),
    "65 numbers": json.dumps([*bytes(KEY), 0]),
    "32 numbers": json.dumps(list(bytes(KEY))[:32]),
    "no numbers": "[]",
    "a number of 256": json.dumps([*list(bytes(KEY))[:63], 256]),
    "a negative number": json.dumps([*list(bytes(KEY))[:63], -1]),
    "a fraction": json.dumps([*list(bytes(KEY))[:63], 1.5]),
    "texts": json.dumps([str(number) for number in bytes(KEY)]),
    "nested": json.dumps([list(bytes(KEY))]),
    "half an array": NUMBERS[:-1],
    "deep": "[" * 100_000,
    "an object": json.dumps({"key": BASE58}),
    "the public half of another key": json.dumps(list(bytes(KEY)[:32] + OTHER[32:])),
}


@pytest.mark.parametrize("text", WRONG_TEXTS.values(), ids=WRONG_TEXTS.keys())
def test_a_text_that_is_no_key_is_refused_in_words_that_hold_none_of_it(
    text: str, capfd: pytest.CaptureFixture[str]
):
    with pytest.raises(WalletError) as raised:
        from_text(text)
    error = raised.value
    assert error.__cause__ is error.__context__ is None
    written = capfd.readouterr()
    assert_tells_nothing(
        str(error), repr(error), *traceback.format_exception(error), written.out, written.err
    )


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_a_stop_while_a_key_is_read_still_stops(
    monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
):
    def stopped(text: str) -> None:
        raise stop

    monkeypatch.setattr(json, "loads", stopped)
    with pytest.raises(stop):
        from_text(NUMBERS)


@dataclass
class Holder:
    """Something that has a signer, as World does."""

    signer: KeypairSigner


TEXT_FORMS: dict[str, Callable[[KeypairSigner], str]] = {
    "str": str,
    "repr": repr,
    "f-string": lambda signer: f"{signer} {signer!r} {signer!s} {signer!a} {signer:}",
    "percent": lambda signer: "%s %r" % (signer, signer),  # noqa: UP031 - a form like any other
    "dataclass": lambda signer: repr(Holder(signer)),
    "containers": lambda signer: repr([{"signer": signer}, (signer,)]),
    "attributes": lambda signer: repr(getattr(signer, "__dict__", {})),
    "an exception": lambda signer: "".join(
        traceback.format_exception(ValueError(signer, [signer]))
    ),
}


@pytest.mark.parametrize("form", TEXT_FORMS.values(), ids=TEXT_FORMS.keys())
def test_no_text_form_of_a_signer_holds_the_key(form: Callable[[KeypairSigner], str]):
    assert_tells_nothing(form(from_text(BASE58)))


def test_a_logged_signer_is_its_address(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("test").info("with %s and %r", from_text(BASE58), [from_text(BASE58)])
    assert str(KEY.pubkey()) in caplog.text
    assert_tells_nothing(caplog.text)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_signer_is_not_pickled(protocol: int):
    with pytest.raises(TypeError, match="not copied"):
        pickle.dumps(Holder(from_text(BASE58)), protocol)


@pytest.mark.parametrize("copying", [copy.copy, copy.deepcopy])
def test_a_signer_is_not_copied(copying: Callable[[object], object]):
    with pytest.raises(TypeError, match="not copied"):
        copying(from_text(BASE58))


def test_a_key_file_of_ours_alone_is_read(key_file: Path):
    assert from_file(key_file).address == KEY.pubkey()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o666, 0o644])
def test_a_key_file_that_others_may_touch_is_refused(key_file: Path, mode: int):
    key_file.chmod(mode)
    with pytest.raises(WalletError, match="chmod 600"):
        from_file(key_file)


def test_a_link_to_a_key_file_is_refused(key_file: Path, tmp_path: Path):
    link = tmp_path / "link"
    link.symlink_to(key_file)
    with pytest.raises(WalletError, match="cannot be opened"):
        from_file(link)


def test_what_is_no_regular_file_is_refused_without_waiting_for_it(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(WalletError, match="not a regular file of yours"):
            from_file(path)


def test_a_file_of_another_owner_is_refused(key_file: Path, monkeypatch: pytest.MonkeyPatch):
    stranger = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: stranger)
    with pytest.raises(WalletError, match="not a regular file of yours"):
        from_file(key_file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(WalletError, match=r"missing\.json cannot be opened: No such file"):
        from_file(tmp_path / "missing.json")


@pytest.mark.parametrize(
    "content",
    [b"", NUMBERS.encode()[:-9], b"\xff" + NUMBERS.encode(), bytes(KEY), b"[" * 10_000_000],
    ids=["empty", "cut", "not UTF-8", "raw bytes", "huge"],
)
def test_a_file_that_holds_no_key_is_refused_in_words_that_hold_none_of_it(
    key_file: Path, content: bytes
):
    key_file.write_bytes(content)
    with pytest.raises(WalletError, match="neither base58 nor") as raised:
        from_file(key_file)
    assert_tells_nothing(*traceback.format_exception(raised.value))


def test_a_refused_file_is_not_left_open(key_file: Path, tmp_path: Path):
    key_file.chmod(0o644)
    before = os.listdir("/proc/self/fd")
    for path in (key_file, tmp_path):
        with pytest.raises(WalletError):
            from_file(path)
    assert os.listdir("/proc/self/fd") == before


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_key_file_is_ours_alone_and_reads_back(tmp_path: Path, umask: int):
    path = tmp_path / "wallet.json"
    before = os.umask(umask)
    try:
        made = create_file(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert from_file(path).address == made.address
    assert Keypair.from_json(path.read_text()).pubkey() == made.address


def test_each_new_key_is_another(tmp_path: Path):
    made = {create_file(tmp_path / str(number)).address for number in range(3)}
    assert len(made) == 3


def test_a_key_file_is_never_overwritten(key_file: Path, tmp_path: Path):
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "nowhere")
    for taken in (key_file, dangling, tmp_path):
        with pytest.raises(WalletError, match="cannot be made"):
            create_file(taken)
    assert key_file.read_text() == NUMBERS
    assert not (tmp_path / "nowhere").exists()
