"""What plugins name when something that was due is paid is looked up together."""

from regulars_core.plugin import plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith, basket
from tests.support.asking import Asker


async def test_payments_bring_their_purchase_with_what_belongs_to_it(open_with: OpenWith) -> None:
    asker = Asker()
    api = Api.of(await open_with(plugins_on({"asker": asker})))
    person = {"firstName": "Ana", "lastName": "Li", "phone": "5512345678"}
    given = basket(lines=[{"name": "Tea", "total": "5.00"}], due="5.00", customer=person)
    made = await api.done("purchaseRecord", "purchase { id customer { id } }", given)
    payments = [{"method": "cash", "amount": amount} for amount in ("1.00", "4.00")]
    await api.done("purchasePay", "purchase { id }", {"purchaseId": made["purchase"]["id"], "payments": payments})
    [(recorded, *_), (paid, rows, answers)] = asker.found
    assert (recorded, paid) == ("recorded", "paid")
    assert answers == [{rows[0].purchase.customer_id: 1}, 1]
    assert [(one.amount_minor, one.purchase.due_minor) for one in rows] == [(100, 0), (400, 0)]
    assert [line.name for line in rows[0].purchase.lines] == ["Tea"]
