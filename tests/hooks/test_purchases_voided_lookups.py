"""What plugins name when a purchase is undone is looked up together."""

from regulars_core.plugin import plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith, basket
from tests.support.asking import Asker


async def test_a_void_brings_the_purchase_with_what_belongs_to_it(open_with: OpenWith) -> None:
    asker = Asker()
    api = Api.of(await open_with(plugins_on({"asker": asker})))
    person = {"firstName": "Ana", "lastName": "Li", "phone": "5512345678"}
    made = await api.done("purchaseRecord", "purchase { id customer { id } }", basket(customer=person))
    for _ in range(2):
        await api.done("purchaseVoid", "purchase { id }", {"purchaseId": made["purchase"]["id"]})
    [(recorded, *_), (voided, [purchase], answers)] = asker.found  # the second time nothing happens
    assert (recorded, voided) == ("recorded", "voided")
    assert answers == [{purchase.customer_id: 0}, 1]
    assert (purchase.status, [line.name for line in purchase.lines]) == ("VOIDED", ["Tea"])
