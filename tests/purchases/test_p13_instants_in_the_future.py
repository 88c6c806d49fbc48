"""What has happened is not dated further ahead than clocks may be wrong; what is dated a little ahead counts as today."""

from pathlib import Path
from typing import Any

import pytest

from regulars_core.imports import ImportOptions, import_customers, import_purchases
from regulars_core.primitives.clock import HOUR_MS, Instant, now, printed
from regulars_core.shop.shop import Shop
from regulars_schema.testing import Api
from tests.conftest import OpenShop

BREAD = [{"name": "Bread", "total": "10.00"}]
ANA = {"firstName": "Ana", "lastName": "Li"}


def ahead(hours: float) -> str:
    return printed(Instant(now() + int(hours * HOUR_MS)))


def sale(reference: str, at: str, **more: Any) -> dict[str, Any]:
    return {"reference": reference, "purchasedAt": at, "lines": BREAD, **more}


async def test_a_purchase_is_dated_at_most_a_day_ahead(api: Api) -> None:
    await api.done("purchaseRecord", "created", sale("R1", ahead(23.9)))
    for at in (ahead(24.1), "2062-01-01T00:00:00Z"):
        given = sale("R2", at, customer=ANA, shipping="-1")
        errors = (await api.do("purchaseRecord", "created", given))["userErrors"]
        assert [(one["code"], one["path"]) for one in errors] == [
            ("INVALID_DATE", ["input", "purchasedAt"]),
            ("INVALID_AMOUNT", ["input", "shipping"]),
        ]
    data = await api.data("{ customers { totalCount } purchases { totalCount } }")
    assert data == {"customers": {"totalCount": 0}, "purchases": {"totalCount": 1}}


async def test_the_same_key_may_be_used_again_once_the_day_is_mended(api: Api) -> None:
    key = {"idempotencyKey": "one"}
    assert await api.refused("purchaseRecord", sale("R1", "2062-01-01T00:00:00Z", **key)) == ["INVALID_DATE"]
    await api.done("purchaseRecord", "created", sale("R1", "2026-01-01T00:00:00Z", **key))


async def test_how_far_ahead_is_the_shops_to_say(open_shop: OpenShop) -> None:
    strict, lenient = Api.of(await open_shop(future_hours=0)), Api.of(await open_shop(future_hours=48))
    assert await strict.refused("purchaseRecord", sale("R1", ahead(0.1))) == ["INVALID_DATE"]
    await strict.done("purchaseRecord", "created", {"reference": "R2", "lines": BREAD})
    await lenient.done("purchaseRecord", "created", sale("R1", ahead(47)))
    assert await lenient.refused("purchaseRecord", sale("R3", ahead(49))) == ["INVALID_DATE"]


async def test_a_refund_is_dated_as_far_ahead_as_a_purchase(api: Api) -> None:
    made = await api.done("purchaseRecord", "purchase { id }", sale("R1", "2026-01-01T00:00:00Z"))
    given = {"purchaseId": made["purchase"]["id"], "amount": "1.00"}
    errors = (await api.do("purchaseRefund", "refund { id }", {**given, "refundedAt": ahead(25)}))["userErrors"]
    assert [(one["code"], one["path"]) for one in errors] == [("INVALID_DATE", ["input", "refundedAt"])]
    await api.done("purchaseRefund", "refund { id }", {**given, "refundedAt": ahead(23)})


def silent(_done: int, _all: int) -> None:
    """Tells nobody how far an import has come."""


async def test_a_file_brings_in_nothing_from_the_future(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "purchases.csv").write_text(
        f"reference,purchased_at,name,total\nA,2062-01-01,Tea,1.00\nB,{ahead(23)},Tea,1.00\nC,2026-01-01,Tea,1.00\n"
    )
    report = await import_purchases(shop, tmp_path / "purchases.csv", ImportOptions(), silent)
    assert (report.created, report.rejected) == (2, 1)
    assert "INVALID_DATE" in (tmp_path / "purchases.rejects.csv").read_text()
    assert "purchased_at" in (tmp_path / "purchases.rejects.csv").read_text()


async def test_nobody_was_registered_or_born_in_the_future(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(
        "code,first_name,last_name,created_at,birth_date\nA,Ana,Li,2062-01-01,\nB,Bo,Ek,,2062-01-01\n"
        f"C,Cy,Ek,{ahead(23)},2000-01-01\n"
    )
    report = await import_customers(shop, tmp_path / "customers.csv", ImportOptions(), silent)
    assert (report.created, report.rejected) == (1, 2)
    rejects = (tmp_path / "customers.rejects.csv").read_text()
    assert [word for word in ("created_at: This lies", "birth_date: This must") if word not in rejects] == []


@pytest.mark.parametrize("hours", [0, 1, 23.5])
async def test_what_is_dated_ahead_counts_as_today_wherever_days_are_counted(api: Api, hours: float) -> None:
    await api.done("purchaseRecord", "created", sale("R1", ahead(hours), customer=ANA))
    data = await api.data(
        "{ customers(where: { lastPurchaseAt: { withinDays: 0 } }) { nodes { stats { daysSinceLastPurchase } } }"
        " purchases(where: { purchasedAt: { withinDays: 0 } }) { totalCount } }"
    )
    assert data["customers"]["nodes"] == [{"stats": {"daysSinceLastPurchase": 0}}]
    assert data["purchases"] == {"totalCount": 1}
