"""What is measured with: comparing answers, asking, and writing down."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from benchmarks import processor, results
from benchmarks.answers import check_of, counted, data_of, same
from benchmarks.client import ask, post
from benchmarks.turns import Figures, binomial_below, quartiles, times_as_quick, times_the_work, work_beside

OURS = {
    "id": "customer_0192f6c8e5b07cc398c4dc0c0c07398f",
    "total": {"amount": "10.50"},
    "at": "2026-01-31T09:30:00.000Z",
    "lines": [{"sku": "A"}],
}
THEIRS = {
    "id": "0192f6c8-e5b0-7cc3-98c4-dc0c0c07398f",
    "total": "10.50",
    "at": "2026-01-31T10:30:00+01:00",
    "lines": [{"sku": "A"}],
}


def test_the_same_written_in_other_ways() -> None:
    same(OURS, THEIRS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("total", "10.5"),
        ("at", "2026-01-31T10:30:00.001+01:00"),
        ("lines", []),
        ("lines", [{"sku": "B"}]),
        ("id", None),
    ],
)
def test_something_else(field: str, value: Any) -> None:
    with pytest.raises(AssertionError, match=field):
        same(OURS, {**THEIRS, field: value})


def test_counting() -> None:
    assert counted(OURS) == (3, 4)


def test_an_answer_with_errors_is_none() -> None:
    with pytest.raises(AssertionError, match="no such"):
        data_of(b'{"data": null, "errors": [{"message": "no such"}]}')
    with pytest.raises(AssertionError):
        check_of("Q2")(b'{"data": {"customers": {"nodes": []}}}')
    with pytest.raises(AssertionError):
        check_of("M1")(b'{"data": {"purchaseRecord": {"purchase": null, "userErrors": [{"code": "NOT_FOUND"}]}}}')


class _Server(asyncio.Protocol):
    """Answers each request the same."""

    def __init__(self, answer: bytes, gone: "set[asyncio.Future[None]]") -> None:
        self._answer, self._gone = answer, asyncio.get_running_loop().create_future()
        gone.add(self._gone)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(self._answer * data.count(b"POST"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set_result(None)


async def _answered(status: str, body: bytes, requests: Iterator[bytes]) -> int:
    """How many answers a client has from a server that always says this."""
    answer, gone = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body, set[Any]()
    server = await asyncio.get_running_loop().create_server(lambda: _Server(answer, gone), "127.0.0.1", 0)
    async with server:
        try:
            return (await ask(server.sockets[0].getsockname()[1], requests, 2, None, data_of)).answers
        finally:
            await asyncio.wait(gone)


async def test_asking_as_long_as_there_are_requests() -> None:
    assert await _answered("200 OK", b'{"data": 1}', repeat(post("/", b"{}"), 7)) == 7


async def test_asking_raises_what_is_wrong() -> None:
    with pytest.raises(AssertionError, match="429"):
        await _answered("429 Too Many Requests", b"{}", repeat(post("/", b"{}")))
    with pytest.raises(AssertionError, match="broken"):
        await _answered("200 OK", b'{"errors": ["broken"]}', repeat(post("/", b"{}")))


async def test_what_is_refused_is_no_answer() -> None:
    assert await _answered("503 Service Unavailable", b"{}", repeat(post("/", b"{}"), 3)) == 0


def test_ratios() -> None:
    one = Figures(rates=[100, 400, 200], server=[2, 2, 2], database=[1, 1, 1])
    other = Figures(rates=[50, 100, 100], server=[1, 1, 1], database=[0.5, 0.5, 0.5])
    assert times_as_quick(one, other) == "2.00 (2.00–3.00)"
    assert times_the_work(one, other) == 2.0
    assert quartiles([5.0]) == (5.0, 5.0, 5.0)


def test_writing_a_part_leaves_the_others(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    for part, text in (("a", "old"), ("b", "kept"), ("a", "new")):
        results.write(part, f"## {part}", text, "| x |", "|---|", "| 1 |", file=file)
    written = file.read_text()
    assert "old" not in written
    assert written.index("new") < written.index("kept")
    assert "| x |\n|---|\n| 1 |\n<!-- end of a -->" in written


def test_work_beside_another_is_the_median_of_the_rounds_with_its_interval() -> None:
    ours, theirs = Figures(server=[1.0] * 9, database=[1.0] * 9), Figures(server=[1.0] * 9, database=[1.0] * 9)
    ours.server = [0.8, 0.9, 1.0, 1.0, 1.2, 1.2, 1.3, 1.4, 9.0]
    assert work_beside(ours, theirs) == "1.100 (0.950–1.200)"
    assert work_beside(theirs, theirs) == "1.000 (1.000–1.000)"
    assert binomial_below(9, 1) == 10 / 512


def test_the_work_of_threads_counts() -> None:
    """SQLite's is done by one: lists there seemed to cost nothing."""
    told = list[float]()

    def work() -> None:
        while time.thread_time() < 0.05:
            sum(range(1_000))
        told.append(processor.used([os.getpid()]))  # before it ends

    before = processor.used([os.getpid()])
    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert told[0] - before >= 49
