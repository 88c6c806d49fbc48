"""What waits is done together: whoever comes while a batch is under way goes into the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from contextvars import Context
from itertools import islice
from typing import Any, Generic, TypeVar

M = TypeVar("M")
A = TypeVar("A")

MAX_MEMBERS = 50
"""Of one batch."""
PATIENCE_SECONDS = 0.1
"""So long a batch is waited for: then the next one begins beside it."""
_FIRST, _SINGLY = object(), object()  # what is told to who is to do it alone: before others may, or beside them


class Singly(Exception):
    """Nothing of a batch was done: each is to be done alone, and then it is known whose fault that was."""


class _Member(Generic[M]):
    """Who waits: with what, for which answer, in which batch once that is under way."""

    __slots__ = ("batch", "given", "told")

    def __init__(self, given: M) -> None:
        self.given = given
        self.told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.batch: _Batch[M] | None = None


class _Batch(Generic[M]):
    """Those who are done together, how many of them have not been cancelled, and the task that does it."""

    __slots__ = ("members", "staying", "task")

    def __init__(self, members: Sequence[_Member[M]]) -> None:
        self.members, self.staying = members, len(members)
        self.task: asyncio.Task[None] | None = None


class _Lane(Generic[M]):
    """Those of one kind: who waits, and how many batches are under way."""

    __slots__ = ("impatient", "under_way", "waiting")

    def __init__(self) -> None:
        self.waiting: dict[_Member[M], None] = {}
        self.under_way = 0
        self.impatient: asyncio.TimerHandle | None = None


class Batches(Generic[M, A]):
    """Things of one kind that are done together if several want them, by `run`, which gives an answer for each; or raises Singly,
    and whatever else is told to all of them.

    Who comes alone does it alone, at the end of the event loop's turn, since others may come in the same one. Who comes meanwhile
    waits, but not for longer than PATIENCE_SECONDS. Where it `binds`, who is cancelled waits until what is under way has ended:
    nothing is done afterwards. What all have left is cancelled.
    """

    def __init__(self, run: Callable[[Any, Sequence[M]], Awaitable[Sequence[A]]], *, binds: bool) -> None:
        self._run = run
        self._binds = binds
        self._lanes: dict[Hashable, _Lane[M]] = {}

    async def done(self, kind: Hashable, given: M, alone: Callable[[], Awaitable[A]]) -> A:
        """The answer for this, out of a batch of its kind, or by doing it `alone`. Raises what either raises."""
        lane = self._lanes.get(kind)
        if lane is None:
            lane = self._lanes[kind] = _Lane()
            asyncio.get_running_loop().call_soon(self._begin, kind, lane)
        elif lane.under_way:
            self._grow_impatient(kind, lane)
        member = _Member(given)
        lane.waiting[member] = None
        try:
            told = await member.told
        except asyncio.CancelledError:
            await self._left(kind, lane, member)
            raise
        if told is _FIRST:
            try:
                return await alone()
            finally:
                self._ended(kind, lane)
        answer: A = await alone() if told is _SINGLY else told
        return answer

    def _begin(self, kind: Hashable, lane: _Lane[M]) -> None:
        """Begin with who waits by now."""
        if lane.impatient is not None:
            lane.impatient.cancel()
            lane.impatient = None
        # Who was cancelled in this very turn has not yet left by himself.
        members = list(islice((member for member in lane.waiting if not member.told.done()), MAX_MEMBERS))
        if not members:
            if not lane.under_way and self._lanes.get(kind) is lane:
                del self._lanes[kind]
            return
        for member in members:
            del lane.waiting[member]
        lane.under_way += 1
        if lane.waiting:  # more than one batch takes
            self._grow_impatient(kind, lane)
        if len(members) == 1:
            members[0].told.set_result(_FIRST)
            return
        batch = _Batch(members)
        for member in members:
            member.batch = batch
        batch.task = asyncio.get_running_loop().create_task(self._together(kind, lane, batch), context=Context())

    def _grow_impatient(self, kind: Hashable, lane: _Lane[M]) -> None:
        """Let whoever waits wait for what is under way so long, and no longer."""
        if lane.impatient is None:
            lane.impatient = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._begin, kind, lane)

    def _ended(self, kind: Hashable, lane: _Lane[M]) -> None:
        """Let the next batch begin, after those whose answers have come with this one."""
        lane.under_way -= 1
        asyncio.get_running_loop().call_soon(self._begin, kind, lane)

    async def _together(self, kind: Hashable, lane: _Lane[M], batch: _Batch[M]) -> None:
        told = [member.told for member in batch.members]
        try:
            answers = await self._run(kind, [member.given for member in batch.members])
            for one, answer in zip(told, answers, strict=True):
                if not one.done():
                    one.set_result(answer)
        except Singly:
            for one in told:
                if not one.done():
                    one.set_result(_SINGLY)
        except Exception as error:
            for one in told:
                if not one.done():
                    one.set_exception(_again(error))
        finally:
            for one in told:
                one.cancel()  # whoever still waits: the whole process ends
            self._ended(kind, lane)

    async def _left(self, kind: Hashable, lane: _Lane[M], member: _Member[M]) -> None:
        """Somebody was cancelled."""
        if member.batch is None:
            if member in lane.waiting:
                del lane.waiting[member]
            else:
                self._ended(kind, lane)  # it was told to go first
            return
        member.batch.staying -= 1
        task = member.batch.task
        assert task is not None
        if not member.batch.staying:
            task.cancel()
        while self._binds and not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])


def _again(error: Exception) -> Exception:
    """The same for one of several, each of whom adds where it was raised."""
    try:
        copy = type(error)(*error.args)
    except TypeError:
        return error
    copy.__cause__ = error
    return copy
