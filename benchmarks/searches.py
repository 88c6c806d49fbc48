"""Is the very one first, are the mistyped found, and what does it cost?

    python -m benchmarks.searches [--customers 100000] [--engine sqlite|postgres|both] [--rounds 12] [--beside TREE]

Types what customers are found by into `customerSearch`, in a shop full of them: the whole code, e-mail address or phone number
of a thousand, each of whom must be first; and the names of a hundred who were planted among them, with one typing error of eight
kinds. With `--beside` another checkout, which has an environment of its own, is asked the same by turns, in a shop of its own,
for what is found as it was typed; processor time is that of the process and of its PostgreSQL server. It needs Linux's /proc.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.population import fill
from benchmarks.tiers import measured
from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.customers.search.recent import renew
from regulars_core.database import Engine
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_wanted
from regulars_core.testing import ENGINES, Databases, PostgresServer, opened_shop
from regulars_schema.testing import Api

TRIES = 1_000
PLANTED = 100
_ASKED = "query($q: String!) { customerSearch(query: $q, first: 10) { code displayName email phone } }"
_KEYS = {"a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "g": "fh", "h": "gj", "i": "uo", "l": "k", "m": "n", "n": "bm",
         "o": "ip", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb", "z": "x"}  # fmt: skip
_SOUNDS = {"c": "s", "s": "z", "z": "s", "b": "v", "v": "b", "i": "y", "y": "i", "j": "h", "k": "c", "g": "j", "n": "m"}
ERRORS: Mapping[str, Callable[[random.Random, str, int], str]] = {
    "a letter left out": lambda _, word, n: word[:n] + word[n + 1 :],
    "one too many": lambda chance, word, n: word[:n] + chance.choice("aeiklmnorst") + word[n:],
    "a key beside it": lambda chance, word, n: word[:n] + chance.choice(_KEYS.get(word[n], "e")) + word[n + 1 :],
    "two changed places": lambda _, word, n: (
        word[: max(n, 1) - 1] + word[max(n, 1)] + word[max(n, 1) - 1] + word[max(n, 1) + 1 :]
    ),
    "doubled": lambda _, word, n: word[:n] + word[n] + word[n:],
    "one that sounds alike": lambda _, word, n: _like_it_sounds(word, n),
    "the first letter": lambda chance, word, _: chance.choice("bcdfghjklmnprst".replace(word[0], "")) + word[1:],
    "a space inside": lambda _, word, n: f"{word[: max(n, 1)]} {word[max(n, 1) :]}",
}
"""Ways to mistype a word at a place."""
_ONSETS, _VOWELS, _ENDS = (
    ["b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "cr", "tr", "pl", "st"],
    "aeiou",
    ("", "", "n", "r", "s", "l"),
)


def _like_it_sounds(word: str, n: int) -> str:
    places = [*range(n, len(word)), *range(n)]
    at = next((place for place in places if word[place] in _SOUNDS), n)
    return word[:at] + _SOUNDS.get(word[at], "e") + word[at + 1 :]


def invented(chance: random.Random) -> str:
    """A name of two to four syllables, as nobody else has it by chance."""
    syllables = (
        chance.choice(_ONSETS) + chance.choice(_VOWELS) + chance.choice(_ENDS) for _ in range(chance.randint(2, 4))
    )
    return "".join(syllables).title()


async def filled(shop: Shop, customers: int) -> Api:
    """A shop full of customers, and a client of it."""
    if await shop.database.row("SELECT 1 FROM customer LIMIT 1") is None:
        await fill(shop.database, customers, buying=False)
        await shop.database.transaction(lambda: shop.database.run("ANALYZE"))
        await renew(shop.database)
        if shop.database.engine == "postgres":
            # What autovacuum would do soon, and then in the middle of measuring.
            listed = "SELECT gin_clean_pending_list(name::regclass) FROM unnest($1::text[]) x(name)"
            await shop.database.transaction(
                lambda: shop.database.rows(listed, ["customer_text_names", "customer_text_contact"])
            )
    return Api.of(shop)


async def _found(api: Api, typed: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api.data(_ASKED, q=typed))["customerSearch"]
    return found


async def whole_values(shop: Shop, chance: random.Random, number: int) -> list[tuple[str, str, str]]:
    """So many times a code, an e-mail address or a phone number of somebody; and its kind, and the code of whose it is."""
    rows = await shop.database.rows(
        "SELECT code, email, phone FROM customer WHERE status = 'ACTIVE' AND email IS NOT NULL AND phone IS NOT NULL"
    )
    taken = [("code", "email", "phone")[n % 3] for n in range(number)]
    people = [chance.choice(rows) for _ in range(number)]
    return [
        (kind, str(one[("code", "email", "phone").index(kind)]), one[0])
        for kind, one in zip(taken, people, strict=True)
    ]


async def exactness(api: Api) -> str:
    """How many of a thousand are first by what only they have. Who shares a phone number with another counts for both."""
    chance, wrong = random.Random(1), list[str]()
    for kind, value, code in await whole_values(api.shop, chance, TRIES):
        found = await _found(api, value)
        if not found or (found[0]["code"] != code and found[0][kind] != value):
            wrong.append(value)
    return f"first by the whole code, e-mail or phone: {TRIES - len(wrong):,} of {TRIES:,} {wrong[:5] or ''}"


async def planted(api: Api) -> str:
    """How many of those who were planted are found among ten, of each way to mistype one of their names."""
    chance = random.Random(2)
    people = [NewCustomer(invented(chance), invented(chance)) for _ in range(PLANTED)]
    await register(api.shop, await give_codes(api.shop, [checked(api.shop.settings, one) for one in people]))
    told = []
    for kind, mistype in ERRORS.items():
        right = 0
        for one in people:
            words = [(one.first_name or "").lower(), (one.last_name or "").lower()]
            which = chance.randrange(2)
            words[which] = mistype(chance, words[which], chance.randrange(len(words[which])))
            name = f"{one.first_name} {one.last_name}"
            right += name in [found["displayName"] for found in await _found(api, " ".join(words))]
        told.append(f"{kind} {right}")
    return f"found of {PLANTED} with one typing error: {', '.join(told)}"


async def questions(shop: Shop, each: int) -> Mapping[str, Sequence[str]]:
    """What is typed and found as it was typed: so many of each kind."""
    chance = random.Random(3)
    whole = await whole_values(shop, chance, 3 * each)
    rows = await shop.database.rows(
        "SELECT first_name, last_name FROM customer WHERE status = 'ACTIVE' ORDER BY id DESC LIMIT 5000"
    )
    names = [chance.choice(rows) for _ in range(each)]
    return {
        **{kind: [value for of, value, _ in whole if of == kind] for kind in ("code", "email", "phone")},
        "beginning": [row[n % 2][: 2 + n % 5] for n, row in enumerate(names)],
        "name": [f"{row[0]} {row[1]}" for row in names],
    }


async def work(url: str, customers: int, each: int) -> None:
    """Answer, for each line that names a kind of question, the milliseconds of processor time that one of them takes."""
    async with opened_shop(url, plugins_wanted(()), country="MX") as shop:
        api = await filled(shop, customers)
        asked = await questions(shop, each)
        print("ready", flush=True)
        for line in sys.stdin:
            kind = line.strip()
            async with measured(shop) as cost:
                for typed in asked[kind]:
                    await _found(api, typed)
            print(json.dumps(cost.processor * 1_000 / len(asked[kind])), flush=True)


class Worker:
    """A process of one checkout, which searches when it is told to."""

    def __init__(self, tree: Path, url: str, customers: int, each: int) -> None:
        environment = {**os.environ, "PYTHONPATH": str(tree)}
        command = [str(tree / ".venv" / "bin" / "python"), str(Path(__file__).resolve()), "--work", url]
        command += ["--customers", str(customers), "--each", str(each)]
        self._process = subprocess.Popen(
            command, cwd=tree, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("A process that was to search has ended.")
        return line

    def cost(self, kind: str) -> float:
        """The milliseconds of processor time of one search of a kind."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{kind}\n")
        self._process.stdin.flush()
        return float(self._line())

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def by_turns(urls: Mapping[Path, str], customers: int, rounds: int, each: int) -> None:
    """Print what a search of each kind costs in the checkouts, and the ratio of the first to the second."""
    with ExitStack() as stack:
        workers = []
        for tree, url in urls.items():
            workers.append(Worker(tree, url, customers, each))
            stack.callback(workers[-1].close)
        for kind in ("code", "email", "phone", "beginning", "name"):
            costs: list[list[float]] = [[] for _ in workers]
            for turn in range(rounds + 1):
                for n in range(len(workers))[:: -1 if turn % 2 else 1]:
                    costs[n].append(workers[n].cost(kind))
            medians = [statistics.median(cost[1:]) for cost in costs]  # the first time plans are made
            line = f"{kind}: {' beside '.join(f'{one:.2f} ms' for one in medians)}"
            if len(costs) > 1:
                ratios = [one / other for one, other in zip(costs[0][1:], costs[1][1:], strict=True)]
                low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
                line += f"; ratio {middle:.3f} ({low:.3f}–{high:.3f})"
            print(f"  {line}", flush=True)


async def found_right(url: str, customers: int) -> None:
    """Print whether the right ones are found."""
    async with opened_shop(url, plugins_wanted(()), country="MX") as shop:
        api = await filled(shop, customers)
        for tell in (exactness, planted):
            print(f"  {await tell(api)}", flush=True)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=12, help="times that each kind is asked, by turns")
    parser.add_argument("--each", type=int, default=150, help="searches of a kind in a round")
    parser.add_argument("--beside", type=Path, help="another checkout, with its environment in .venv")
    parser.add_argument("--engine", choices=[*ENGINES, "both"], default="both")
    parser.add_argument("--work", metavar="URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        asyncio.run(work(options.work, options.customers, options.each))
        return
    engines: Sequence[Engine] = ENGINES if options.engine == "both" else (options.engine,)
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        databases = Databases(Path(folder), lambda: server)
        for engine in engines:
            here = Path(__file__).resolve().parents[1]
            urls = {tree.resolve(): databases.empty(engine) for tree in (here, options.beside) if tree}
            print(f"{engine}, {options.customers:,} customers:", flush=True)
            by_turns(urls, options.customers, options.rounds, options.each)
            asyncio.run(found_right(urls[here], options.customers))
            print(f"load {', '.join(f'{one:.1f}' for one in os.getloadavg())}", flush=True)


if __name__ == "__main__":
    main()
