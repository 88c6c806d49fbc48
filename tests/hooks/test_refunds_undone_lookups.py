"""What plugins name when refunds are undone is looked up together."""

from regulars_core.plugin import plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith, basket
from tests.support.asking import Asker


async def test_an_undone_refund_brings_its_purchase_as_it_is_since(open_with: OpenWith) -> None:
    asker = Asker()
    api = Api.of(await open_with(plugins_on({"asker": asker})))
    person = {"firstName": "Ana", "lastName": "Li", "phone": "5512345678"}
    old = (await api.done("purchaseRecord", "purchase { id lines { id } }", basket("R1", customer=person)))["purchase"]
    returns = [{"lineId": old["lines"][0]["id"], "quantity": "1"}]
    new = await api.done("purchaseRecord", "purchase { id }", basket("R2", customer=person, returns=returns))
    await api.done("purchaseVoid", "purchase { id }", {"purchaseId": new["purchase"]["id"]})
    told = [(event, answers) for event, _, answers in asker.found]
    event, [refund], answers = asker.found[-1]
    assert [event for event, _ in told] == ["recorded", "refunded", "recorded", "voided", "undone"]
    assert (event, answers) == ("undone", [{refund.purchase.customer_id: 1}, 2])
    assert (refund.purchase.status, refund.purchase.refunded_minor) == ("PAID", 0)
    assert (refund.amount_minor, [line.quantity_millionths for line in refund.lines]) == (500, [1_000_000])
    assert f"purchase_{refund.exchanged_for_id}" == new["purchase"]["id"]
