"""Finding customers while somebody types: parts of names, codes, addresses and numbers, and nothing that breaks."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars_core.customers.changes import set_status
from regulars_core.customers.quick_search import (
    CREATED,
    LAST_SEEN,
    MANY_HITS,
    MAX_UNCOPIED,
    MAX_WALK,
    QuickSearch,
    Recency,
    quick_search,
)
from regulars_core.customers.reads import NEWEST_FIRST, CustomerRow, page_of_customers
from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.customers.search.recent import renew
from regulars_core.customers.search.typed import read
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import BadInput
from regulars_core.primitives.text import folded_words
from regulars_core.purchases.reads import LATEST_FIRST, page_of_purchases
from regulars_core.queries.pages import Window
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop

PEOPLE: Sequence[dict[str, Any]] = (
    {"first_name": "María José", "last_name": "García Márquez", "email": "mj.garcia+shop@correo.example"},
    {"first_name": "Björn", "last_name": "Ångström", "phone": "+46 8 123 456 78", "email": "bjorn@lab.example"},
    {"first_name": "Jean-Luc", "last_name": "D'Arc", "phone": "+33 6 12 34 56 78"},
    {"first_name": "Иван", "last_name": "Достоевский", "email": "ivan@почта.example"},
    {"first_name": "太郎", "last_name": "田中", "preferred_name": "Taro"},
    {"first_name": "花", "last_name": "林"},
    {"first_name": "Łukasz", "last_name": "Groß", "phone": "+44 20 7946 0958"},
    {"first_name": "Bo", "last_name": "Li", "phone": "55 1234 5678"},
    {"first_name": "민수", "last_name": "김", "code": "VIP-2024-0007"},
    {"first_name": "Percy", "last_name": "Or", "preferred_name": "100% Near_Not"},
)
MARIA, BJORN, JEAN, IVAN, TARO, HANA, LUKASZ, BO, KIM, PERCY = range(len(PEOPLE))


QUERIES: Sequence[tuple[str, set[int]]] = (
    # Whole, in part, folded, in any order.
    ("maria", {MARIA}),
    ("MARÍA JOSÉ garcía márquez", {MARIA}),
    ("marquez garcia jose maria", {MARIA}),
    ("arqu", {MARIA}),
    ("garciamarquez", {MARIA}),
    ("Mari\u0301a", {MARIA}),
    ("angstrom", {BJORN}),
    ("Ångström björn", {BJORN}),
    ("jean luc", {JEAN}),
    ("jeanluc", {JEAN}),
    ("d'arc", {JEAN}),
    ("darc", {JEAN}),
    ("lukasz gross", {LUKASZ}),
    ("Łukasz Groß", {LUKASZ}),
    ("maria nobody", set()),
    ("maria björn", set()),
    # One and two letters begin a word; more may stand anywhere in it.
    ("g", {MARIA, LUKASZ}),
    ("j", {MARIA, JEAN}),
    ("bj", {BJORN}),
    ("ar", {JEAN}),
    ("ngs", {BJORN}),
    ("bo li", {BO}),
    ("b l", {BO, BJORN}),
    # E-mail.
    ("correo", {MARIA}),
    ("mj.garcia+shop@correo.example", {MARIA}),
    ("mj.garcia@correo", {MARIA}),
    ("mj garcia+shop@cor", {MARIA}),
    ("shop@CORREO.ex", {MARIA}),
    ("bjorn@lab @lab.ex", {BJORN}),
    ("mjgarciashop", {MARIA}),
    ("lab.example", {BJORN}),
    ("почта", {IVAN}),
    # Telephone, as people say it.
    ("55 1234 5678", {BO}),
    ("(55) 1234-5678", {BO}),
    ("+52 55 1234 5678", {BO}),
    ("5512345678", {BO}),
    ("345 67", {BO, BJORN, JEAN}),
    ("34567", {BO, BJORN, JEAN}),
    ("06 12 34 56 78", {JEAN}),
    ("061 234 5678", {JEAN}),
    ("0612345678", {JEAN}),
    ("+33 6 12 34 56 78", {JEAN}),
    ("33612345678", {JEAN}),
    ("+44 (0)20 7946 0958", {LUKASZ}),
    ("020 7946 0958", {LUKASZ}),
    ("46 8 123", {BJORN}),
    ("08-123 456 78", {BJORN}),
    ("jean 06 12", {JEAN}),
    # Code, with and without hyphens.
    ("vip-2024-0007", {KIM}),
    ("VIP20240007", {KIM}),
    ("2024 0007", {KIM}),
    ("20240007", {KIM}),
    ("vip 7", set()),
    # Other letters than ours.
    ("иван", {IVAN}),
    ("ДОСТ", {IVAN}),
    ("евск", {IVAN}),
    ("до", {IVAN}),
    ("田中", {TARO}),
    ("田", {TARO}),
    ("中", set()),
    ("田中太郎", {TARO}),
    ("太郎 田中", {TARO}),
    ("太郎田中", {TARO}),
    ("林", {HANA}),
    ("花", {HANA}),
    ("김", {KIM}),
    ("김민수", {KIM}),
    ("민수", {KIM}),
    ("민", {KIM}),
    ("민수김", {KIM}),
    # Nothing that a database would take for its own.
    ("%", set()),
    ("_", set()),
    ("*", set()),
    ("100%", {PERCY}),
    ("1%0", {PERCY}),
    ("near_not", {PERCY}),
    ("n_t", set()),
    ('" OR *', {PERCY}),
    ("OR", {PERCY}),
    ('maria" OR "bo', set()),
    ("maria AND garcia", set()),
    ("NOT maria", set()),
    ("NEAR(maria garcia)", set()),
    ("^maria", {MARIA}),
    ("names:maria", set()),
    ("maria*", {MARIA}),
    ("-maria", {MARIA}),
    ("maria'; DROP TABLE customer; --", set()),
    ("\\maria\\", {MARIA}),
    ("{maria}", {MARIA}),
    ("   ", set()),
    ("😀", set()),
    ("", set()),
)


@pytest.fixture
async def people(shop: Shop) -> list[str]:
    """The ids of PEOPLE, each seen later than the one before."""
    new = [NewCustomer(**given, created_at=Instant(n * 1_000)) for n, given in enumerate(PEOPLE)]
    return await register(shop, await give_codes(shop, [checked(shop.settings, customer) for customer in new]))


async def quick(shop: Shop, query: str, first: int = 10, *, include_archived: bool = False) -> Sequence[CustomerRow]:
    """Who is found while somebody types."""
    return await quick_search(shop.database, QuickSearch.of(query, first, include_archived))


async def found(shop: Shop, query: str, people: Sequence[str]) -> set[int]:
    """Whom both ways of searching find."""
    rows = await quick(shop, query, 50)
    if folded_words(query):
        page = await page_of_customers(shop.database, Window.of(NEWEST_FIRST, 100, None, None, None), search=query)
        assert {row.id for row in page.rows} == {row.id for row in rows}
    return {people.index(row.id) for row in rows}


async def test_who_is_found(shop: Shop, people: list[str]) -> None:
    answers = {query: await found(shop, query, people) for query, _ in QUERIES}
    assert answers == dict(QUERIES)


async def test_every_code_that_is_given_out_is_found(shop: Shop, people: list[str]) -> None:
    row = (await quick(shop, "bo li", 1))[0]
    assert row.code.startswith("CUST-")
    for query in (row.code, row.code.lower(), row.code.replace("-", ""), row.code[-5:], row.code.replace("-", " ")):
        assert await found(shop, query, people) == {BO}, query


async def test_any_part_of_any_word_finds_its_customer(shop: Shop, people: list[str]) -> None:
    chance = random.Random(5)
    for _ in range(300):
        number = chance.randrange(len(PEOPLE))
        person = PEOPLE[number]
        words = folded_words(f"{person['first_name']} {person['last_name']}")
        parts = []
        for word in chance.sample(words, chance.randint(1, len(words))):
            length = chance.randint(1, len(word))
            start = chance.randint(0, len(word) - length) if length > 2 else 0
            parts.append(word[start : start + length])
        query = " ".join(parts)
        assert number in await found(shop, query, people), (query, person)


async def test_random_queries_never_break(shop: Shop, people: list[str]) -> None:
    chance = random.Random(6)
    letters = "ab 12\"'%_*^()-+:{}[]\\|&!<>~#/.,;?@=$é田ж😀\t\n\u200b\u0301ßİ\u2028"
    for _ in range(300):
        await found(shop, "".join(chance.choices(letters, k=chance.randint(1, 12))), people)


@pytest.mark.parametrize("query", ["x" * 1_001, " ".join(f"{n}x" for n in range(201)), "a\0b", "\ud800"])
async def test_what_is_no_search_is_refused(shop: Shop, query: str) -> None:
    with pytest.raises(BadInput) as refused:
        await quick(shop, query)
    assert refused.value.path == ("query",)
    with pytest.raises(BadInput) as refused:
        await page_of_customers(shop.database, Window.of(NEWEST_FIRST, 1, None, None, None), search=query)
    assert refused.value.path == ("search",)


async def test_who_was_seen_last_comes_first(shop: Shop, people: list[str]) -> None:
    rows = await quick(shop, "example")
    assert [people.index(row.id) for row in rows] == [IVAN, BJORN, MARIA]
    new = [NewCustomer("María", "Nueva", created_at=Instant(10**12))]
    [newest] = await register(shop, await give_codes(shop, [checked(shop.settings, new[0])]))
    assert [row.id for row in await quick(shop, "maria")] == [
        newest,
        people[MARIA],
    ]
    assert [row.id for row in await quick(shop, "maria", 1)] == [newest]
    assert await quick(shop, "maria", 0) == []


async def test_who_is_put_away_is_hidden_unless_asked_for(shop: Shop, people: list[str]) -> None:
    await set_status(shop, people[MARIA], "INACTIVE")
    await set_status(shop, people[BJORN], "SUSPENDED")
    assert await quick(shop, "maria") == []
    assert [row.id for row in await quick(shop, "maria", include_archived=True)] == [people[MARIA]]
    assert [row.id for row in await quick(shop, "bjorn")] == [people[BJORN]]


@dataclass
class Crowd:
    """Customers of whom some are found by every way there is: their names, whether they are put away, and their ids, those seen
    last first. Instants tie, also where walks begin and end."""

    names: list[str]
    away: list[bool]
    ids: list[str]


COPIED = 2 * MAX_WALK
"""Texts of the crowd that are copied, if any."""


@pytest.fixture
async def crowd(shop: Shop) -> Crowd:
    chance = random.Random(8)
    names = ["Common" if n % 2 else "Some" if n % 70 == 6 else "Other" for n in range(COPIED + MAX_UNCOPIED)]
    for n, name in ((3, "Rare"), (40, "Rare"), (41, "Rare"), (len(names) - 2, "Rare"), (5, "Elder"), (7, "Elder")):
        names[n] = name
    times = sorted((chance.randrange(1_000) for _ in names), reverse=True)
    names += ["Elder"] * (MANY_HITS + 50)
    times += [-chance.randrange(1, 1_000) for _ in names[len(times) :]]
    new = [
        checked(shop.settings, NewCustomer(name, "Li", created_at=Instant(at)))
        for name, at in zip(names, times, strict=True)
    ]
    ids = await register(shop, await give_codes(shop, new))
    away = {41, 76, len(names) - 6, len(names) - 7}
    for n in away:
        await set_status(shop, ids[n], "INACTIVE")
    await shop.database.transaction(lambda: shop.database.run("ANALYZE"))
    order = sorted(range(len(ids)), key=lambda n: (times[n], ids[n]), reverse=True)
    return Crowd([names[n] for n in order], [n in away for n in order], [ids[n] for n in order])


@pytest.mark.parametrize("copied", [False, True], ids=["none-copied", "copied"])
@pytest.mark.parametrize("recency", [LAST_SEEN, CREATED], ids=["seen", "registered"])
async def test_whichever_way_is_taken_the_same_are_found(
    shop: Shop, crowd: Crowd, recency: Recency, copied: bool
) -> None:
    if copied:
        await renew(shop.database, COPIED)
    for query, name in (
        *((name.lower(), name) for name in ("Common", "Some", "Rare", "Elder")),
        ("l", None), ("li ra", "Rare"), ("omm", "Common"), ("nobody", "Nobody"),
    ):  # fmt: skip
        for archived, first in ((False, 20), (True, 20), (False, 1), (False, 50)):
            wanted = [
                id_
                for id_, its, away in zip(crowd.ids, crowd.names, crowd.away, strict=True)
                if name in (None, its) and (archived or not away)
            ]
            rows = await quick_search(shop.database, QuickSearch.of(query, first, archived, recency=recency))
            assert [row.id for row in rows] == wanted[:first], (query, archived, first)


STEPS = {"near", "copy_hits", "hits", "few", "in_order"}


@pytest.mark.parametrize(
    ("copied", "query", "steps"),
    [
        (True, "common", {"near", "few"}),  # few, but of no hits at all
        (True, "some", {"near", "copy_hits", "few"}),
        (True, "rare", {"near", "copy_hits", "hits", "few"}),
        (True, "elder", {"near", "copy_hits", "hits", "in_order"}),
        (False, "common", {"few"}),
        (False, "rare", {"hits", "few"}),
        (False, "elder", {"hits", "in_order"}),
    ],
)
async def test_nothing_is_begun_that_is_not_needed(
    shop: Shop, crowd: Crowd, copied: bool, query: str, steps: set[str]
) -> None:
    if shop.database.engine == "sqlite":
        pytest.skip("SQLite does not tell what of a statement it has run.")
    if copied:
        await renew(shop.database, COPIED)
    plan = await _plan(shop, query, "ANALYZE, FORMAT JSON")
    assert set(_begun(plan)) & STEPS == steps
    walked = [step["Actual Rows"] for step in _within(plan, "CTE near") if step.get("Relation Name") == "recent_text"]
    assert max(walked) <= MAX_WALK, "It has sorted the whole copy instead of walking."


@pytest.mark.parametrize(
    ("query", "hosts"),
    [
        ("ana@shop.example", {"shop", "example"}),
        ("info@info.example", {"example"}),
        ("shop@a.example a@shop.example", {"example"}),
        ("example@example", set()),
        ("@shop.example", set()),
        ("jo@shop.example", set()),
    ],
)
def test_something_is_always_asked_of_the_index(query: str, hosts: set[str]) -> None:
    """Of the words of an address only those of its host are not, and only where another one is."""
    typed = read(query, "US")
    assert {part[0][0] for part, of in zip(typed.parts, typed.shape, strict=True) if of.is_host} == hosts
    assert not all(part.is_host for part in typed.shape)


async def test_what_everybody_has_is_not_read_for_a_few(shop: Shop) -> None:
    """PostgreSQL, which does not know how few were seen since the copy was made, read all of them to count these, twice; and
    of words of another collation than that of the index of texts it looked for each in everybody's text."""
    if shop.database.engine == "sqlite":
        pytest.skip("SQLite takes the indexes, as it is told.")
    new = [checked(shop.settings, NewCustomer(name, "Li")) for name in ["Ana"] * 6_000 + ["Mupesu"]]
    await register(shop, await give_codes(shop, new))
    await renew(shop.database)
    await shop.database.transaction(lambda: shop.database.run("ANALYZE"))
    assert await _steps(shop, "nobody", "CTE not_in_copy", "customer_stats") == ["Index Only Scan"]
    assert await _steps(shop, "mupeso", "CTE almost", "customer_text") == ["Bitmap Heap Scan"]
    assert set(await _steps(shop, "mupeso li", "CTE almost", "customer_text")) == {"Bitmap Heap Scan"}


async def _steps(shop: Shop, query: str, name: str, table: str) -> Sequence[str]:
    """By what steps a part of the search reads a table."""
    plan = await _plan(shop, query, "FORMAT JSON")
    return [step["Node Type"] for step in _within(plan, name) if step.get("Relation Name") == table]


async def _plan(shop: Shop, query: str, options: str) -> dict[str, Any]:
    search, values = QuickSearch.of(query, 20, include_archived=False), Values(shop.database.dialect)
    assert search is not None
    explained = await shop.database.row(
        f"EXPLAIN ({options}) SELECT * FROM {search.source(values, *search.given)}", *values.all
    )
    assert explained is not None
    plan: dict[str, Any] = orjson.loads(explained[0])[0]["Plan"]
    return plan


def _within(plan: dict[str, Any], name: str, inside: bool = False) -> Iterator[dict[str, Any]]:
    """The steps of a plan below the one of this name."""
    for step in plan.get("Plans", []):
        within = inside or step.get("Subplan Name") == name
        if within:
            yield step
        yield from _within(step, name, within)


def _begun(plan: dict[str, Any]) -> Iterator[str]:
    """The common table expressions of which anything was run but the question whether to run them."""
    below = plan.get("Plans", [])
    if any(step["Parent Relationship"] == "Outer" and step["Actual Loops"] for step in below):
        yield plan.get("Subplan Name", "").removeprefix("CTE ")
    for step in below:
        yield from _begun(step)


@given(text=st.text(st.characters(max_codepoint=127), max_size=40))
def test_plain_letters_are_folded_like_all_others(text: str) -> None:
    assert folded_words(f"{text} é")[:-1] == folded_words(text)


async def test_purchases_are_found_by_who_bought(shop: Shop, people: list[str]) -> None:
    for query in ("maria", "%", "", "R-1"):
        page = await page_of_purchases(shop.database, Window.of(LATEST_FIRST, 5, None, None, None), customers=query)
        assert page.rows == []
        assert await page.count() == {"": 0}
