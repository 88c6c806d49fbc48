"""The lines of the log that tell of requests."""

import asyncio
import logging
from typing import Any

import pytest

from regulars_server.http.access import Access


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": int(scope["path"][1:]), "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _receive() -> Any:
    return {"type": "http.request"}


async def _send(message: Any) -> None:
    """Take it."""


async def test_requests_that_end_in_one_turn_are_told_together_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "regulars")
    door = Access(_nothing)

    async def asked(status: int) -> None:
        scope = {"type": "http", "method": "POST", "scheme": "http", "path": f"/{status}", "headers": []}
        await door(scope, _receive, _send)

    def told() -> list[int]:
        return [vars(record)["status"] for record in caplog.records if record.name == "regulars.access"]

    await asked(200)
    await asked(201)
    assert told() == []
    await asyncio.sleep(0)
    assert told() == [200, 201]
    await asked(202)
    await asyncio.sleep(0)
    assert told() == [200, 201, 202]
