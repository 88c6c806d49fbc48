"""What a file says was given back of its purchases, or undone, once they are recorded.

An amount is what was given back in all: only what is more than the books say is given back anew. So the same file again changes
nothing, a later one of the same purchases tells what has come since, and an import that was stopped between the two does the
rest."""

from collections.abc import Sequence

from regulars_core.imports.purchase_rows import Sale, key_of, written
from regulars_core.imports.run import Running
from regulars_core.primitives.errors import Refused
from regulars_core.purchases.given_back.refund_rows import lock_purchases
from regulars_core.purchases.refunds import refund, void
from regulars_core.purchases.service import recorded_under
from regulars_core.stores.reads import stores_by_codes


async def undo(running: Running, sales: Sequence[Sale]) -> None:
    """Give back what these sales say, and undo those that they say were. What is refused is rejected; the purchase stays."""
    concerned = [sale for sale in sales if sale.undone.voided or sale.undone.refunded]
    if not concerned:
        return
    shop, report = running.shop, running.report
    stores = await stores_by_codes(shop.database, [sale.store_code for sale in concerned])
    recorded = await recorded_under(shop, [sale.purchase.reference for sale in concerned])
    for sale in concerned:
        purchase, undone = sale.purchase, sale.undone
        store = stores.get(sale.store_code)
        key = (store.id if store else "", purchase.reference, purchase.register, purchase.session)
        known = recorded.get(key)
        if (
            known is None
            and running.foreseen is not None
            and running.foreseen.among([("purchase", written(key_of(sale)))])
        ):
            report.voided += undone.voided
            report.refunded += not undone.voided
        if known is None or known.digest != purchase.digest or known.voided:
            continue  # it was rejected, or is undone already
        try:
            if undone.voided:
                report.voided += running.foreseen is not None or await void(shop, known.id)
            else:
                report.refunded += await _give_back(running, known.id, sale)
        except Refused as refused:
            running.reject(sale.rows, refused.problems)


async def _give_back(running: Running, purchase_id: str, sale: Sale) -> bool:
    """Give back what is more than was; answers whether there is any. Who does so at the same time waits, and finds it done."""
    shop, undone = running.shop, sale.undone

    async def work() -> bool:
        [locked] = await lock_purchases(shop, "id = $1", [purchase_id])
        more = undone.refunded - locked.row.refunded_minor
        if more > 0:
            at = undone.refunded_at or sale.purchase.input.purchased_at
            await refund(shop, purchase_id, amount=more, at=at)
        return more > 0

    if running.foreseen is None:
        return await shop.database.transaction(work)
    [(before,)] = await shop.database.rows("SELECT refunded FROM purchase WHERE id = $1", purchase_id)
    return bool(undone.refunded > before)
