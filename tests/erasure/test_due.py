"""The job that erases: killed half-way, run by two at once, beside a till that sells, and with a plugin that fails."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest

from regulars_core.customers.erasure.due import _OVERWRITTEN, SETTLED_AFTER_MS, erase_due
from regulars_core.customers.erasure.holders import Holders
from regulars_core.customers.erasure.personal import HOLDINGS
from regulars_core.customers.search.leftovers import INDEXES
from regulars_core.database.postgres import connection
from regulars_core.plugin import DAY_MS, Instant, PluginError, Shop, hookimpl, now, plugins_on
from regulars_core.primitives.clock import moment
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api
from tests.erasure.conftest import BIRTHDAY, BOTH, known, pass_days, requested
from tests.erasure.test_requests import ana, status_of


class Fails:
    """Cannot erase; or is killed, as if the process were gone."""

    def __init__(self, how: type[BaseException] | None = None) -> None:
        self.how = how
        self.told: list[str] = []

    @hookimpl
    async def customers_erased(self, shop: Shop, customers: Sequence[str]) -> Mapping[str, int]:
        self.told += customers
        if self.how is not None:
            raise self.how()
        return {"wishes": len(customers)}


class Killed(BaseException):
    """The process is gone."""


async def opened_with(open_shop: OpenShop, plugin: object) -> Api:
    return Api.of(await open_shop(plugins=plugins_on({"fails": plugin})))


async def test_killed_half_way_it_is_as_if_not_begun(open_shop: OpenShop) -> None:
    """Core has overwritten everything by then."""
    plugin = Fails(Killed)
    api = await opened_with(open_shop, plugin)
    customer = await ana(api, email="a@marker.example")
    await requested(api, customer)
    with pytest.raises(Killed):
        await pass_days(api.shop)
    found = await api.data("query($id: ID!) { customer(id: $id) { status email } }", id=customer)
    assert found["customer"] == {"status": "ACTIVE", "email": "a@marker.example"}
    plugin.how = None
    await pass_days(api.shop)
    await pass_days(api.shop, 30)
    assert await status_of(api, customer) == "ERASED"
    assert plugin.told == [customer.removeprefix("customer_")] * 3  # once in vain, once, and once more to be sure
    [erasure] = (await api.data("{ erasures { nodes { erased { kind count } } } }"))["erasures"]["nodes"]
    assert {one["kind"]: one["count"] for one in erasure["erased"]}["customers"] == 1


async def test_who_cannot_be_erased_stays_due_and_the_others_are_erased(open_shop: OpenShop) -> None:
    plugin = Fails(ZeroDivisionError)
    api = await opened_with(open_shop, plugin)
    for name in ("Ana", "Bo"):
        await requested(api, await ana(api, name))
    with moment(Instant(now() + 11 * DAY_MS)), pytest.raises(ZeroDivisionError) as failed:
        await erase_due(api.shop)
    assert failed.value.__notes__ == ["in customers_erased of the plugin 'fails'"]
    assert len(plugin.told) == 2
    plugin.how = None
    await pass_days(api.shop)
    states = (await api.data("{ erasures(state: DONE) { totalCount } customers { totalCount } }")).values()
    assert [one["totalCount"] for one in states] == [2, 0]


async def test_by_two_processes_at_once(open_shop: OpenShop, erasing: Shop) -> None:
    api, shops = Api.of(erasing), [erasing, await open_shop(plugins=plugins_on(BOTH).without("birthday"))]
    people = [await ana(api, f"Ana{n}") for n in range(4)]
    for customer in people:
        await requested(api, customer)
    with moment(Instant(now() + 11 * DAY_MS)):
        await asyncio.gather(*(erase_due(shop) for shop in shops))
    assert {await status_of(api, customer) for customer in people} == {"ERASED"}
    found = (await api.data("{ audit { nodes { action } } }"))["audit"]["nodes"]
    assert [one["action"] for one in found].count("customerErase") == 4


async def test_while_a_till_sells(api: Api) -> None:
    """Each sale is refused or counts; and whatever it has noted of the customer is gone by the second run."""
    customer = await ana(api)
    await requested(api, customer)
    refused: list[Any] = []

    async def sell(n: int) -> None:
        given = {
            "reference": f"S{n}", "customerId": customer, "note": "Gift of Citlali.", "idempotencyKey": f"S{n}",
            "lines": [{"name": "Tea", "total": "1.00"}],
            "payments": [{"method": "card", "amount": "1.00", "reference": "Citlali"}],
        }  # fmt: skip
        refused.append((await api.do("purchaseRecord", "created", given))["userErrors"])

    async def erase() -> None:
        with moment(Instant(now() + 11 * DAY_MS)):
            await erase_due(api.shop)

    await asyncio.gather(*(sell(n) for n in range(8)), erase(), *(sell(n) for n in range(8, 16)))
    await pass_days(api.shop)
    sold = sum(not errors for errors in refused)
    assert {error["code"] for errors in refused for error in errors} <= {"NOT_FOUND"}
    found = await api.data(
        "query($id: ID!) { customer(id: $id) { status stats { purchaseCount }"
        " purchases { nodes { note payments { reference } } } } }",
        id=customer,
    )
    assert (found["customer"]["status"], found["customer"]["stats"]["purchaseCount"]) == ("ERASED", sold)
    assert found["customer"]["purchases"]["nodes"] == [{"note": None, "payments": [{"reference": None}]}] * sold


async def test_what_comes_too_late_is_gone_over(api: Api) -> None:
    """A note that was being written when its customer was erased."""
    customer = await ana(api)
    await requested(api, customer)
    id_, database = customer.removeprefix("customer_"), api.shop.database
    with moment(Instant(now() + 11 * DAY_MS)):
        await erase_due(api.shop)
    note = "INSERT INTO customer_note (id, customer_id, body, author, created_at, updated_at) VALUES ($1, $2, 'Late.', 'x', 1, 1)"
    await database.transaction(lambda: database.run(note, "0" * 31 + "9", id_))
    with moment(Instant(now() + 11 * DAY_MS + SETTLED_AFTER_MS - 1_000)):
        await erase_due(api.shop)
    counted = "SELECT count(*) FROM customer_note"
    assert (await database.rows(counted))[0][0] == 1  # not yet
    await pass_days(api.shop)
    assert (await database.rows(counted))[0][0] == 0
    assert await database.rows("SELECT id FROM erasure WHERE is_open = $1", True) == []


async def test_the_full_text_index_forgets(api: Api) -> None:
    """The old words stand in an older part of it, and in a newer one that they are deleted; in one part there is neither."""
    database = api.shop.database
    if database.engine != "sqlite":
        pytest.skip("PostgreSQL's index has no words of its own.")
    for n in range(6):
        await ana(api, f"Bo{n}")
    customer = await known(api)

    async def parts() -> int:
        return int((await database.rows("SELECT count(DISTINCT segid) FROM customer_text_index_idx"))[0][0])

    assert await parts() > 1
    await requested(api, customer)
    await pass_days(api.shop)
    assert await parts() == 1
    for index in INDEXES:
        assert await database.rows(f"SELECT rowid FROM {index} WHERE {index} MATCH 'xochipilli'") == []
        await database.transaction(
            lambda index=index: database.run(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")  # type: ignore[misc]
        )


async def test_a_plugin_that_was_never_on_holds_nothing_and_one_that_cannot_be_asked_stops_it(
    open_shop: OpenShop,
) -> None:
    """Nobody knows what stands in tables that lack what the plugin goes by."""
    broken: dict[str, object] = {}
    api = Api.of(await open_shop(plugins=plugins_on({}, off=lambda: {"birthday": BIRTHDAY, **broken})))
    shop = api.shop
    assert (await Holders.of(shop)).names == ["core", "birthday"]
    await requested(api, await ana(api))
    delete = "DELETE FROM tortoise_migrations WHERE app = 'birthday' AND name LIKE $1"
    await shop.database.transaction(lambda: shop.database.run(delete, "0002%"))
    with pytest.raises(PluginError, match=r"birthday\.0002_reminders"):
        await pass_days(shop)
    await shop.database.transaction(lambda: shop.database.run(delete, "%"))
    assert (await Holders.of(shop)).names == ["core"]
    await pass_days(shop)
    assert (await api.data("{ customers { totalCount } }"))["customers"]["totalCount"] == 0
    with suppress(PluginError):
        await Holders.of(shop)


async def test_who_was_off_is_told_again_when_it_is_on(open_shop: OpenShop, person: str) -> None:
    """After what it missed; and who was not even installed is told then."""
    bare = await open_shop(plugins=plugins_on({"tiers": BOTH["tiers"]}))
    api = Api.of(bare)
    await requested(api, person)
    await pass_days(bare)
    greetings = "SELECT count(*) FROM birthday_greeting"
    assert (await bare.database.rows(greetings))[0][0] == 1  # nobody knew of the plugin
    later = await open_shop(plugins=plugins_on(BOTH))
    assert (await later.database.rows(greetings))[0][0] == 0


def test_the_disk_forgets_all_that_is_removed_or_overwritten() -> None:
    """PostgreSQL keeps dead rows until a table is vacuumed."""
    removed = {one.table for one in HOLDINGS if one.is_removed}
    assert removed | {"customer", "customer_attribute", "customer_verification", "segment"} <= set(_OVERWRITTEN)


class Slow:
    """Takes as long as overwriting hundreds of thousands of purchases."""

    @hookimpl
    async def customers_erased(self, shop: Shop) -> Mapping[str, int]:
        if shop.database.engine == "postgres":
            await shop.database.rows("SELECT pg_sleep(1.5)")
        return {}


async def test_d3_whoever_has_bought_very_often_is_erased_too(
    open_shop: OpenShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.SETTINGS, "statement_timeout", "1s")
    api = await opened_with(open_shop, Slow())
    customer = await ana(api)
    await requested(api, customer)
    await pass_days(api.shop)
    assert await status_of(api, customer) == "ERASED"
