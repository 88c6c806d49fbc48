"""Where does Regulars spend its time on one operation?

    python -m benchmarks.profiling Q1 [--requests 300] [--lines 40] [--sort tottime] [--data DIR] [--engine postgres|sqlite]
        [--customers 50000]

The application of a server answers one request after the other in this process, without a web server around it, under
cProfile, which makes short functions look slower than they are. What it takes without cProfile is told too.
"""

import argparse
import cProfile
import pstats
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.answers import check_of
from benchmarks.contestants import SETTINGS, regulars
from benchmarks.filled import FilledShop, Size, places
from benchmarks.operations import OPERATIONS
from benchmarks.peers import subjects_of
from regulars_core.shop.settings import Settings
from regulars_core.start import plugins_wanted
from regulars_server.app import create_app

_WARM = 30
_ROOMS = 20


def settings_of(shop: FilledShop) -> Settings:
    """The settings that Regulars is measured with."""
    given: dict[str, Any] = {name.lower(): value for name, value in SETTINGS.items()}
    return Settings(database_url=shop.url, jobs=False, log_level="warning", **given)


async def answer(app: Any, body: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    """What an application answers to a POST to /graphql."""
    said = bytearray()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        said.extend(message.get("body", b""))

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/graphql", "raw_path": b"/graphql", "query_string": b"", "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    return bytes(said)


def _parts(request: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    head, _, body = request.partition(b"\r\n\r\n")
    pairs = (line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    return body, [(name, value) for name, value in pairs]


async def profile(shop: FilledShop, operation: str, requests: int) -> tuple[float, cProfile.Profile]:
    """The milliseconds of this process for a request, and what cProfile saw during as many others."""
    contestant, subjects = regulars(shop), await subjects_of(shop)
    asked = (_parts(contestant.request(operation, one)) for one in subjects.variables(operation))
    app = create_app(settings_of(shop), plugins_wanted(None))
    check = check_of(operation)
    async with app.router.lifespan_context(app):

        async def some(parts: Iterator[Any], number: int) -> None:
            for body, headers in islice(parts, number):
                await answer(app, body, headers)

        check(await answer(app, *next(asked)))
        await some(asked, _WARM)
        begun = time.process_time()
        await some(asked, requests)
        used = (time.process_time() - begun) * 1000 / requests
        profiled = cProfile.Profile(time.thread_time)  # waiting for the database is nobody's work
        profiled.enable()
        await some(asked, requests)
        profiled.disable()
    return used, profiled


def shares(profiled: cProfile.Profile) -> list[tuple[str, float]]:
    """How much of the time each of our modules, and each package of others, has taken by itself, the largest first."""
    found: Counter[str] = Counter()
    for (path, _, _), (_, _, own, _, _) in pstats.Stats(profiled).stats.items():  # type: ignore[attr-defined]
        found[_room_of(path)] += own
    total = sum(found.values())
    return [(name, own / total) for name, own in found.most_common()]


def _room_of(path: str) -> str:
    if path == "~":
        return "built-in functions"
    for ours in ("regulars_core", "regulars_schema", "regulars_server", "regulars_tiers"):
        if f"/{ours}/" in path:
            return f"{ours}/{path.rpartition(f'/{ours}/')[2]}"
    package = path.rpartition("/site-packages/")[2]
    return package.partition("/")[0] if package != path else "the standard library"


def main() -> None:
    """Profile one operation and print the modules and functions at the top."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("operation", choices=OPERATIONS)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--lines", type=int, default=40)
    parser.add_argument("--sort", default="tottime", choices=("tottime", "cumulative"))
    parser.add_argument("--engine", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--customers", type=int)
    parser.add_argument("--data", type=Path, help="A folder that keeps the filled database.")
    chosen = parser.parse_args()
    customers = chosen.customers or (50_000 if chosen.engine == "postgres" else 5_000)
    with places(chosen.engine, chosen.data) as place:
        shop = uvloop.run(place.shop(Size(customers, customers * 10)))
        used, profiled = uvloop.run(profile(shop, chosen.operation, chosen.requests))
    print(f"{chosen.operation}: {used:.2f} ms of processor time a request, without cProfile")
    for name, share in shares(profiled)[:_ROOMS]:
        print(f"{share:6.1%}  {name}")
    pstats.Stats(profiled).strip_dirs().sort_stats(chosen.sort).print_stats(chosen.lines)


if __name__ == "__main__":
    main()
