"""What is given once per customer, where customers who each were given it become one."""

from collections.abc import Mapping, Sequence

from regulars_core.plugin import Merge, Shop
from regulars_loyalty.ledger.book import POINTS, Cause
from regulars_loyalty.ledger.storage import Ledger


async def given_once(shop: Shop, customer_ids: set[str]) -> Mapping[str, Mapping[str, str]]:
    """What was given once per customer, by customer and rule: the transfer."""
    among = shop.database.dialect.among("customer_id", 1)
    sql = f"SELECT customer_id, rule, transfer_id FROM loyalty_once WHERE {among} ORDER BY id"
    found: dict[str, dict[str, str]] = {}
    for customer_id, rule, transfer_id in await shop.database.rows(sql, sorted(customer_ids)):
        found.setdefault(customer_id, {})[rule] = transfer_id
    return found


def repeated(once: Mapping[str, Mapping[str, str]], customer_ids: Sequence[str]) -> Mapping[str, int]:
    """How often each rule that gives once has given too much, where these are one customer; those that have not are left out."""
    counts: dict[str, int] = {}
    for id_ in customer_ids:
        for rule in once.get(id_, {}):
            counts[rule] = counts.get(rule, 0) + 1
    return {rule: count - 1 for rule, count in counts.items() if count > 1}


async def keep_one(shop: Shop, ledger: Ledger, merge: Merge, cause: Cause) -> None:
    """What was given once per customer to several of them is taken back but for the survivor's, as far as it has not expired;
    what only others had counts for the survivor."""
    once = await given_once(shop, set(merge.customer_ids))
    known = dict(once.get(merge.survivor.id, {}))
    for absorbed in merge.absorbed:
        for rule, transfer_id in once.get(absorbed.id, {}).items():
            if rule in known:
                await _take_back(shop, ledger, merge.survivor.id, transfer_id, cause)
            else:
                known[rule] = transfer_id
                ledger.once.append((merge.survivor.id, rule, transfer_id))


async def _take_back(shop: Shop, ledger: Ledger, customer_id: str, transfer_id: str, cause: Cause) -> None:
    stands, purchase_id, rule, program = await _standing(shop, transfer_id)
    left = stands - await _expired(shop, ledger, transfer_id)
    if left > 0:
        account = ledger.account(customer_id, POINTS)
        own = [lot for lot in account.in_order() if lot.purchase_id == purchase_id]
        account.take_back("REVERSE", left, taking_back(cause, transfer_id, purchase_id, rule, program), own)


def taking_back(
    cause: Cause, transfer_id: str, purchase_id: str | None, rule: str | None, program: int | None
) -> Cause:
    """Why something that a transfer gave is taken back because of a merge, or given again because that is undone."""
    return Cause(
        cause.event_id, cause.event_kind, cause.at, cause.actor, purchase_id=purchase_id, reverses_id=transfer_id,
        merge_id=cause.merge_id, rule=rule, program=program,
    )  # fmt: skip


async def _standing(shop: Shop, transfer_id: str) -> tuple[int, str | None, str | None, int | None]:
    """How much of what a transfer gave stands, and of which purchase, by which rule of which program."""
    plus = "CASE WHEN target IN ('LOTS', 'DEBT') THEN amount ELSE 0 END"
    minus = "CASE WHEN source IN ('LOTS', 'DEBT') THEN amount ELSE 0 END"
    row = await shop.database.row(
        f"SELECT CAST((SELECT sum({plus} - {minus}) FROM loyalty_transfer WHERE id = $1 OR reverses_id = $1) AS BIGINT),"
        " purchase_id, rule, program FROM loyalty_transfer WHERE id = $1",
        transfer_id,
    )
    assert row is not None
    return (row[0], row[1], row[2], row[3])


async def _expired(shop: Shop, ledger: Ledger, transfer_id: str) -> int:
    """How much of what a transfer gave has expired, whosesoever it was then, of what was given again included: what is posted and
    not written yet, too."""
    rows = await shop.database.rows(
        "SELECT l.origin_id, CAST((SELECT coalesce(sum(u.amount), 0) FROM loyalty_lot o JOIN loyalty_lot_use u ON u.lot_id = o.id"
        " JOIN loyalty_transfer e ON e.id = u.transfer_id WHERE o.origin_id = l.origin_id AND e.kind = 'EXPIRE') AS BIGINT)"
        " FROM loyalty_transfer t JOIN loyalty_lot l ON l.transfer_id = t.id WHERE t.id = $1 OR t.reverses_id = $1",
        transfer_id,
    )
    origins = {row[0] for row in rows}
    posted = [one for account in ledger.accounts.values() for one in account.transfers if one.kind == "EXPIRE"]
    due = sum(use.amount for one in posted for use in one.uses if use.lot.origin_id in origins)
    return due + sum(int(row[1]) for row in rows)


async def forget_once(shop: Shop, merge: Merge) -> Sequence[str]:
    """What counted for the survivor alone is the others' again; the rules of which the survivor has nothing any more."""
    among = shop.database.dialect.among("customer_id", 2)
    rows = await shop.database.rows(
        "DELETE FROM loyalty_once WHERE customer_id = $1 AND transfer_id IN"
        f" (SELECT transfer_id FROM loyalty_once WHERE {among}) RETURNING rule",
        merge.survivor.id,
        [one.id for one in merge.absorbed],
    )
    return sorted(row[0] for row in rows)


async def repeated_by_others(shop: Shop, survivor_id: str, rules: Sequence[str]) -> Mapping[str, tuple[str, str]]:
    """The first merge into the survivor that stands and brought over somebody who had something of each of these rules, too, as
    the survivor had it from elsewhere; and the transfer that gave it, even if that had expired and was not taken back."""
    found: dict[str, tuple[str, str]] = {}
    among = shop.database.dialect.among("o.rule", 2, "text")
    for rule, merge_id, transfer_id in await shop.database.rows(
        "SELECT o.rule, m.id, o.transfer_id FROM customer_merge m JOIN customer_merge_absorbed b ON b.merge_id = m.id"
        " JOIN loyalty_once o ON o.customer_id = b.customer_id WHERE m.survivor_id = $1 AND m.undone_at IS NULL"
        f" AND {among} ORDER BY m.id, b.position",
        survivor_id,
        list(rules),
    ):
        found.setdefault(rule, (merge_id, transfer_id))
    return found
