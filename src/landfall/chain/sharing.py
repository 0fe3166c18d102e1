"""Whoever asks the same question while an answer is under way shares it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Generic, TypeVar

QuestionT = TypeVar("QuestionT", bound=Hashable)
AnswerT = TypeVar("AnswerT")


class Sharing(Generic[QuestionT, AnswerT]):
    """Asks each question once at a time. Nothing is remembered once it is answered.

    Args:
        ask: gets the answer; an error that it raises is everybody's who shares the question.
    """

    def __init__(self, ask: Callable[[QuestionT], Awaitable[AnswerT]]) -> None:
        self._ask = ask
        self._under_way: dict[QuestionT, asyncio.Future[AnswerT]] = {}

    async def answer(self, question: QuestionT) -> AnswerT:
        """The answer that is under way, or a new one."""
        # Shielded: one who lets go must not take the answer from the others.
        return await asyncio.shield(self.asked(question))

    def asked(self, question: QuestionT) -> "asyncio.Future[AnswerT]":
        """What will have the answer. It is not the caller's to cancel."""
        under_way = self._under_way.get(question)
        if under_way is None:
            under_way = asyncio.ensure_future(self._ask(question))
            self._under_way[question] = under_way
            under_way.add_done_callback(partial(self._answered, question))
        return under_way

    def _answered(self, question: QuestionT, under_way: "asyncio.Future[AnswerT]") -> None:
        self._under_way.pop(question, None)
        if not under_way.cancelled():
            # Seen, so that an error which comes when all have let go is nobody's.
            under_way.exception()
