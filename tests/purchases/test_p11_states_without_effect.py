"""A customer's and a store's state stop a sale, or are told with it, as the shop says; who was put away is hidden at the till."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from regulars_core.imports import ImportOptions, import_purchases
from regulars_schema.testing import Api
from tests.conftest import OpenShop

SETTINGS = {
    "CUSTOMER_SUSPENDED": "when_suspended",
    "CUSTOMER_INACTIVE": "when_inactive",
    "STORE_CLOSED": "when_store_closed",
}
PAYLOAD = "created purchase { id } warnings { code message path }"


async def prepared(api: Api) -> Mapping[str, dict[str, Any]]:
    """The inputs of a sale against which a state is, by the code of that."""
    ids = {}
    for name, state in (("Ana", "customerSuspend"), ("Bo", "customerDeactivate")):
        given = {"firstName": name, "lastName": "Li", "email": f"{name}@example.com"}
        ids[name] = (await api.done("customerCreate", "customer { id code }", given))["customer"]
        await api.done(state, "customer { id }", {"id": ids[name]["id"]})
    store = (await api.done("storeCreate", "store { id }", {"code": "S1", "name": "One"}))["store"]
    await api.done("storeUpdate", "store { id }", {"id": store["id"], "isActive": False})
    return {
        "CUSTOMER_SUSPENDED": {"customerId": ids["Ana"]["id"]},
        "CUSTOMER_INACTIVE": {"customerCode": ids["Bo"]["code"]},
        "STORE_CLOSED": {"storeCode": "s1"},
    }


def sale(reference: str, **more: Any) -> dict[str, Any]:
    return {
        "reference": reference,
        "purchasedAt": "2026-01-01T00:00:00Z",
        "lines": [{"name": "Tea", "total": "1.00"}],
        **more,
    }


def told(warnings: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {one["code"]: one["path"] for one in warnings}


async def test_a_state_is_told_with_the_sale_unless_the_shop_says_otherwise(api: Api) -> None:
    for code, given in (await prepared(api)).items():
        made = await api.done("purchaseRecord", PAYLOAD, sale(code, **given))
        assert made["created"]
        assert told(made["warnings"]) == {code: ["input", *given]}


@pytest.mark.parametrize("code", SETTINGS)
async def test_a_shop_refuses_what_it_does_not_want(open_shop: OpenShop, code: str) -> None:
    given = (await prepared(Api.of(await open_shop())))[code]
    strict = Api.of(await open_shop(**{SETTINGS[code]: "REFUSE"}))
    error = (await strict.do("purchaseRecord", PAYLOAD, sale("R1", **given)))["userErrors"][0]
    assert (error["code"], error["path"]) == (code, ["input", *given])
    assert (await strict.data("{ purchases { totalCount } }"))["purchases"]["totalCount"] == 0
    lenient = Api.of(await open_shop(**{SETTINGS[code]: "ALLOW"}))
    assert (await lenient.done("purchaseRecord", PAYLOAD, sale("R2", **given)))["warnings"] == []


async def test_everything_that_is_against_a_sale_is_told(open_shop: OpenShop) -> None:
    given = await prepared(Api.of(await open_shop()))
    both = {**given["STORE_CLOSED"], **given["CUSTOMER_INACTIVE"]}
    strict = Api.of(await open_shop(when_inactive="REFUSE", when_store_closed="REFUSE"))
    assert await strict.refused("purchaseRecord", sale("R1", **both)) == ["CUSTOMER_INACTIVE", "STORE_CLOSED"]
    made = await Api.of(await open_shop()).done("purchaseRecord", PAYLOAD, sale("R1", **both))
    assert told(made["warnings"]).keys() == {"CUSTOMER_INACTIVE", "STORE_CLOSED"}


async def test_who_is_found_by_contact_is_in_a_state_too(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop())
    await prepared(api)
    named = {"customer": {"firstName": "Bo", "lastName": "Li", "email": "bo@example.com"}}
    made = await api.done("purchaseRecord", PAYLOAD, sale("R1", **named))
    assert told(made["warnings"]) == {"CUSTOMER_INACTIVE": ["input", "customer"]}
    strict = Api.of(await open_shop(when_inactive="REFUSE"))
    assert await strict.refused("purchaseRecord", sale("R2", **named)) == ["CUSTOMER_INACTIVE"]


async def test_a_sale_that_is_sent_again_is_answered_with_the_same_warnings(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop())
    given = sale("R1", **(await prepared(api))["CUSTOMER_SUSPENDED"], idempotencyKey="one")
    made = await api.done("purchaseRecord", PAYLOAD, given)
    await api.done("customerReactivate", "customer { id }", {"id": given["customerId"]})
    assert await api.done("purchaseRecord", PAYLOAD, given) == made


async def test_what_is_recorded_already_is_never_refused(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop())
    given = sale("R1", **(await prepared(api))["CUSTOMER_SUSPENDED"])
    await api.done("purchaseRecord", PAYLOAD, given)
    again = await Api.of(await open_shop(when_suspended="REFUSE")).done("purchaseRecord", PAYLOAD, given)
    assert not again["created"]
    assert told(again["warnings"]).keys() == {"CUSTOMER_SUSPENDED"}


async def test_a_file_is_never_refused_for_a_state(open_shop: OpenShop, tmp_path: Path) -> None:
    api = Api.of(await open_shop())
    code = (await prepared(api))["CUSTOMER_INACTIVE"]["customerCode"]
    shop = await open_shop(**dict.fromkeys(SETTINGS.values(), "REFUSE"))
    file = tmp_path / "purchases.csv"
    file.write_text(f"reference,purchased_at,name,total,customer_code,store\nA,2026-01-01,Tea,1.00,{code},S1\n")
    report = await import_purchases(shop, file, ImportOptions(), lambda _done, _all: None)
    assert (report.created, report.rejected) == (1, 0)


@pytest.mark.parametrize("role", ["cashier", "store_terminal", "administrator"])
async def test_a_search_hides_who_was_put_away(api: Api, role: str) -> None:
    await prepared(api)
    caller = Api.of(api.shop, role)
    data = await caller.data(
        '{ customers(search: "li") { nodes { status } } customerSearch(query: "li") { status }'
        ' tagged: customers(search: "li", where: { not: { tag: { in: ["x"] } } }) { nodes { status } }'
        ' asked: customers(search: "li", where: { any: [{ status: { in: [INACTIVE] } }] }) { nodes { status } }'
        " listed: customers { totalCount } }"
    )
    assert data["customers"]["nodes"] == data["customerSearch"] == data["tagged"]["nodes"] == [{"status": "SUSPENDED"}]
    assert data["asked"]["nodes"] == [{"status": "INACTIVE"}]
    assert data["listed"]["totalCount"] == 2
