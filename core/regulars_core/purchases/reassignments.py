"""Giving purchases to the customer who made them: those of a wrong profile, of nobody, and of a stranger after all; and those of
records that are merged, which go over to the survivor and back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from regulars_core.audit import changed
from regulars_core.customers.aliases import survivors
from regulars_core.customers.merge.facts import Merge, MergeForecast, Moved, PlannedMerge
from regulars_core.customers.merge.rows import PURCHASE, give_back, move_all
from regulars_core.events.ahead import REASSIGNED
from regulars_core.events.events import announce
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.purchases.given_back.concerned import hold_concerned
from regulars_core.purchases.reads import OF_AN_ERASED_ONE, PURCHASES, PurchaseRow
from regulars_core.purchases.recorded import ReassignedPurchase, reassigned, recorded_by_ids
from regulars_core.purchases.statistics import recount
from regulars_core.queries.inserts import insert
from regulars_core.queries.locks import lock_where
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop

MAX_PURCHASES = 250
"""Purchases that are given at once, at most."""
_COLUMNS = ("id", "purchase_id", "at", "before_id", "after_id", "reason")


@dataclass(frozen=True, slots=True)
class _Move:
    """A purchase that was somebody else's or nobody's; `is_erased` says that this one was forgotten."""

    purchase_id: str
    before: str | None
    is_erased: bool


async def reassign(
    shop: Shop,
    purchase_ids: Sequence[str],
    customer_id: str | None,
    *,
    reason: str | None = None,
    stores: Collection[str] | None = None,
) -> int:
    """Give purchases to a customer, or with None to nobody: all of them or none. How many were not there already.

    Statistics are counted anew of everybody whom it is about, and receipts show the customer as they are now; plugins take back
    what the one has earned and give what the other would have. A purchase of a store that is not among `stores`, if they are
    given, is as good as none. The reason is kept in a row of its own, that can be emptied, and
    not at all of what was bought by somebody who was erased. Raises Refused.
    """
    checks = Checks()
    if not purchase_ids:
        checks.fail("REQUIRED", "This must not be empty.", "purchaseIds")
    if len(purchase_ids) > MAX_PURCHASES:
        checks.fail("TOO_MANY", f"At most {MAX_PURCHASES} purchases; {len(purchase_ids)} were given.", "purchaseIds")
    reason = checks.text(reason, "reason", 240)
    checks.refuse()

    async def work() -> int:
        given_to = customer_id and (await survivors(shop.database, [customer_id])).get(customer_id)
        if given_to is None and customer_id is not None:
            raise Refused(Problem("NOT_FOUND", "There is no customer with this id.", ("customerId",)))
        moves = [
            _Move(row.id, row.customer_id, is_erased)
            for row, is_erased in await _locked(shop, purchase_ids, stores)
            if row.customer_id != given_to
        ]
        changed({})
        if moves:
            await _move(shop, moves, given_to, reason)
        return len(moves)

    return await shop.database.transaction(work)


async def _locked(
    shop: Shop, purchase_ids: Sequence[str], stores: Collection[str] | None
) -> Sequence[tuple[PurchaseRow, bool]]:
    """The purchases, which nobody else changes until the transaction ends, and whether each is of somebody who was erased. Raises
    Refused for those that are not there."""
    wanted = list(dict.fromkeys(purchase_ids))
    values = Values(shop.database.dialect)
    among = values.among("id", wanted, "uuid")
    here = "" if stores is None else f" AND {values.among('store_id', sorted(stores), 'uuid')}"
    columns = [*(column.removeprefix("p.") for column in PURCHASES.columns), OF_AN_ERASED_ONE]
    rows = await lock_where(shop.database, "purchase", f"{among}{here}", values.all, columns)
    found = {row.id: (row, is_erased) for row, is_erased in ((PurchaseRow(*row[:-1]), bool(row[-1])) for row in rows)}
    missing = [
        Problem("NOT_FOUND", "There is no purchase with this id.", ("purchaseIds", str(n)))
        for n, id_ in enumerate(purchase_ids)
        if id_ not in found
    ]
    if missing:
        raise Refused(*missing)
    return [found[id_] for id_ in wanted]


async def _move(shop: Shop, moves: Sequence[_Move], customer_id: str | None, reason: str | None) -> None:
    database, ids = shop.database, [move.purchase_id for move in moves]
    about = {one for one in (customer_id, *(move.before for move in moves)) if one}
    await hold_concerned(shop, ids, about)
    await database.run(
        f"UPDATE purchase SET customer_id = $2 WHERE {database.dialect.among('id', 1)}", ids, customer_id
    )
    at = now()
    kept = {move.purchase_id: None if move.is_erased else reason for move in moves}
    rows = [(new_id(), move.purchase_id, at, move.before, customer_id, kept[move.purchase_id]) for move in moves]
    await insert(database, "purchase_reassignment", _COLUMNS, rows)
    await recount(shop, sorted(about))
    changed({"customerId": (" ".join(sorted({move.before for move in moves if move.before})) or None, customer_id)})
    if any(kept.values()):
        changed({"reason": None})  # that there was one
    told: dict[str, ReassignedPurchase] = {}
    if shop.plugins.listens(REASSIGNED):
        now_there = await recorded_by_ids(database, ids)
        told = {move.purchase_id: reassigned(now_there[move.purchase_id], move.before, customer_id) for move in moves}
    await announce(
        shop, REASSIGNED, ids, rows=told, others=[move.before for move in moves], since=[customer_id] * len(moves)
    )


async def merging(shop: Shop, merges: Sequence[PlannedMerge]) -> Sequence[MergeForecast]:
    """How many purchases will go over in each merge."""
    absorbed = [one.id for merge in merges for one in merge.absorbed]
    rows = await shop.database.rows(
        f"SELECT customer_id, count(*) FROM purchase WHERE {shop.database.dialect.among('customer_id', 1)}"
        " GROUP BY customer_id",
        absorbed,
    )
    counts = {row[0]: row[1] for row in rows}
    moved = [sum(counts.get(one.id, 0) for one in merge.absorbed) for merge in merges]
    return [MergeForecast(moved={"purchases": Moved(count, "purchases.view")}) for count in moved]


async def merged(shop: Shop, merges: Sequence[Merge]) -> None:
    """Let purchases go over to the survivors, and count the statistics of everybody anew."""
    for merge in merges:
        await move_all(shop.database, merge.id, PURCHASE, "purchase", "customer_id", merge.survivor.id)
        await recount(shop, merge.customer_ids)


async def unmerged(shop: Shop, merges: Sequence[Merge]) -> None:
    """Let those go back that are the survivor's still, and count anew."""
    for merge in merges:
        await give_back(shop.database, merge.id, PURCHASE, "purchase", "customer_id", merge.survivor.id)
        await recount(shop, merge.customer_ids)
