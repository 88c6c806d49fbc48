"""Customers who may be the same are found, told with reasons, and dismissed; merges, undos and erasures leave what was said."""

import asyncio
from functools import partial
from itertools import combinations
from typing import Any

import pytest

from regulars_core.customers.attributes.assignments import COLUMNS
from regulars_core.customers.likeness.names import Called, companies_called, is_within, people_called
from regulars_core.customers.pairs import blocks, discovery
from regulars_core.customers.pairs.discovery import find_duplicates, look_at
from regulars_core.customers.pairs.keys import MOST_ALIKE
from regulars_core.plugin import Shop, insert, new_id
from regulars_core.shop.actors import Actor
from regulars_core.testing import statements
from regulars_schema.testing import Api
from tests.erasure.conftest import pass_days, requested
from tests.merges.conftest import Desk
from tests.support.keys import holding

PAIR = "id score reasons dismissedAt customer { id } other { id }"
LIST = f"""query($least: Int, $dismissed: Boolean, $first: Int, $after: String) {{
  customerDuplicates(minimumScore: $least, dismissed: $dismissed, first: $first, after: $after) {{
    totalCount pageInfo {{ endCursor hasNextPage }} nodes {{ {PAIR} }} }} }}"""


@pytest.fixture
def desk(shop: Shop) -> Desk:
    return Desk(shop)


async def listed(desk: Desk, **given: Any) -> list[dict[str, Any]]:
    """The pairs, after the job has run."""
    await find_duplicates(desk.shop)
    page = (await desk.api.data(LIST, **given))["customerDuplicates"]
    assert page["totalCount"] == len(page["nodes"])
    return list(page["nodes"])


async def told(desk: Desk, **given: Any) -> dict[frozenset[str], tuple[int, str]]:
    """Who may be whom, how likely and why."""
    return {
        frozenset((one["customer"]["id"], one["other"]["id"])): (one["score"], " ".join(one["reasons"]))
        for one in await listed(desk, **given)
    }


async def dismiss(desk: Desk, pair: str, **given: Any) -> Any:
    return await desk.api.do("customerDuplicateDismiss", f"duplicatePair {{ {PAIR} }}", {"pairId": pair, **given})


async def wrong(desk: Desk) -> list[str]:
    return [line for line in await desk.wrong() if "duplicate" in line or "looked for" in line]


@pytest.mark.parametrize(
    ("one", "other", "called"),
    [
        ("perez, juan", "juan, perez", Called.THE_SAME),
        ("garcia lopez, juan", "garcia, juan lopez", Called.THE_SAME),
        ("gonzalez, jose", "gonzales, pepe", Called.ALIKE),
        ("hernandez, guadalupe", "ernandes, lupita", Called.ALIKE),
        ("smith, jhon", "smith, john", Called.ALIKE),
        ("perez garcia, juan", "perez, juan", Called.ALIKE),
        ("lopez garcia, ana", "lopez de martinez, ana", Called.BY_ONE_FAMILY),
        ("lopez, ana", "martinez, ana", Called.BY_GIVEN_NAME),
        ("perez, j", "perez, juan", Called.UNCLEAR),
        ("perez, juan", "juan", Called.UNCLEAR),
        ("perez jr, juan", "perez, juan", Called.UNCLEAR),
        ("perez, daniel", "perez, daniela", Called.OTHERWISE),
        ("perez, julio", "perez, julian", Called.OTHERWISE),
        ("perez, juan carlos", "perez, juan luis", Called.OTHERWISE),
        ("perez garcia, ana", "perez garcia, eva", Called.OTHERWISE),
    ],
)
def test_how_people_are_called(one: str, other: str, called: Called) -> None:
    assert people_called(one, other) == people_called(other, one) == called


def test_how_companies_are_called_and_what_is_one_letter() -> None:
    same, alike, another = Called.THE_SAME, Called.ALIKE, Called.OTHERWISE
    for one, other, called in (
        ("acme s a de c v", "acme", same),
        ("super mercado lopez", "supermercado lopez", same),
        ("panaderia la esperanza", "panaderia esperansa sa", alike),
        ("distribuidora garcia", "distrib garcia", alike),
        ("cafe central", "cafe oriental", another),
    ):
        assert companies_called(one, other) == companies_called(other, one) == called
    for one, other, most, is_so in (
        ("maria", "maira", 1, True), ("maria", "mara", 1, True), ("maria", "mariah", 1, True), ("maria", "mrai", 1, False),
        ("guadalupe", "guadlaupr", 2, True), ("guadalupe", "gaudlaupr", 2, False), ("", "a", 1, True), ("ab", "", 1, False),
    ):  # fmt: skip
        assert is_within(one, other, most) is is_within(other, one, most) is is_so


async def test_pairs_are_found_and_told(desk: Desk) -> None:
    """Each for its reason; those who only live together, or were born together, are told as what they are or not at all."""
    born, phone = "1990-02-28", "55 1234 5678"
    ana = await desk.customer("Ana", lastName="Pérez García", email="ana@x.example", phone=phone, birthDate=born)
    others = {
        (95, "EMAIL"): {"lastName": "Ruiz", "email": "ANA@x.example"},
        (85, "NAME_AND_BIRTH_DATE"): {"lastName": "Peres Garcia", "birthDate": born},
        (75, "NAME_AND_PHONE_TAIL"): {"firstName": "Garcia Perez", "lastName": "Ana", "phone": "33 1234 5678"},
        (55, "PHONE"): {"firstName": "Luis", "lastName": "Pérez", "phone": phone},
        (50, "NAME"): {"lastName": "Perez Garcia", "birthDate": "1975-11-03"},
        None: {"firstName": "Eva", "lastName": "Pérez García", "birthDate": born},
    }
    made = {why: await desk.customer(**{"name": "Ana", "force": True, **_named(one)}) for why, one in others.items()}
    found = await told(desk)
    assert {why: frozenset((ana, id_)) for why, id_ in made.items() if why}.items() <= {
        why: pair for pair, why in found.items() if ana in pair
    }.items()
    assert frozenset((ana, made[None])) not in found
    assert not await wrong(desk)
    least = await listed(desk, least=75)
    assert [one["score"] for one in least] == sorted((one["score"] for one in least), reverse=True)
    assert {one["score"] for one in least} == {95, 85, 75}
    first = (await desk.api.data(LIST, first=2))["customerDuplicates"]
    after = (await desk.api.data(LIST, after=first["pageInfo"]["endCursor"]))["customerDuplicates"]
    assert first["pageInfo"]["hasNextPage"]
    assert len({one["id"] for one in first["nodes"] + after["nodes"]}) == len(found)
    own = (await desk.shown(ana, "duplicates { score customer { id } other { id } }"))["duplicates"]
    assert [one["score"] for one in own] == [95, 85, 75, 55, 50]
    assert {one["customer"]["id"] for one in own} == {ana}
    document = "{ customers(first: 50) { nodes { duplicates { id customer { id } other { id } } } } }"
    with statements(desk.shop, 4):
        await desk.api.data(document)
    # What is changed is compared anew; what nobody looks for any more is gone.
    await desk.api.done("customerUpdate", "customer { id }", {"id": made[(95, "EMAIL")], "email": "else@x.example"})
    assert (95, "EMAIL") not in (await told(desk)).values()
    await desk.api.done("customerDelete", "deletedCustomerId", {"id": made[(75, "NAME_AND_PHONE_TAIL")]})
    assert len(await told(desk)) < len(found)
    assert not await wrong(desk)
    await desk.shop.database.transaction(partial(_spoil, desk.shop))
    assert len(await wrong(desk)) == 3


def _named(given: dict[str, Any]) -> dict[str, Any]:
    return {"name" if name == "firstName" else name: value for name, value in given.items()}


async def _spoil(shop: Shop) -> None:
    """Somebody's keys, somebody's score, and a pair that is not there."""
    run = shop.database.run
    await run(
        "UPDATE duplicate_pair SET score = 99 WHERE id = (SELECT id FROM duplicate_pair WHERE score = 85 ORDER BY id LIMIT 1)"
    )
    await run(
        "DELETE FROM duplicate_pair WHERE id = (SELECT id FROM duplicate_pair WHERE score = 55 ORDER BY id LIMIT 1)"
    )
    await run(
        "UPDATE duplicate_key SET tax_id = 4711"
        " WHERE customer_id = (SELECT customer_id FROM duplicate_key ORDER BY customer_id LIMIT 1)"
    )


async def test_who_has_what_is_unique_since_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making a field unique is allowed while values repeat; who has the same is told until one has another one."""
    monkeypatch.setattr(blocks, "MOST_SHARING", 2)
    card = {"name": "card", "type": "TEXT", "isSensitive": True}
    defined = ("customerAttributeDefine", "customerAttribute { name }")
    await desk.api.done(*defined, card)

    def having(value: str | None) -> dict[str, Any]:
        return {"attributes": [{"name": "card", "value": value}]}

    async def gives(who: str, value: str | None) -> None:
        await desk.api.done("customerUpdate", "customer { id }", {"id": who, **having(value)})

    names = ("Ana", "Bo", "Cy", "Di", "Ed", "Flo")
    ana, bo, cy, di, ed, flo = [await desk.customer(name, lastName=name[::-1]) for name in names]
    for who, value in ((ana, "MC-1"), (bo, "mc-1"), (cy, "MC-2"), (di, "MC-3"), (ed, "MC-3"), (flo, "MC-3")):
        await gives(who, value)
    assert await told(desk) == {}
    await desk.api.done(*defined, {**card, "isUnique": True})
    one = frozenset((ana, bo))
    assert await told(desk) == {one: (100, "ATTRIBUTE")}  # what three have tells nobody apart here
    assert not await wrong(desk)
    [pair] = await listed(desk)
    await dismiss(desk, pair["id"])
    assert await told(desk) == {}
    await gives(flo, "MC-4")
    assert await told(desk) == {frozenset((di, ed)): (100, "ATTRIBUTE")}
    merged = await desk.merges(flo, di)  # whose card is hers, too
    assert await told(desk) == {frozenset((flo, ed)): (100, "ATTRIBUTE")}
    assert not await wrong(desk)
    await gives(ed, None)
    assert await told(desk) == {}
    await desk.undoes(merged)
    assert await told(desk, dismissed=True) == {one: (100, "ATTRIBUTE")}
    await desk.api.done(*defined, {**card, "isUnique": False})
    assert (await told(desk, dismissed=True), await told(desk)) == ({}, {})
    await desk.api.done(*defined, {**card, "isUnique": True})
    assert await told(desk, dismissed=True) == {one: (100, "ATTRIBUTE")}
    await desk.api.done("customerAttributeDelete", "valueCount", {"name": "card", "deleteValues": True})
    assert (await told(desk, dismissed=True), await wrong(desk)) == ({}, [])


async def test_what_was_dismissed_stays_so(desk: Desk) -> None:
    """Until one of them changes in what made them alike; through merges and undos; and an erasure forgets it."""
    ana = await desk.customer("Ana", email="ana@x.example")
    anna = await desk.customer("Anna", lastName="Ruiz", email="ana@x.example", force=True)
    [pair] = await listed(desk)
    assert (pair["customer"]["id"], pair["other"]["id"], pair["dismissedAt"]) == (ana, anna, None)
    key = {"idempotencyKey": "once"}
    both = await asyncio.gather(dismiss(desk, pair["id"], **key), dismiss(desk, pair["id"]))
    [at] = {one["duplicatePair"]["dismissedAt"] for one in both}
    assert at is not None
    assert (await dismiss(desk, pair["id"], **key))["duplicatePair"]["dismissedAt"] == at
    assert await listed(desk) == []
    assert [one["id"] for one in await listed(desk, dismissed=True)] == [pair["id"]]
    assert (await desk.shown(ana, "duplicates { id }"))["duplicates"] == []
    # Something else of theirs changes, and then what made them alike.
    await desk.api.done("customerUpdate", "customer { id }", {"id": ana, "phone": "55 1234 5678"})
    assert await listed(desk) == []
    await desk.api.done("customerUpdate", "customer { id }", {"id": anna, "phone": "55 1234 5678"})
    assert [one["reasons"] for one in await listed(desk)] == [["EMAIL", "PHONE"]]
    await dismiss(desk, pair["id"])
    # Whoever of the two is merged with somebody: the same is true of who stays, and after the undo of the one alone.
    bea = await desk.customer("Bea", lastName="Soto")
    done = await desk.merges(bea, anna)
    assert (await desk.api.data(LIST))["customerDuplicates"]["nodes"] == []  # at once
    assert await listed(desk) == []
    [moved] = await listed(desk, dismissed=True)
    assert {moved["customer"]["id"], moved["other"]["id"]} == {ana, bea}
    assert not await wrong(desk)
    await desk.undoes(done)
    assert [one["id"] for one in await listed(desk, dismissed=True)] == [pair["id"]]
    await desk.merges(bea, anna)
    [moved] = await listed(desk, dismissed=True)
    assert (await dismiss(desk, moved["id"], dismissed=False))["duplicatePair"]["dismissedAt"] is None
    assert [one["id"] for one in await listed(desk)] == [moved["id"]]
    assert not await wrong(desk)
    gone = await dismiss(desk, pair["id"])
    assert [(one["code"], one["path"]) for one in gone["userErrors"]] == [("NOT_FOUND", ["input", "pairId"])]
    await dismiss(desk, moved["id"])
    await requested(desk.api, ana)
    await pass_days(desk.shop)
    assert (await desk.api.data(LIST, dismissed=True))["customerDuplicates"]["nodes"] == []
    await find_duplicates(desk.shop)
    for table in ("duplicate_pair", "duplicate_dismissal"):
        assert not await desk.shop.database.rows(f"SELECT * FROM {table}")
    assert not await wrong(desk)


async def test_the_first_filling_goes_on_where_it_was(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is killed in a batch has done it whole or not at all; what more share than may is found by nobody, until fewer do,
    whatever the order in which they are looked at."""
    database = desk.shop.database
    monkeypatch.setattr(blocks, "MOST_ALIKE", MOST_ALIKE._replace(phone=3, phone_tail=3, name=3))
    people = [
        await desk.customer(name, lastName="Li", phone="55 1234 5678", force=True) for name in ("Ana", "Ana", "Ana")
    ]
    assert len(await told(desk)) == 3
    people.append(await desk.customer("Ana", phone="55 1234 5678", force=True))
    calls = 0

    async def killed(database: Any, due: Any) -> None:
        nonlocal calls
        calls += 1
        await look_at(database, due)
        if calls == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(discovery, "look_at", killed)
        with pytest.raises(KeyboardInterrupt):
            await find_duplicates(desk.shop)
    assert len((await desk.api.data(LIST))["customerDuplicates"]["nodes"]) == 3
    assert await told(desk) == {}
    assert not await wrong(desk)
    await desk.api.done("customerUpdate", "customer { id }", {"id": people[1], "phone": None, "firstName": "Bo"})
    assert len(await told(desk)) == 3
    assert not await wrong(desk)
    kept = await told(desk)
    for table in ("duplicate_pair", "duplicate_key"):
        await database.transaction(partial(database.run, f"DELETE FROM {table}"))
    everybody = "INSERT INTO duplicate_due (customer_id) SELECT id FROM customer"
    await database.transaction(partial(database.run, everybody))
    monkeypatch.setattr(discovery, "MOST_AT_ONCE", 1)
    assert await told(desk) == kept
    assert not await database.rows("SELECT * FROM duplicate_due")


async def test_whoever_may_not_merge_is_told_nothing(desk: Desk) -> None:
    for _ in range(2):
        await desk.customer("Ana", phone="55 1234 5678", force=True)
    [pair] = await listed(desk)
    manager = Api.of(desk.shop, "store_manager")
    assert (await manager.ask(LIST)).codes == ["FORBIDDEN"]
    assert (await manager.ask("query($id: ID!) { node(id: $id) { id } }", id=pair["id"])).data == {"node": None}
    merger = Api(desk.api.schema, desk.shop, Actor("key", "merger", [holding("customers.merge")]))
    page = await merger.ask("{ customerDuplicates { nodes { score customer { id } } } }")
    assert page.data["customerDuplicates"]["nodes"] == [{"score": 90, "customer": None}]
    for least in (101, -1):
        assert (await desk.api.ask(LIST, least=least)).codes == ["BAD_USER_INPUT"]


async def test_what_was_written_past_every_check_is_told_too(desk: Desk) -> None:
    """Nobody is given what another one has; whatever writes it, the database notes who is to be compared."""
    card = {"name": "card", "type": "TEXT", "isUnique": True}
    await desk.api.done("customerAttributeDefine", "customerAttribute { name }", card)
    people = [await desk.customer(name, lastName=name[::-1]) for name in ("Ana", "Bo", "Cy")]
    given = {"attributes": [{"name": "card", "value": "MC-1"}]}
    await desk.api.done("customerUpdate", "customer { id }", {"id": people[0], **given})
    assert await told(desk) == {}
    database = desk.shop.database
    [(definition,)] = await database.rows("SELECT id FROM customer_attribute_definition")
    rows = [(new_id(), one.partition("_")[2], definition, "MC-1", "mc-1", None, 0) for one in people[1:]]
    await database.transaction(lambda: insert(database, "customer_attribute", COLUMNS, rows))
    assert set(await told(desk)) == {frozenset(pair) for pair in combinations(people, 2)}
    assert not await wrong(desk)
    other = "UPDATE customer_attribute SET value = 'MC-2', value_key = 'mc-2' WHERE customer_id = $1"
    await database.transaction(lambda: database.run(other, rows[0][1]))
    assert set(await told(desk)) == {frozenset((people[0], people[2]))}
    assert not await wrong(desk)
