"""Switching plugins on in a process that serves: what they missed is told to them beside that, however much it is.

One process at a time tells them, under a lease as jobs have; the others look whether it is done. Whoever is killed, or silent, is
followed by another, which goes on where the last batch ended.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from regulars_core.events import behind
from regulars_core.events.replay import catch_up, keep_if_anybody_was_on
from regulars_core.jobs.jobs import Job
from regulars_core.jobs.runner import GRACE_SECONDS, Runner
from regulars_core.shop.shop import Shop

PATIENCE_SECONDS = 2.0
"""So long a start waits for plugins to catch up, as it does where they have missed little."""
_LOOK_SECONDS, _RETRY_SECONDS, _TELL_SECONDS = 1.0, 10.0, 10.0

log = logging.getLogger(__name__)


@asynccontextmanager
async def switched_on(shop: Shop) -> AsyncIterator[None]:
    """Let the shop's plugins take part while this is open. Where it takes long to tell them what they missed, they are `behind`
    until it is done. Raises what `switch_on` raises, if that comes to light at once."""
    await keep_if_anybody_was_on(shop)
    await behind.fall_behind(shop)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS) as limit:
            await catch_up(shop, *shop.plugins.names)
    except TimeoutError:
        if not limit.expired():
            raise
    if not shop.behind:
        yield
        return
    task = asyncio.create_task(_go_on(shop), name="catching up")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=GRACE_SECONDS)


async def _go_on(shop: Shop) -> None:
    """Tell those who are behind what they missed, or wait while another process does. Nothing that they raise, and no lost
    database, ends this."""
    log.warning(
        "plugins that were off for long are told what they missed, and are left out until then: %s",
        ", ".join(sorted(shop.behind)),
    )
    runner = Runner(shop, [_JOB])
    telling = asyncio.create_task(_tell(shop))
    try:
        while shop.behind:
            pause = _LOOK_SECONDS
            try:
                attempt = await runner.attempt(_JOB, early=True)
                pause = _RETRY_SECONDS if attempt.outcome == "failed" else _LOOK_SECONDS
                await behind.notice(shop)
            except Exception as error:  # the database is away, or too busy
                log.warning("what plugins missed cannot be told at the moment: %s", error)
            if shop.behind:
                await asyncio.sleep(pause)
    finally:
        telling.cancel()
    log.warning("the plugins have caught up")


async def _tell(shop: Shop) -> None:
    """Say from time to time how far it is."""
    while True:
        await asyncio.sleep(_TELL_SECONDS)
        try:
            for one in await behind.progress(shop.database):
                log.warning(
                    "the plugin '%s' has been told %d of %d events that it missed; what lies ahead is written down of %d: %d %%",
                    one.plugin,
                    one.told,
                    one.missed,
                    one.written_down,
                    one.percent,
                )
        except Exception as error:  # the next time it may be there
            log.debug("how far plugins are cannot be told: %r", error)


async def _catch_up(shop: Shop) -> None:
    if shop.behind:
        await catch_up(shop, *sorted(shop.behind))


_JOB = Job("catch-up", "Tells plugins that were off for long what they missed.", 1, _catch_up)
