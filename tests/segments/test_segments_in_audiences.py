"""Segments named by audiences of plugins: who gets points, progress and discounts, when they are changed, and when they go."""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

import regulars_loyalty
import regulars_rewards
from regulars_core.customers.erasure.due import SETTLED_AFTER_MS, erase_due
from regulars_core.plugin import DAY_MS, CustomerMoment, Instant, Plugins, now, plugins_on, read_audiences
from regulars_core.primitives.clock import moment
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api
from tests.rewards.promotions.marketing import Marketing, rule
from tests.rewards.systems.office import Office
from tests.segments.test_segments import person, refused

BOTH = {"loyalty": regulars_loyalty, "rewards": regulars_rewards}
POINTS = (
    "mutation($input: PointsProgramUpdateInput!) { pointsProgramUpdate(input: $input) { userErrors { code path } } }"
)
QUOTE = "query($b: [BasketInput!]!) { basketAdjustments(baskets: $b) { discount { amount } unavailable } }"


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on(BOTH)


@pytest.fixture
async def api(open_shop: OpenShop) -> Api:
    return Api.of(await open_shop(plugins=plugins_on(BOTH)))


async def keep(api: Api, name: str, where: Any) -> str:
    return str((await api.done("segmentCreate", "segment { id }", {"name": name, "where": where}))["segment"]["id"])


def named(*ids: str) -> dict[str, Any]:
    return {"segment": {"in": list(ids)}}


async def program(api: Api, audience: Any) -> list[tuple[str, str]]:
    earning = {"code": "A", "name": "A", "rule": rule("PER_AMOUNT", points=1, per="1.00"), "audience": audience}
    answer = await api.data(POINTS, input={"program": {"rules": [earning]}, "idempotencyKey": str(now())})
    return [(one["code"], ".".join(one["path"])) for one in answer["pointsProgramUpdate"]["userErrors"]]


async def sold(api: Api, reference: str, customer: str) -> tuple[str, int]:
    """What a sale of 10.00 brings: points, and how many statements it runs."""
    given = {"reference": reference, "customerId": customer, "lines": [{"name": "Tea", "total": "10.00"}]}
    with api.shop.database.counting() as counted:
        made = await api.done("purchaseRecord", "purchase { pointsOutcomes { given } }", given)
    return "".join(one["given"] for one in made["purchase"]["pointsOutcomes"]), len(counted)


async def off(api: Api, customer: str) -> str:
    """What a basket of 10.00 is reduced by."""
    basket = {"customerId": customer, "lines": [{"name": "Tea", "unitPrice": "10.00", "quantity": "1"}]}
    [told] = (await api.data(QUOTE, b=[basket]))["basketAdjustments"]
    assert told["unavailable"] == []
    return str(told["discount"]["amount"])


async def counted_off(api: Api, customer: str) -> int:
    """How many statements a quote runs."""
    with api.shop.database.counting() as counted:
        await off(api, customer)
    return len(counted)


async def belongs(api: Api, tree: Any, customer: str, *instants: Instant) -> Sequence[bool | None]:
    """Whether a customer belongs to an audience at each instant; None where nobody can tell."""
    who = [CustomerMoment(customer.removeprefix("customer_"), at) for at in instants]
    answers = await read_audiences(api.shop, {"": tree}, who)
    return [None if answers.failed else answers["", one] for one in who]


async def test_rules_offers_and_reward_systems_go_by_segments(api: Api) -> None:
    ana, bo = await person(api, "Ana", tags=["friend"]), await person(api, "Bo")
    spenders, friends = (
        await keep(api, "Spenders", {"totalSpent": {"gte": "5.00"}}),
        await keep(api, "Friends", {"tag": {"in": ["friend"]}}),
    )
    marketing, office = Marketing(api.shop), Office(api.shop)
    place = "input.program.rules.0.audience.not.segment.in.1"
    assert await program(api, {"not": named(spenders, friends)}) == [("INVALID_AUDIENCE", place)]  # tags have no past
    wrong = await office.refuses(audience=named(friends))
    assert wrong == [("INVALID_AUDIENCE", "input.rewardSystem.audience.segment.in.0")]
    assert await program(api, {"totalSpent": {"gte": "5.00"}}) == []
    plain = [await sold(api, f"P{n}", await person(api, "Cy")) for n in range(2)][1]
    assert await program(api, {"any": [named(spenders)]}) == []
    by_name = [await sold(api, f"N{n}", await person(api, "Cy")) for n in range(2)][1]
    more = (
        0 if api.shop.database.engine == "postgres" else 8
    )  # SQLite is asked one after another, without waiting for anybody
    assert by_name == (plain[0], plain[1] + more), "a segment costs a sale no statement"
    await office.makes(triggerRule=rule("PURCHASE"), target=1, audience=named(spenders), bands=[
        {"from": "0", "progress": 1}])  # fmt: skip
    id_ = (await marketing.makes("Friends", audience={"tag": {"in": ["friend"]}, "createdAt": {"withinDays": 9}}))["id"]
    await off(api, ana)
    asked = await counted_off(api, ana)
    audience = {"all": [named(friends)], "createdAt": {"withinDays": 9}}
    assert (await marketing.changes(id_, audience=audience))["audience"] == audience
    await off(api, ana)  # this once they are remembered
    assert await counted_off(api, ana) == asked + (0 if api.shop.database.engine == "postgres" else 1)

    assert [(await sold(api, f"R{n}", ana))[0] for n in (1, 2)] == ["0", "10"]
    assert (await off(api, ana), await off(api, bo)) == ("1.00", "0.00")
    assert (await sold(api, "R3", bo))[0] == "0"
    assert await office.rewards(ana, "issuedCount") == [{"issuedCount": 1}]

    between = now()
    # Changed: what was bought before is judged as it was; what is sold and quoted from now on goes by the new conditions.
    wrong = await refused(api, "segmentUpdate", id=spenders, where={"tag": {"in": ["x"]}})
    assert wrong == [("SEGMENT_IN_USE", "where")]
    await api.done("segmentUpdate", "segment { id }", {"id": spenders, "where": {"totalSpent": {"gte": "5000.00"}}})
    await api.done("segmentUpdate", "segment { id }", {"id": friends, "where": {"tag": {"in": ["foe"]}}})
    assert (await sold(api, "R4", ana))[0] == "0"
    assert await off(api, ana) == "0.00"
    await api.done("segmentUpdate", "segment { id }", {"id": friends, "where": {"not": {"tag": {"in": ["foe"]}}}})
    assert (await off(api, ana), await off(api, bo)) == ("1.00", "1.00")
    assert await belongs(api, named(spenders), ana, between, Instant(now() + 1)) == [True, False]
    for id_ in (spenders, friends):
        assert await refused(api, "segmentDelete", id=id_) == [("SEGMENT_IN_USE", "id")]

    # Who may not read what a segment compares neither sees nor sets what names it.
    young = await keep(api, "Young", {"age": {"lt": 30}})
    made = await marketing.makes("Young", audience=named(young))
    stranger = marketing.by("offers.view", "offers.manage", "customers.view")
    shown = await stranger.data("query($id: ID!) { promotion(id: $id) { audience } }", id=made["id"])
    assert shown["promotion"] == {"audience": None}
    given: dict[str, Any] = {
        "promotion": {"name": "X", "discountRule": rule("PERCENT", percent=5), "audience": named(young)}
    }
    given["idempotencyKey"] = "stranger"
    document = "mutation($input: PromotionCreateInput!) { promotionCreate(input: $input) { promotion { id } } }"
    assert (await stranger.ask(document, input=given)).codes == ["FORBIDDEN"]

    # At the same time: whoever is later finds what the other one did.
    for n in range(3):
        one = await keep(api, f"Some {n}", {"tag": {"in": ["x"]}})
        gone, kept = await asyncio.gather(
            refused(api, "segmentDelete", id=one), marketing.refuses(audience=named(one)), return_exceptions=True
        )
        assert (gone == []) != (kept == []), (gone, kept)


async def test_what_cannot_be_told_is_for_nobody(api: Api) -> None:
    ana, present = await person(api, "Ana"), now()
    since = Instant(present + 1)
    everybody = {"purchaseCount": {"gte": 0}}
    ids = {name: await keep(api, name, everybody) for name in ("off", "nested", "gone", "open", "changed")}
    strange = {
        "off": {"any": [{"stamps": {"gte": 3}}, everybody]},  # of a plugin that is off
        "nested": {"not": named(ids["open"])},  # which nobody can keep; a ring would be one, too
    }
    database = api.shop.database

    async def work() -> None:
        for name, tree in strange.items():
            for table, key in (("segment", "id"), ("segment_version", "segment_id")):
                sql = f"UPDATE {table} SET conditions = $2 WHERE {key} = $1"
                await database.run(sql, ids[name].removeprefix("segment_"), orjson.dumps(tree).decode())
        for table, key in (("segment", "id"), ("segment_version", "segment_id")):
            await database.run(f"DELETE FROM {table} WHERE {key} = $1", ids["gone"].removeprefix("segment_"))

    await database.transaction(work)
    with moment(since):
        await api.done("segmentUpdate", "segment { id }", {"id": ids["changed"], "where": {"not": everybody}})
    assert await belongs(api, named(ids["open"]), ana, since) == [True]
    assert await belongs(api, named(ids["changed"]), ana, present, since) == [True, False]
    marketing = Marketing(api.shop)
    for name in ("off", "nested", "gone"):
        for tree in (named(ids[name]), {"not": named(ids[name])}, named(ids["open"], ids[name])):
            assert await belongs(api, tree, ana, since) == [None], (name, tree)
        if name != "gone":  # an offer, by which nothing is asked as of then
            body = (await marketing.makes(name, audience=named(ids["open"])))["id"]
            sql = "UPDATE rewards_promotion SET body = replace(body, $2, $3) WHERE id = $1"
            values = (body.partition("_")[2], ids["open"], ids[name])
            await database.transaction(lambda values=values, sql=sql: database.run(sql, *values))
    await marketing.makes("told", audience=named(ids["open"]))
    assert await off(api, ana) == "1.00"


async def test_an_erasure_looks_into_offers_and_into_what_segments_were(api: Api) -> None:
    marketing = Marketing(api.shop)
    ana = await person(api, "Ana", taxId="AB-12", companyName="Acme Ltd")
    await person(api, "Bo", companyName="ACME ltd")
    tree = {"any": [{"taxId": {"in": ["ab 12", "CD-34"]}}, {"not": {"companyName": {"in": ["acme ltd"]}}}]}
    kept = {"any": [{"taxId": {"in": ["CD-34"]}}, {"not": {"companyName": {"in": ["acme ltd"]}}}]}  # Bo's, too
    made, ended = [await marketing.makes(name, audience=tree) for name in ("Open", "Ended")]
    await marketing.ends(ended["id"])
    segment = await keep(api, "By hand", tree)
    await api.done("segmentUpdate", "segment { id }", {"id": segment, "where": {"hasEmail": True}})
    assert (await off(api, ana), await off(api, await person(api, "Cy"))) == ("1.00", "1.00")
    await api.done("customerEraseRequest", "erasure { id }", {"customerId": ana})
    with moment(Instant(now() + 11 * DAY_MS + SETTLED_AFTER_MS)):
        await erase_due(api.shop)
    for one in (made, ended):
        assert (await marketing.asks(one["id"], "audience"))["audience"] == kept
    for table in ("segment", "segment_version", "rewards_promotion"):
        column = "body" if table == "rewards_promotion" else "conditions"
        rows = await api.shop.database.rows(f"SELECT {column} FROM {table}")
        assert not any("ab 12" in row[0] for row in rows), table
