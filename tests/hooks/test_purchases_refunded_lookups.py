"""What plugins name when money is given back is looked up together."""

from regulars_core.plugin import plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith, basket
from tests.support.asking import Asker


async def test_a_refund_brings_its_lines_and_its_purchase(open_with: OpenWith) -> None:
    asker = Asker()
    shop = await open_with(plugins_on({"asker": asker}))
    api = Api.of(shop)
    paid = {"payments": [{"method": "card", "amount": "5.00"}]}
    made = await api.done("purchaseRecord", "purchase { id lines { id } }", basket(**paid))
    line = made["purchase"]["lines"][0]["id"]
    given = {"purchaseId": made["purchase"]["id"], "lines": [{"lineId": line, "quantity": "0.5"}]}
    await api.done("purchaseRefund", "refund { id }", given)
    event, [refund], answers = asker.found[-1]
    assert (event, answers) == ("refunded", [{}, 1])
    assert [(one.line_id, one.quantity_millionths, one.amount_minor) for one in refund.lines] == [
        (line.partition("_")[2], 500_000, 250)
    ]
    assert (refund.purchase.status, refund.purchase.refunded_minor) == ("PARTIALLY_REFUNDED", 250)
    assert [one.refunded_millionths for one in refund.purchase.lines] == [500_000]
    assert [one.method for one in refund.purchase.payments] == ["card"]
