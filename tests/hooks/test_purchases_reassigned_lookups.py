"""What plugins name when purchases are given to others is looked up together."""

from regulars_core.plugin import plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith, basket
from tests.support.asking import Asker


async def test_a_move_brings_the_purchase_and_who_had_it(open_with: OpenWith) -> None:
    asker = Asker()
    api = Api.of(await open_with(plugins_on({"asker": asker})))
    person = {"firstName": "Ana", "lastName": "Li", "phone": "5512345678"}
    made = await api.done("purchaseRecord", "purchase { id customer { id } }", basket(customer=person))
    bo = (await api.done("customerCreate", "customer { id }", {"firstName": "Bo", "lastName": "Li"}))["customer"]["id"]
    for _ in range(2):  # the second time nothing happens
        await api.done("purchasesReassign", "movedCount", {"purchaseIds": [made["purchase"]["id"]], "customerId": bo})
    [(recorded, *_), (moved, [purchase], answers)] = asker.found
    assert (recorded, moved) == ("recorded", "reassigned")
    ana = made["purchase"]["customer"]["id"].removeprefix("customer_")
    assert (purchase.before, purchase.customer_id) == (ana, bo.removeprefix("customer_"))
    assert answers == [{ana: 0, purchase.customer_id: 1}, 1]
    assert [line.name for line in purchase.lines] == ["Tea"]
