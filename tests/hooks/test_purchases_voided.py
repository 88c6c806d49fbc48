"""Plugins hear of purchases that are undone."""

from regulars_schema.testing import Api
from tests.hooks.conftest import basket
from tests.support.stamps import told


async def test_once(asking: Api) -> None:
    made = await asking.done("purchaseRecord", "purchase { id }", basket())
    for _ in range(2):
        await asking.do("purchaseVoid", "purchase { status }", {"purchaseId": made["purchase"]["id"]})
    found = [value for key, value in (await told(asking.shop)).items() if key.startswith("purchases_voided")]
    assert found == [(500, 1)]
