"""What of the worth of a purchase has come back, line by line. Pure."""

from collections.abc import Mapping, Sequence

from regulars_core.purchases.reads import RefundLineRow, RefundRow
from regulars_core.purchases.recorded import RecordedPurchase
from regulars_core.purchases.refundable import Paid, PaidLine, taken_by_amount
from regulars_core.rules.returns import LineState, ReturnState


def return_state(
    purchase: RecordedPurchase, refunds: Sequence[tuple[RefundRow, Sequence[RefundLineRow]]]
) -> ReturnState:
    """What has become of a purchase, which is as an event tells it, by its refunds that count, as `refunds_of` reads them. What
    was paid afterwards by points or given credit is what plugins have told of it in its `details`."""
    is_void, is_gone = purchase.status == "VOIDED", purchase.status == "REFUNDED"
    return ReturnState(is_void, is_gone, _lines(purchase, refunds), purchase.details.paid_later)


def _is_tax_on_top(purchase: RecordedPurchase) -> bool:
    """Whether the tax of a purchase is not in its prices."""
    goods = purchase.subtotal_minor - purchase.discount_minor
    return purchase.tax_minor != 0 and purchase.total_minor == goods + purchase.shipping_minor + purchase.tax_minor


def _lines(
    purchase: RecordedPurchase, refunds: Sequence[tuple[RefundRow, Sequence[RefundLineRow]]]
) -> Mapping[str, LineState]:
    """The lines of a purchase after these refunds. An amount without goods takes from each what a refund finds that it takes."""
    on_top = _is_tax_on_top(purchase)
    worths = {line.id: max(line.total_minor + (line.tax_minor if on_top else 0), 0) for line in purchase.lines}
    delivery = purchase.shipping_minor + (purchase.shipping_tax_minor if on_top else 0)
    taken, back = dict.fromkeys(worths, 0), dict.fromkeys(worths, 0)
    for refund, lines in refunds:
        if lines or refund.amount_minor == refund.shipping_minor:
            delivery -= refund.shipping_minor
            for line in lines:
                taken[line.line_id] += line.worth_minor
                back[line.line_id] += line.amount_minor
            continue
        left = [PaidLine(id_, 0, worth, 0, taken[id_], touched=False) for id_, worth in worths.items()]
        whole = taken_by_amount(Paid(purchase.total_minor, 0, 0, delivery, left), refund.amount_minor)
        delivery -= whole.delivery
        for id_, share in (whole.spread or {}).items():
            taken[id_] += share
            back[id_] += share
    return {
        line.id: LineState(
            worths[line.id], back[line.id], bool(refunds) and line.refunded_millionths >= line.quantity_millionths
        )
        for line in purchase.lines
    }
