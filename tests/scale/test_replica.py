"""A replica answers what it may and as far as it has come, and nobody misses what was written before he asks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import orjson
import pytest

import regulars_tiers
from regulars_core.contribution import CORE_APP
from regulars_core.customers.attributes.definitions import remembered, remembered_anew
from regulars_core.database import Database
from regulars_core.database.apps import Pooler
from regulars_core.database.replica import bytes_of, position_of, reading_replica
from regulars_core.health import checks
from regulars_core.plugin import insert, new_id, now
from regulars_core.plugins.host import Plugins
from regulars_core.shop.settings import load_settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_core.testing import PostgresServer, opened_shop
from regulars_schema.testing import USER_ERRORS
from regulars_server.http.positions import HEADER
from regulars_tiers.policy_versions import SEED, remembered_versions, versions_of
from tests.support.fleet import PgBouncer, StreamingReplica
from tests.support.servers import Client, serving
from tests.support.silent import Silence

pytestmark = pytest.mark.xdist_group("scale")
ANYTHING = "0/0"
POOLERS: tuple[Pooler, ...] = ("session", "transaction")
CREATE = (
    'mutation($name: String!) { customerCreate(input: { firstName: $name, lastName: "Li" })'
    f" {{ customer {{ id }} {USER_ERRORS} }} }}"
)
ADD = (
    "mutation($id: ID!, $key: String!) { creditAdd(input:"
    ' { customerId: $id, amount: { amount: "5.00" }, reason: "GOODWILL", idempotencyKey: $key })'
    f" {{ entry {{ id }} {USER_ERRORS} }} }}"
)
BALANCE = "query($id: ID!) { customer(id: $id) { credit { balance { amount } } } }"
NAMES = "{ customers(first: 100) { nodes { firstName group { name } stats { purchaseCount } } } }"


@pytest.fixture
async def two(
    url: str, on: Plugins, pgbouncer: PgBouncer, replica: StreamingReplica, no_settings_from_outside: None
) -> AsyncIterator[list[Client]]:
    """Two servers, the first with connections of its own, the second through PgBouncer; both read the replica, which knows the
    database by now."""
    await asyncio.to_thread(replica.wait_for, url)
    own = {"database_url": url, "replica_url": replica.of(url)}
    pooled = {"database_url": pgbouncer.of(url), "replica_url": replica.of(url), "database_pooler": "transaction"}
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                serving(
                    load_settings(on.settings_models, jobs=False, metrics=True, database_pool=3, max_batch=2, **where),
                    on,
                )
            )
            for where in (own, pooled)
        ]


async def ask(client: Client, query: str, after: str | None = None, **variables: Any) -> httpx2.Response:
    """The answer of a server to who has seen so much."""
    headers = {"content-type": "application/json"} | ({} if after is None else {HEADER: after})
    body = orjson.dumps({"query": query, "variables": variables})
    answer = await client.send("POST", "/graphql", content=body, headers=headers)
    assert (answer.status_code, answer.json().get("errors")) == (200, None), answer.text
    return answer


async def names(client: Client, after: str | None = None) -> set[str]:
    answer = (await ask(client, NAMES, after)).json()
    return {one["firstName"] for one in answer["data"]["customers"]["nodes"]}


async def test_who_has_written_sees_it_at_either_server(two: list[Client]) -> None:
    for number in range(6):
        writer, reader = two[number % 2], two[(number // 2) % 2]
        created = await ask(writer, CREATE, ANYTHING, name=f"Ana {number}")
        assert f"Ana {number}" in await names(reader)
        assert f"Ana {number}" in await names(reader, created.headers[HEADER])
    assert HEADER not in (await ask(two[0], CREATE, name="Bo")).headers
    assert HEADER not in (await ask(two[0], NAMES, ANYTHING)).headers
    assert all(one.database.replica.answers["replica"] > 0 for one in two if one.database.replica)


async def test_a_replica_that_is_behind_is_passed_over(two: list[Client], replica: StreamingReplica) -> None:
    answer = await ask(two[0], CREATE, ANYTHING, name="Cai")
    customer = answer.json()["data"]["customerCreate"]["customer"]["id"]
    await names(two[0])
    await names(two[1])
    replica.pause()
    try:
        created = await ask(two[0], CREATE, ANYTHING, name="Dee")
        await ask(two[1], ADD, id=customer, key="k1")
        for one in two:
            assert "Dee" not in await names(one, ANYTHING)  # so the replica is what answers
            assert "Dee" in await names(one, created.headers[HEADER])
            assert "Dee" in await names(one)
            balance = (await ask(one, BALANCE, ANYTHING, id=customer)).json()["data"]["customer"]["credit"]["balance"]
            assert balance == {"amount": "5.00"}
            assert one.database.replica is not None
            assert one.database.replica.answers["behind"] >= 2
    finally:
        replica.go_on()
    assert "Dee" in await names(two[1])


async def test_an_array_sees_what_it_has_written(two: list[Client], replica: StreamingReplica) -> None:
    replica.pause()
    try:
        body = [{"query": CREATE, "variables": {"name": "Eve"}}, {"query": NAMES}]
        headers = {"content-type": "application/json", HEADER: ANYTHING}
        answer = await two[0].send("POST", "/graphql", content=orjson.dumps(body), headers=headers)
    finally:
        replica.go_on()
    assert "Eve" in {one["firstName"] for one in answer.json()[1]["data"]["customers"]["nodes"]}
    assert HEADER in answer.headers


async def test_a_position_that_is_none_is_refused(two: list[Client]) -> None:
    for wrong in ("", "7", "0/0; SELECT", "g/1"):
        answer = await two[0].send("POST", "/graphql", json={"query": NAMES}, headers={HEADER: wrong})
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


async def test_what_a_replica_cannot_do_the_primary_does(two: list[Client]) -> None:
    created, complaints = await ask(two[0], CREATE, ANYTHING, name="Gus"), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
    for one in two:
        database = one.database
        assert database.replica is not None
        assert "Gus" in await names(one)
        for number, after in enumerate((ANYTHING, created.headers[HEADER]), 1):
            with reading_replica(database, after):
                assert len(await database.rows("SELECT id FROM customer LIMIT 1 FOR UPDATE")) == 1
            assert database.replica.answers["failed"] == number
    assert complaints == []


async def test_one_waits_in_vain_for_who_is_far_behind_and_others_do_not(
    two: list[Client], replica: StreamingReplica
) -> None:
    """Three connections would let a hundred wait for more than the second after which a replica counts as gone."""
    for one in two:
        await names(one)
    replica.pause()
    try:
        created = await ask(two[0], CREATE, ANYTHING, name="Hal")
        for one in two:
            assert one.database.replica is not None
            before = one.database.replica.answers.copy()
            told = await asyncio.gather(*(names(one, created.headers[HEADER]) for _ in range(100)))
            assert all("Hal" in each for each in told)
            assert one.database.replica.answers - before == {"behind": 100}
    finally:
        replica.go_on()
    for one in two:
        assert one.database.replica is not None
        await asyncio.sleep(0.2)
        before = one.database.replica.answers["replica"]
        assert "Hal" in await names(one, created.headers[HEADER])
        assert one.database.replica.answers["replica"] == before + 1


async def test_no_process_remembers_what_a_replica_knows(
    followed: PostgresServer, replica: StreamingReplica, no_settings_from_outside: None
) -> None:
    """Others go by what is remembered: who lists customers with `0/0` must not make a sale's tier an older one."""
    url = followed.create_database()
    async with opened_shop(url, plugins_on({"tiers": regulars_tiers}), replica_url=replica.of(url)) as shop:
        database = shop.database
        await asyncio.to_thread(replica.wait_for, url)
        position = await position_of(database)
        while not await _knows(database, position):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        replica.pause()
        try:
            await database.transaction(lambda: _policy_and_attribute(shop))
            assert (await versions_of(shop)).latest == 1
            assert {*await remembered_anew(shop)} == {"size"}
            with reading_replica(database, ANYTHING):
                assert (await versions_of(shop)).latest == 0
                assert {*await remembered_anew(shop)} == set()
            versions = remembered_versions(shop)
            assert versions is not None
            assert versions.latest == 1
            assert remembered(shop, "size") is not None
        finally:
            replica.go_on()


async def _knows(database: Database, position: str) -> bool:
    assert database.replica is not None
    replayed = await database.replica.replayed()
    return replayed is not None and replayed >= bytes_of(position)


async def _policy_and_attribute(shop: Shop) -> None:
    columns = ("number", "effective_at", "body", "lowest", "author", "created_at")
    await insert(shop.database, "tier_policy", columns, [(1, 0, SEED.model_dump_json(), "E", "test", now())])
    row = (new_id(), "size", "Size", "", "TEXT", "[]", False, False, False)
    names = ("id", "name", "label", "description", "type", "choices", "is_sensitive", "is_unique", "is_required")
    await insert(shop.database, "customer_attribute_definition", names, [row])


async def test_a_replica_that_falls_silent_keeps_nobody_for_long(url: str, replica: StreamingReplica) -> None:
    await asyncio.to_thread(replica.wait_for, url)
    silence = Silence.to(replica.of(url))
    for pooler in POOLERS:
        async with silence.before(replica.of(url)) as through:
            database = await Database.open(url, [CORE_APP], replica_url=through, pooler=pooler)
            assert database.replica is not None
            for after in (ANYTHING, None):
                with reading_replica(database, after):
                    await database.rows("SELECT 1")
                await asyncio.sleep(1.1)
                silence.fall()
                async with asyncio.timeout(2.5):
                    with reading_replica(database, after):
                        await database.rows("SELECT 1")
                await asyncio.sleep(1.1)
            assert database.replica.answers == {"replica": 2, "unavailable": 2}
            await database.close()


async def test_a_replica_that_is_gone(two: list[Client], replica: StreamingReplica) -> None:
    shop = Shop(two[0].database, load_settings(), plugins_on())
    await ask(two[0], CREATE, name="Fay")
    assert "Fay" in await names(two[0])
    replica.crash()
    try:
        for one in two:
            async with asyncio.timeout(3):
                assert "Fay" in await names(one, ANYTHING)
                assert "Fay" in await names(one)
            assert one.database.replica is not None
            assert one.database.replica.answers["unavailable"] > 0
        figures = (await two[0].send("GET", "/metrics")).text
        assert 'regulars_replica_reads_total{answer="unavailable"} 0.0' not in figures
        assert 'regulars_replica_reads_total{answer="failed"} 0.0' in figures
        [told] = [one for one in await checks(shop) if one.name == "replica"]
        assert (told.ok, told.works) == (False, True)
    finally:
        await asyncio.to_thread(replica.start)
    await asyncio.sleep(1.1)
    for one in two:
        assert one.database.replica is not None
        before = one.database.replica.answers["replica"]
        await names(one, ANYTHING)
        assert one.database.replica.answers["replica"] > before
    [told] = [one for one in await checks(shop) if one.name == "replica"]
    assert told.ok, told
