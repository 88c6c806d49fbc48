"""What plugins name before a purchase is recorded is looked up before it is written, for all of them together."""

from typing import Any

import pytest

from regulars_core.events.replay import catch_up, switch_on
from regulars_core.imports import ImportOptions, import_purchases
from regulars_core.plugin import Shop, plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith, basket
from tests.hooks.test_plugins import plugin
from tests.imports.conftest import Files, silent
from tests.support.asking import Asker

CUSTOMER: dict[str, Any] = {"firstName": "Ana", "lastName": "Li", "phone": "5512345678"}


@pytest.fixture
def asker() -> Asker:
    return Asker()


@pytest.fixture
async def shop(open_with: OpenWith, asker: Asker) -> Shop:
    return await open_with(plugins_on({"asker": asker}))


async def test_a_purchase_is_asked_about_before_it_is_written(shop: Shop, asker: Asker) -> None:
    api = Api.of(shop)
    made = await api.done("customerCreate", "customer { id }", CUSTOMER)
    id_ = made["customer"]["id"]
    for n in range(3):
        await api.done("purchaseRecord", "created", basket(f"R{n}", customerId=id_))
    key = id_.partition("_")[2]
    assert [answers for _, _, answers in asker.found] == [[{key: n}, n] for n in range(3)]
    await api.done("purchaseRecord", "created", basket("R2", customerId=id_))  # is there already: nobody is told
    assert len(asker.found) == 3
    await api.done("purchaseRecord", "created", basket("R3", customer=CUSTOMER))
    assert asker.found[-1][2] == [{key: 3}, 3]
    await api.done("purchaseRecord", "created", basket("R4"))
    [purchase] = asker.found[-1][1]
    assert (purchase.customer_id, [line.name for line in purchase.lines], purchase.payments) == (None, ["Tea"], [])


async def test_many_purchases_are_asked_about_once(shop: Shop, asker: Asker, files: Files) -> None:
    """Those of an import are written first, since who comes next in the file may have bought just before."""
    rows = "\n".join(f"R{n},2026-01-01,Tea,5.00" for n in range(7))
    await import_purchases(shop, files.write(f"reference,purchased_at,name,total\n{rows}"), ImportOptions(), silent)
    [(event, purchases, answers)] = asker.found
    assert (event, len(purchases), answers) == ("recorded", 7, [{}, 7])


async def test_who_comes_late_is_asked_as_well(shop: Shop, asker: Asker) -> None:
    await switch_on(shop)
    off = Shop(shop.database, shop.settings, plugins_on())
    await switch_on(off)
    await Api.of(off).done("purchaseRecord", "created", basket("R1", customer=CUSTOMER))
    assert asker.found == []
    await catch_up(shop, "asker")
    [(event, [purchase], [by_customer, count])] = asker.found
    assert (event, by_customer, count) == ("recorded", {purchase.customer_id: 1}, 1)


async def test_who_names_what_cannot_be_looked_up_is_named(open_with: OpenWith) -> None:
    def purchases_recorded_lookups() -> Any:
        raise RuntimeError("no idea")

    async def purchases_recorded() -> None:
        raise AssertionError("not reached")

    broken = plugin(purchases_recorded_lookups=purchases_recorded_lookups, purchases_recorded=purchases_recorded)
    shop = await open_with(plugins_on({"broken": broken}))
    api = Api.of(shop)
    document = "mutation($i: PurchaseRecordInput!) { purchaseRecord(input: $i) { created } }"
    answer = await api.ask(document, i=basket(idempotencyKey="k", customer=CUSTOMER))
    assert answer.codes == ["INTERNAL"]
    assert await api.data("{ purchases { totalCount } customers { totalCount } }") == {
        "purchases": {"totalCount": 0}, "customers": {"totalCount": 0},
    }  # fmt: skip


async def test_it_is_known_how_a_purchase_is_paid(open_with: OpenWith, files: Files) -> None:
    """The methods as they are kept, whether one is recorded at a till, read from a file, or told of late."""
    seen: list[frozenset[str]] = []

    def purchases_recorded_lookups(purchases: Any) -> Any:
        seen.extend(one.methods for one in purchases)
        return []

    async def purchases_recorded(purchases: Any) -> None:
        assert {frozenset(one.method for one in row.payments) for row in purchases} <= set(seen)

    hooks = {
        "purchases_recorded_lookups": purchases_recorded_lookups,
        "purchases_recorded": purchases_recorded,
    }
    shop = await open_with(plugins_on({"purse": plugin(**hooks)}))
    await switch_on(shop)
    paid = [{"method": one, "amount": "1.00"} for one in (" POINTS ", "card")]
    line = {"name": "Tea", "total": "2.00"}
    await Api.of(shop).done("purchaseRecord", "created", basket("R1", lines=[line], payments=paid))
    await Api.of(shop).done("purchaseRecord", "created", basket("R2"))
    assert set(seen) == {frozenset({"POINTS", "card"}), frozenset()}
    seen.clear()
    rows = "R3,2026-01-01,Tea,5.00,cash\nR4,2026-01-01,Tea,5.00,"
    written = files.write(f"reference,purchased_at,name,total,payment_method\n{rows}")
    await import_purchases(shop, written, ImportOptions(), silent)
    assert set(seen) == {frozenset({"cash"}), frozenset()}
    seen.clear()
    off = Shop(shop.database, shop.settings, plugins_on())
    await switch_on(off)
    await Api.of(off).done("purchaseRecord", "created", basket("R5", lines=[line], payments=paid))
    await catch_up(shop, "purse")
    assert seen == [frozenset({"POINTS", "card"})]
