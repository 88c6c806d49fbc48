"""What a purchase has posted so far, and what has become of it."""

import json
from collections.abc import Mapping, Sequence, Set
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from regulars_core.plugin import (
    Dialect,
    Lookup,
    Overtaken,
    PaymentRow,
    RecordedPurchase,
    RefundRow,
    Shop,
    hold,
    refund_payments_of,
    refunds_of,
    return_state,
    survivors_then,
    told_later,
)
from regulars_loyalty.ledger.book import POINTS, Lot
from regulars_loyalty.ledger.storage import LOT_COLUMNS
from regulars_loyalty.purchases.standing import Posted, PurchaseState, RefundState, payments_of
from regulars_loyalty.settings import LoyaltySettings

_POSTED = (
    "id", "unit", "kind", "source", "target", "amount", "payment_id", "refund_id", "reverses_id", "merge_id", "program", "rule",
    "base",
)  # fmt: skip


def lookup_posted(dialect: Dialect, purchase_ids: Sequence[str]) -> Sequence[Lookup]:
    """What these purchases have posted. Read by `posted_from`."""
    of = dialect.among("t.purchase_id", 1)
    columns = ", ".join(f"t.{name}" for name in _POSTED)
    lots = ", ".join(f"l.{name}" for name in LOT_COLUMNS)
    whose = "coalesce(s.merged_into_id, t.customer_id)"
    return [
        (
            f"SELECT t.purchase_id, {whose}, {columns}, t.shares, t.customer_id FROM loyalty_transfer t"
            f" LEFT JOIN customer_stats s ON s.customer_id = t.customer_id WHERE {of} ORDER BY t.id",
            [list(purchase_ids)],
        ),
        (
            f"SELECT u.transfer_id, u.amount AS used, {lots}, l.customer_id FROM loyalty_transfer t"
            " JOIN loyalty_lot_use u ON u.transfer_id = t.id"
            f" JOIN loyalty_lot l ON l.id = u.lot_id WHERE {of} ORDER BY t.id, u.position",
            [list(purchase_ids)],
        ),
        (
            f"SELECT {lots}, l.customer_id FROM loyalty_transfer t JOIN loyalty_lot l ON l.transfer_id = t.id"
            f" WHERE {of} ORDER BY l.id",
            [list(purchase_ids)],
        ),
        (
            # SQLite joins in this order; left to itself it begins with all uses of lots there are.
            f"SELECT t.id, CAST(sum(u.amount) AS BIGINT) FROM {dialect.keys(1)} CROSS JOIN loyalty_transfer t"
            " CROSS JOIN loyalty_lot o CROSS JOIN loyalty_lot l CROSS JOIN loyalty_lot_use u CROSS JOIN loyalty_transfer e"
            " WHERE t.purchase_id = k.key AND t.kind IN ('EARN', 'BONUS', 'FUNDING') AND o.transfer_id = t.id"
            " AND l.origin_id = o.origin_id AND u.lot_id = l.id AND e.id = u.transfer_id AND e.kind = 'EXPIRE' GROUP BY t.id",
            [list(purchase_ids)],
        ),
    ]


def lookup_payers(dialect: Dialect, purchase_ids: Sequence[str]) -> Lookup:
    """On whose accounts something was posted by these purchases, merges included: the customers' ids."""
    return (
        "SELECT DISTINCT coalesce(s.merged_into_id, t.customer_id) FROM loyalty_transfer t LEFT JOIN customer_stats s"
        f" ON s.customer_id = t.customer_id WHERE {dialect.among('t.purchase_id', 1)}",
        [list(purchase_ids)],
    )


async def hold_all(shop: Shop, purchase_ids: Sequence[str], customer_ids: Set[str]) -> None:
    """Hold these customers, and on whose accounts these purchases have posted something, all in one order. Raises Overtaken
    where one of them was merged into another meanwhile."""
    sql, values = lookup_payers(shop.database.dialect, purchase_ids)
    payers = {row[0] for row in await shop.database.rows(sql, *values)}
    if await hold(shop.database, customer_ids | payers):
        raise Overtaken("A customer was merged into another meanwhile.")


async def posted_by(shop: Shop, purchase_ids: Sequence[str]) -> Mapping[str, Sequence[Posted]]:
    """What each purchase has posted, its refunds and whatever else became of it included, in the order of posting; in a replay,
    on the accounts of whom they were as of the event."""
    if not purchase_ids:
        return {}
    found = await shop.database.read_together(lookup_posted(shop.database.dialect, list(dict.fromkeys(purchase_ids))))
    then = await survivors_then(shop.database, {row[-1] for row in found[0]}) if told_later() else {}
    return posted_from(purchase_ids, found, then)


def posted_from(
    purchase_ids: Sequence[str], rows_of: Sequence[Sequence[Any]], then: Mapping[str, str] = MappingProxyType({})
) -> Mapping[str, Sequence[Posted]]:
    """The same out of the rows of `lookup_posted`; `then` is who a record was as of the event, where that is told later."""
    rows, used, opened, gone = rows_of
    found: dict[str, list[Posted]] = {id_: [] for id_ in purchase_ids}
    lots: dict[str, Lot] = {}

    def lot(values: Sequence[Any]) -> Lot:
        if values[0] not in lots:
            *columns, bought, grace, owner = values
            made: Any = (*columns, bool(bought), bool(grace), owner)
            lots[values[0]] = Lot(*made)
        return lots[values[0]]

    uses: dict[str, list[tuple[Lot, int]]] = {}
    for transfer_id, amount, *values in used:
        uses.setdefault(transfer_id, []).append((lot(values), amount))
    openings = {(one := lot(list(values))).transfer_id: one for values in opened}
    expired = {row[0]: row[1] for row in gone}
    for purchase_id, customer_id, id_, *columns, shares, record in rows:
        own = json.loads(shares) if shares else None
        made: Any = (
            id_,
            then.get(record, customer_id),
            *columns,
            own,
            tuple(uses.get(id_, ())),
            openings.get(id_),
            record,
            expired.get(id_, 0),
        )
        found[purchase_id].append(Posted(*made))
    return found


async def states_of(
    shop: Shop,
    purchases: Mapping[str, RecordedPurchase],
    posted: Mapping[str, Sequence[Posted]],
    live: Set[str] = frozenset(),
) -> Mapping[str, PurchaseState]:
    """What has become of each of these purchases, which are as an event tells them. All of a refund in an exchange has paid for
    something else where nothing of it came back here, unless it is `live`: being made now."""
    refunds = await refunds_of(shop, list(purchases))
    told = await refund_payments_of(shop.database, [one.id for own in refunds.values() for one, _ in own])
    states = {}
    for id_, purchase in purchases.items():
        own = refunds[id_]
        purchase.details.paid_later = paid_later(purchase, posted[id_])
        returned = return_state(purchase, own)
        here = {one.refund_id for one in posted[id_] if one.kind == "RESTORE"} | live
        states[id_] = PurchaseState(
            is_void=returned.is_void,
            is_gone=returned.is_gone,
            lines=returned.lines,
            paid_later=returned.paid_later,
            owner=purchase.customer_id,
            paid=max(purchase.total_minor - purchase.due_minor - sum(one.due_minor for one, _ in own), 0),
            refunds=[
                _refund(shop, one, told[one.id], is_elsewhere=one.exchanged_for_id is not None and one.id not in here)
                for one, _ in own
            ],
            left=purchase.total_minor - sum(one.amount_minor for one, _ in own),
        )
    return states


def _refund(shop: Shop, refund: RefundRow, told: Sequence[PaymentRow], *, is_elsewhere: bool) -> RefundState:
    """How the money of a refund goes back; all of it otherwise where it has paid for something else."""
    settings, money = shop.settings.of(LoyaltySettings), refund.amount_minor - refund.due_minor
    if not told:
        return RefundState(refund.id, otherwise=money) if is_elsewhere else RefundState(refund.id, money)
    ways = dict.fromkeys((settings.credit_method, settings.points_method), 0)
    for one in told:
        if one.method in ways:
            ways[one.method] += one.amount_minor
    otherwise = sum(one.amount_minor for one in told if one.method not in ways)
    return RefundState(refund.id, 0, ways[settings.credit_method], ways[settings.points_method], otherwise)


def paid_later(purchase: RecordedPurchase, posted: Sequence[Posted]) -> Fraction:
    """Which part of the money that earned was paid afterwards by points, or by credit that was given, and so earns no more."""
    when = {payment.id: payment.paid_at for payment in purchase.payments}
    amounts = {True: 0, False: 0}
    for one in payments_of(posted, {payment.id: payment.amount_minor for payment in purchase.payments}):
        if one.payment_id not in when:  # told as of a time before it
            continue
        amounts[when[one.payment_id] is not None] += one.money if one.unit == POINTS else one.given
    earned = purchase.total_minor - amounts[False]
    return Fraction(min(amounts[True], earned), earned) if earned > 0 else Fraction(0)
