"""What `landfall up` says can be copied, and holds no secret."""

import io
import json
import shlex
from collections.abc import Sequence

import pytest
from rich.console import Console

from landfall.core.ledger.answers import AccountsAt
from landfall.core.ledger.token_accounts import associated_address
from landfall.core.token import ACCOUNT_AMOUNT
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Account, Pubkey, Slot
from landfall.up.banner import Progress, balances, ready

WALLET = Pubkey.from_string("E2JNQSMVJiPiBW6wiXNDnBX4sfVeV76YSn9ivKxMXS2G")
KEY = "CANARY-77aa"
HOME = "/data/[bold]very long" + "/directory" * 20


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=40)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def say_ready(
    console: Console,
    rpc: str,
    is_localnet: bool,
    *,
    api: str = "http://127.0.0.1:3000",
    needs_key: bool = False,
) -> str:
    ready(
        console,
        api=api,
        page="http://127.0.0.1:3001",
        rpc=rpc,
        is_localnet=is_localnet,
        needs_key=needs_key,
        home=HOME,
        wallet=WALLET,
        held=[("SOL", "1,000"), ("USDC", "2.5")],
    )
    return printed(console)


def test_the_first_order_can_be_copied_however_narrow_the_terminal(console: Console):
    said = say_ready(console, "http://127.0.0.1:8899", True)
    command = said[said.index("curl") : said.index("or watch")]
    words = shlex.split(command)
    assert words[:4] == ["curl", "-X", "POST", "http://127.0.0.1:3000/api/orders/execute"]
    assert json.loads(words[words.index("-d") + 1])["tokenOut"] == "USDC"


def test_what_can_be_copied_reaches_this_engine_and_brings_its_key_where_one_is_needed(
    console: Console,
):
    said = say_ready(
        console, "http://127.0.0.1:8899", True, api="http://127.0.0.1:3100", needs_key=True
    )
    assert "curl -X POST http://127.0.0.1:3100" in said
    assert '-H "Authorization: Bearer $LANDFALL_API_KEY"' in said
    assert "landfall order SOL USDC 1.5 --url http://127.0.0.1:3100\n" in said


def test_without_a_key_none_is_spoken_of(console: Console):
    said = say_ready(console, "http://127.0.0.1:8899", True)
    assert "API_KEY" not in said
    assert "--url" not in said


def test_everything_is_said_as_it_is(console: Console):
    said = say_ready(console, "http://127.0.0.1:8899", True).splitlines()
    assert "  console  http://127.0.0.1:3001  (open it in a browser)" in said
    assert "  chain    http://127.0.0.1:8899  (localnet: a real SVM, play money)" in said
    assert f"  data     {HOME}" in said
    assert f"  wallet   {WALLET}" in said
    assert "           1,000 SOL, 2.5 USDC" in said


def test_your_own_chain_is_not_called_play_money_and_its_key_is_not_shown(console: Console):
    said = say_ready(console, f"https://u:{KEY}@rpc.example:8443/v2/{KEY}?api-key={KEY}", False)
    assert "  chain    https://rpc.example:8443  (your RPC)" in said.splitlines()
    assert KEY not in said
    assert "play money" not in said


def test_progress_is_lines_of_what_is_done_where_nobody_watches(console: Console):
    progress = Progress(console)
    progress.doing("Starting")
    assert printed(console) == ""
    progress.done("[bold]It runs")
    assert printed(console) == "  ✓ [bold]It runs\n"


class Ledger:
    """Accounts in memory."""

    def __init__(self, state: dict[Pubkey, Account]) -> None:
        self._state = state

    async def accounts(self, addresses: Sequence[Pubkey]) -> AccountsAt:
        return AccountsAt(Slot(1), {address: self._state.get(address) for address in addresses})


async def test_the_wallet_s_balances_are_told_sol_first_and_what_it_has_not_is_left_out():
    usdc = KNOWN_TOKENS["USDC"]
    data = bytearray(165)
    ACCOUNT_AMOUNT.write(data, 1_234_500_000)
    state = {
        WALLET: Account(WALLET, 1_500_000_001, b"", False),
        associated_address(WALLET, usdc): Account(usdc.program, 1, bytes(data), False),
    }
    told = await balances(Ledger(state), WALLET)  # type: ignore[arg-type]
    assert told == [("SOL", "1.500000001"), ("USDC", "1,234.5")]
    assert await balances(Ledger({}), WALLET) == [("SOL", "0")]  # type: ignore[arg-type]
