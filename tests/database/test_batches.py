"""Whoever waits for a batch waits for no longer than the patience of one, however many wait."""

import asyncio
from collections.abc import Sequence

from regulars_core.database.postgres.batches import MAX_MEMBERS, PATIENCE_SECONDS, Batches


async def test_whoever_does_not_fit_into_a_batch_is_kept_waiting_by_none() -> None:
    begun, stop = list[int](), asyncio.Event()

    async def run(_: str, members: Sequence[int]) -> Sequence[int]:
        begun.append(len(members))
        await stop.wait()
        return members

    async def alone() -> int:
        raise AssertionError("there are others")

    batches = Batches[int, int](run, binds=True)
    number = 2 * MAX_MEMBERS + 2
    waiting = [asyncio.create_task(batches.done("kind", n, alone)) for n in range(number)]
    await asyncio.sleep(4 * PATIENCE_SECONDS)
    assert begun == [MAX_MEMBERS, MAX_MEMBERS, 2]
    stop.set()
    assert await asyncio.gather(*waiting) == list(range(number))


async def test_who_is_cancelled_in_the_turn_in_which_the_batch_begins_is_not_in_it() -> None:
    done, complaints = list[int](), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))

    async def run(_: str, members: Sequence[int]) -> Sequence[int]:
        done.extend(members)
        return members

    async def come(number: int) -> int:
        async def alone() -> int:
            done.append(number)
            return number

        return await batches.done("kind", number, alone)

    batches = Batches[int, int](run, binds=True)
    for come_and_leave in (1, 2, 3):
        every = [asyncio.create_task(come(n)) for n in range(come_and_leave)]
        await asyncio.sleep(0)  # they are there, and in the loop's next turn it begins
        every[0].cancel()
        told = await asyncio.gather(*every, return_exceptions=True)
        assert isinstance(told[0], asyncio.CancelledError)
        assert told[1:] == done == list(range(1, come_and_leave))
        done.clear()
    assert await come(7) == 7
    assert complaints == []
