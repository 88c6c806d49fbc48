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
