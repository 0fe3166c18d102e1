"""What a wallet has done on chain, whoever made it do so.

Every provider that answers is heard, and what one of them shows counts: a trade that one shows and
another does not is a trade.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import aiohttp
import msgspec

from landfall.chain.jsonrpc import JsonRpc
from landfall.chain.wire import Count, read_pubkey
from landfall.core.errors import OutcomeUnknown, Unavailable
from landfall.core.ledger.answers import Finalized, Landing
from landfall.core.values import BlockHeight, Pubkey, Signature, Slot
from landfall.ports import Landings

PAGE = 1_000
_FINALIZED = {"commitment": "finalized"}
_CONFIRMED: dict[str, Any] = {"commitment": "confirmed"}
T = TypeVar("T")


class _Listed(msgspec.Struct, frozen=True):
    signature: str
    slot: Count


class _Header(msgspec.Struct, frozen=True, rename="camel"):
    num_required_signatures: int


class _Instruction(msgspec.Struct, frozen=True, rename="camel"):
    program_id_index: int


class _Message(msgspec.Struct, frozen=True, rename="camel"):
    header: _Header
    account_keys: list[str]
    instructions: list[_Instruction]


class _Transaction(msgspec.Struct, frozen=True):
    message: _Message


class _Shown(msgspec.Struct, frozen=True):
    slot: Count
    transaction: _Transaction


class _Epoch(msgspec.Struct, frozen=True, rename="camel"):
    absolute_slot: Count
    block_height: Count


class WalletHistory:
    """The `History` port over all providers.

    Args:
        nodes: whom to ask, with what each must pass before it is asked.
        wallet: whose history.
    """

    def __init__(self, nodes: Sequence[tuple[JsonRpc, Callable[[], None]]], wallet: Pubkey) -> None:
        self._nodes = tuple(nodes)
        self._wallet = wallet

    async def finalized(self) -> Finalized:
        """How far the ledger is final, as the one says who is furthest behind."""
        return _furthest_behind(await self._all(self._finalized))

    async def since(self, slot: Slot) -> Landings:
        """What landed after `slot`, by those who also say how far they are final."""

        async def ask(node: JsonRpc) -> tuple[Finalized, list[Landing]]:
            # In this order, and of one provider: what is final was there to be listed.
            return await self._finalized(node), await self._since(node, slot)

        told = await self._all(ask)
        merged = {landing.signature: landing for _, listed in told for landing in listed}
        return Landings(
            tuple(sorted(merged.values(), key=lambda landing: landing.slot, reverse=True)),
            _furthest_behind(final for final, _ in told),
        )

    async def programs_called(self, signature: Signature) -> frozenset[Pubkey] | None:
        """The programs that a transaction calls; None if the wallet has not signed it."""
        shown = [each for each in await self._all(lambda n: self._shown(n, signature)) if each]
        if not shown:
            raise Unavailable(f"nobody shows {signature}")
        signed = [called for each in shown if (called := self._called(each.transaction.message))]
        return frozenset().union(*signed) if signed else None

    def _called(self, message: _Message) -> frozenset[Pubkey]:
        """The programs that this message calls; none if the wallet has not signed it."""
        if str(self._wallet) not in message.account_keys[: message.header.num_required_signatures]:
            return frozenset()
        indexes = {each.program_id_index for each in message.instructions}
        keys = dict(enumerate(message.account_keys))
        return frozenset(read_pubkey(keys[index]) for index in indexes if index in keys)

    async def _since(self, node: JsonRpc, slot: Slot) -> list[Landing]:
        found: list[Landing] = []
        while True:
            config = {"limit": PAGE, **_CONFIRMED}
            if found:
                config["before"] = str(found[-1].signature)
            page = await node.call(
                "getSignaturesForAddress", [str(self._wallet), config], list[_Listed]
            )
            found += [_landing(listed) for listed in page]
            if len(page) < PAGE or page[-1].slot <= slot:
                return [landing for landing in found if landing.slot > slot]

    async def _finalized(self, node: JsonRpc) -> Finalized:
        told = await node.call("getEpochInfo", [_FINALIZED], _Epoch)
        return Finalized(Slot(told.absolute_slot), BlockHeight(told.block_height))

    async def _shown(self, node: JsonRpc, signature: Signature) -> _Shown | None:
        config = {"encoding": "json", "maxSupportedTransactionVersion": 1, **_CONFIRMED}
        shape: Any = _Shown | None
        shown: _Shown | None = await node.call("getTransaction", [str(signature), config], shape)
        return shown

    async def _all(self, question: Callable[[JsonRpc], Awaitable[T]]) -> list[T]:
        """What everybody says who answers."""
        told = await asyncio.gather(*(self._ask(each, question) for each in self._nodes))
        answers = [answer for answered in told for answer in answered]
        if not answers:
            raise Unavailable("no RPC tells the wallet's history")
        return answers

    @staticmethod
    async def _ask(
        node: tuple[JsonRpc, Callable[[], None]], question: Callable[[JsonRpc], Awaitable[T]]
    ) -> list[T]:
        rpc, check = node
        try:
            check()
            return [await question(rpc)]
        except (Unavailable, OutcomeUnknown):
            return []


def wallet_history(
    session: aiohttp.ClientSession,
    providers: Iterable[tuple[str, Callable[[], None]]],
    timeout_ms: int,
    wallet: Pubkey,
) -> WalletHistory:
    """The history over providers at these URLs, each with what it must pass before it is asked."""
    nodes = [(JsonRpc(session, url, timeout_ms), check) for url, check in providers]
    return WalletHistory(nodes, wallet)


def _furthest_behind(told: Iterable[Finalized]) -> Finalized:
    return min(told, key=lambda each: each.slot)


def _landing(listed: _Listed) -> Landing:
    try:
        return Landing(Signature.from_string(listed.signature), Slot(listed.slot))
    except ValueError:
        raise Unavailable("a node lists a signature that is none") from None
