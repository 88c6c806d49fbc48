"""Reward systems over the API: made, changed, removed, listed, and refused at the place of what is wrong."""

from collections.abc import Callable
from typing import Any

import pytest

import regulars_loyalty
from regulars_core.plugin import MAIN_STORE_ID, NoSettings, Shop, hookimpl, inserting, new_id
from regulars_rewards.plugin import PurchaseTrigger
from regulars_rewards.systems.changes import MAX_SYSTEMS
from tests.rewards.conftest import OpenRewards
from tests.rewards.promotions.marketing import rule
from tests.rewards.systems.office import BANDS, SYSTEM, Office

CREATE = "mutation($input: RewardSystemCreateInput!) { rewardSystemCreate(input: $input) { rewardSystem { id } } }"
PURCHASE = rule("PURCHASE")


@pytest.fixture
def office(rewards: Shop) -> Office:
    return Office(rewards)


async def test_one_is_made_and_shown_with_everything(office: Office) -> None:
    made = await office.makes(
        "Stamps", triggerRule=PURCHASE, bands=BANDS, target=10, mode="NEXOPOS", isEnabled=False,
        endsAt="2999-01-01T00:00:00Z", audience={"createdAt": {"after": "2000-01-01T00:00:00Z"}},
    )  # fmt: skip
    assert made.pop("id").startswith("rewardsystem_")
    assert made.pop("createdAt") == made.pop("updatedAt") == made.pop("startsAt")
    trigger, reward = made.pop("triggerRule"), made.pop("reward")
    assert (trigger["kind"], trigger["description"], trigger["isAvailable"]) == (
        "PURCHASE", "each purchase, by its size", True,
    )  # fmt: skip
    assert {"name": "earnOn", "value": "NET"} in trigger["settings"]
    assert (reward["kind"], {"name": "promotion", "value": office.promotion} in reward["settings"]) == ("COUPON", True)
    assert made == {
        "name": "Stamps", "mode": "NEXOPOS", "target": 10, "isEnabled": False, "issuedCount": 0,
        "endsAt": "2999-01-01T00:00:00.000Z", "audience": {"createdAt": {"after": "2000-01-01T00:00:00.000Z"}},
        "bands": [
            {"from": "0.00", "to": "10.00", "progress": 1}, {"from": "10.00", "to": "50.00", "progress": 3},
            {"from": "50.00", "to": None, "progress": 5},
        ],
    }  # fmt: skip


async def test_what_is_absent_has_its_default(office: Office) -> None:
    made = await office.makes()
    assert (made["mode"], made["target"], made["isEnabled"], made["bands"]) == ("STANDARD", 1, True, [])
    assert (made["audience"], made["endsAt"], made["startsAt"]) == (None, None, made["createdAt"])


async def test_it_may_have_begun_in_the_past(office: Office) -> None:
    assert (await office.makes(startsAt="2020-01-01T00:00:00Z"))["startsAt"] == "2020-01-01T00:00:00.000Z"


WRONG: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"name": "  "}, [("REQUIRED", "name")]),
    ({"name": "x" * 121}, [("TOO_LONG", "name")]),
    ({"name": "a\0b"}, [("INVALID_TEXT", "name")]),
    ({"name": "OTHER"}, [("NAME_TAKEN", "name")]),
    ({"target": 0}, [("OUT_OF_RANGE", "target")]),
    ({"target": 1_000_001}, [("OUT_OF_RANGE", "target")]),
    ({"endsAt": "2020-01-01T00:00:00Z"}, [("INVALID_DATE", "endsAt")]),
    ({"startsAt": "2998-01-01T00:00:00Z", "endsAt": "2997-01-01T00:00:00Z"}, [("INVALID_DATE", "endsAt")]),
    ({"audience": {}}, [("INVALID_AUDIENCE", "audience")]),
    ({"audience": {"all": [{"hasEmail": True}]}}, [("INVALID_AUDIENCE", "audience.all.0.hasEmail")]),
    ({"triggerRule": rule("NONE_SUCH")}, [("UNKNOWN_KIND", "triggerRule.kind")]),
    ({"triggerRule": rule("PERCENT", percent=1)}, [("UNKNOWN_KIND", "triggerRule.kind")]),
    ({"triggerRule": rule("NTH_PURCHASE", n=0)}, [("INVALID_RULE", "triggerRule.settings.0.value")]),
    ({"reward": rule("MANUAL")}, [("UNKNOWN_KIND", "reward.kind")]),
    ({"reward": rule("CREDIT", amount="5.00")}, [("UNKNOWN_KIND", "reward.kind")]),
    ({"reward": rule("COUPON", promotion="x")}, [("INVALID_RULE", "reward.settings.0.value")]),
    (
        {"reward": rule("COUPON", validDays=5, promotion=f"promotion_{new_id()}")},
        [("INVALID_RULE", "reward.settings.1.value")],
    ),
    ({"bands": BANDS}, [("INVALID_RULE", "bands")]),
    ({"triggerRule": PURCHASE, "bands": [BANDS[0]] * 51}, [("TOO_MANY", "bands")]),
    ({"triggerRule": PURCHASE, "bands": [*BANDS, {"from": "60", "progress": 1}]}, [("BANDS_OVERLAP", "bands.3.from")]),
    ({"triggerRule": PURCHASE, "bands": [{"from": "1.001", "progress": 1}]}, [("INVALID_AMOUNT", "bands.0.from")]),
    (
        {"triggerRule": PURCHASE, "bands": [{"from": "1", "to": "5.001", "progress": 1}]},
        [("INVALID_AMOUNT", "bands.0.to")],
    ),
    ({"triggerRule": PURCHASE, "bands": [{"from": "-1", "progress": 1}]}, [("OUT_OF_RANGE", "bands.0.from")]),
    ({"triggerRule": PURCHASE, "bands": [{"from": "5", "to": "5", "progress": 1}]}, [("OUT_OF_RANGE", "bands.0.to")]),
    ({"triggerRule": PURCHASE, "bands": [{"from": "0", "progress": 0}]}, [("OUT_OF_RANGE", "bands.0.progress")]),
]


async def test_what_is_wrong_is_told_at_its_place(office: Office) -> None:
    await office.makes("Other")
    id_ = (await office.makes("Later", startsAt="2990-01-01T00:00:00Z"))["id"]
    for given, expected in WRONG:
        told = await office.refuses(**given)
        assert told == [(code, f"input.rewardSystem.{path}") for code, path in expected], given
        told = await office.refuses_change(id_, **given)
        assert told == [(code, f"input.{path}") for code, path in expected], given
    assert await office.lists() == ["Later", "Other"]


async def test_all_that_is_wrong_is_told_at_once(office: Office) -> None:
    bands = [{"from": "0.001", "progress": 1}]
    told = await office.refuses(name="", triggerRule=rule("NONE"), audience={}, bands=bands)
    assert {code for code, _ in told} == {"REQUIRED", "UNKNOWN_KIND", "INVALID_AUDIENCE", "INVALID_AMOUNT"}
    other = (await office.makes("Other"))["id"]
    for wrong, code in (({"target": 0}, "OUT_OF_RANGE"), ({"endsAt": "2020-01-01T00:00:00Z"}, "INVALID_DATE")):
        assert {code for code, _ in await office.refuses(name="other", **wrong)} == {"NAME_TAKEN", code}
    await office.makes("Later", startsAt="2990-01-01T00:00:00Z")
    told = await office.refuses_change(other, name="later", endsAt="2020-01-01T00:00:00Z")
    assert sorted(told) == [("INVALID_DATE", "input.endsAt"), ("NAME_TAKEN", "input.name")]


async def test_a_rule_cannot_be_cleared(office: Office) -> None:
    id_ = (await office.makes())["id"]
    told = await office.refuses_change(id_, triggerRule=None, reward=None, name=None)
    assert sorted(told) == [("REQUIRED", f"input.{name}") for name in ("name", "reward", "triggerRule")]


async def test_a_coupon_is_of_a_promotion_that_needs_one(office: Office) -> None:
    given = {"promotion": {"name": "For all", "discountRule": rule("PERCENT", percent=1)}}
    promotion = (await office.api.done("promotionCreate", "promotion { id }", given))["promotion"]["id"]
    told = await office.refuses(reward=rule("COUPON", promotion=promotion))
    assert told == [("INVALID_RULE", "input.rewardSystem.reward.settings.0.value")]


HALF = PurchaseTrigger("HALF", NoSettings, "Half of one", lambda _, __: -1)


class Halves:
    """A stranger's plugin with a trigger that breaks the law."""

    @hookimpl
    def regulars_rules(self) -> list[PurchaseTrigger]:
        return [HALF]


async def test_a_trigger_that_breaks_the_law_is_refused(open_rewards: OpenRewards) -> None:
    office = Office(await open_rewards({"halves": Halves()}))
    told = await office.refuses(triggerRule=rule("HALF"))
    assert told == [("RULE_BREAKS_LAW", "input.rewardSystem.triggerRule.kind")]


class Stamps:
    """A stranger's plugin with a trigger of its own."""

    @hookimpl
    def regulars_rules(self) -> list[PurchaseTrigger]:
        return [
            PurchaseTrigger("STAMP", NoSettings, "A stamp for each purchase", lambda _, sale: int(bool(sale.lines)))
        ]


async def test_rules_whose_plugins_are_off_are_shown(open_rewards: OpenRewards) -> None:
    office = Office(await open_rewards({"loyalty": regulars_loyalty, "stamps": Stamps()}))
    made = await office.makes(triggerRule=rule("STAMP"), reward=rule("CREDIT", amount="5.00"))
    shown = await Office(await open_rewards()).asks(made["id"])
    assert (shown["triggerRule"]["kind"], shown["triggerRule"]["isAvailable"]) == ("STAMP", False)
    assert (shown["reward"]["kind"], shown["reward"]["isAvailable"]) == ("CREDIT", False)


async def test_a_change_changes_what_is_given_alone(office: Office) -> None:
    made = await office.makes(triggerRule=PURCHASE, bands=BANDS, target=10, endsAt="2999-01-01T00:00:00Z")
    after = await office.changes(made["id"], name="Cups", target=5)
    assert after.pop("updatedAt") >= made["updatedAt"]
    expected = {**made, "name": "Cups", "target": 5}
    del expected["updatedAt"]
    assert after == expected
    cleared = await office.changes(made["id"], bands=None, endsAt=None, target=None, isEnabled=False)
    assert [cleared[name] for name in ("bands", "endsAt", "target", "isEnabled")] == [[], None, 1, False]
    assert await office.refuses_change(f"rewardsystem_{new_id()}", target=5) == [("NOT_FOUND", "input.id")]


async def test_when_it_started_stays_so(office: Office, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-03-01"):
        later = (await office.makes(startsAt="2026-04-01T00:00:00Z"))["id"]
        moved = await office.changes(later, startsAt="2026-03-20T00:00:00Z")
        assert moved["startsAt"] == "2026-03-20T00:00:00.000Z"
    with calendar("2026-03-25"):
        told = await office.refuses_change(later, startsAt="2026-04-01T00:00:00Z")
        assert told == [("INVALID_DATE", "input.startsAt")]


async def test_only_what_nobody_uses_is_removed(office: Office) -> None:
    ana, used, unused = await office.customer(), (await office.makes())["id"], (await office.makes("Other"))["id"]
    await office.grants(ana, used)
    done = await office.api.done("rewardSystemDelete", "deletedRewardSystemId", {"id": unused})
    assert done["deletedRewardSystemId"] == unused
    assert await office.api.refused("rewardSystemDelete", {"id": unused}) == ["NOT_FOUND"]
    assert await office.api.refused("rewardSystemDelete", {"id": used}) == ["SYSTEM_IN_USE"]
    assert await office.lists() == ["Stamps"]


async def test_the_same_request_is_done_once(office: Office) -> None:
    given = {**await office.given(), "idempotencyKey": "K1"}
    first = await office.api.done("rewardSystemCreate", "rewardSystem { id }", given)
    assert await office.api.done("rewardSystemCreate", "rewardSystem { id }", given) == first
    id_ = first["rewardSystem"]["id"]
    raised = {"id": id_, "target": 5, "idempotencyKey": "K2"}
    await office.api.done("rewardSystemUpdate", "rewardSystem { id }", raised)
    await office.changes(id_, target=6)
    await office.api.done("rewardSystemUpdate", "rewardSystem { id }", raised)
    assert (await office.asks(id_, "target")) == {"target": 6}
    gone = {"id": id_, "idempotencyKey": "K3"}
    told = await office.api.done("rewardSystemDelete", "deletedRewardSystemId", gone)
    assert await office.api.done("rewardSystemDelete", "deletedRewardSystemId", gone) == told
    assert await office.lists() == []
    assert await office.api.refused("rewardSystemCreate", await office.given() | {"idempotencyKey": "K1"}) == []
    assert await office.lists() == []


async def test_they_are_listed_by_name(office: Office) -> None:
    for name in ("b", "C", "a", "É"):
        await office.makes(name)
    assert await office.lists() == ["a", "b", "C", "É"]
    assert await office.lists("(last: 1)") == ["É"]
    page = (await office.api.data("{ rewardSystems(first: 2) { totalCount pageInfo { endCursor } } }"))["rewardSystems"]
    assert page["totalCount"] == 4
    assert await office.lists(f'(after: "{page["pageInfo"]["endCursor"]}")') == ["C", "É"]


async def test_there_are_so_many_at_most(office: Office) -> None:
    columns = (
        "id", "name", "name_key", "version", "starts_at", "ends_at", "is_enabled", "is_shadow", "created_at", "updated_at",
    )  # fmt: skip
    rows = [(new_id(), str(n), str(n), 1, 0, 1, False, False, 0, 0) for n in range(MAX_SYSTEMS)]

    async def work() -> None:
        await office.shop.database.defer([inserting("rewards_system", columns, rows)])

    await office.shop.database.transaction(work)
    assert await office.refuses() == [("TOO_MANY", "input.rewardSystem")]


async def test_it_is_a_node(office: Office) -> None:
    made = await office.makes()
    document = "query($id: ID!) { node(id: $id) { id ... on RewardSystem { name } } }"
    assert (await office.api.data(document, id=made["id"]))["node"] == {"id": made["id"], "name": "Stamps"}


async def test_a_page_takes_so_many_statements_however_long_it_is(office: Office) -> None:
    async def statements() -> int:
        with office.shop.database.counting() as log:
            await office.api.data(f"{{ rewardSystems(first: 100) {{ nodes {{ {SYSTEM} }} }} }}")
        return len(log)

    await office.makes("0")
    few = await statements()
    for n in range(1, 12):
        await office.makes(str(n), triggerRule=PURCHASE, bands=BANDS)
    assert await statements() == few <= 2


async def test_what_was_changed_stands_in_the_audit(office: Office) -> None:
    made = await office.makes()
    audience = {"firstPurchaseAt": {"after": "2020-01-01T00:00:00Z"}}
    await office.changes(made["id"], name="New", target=5, audience=audience)
    await office.changes(made["id"], name="New")
    document = "query($id: ID!) { audit(entityId: $id) { nodes { action changes { field old new } } } }"
    told = (await office.api.data(document, id=made["id"]))["audit"]["nodes"]
    assert [one["action"] for one in told] == ["rewardSystemUpdate", "rewardSystemUpdate", "rewardSystemCreate"]
    assert told[0]["changes"] == []
    changes = {one["field"]: (one["old"], one["new"]) for one in told[1]["changes"]}
    assert changes == {"name": ('"Stamps"', '"New"'), "target": ("1", "5"), "audience": (None, None)}
    assert "firstPurchaseAt" not in str(told)


async def test_an_audience_is_shown_to_who_may_read_it(office: Office) -> None:
    audience = {"totalSpent": {"gte": "5.00"}}
    made = await office.makes(audience=audience)
    assert (await office.asks(made["id"], "audience name", office.by("offers.view"))) == {
        "audience": None, "name": "Stamps",
    }  # fmt: skip
    given = {"idempotencyKey": "A", **await office.given("x", audience=audience)}
    assert (await office.by("offers.view", "offers.manage").ask(CREATE, input=given)).codes == ["FORBIDDEN"]


async def test_managing_is_for_the_whole_shop_alone(office: Office) -> None:
    made = await office.makes()
    bound = office.by("offers.view", "offers.manage", stores=[MAIN_STORE_ID])
    assert await office.asks(made["id"], "name", bound) == {"name": "Stamps"}
    for name, given in (
        ("Create", await office.given("x")),
        ("Update", {"id": made["id"], "target": 2}),
        ("Delete", {"id": made["id"]}),
    ):
        called = f"rewardSystem{name}(input: $input) {{ userErrors {{ code }} }}"
        document = f"mutation($input: RewardSystem{name}Input!) {{ {called} }}"
        for caller in (bound, office.by("offers.view", "coupons.issue")):
            assert (await caller.ask(document, input={"idempotencyKey": "A", **given})).codes == ["FORBIDDEN"]
    assert (await office.by("coupons.view").ask("{ rewardSystems { nodes { name } } }")).codes == ["FORBIDDEN"]
    assert (await office.asks(made["id"]))["target"] == 1
