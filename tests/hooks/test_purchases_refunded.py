"""Plugins hear of money given back."""

from regulars_schema.testing import Api
from tests.hooks.conftest import basket
from tests.support.stamps import told


async def test_each_refund_is_told(asking: Api) -> None:
    made = await asking.done("purchaseRecord", "purchase { id }", basket())
    for amount in ("1.00", "2.00"):
        given = {"purchaseId": made["purchase"]["id"], "amount": amount}
        await asking.done("purchaseRefund", "refund { id }", given)
    found = {key: value for key, value in (await told(asking.shop)).items() if key.startswith("purchases_refunded")}
    assert sorted(found.values()) == [(100, 1), (200, 1)]
