"""What promotions take off past purchases, batch by batch in the order of time.

    stored = await promotions_between(shop, since, until)
    trial = Trial(shop, stored, [Run(tried), Run()])
    sales = await trial.over(ids)

A batch is read in as many statements as one purchase would be, and purchases are evaluated one after another, others being
answered between.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.plugin import (
    Basket,
    BasketLine,
    CustomerMoment,
    Instant,
    RecordedPurchase,
    Shop,
    read_details,
    recorded_before_refunds,
)
from regulars_rewards.offers.engine import Applied, Candidate, Evaluation, evaluate
from regulars_rewards.offers.menu import Menu
from regulars_rewards.offers.promotion import Promotion
from regulars_rewards.promotions.audiences import read_belongings
from regulars_rewards.promotions.stored import APPLIED, applicable
from regulars_rewards.purchases.figures import line_amounts_of, uses_of
from regulars_rewards.quotes.offer_quotes import offer_basket
from regulars_rewards.simulations.runs import PastSale, Run

BATCH = 500
_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class TriedSale:
    """What the promotions of each run take off a purchase, in minor units, and which of the first run apply."""

    purchase_id: str
    customer_id: str | None
    at: Instant
    amounts: Sequence[int]
    applied: Sequence[Applied]


async def promotions_between(shop: Shop, since: Instant, until: Instant) -> list[Promotion]:
    """The promotions that were in force at any time from an instant on and before another one, as they are now."""
    rows = await shop.database.rows(
        f"SELECT {', '.join(APPLIED)} FROM rewards_promotion WHERE ends_at > $1 AND starts_at < $2 AND ends_at > starts_at"
        " ORDER BY rank, id",
        since,
        until,
    )
    return [applicable(shop, *row) for row in rows]


class Trial:
    """Runs over the same purchases. `failures` are the kinds that have failed."""

    def __init__(self, shop: Shop, stored: Sequence[Promotion], runs: Sequence[Run]) -> None:
        self._shop, self._stored, self.runs = shop, stored, runs
        self.failures = set[str]()

    async def over(self, purchase_ids: Sequence[str]) -> list[TriedSale]:
        """What is taken off these purchases, which come in the order of time after all that were tried before."""
        sales = await self._sales(purchase_ids)
        if not sales:
            return []
        first, last = sales[0].basket.at, sales[-1].basket.at
        stored = [one for one in self._stored if one.starts_at <= last and one.ends_at > first]
        tried = [Menu(run.among(stored)) for run in self.runs]
        with_audience = {one.id: one for each in tried for one in each.with_audience}
        who = [CustomerMoment(one.basket.customer_id, one.basket.at) for one in sales if one.basket.customer_id]
        belongings = await read_belongings(self._shop, list(with_audience.values()), who) if with_audience else {}
        found = []
        for n, sale in enumerate(sales):
            if n % _AT_ONCE == 0:
                await asyncio.sleep(0)  # others are answered between, and the deadline of the request is kept
            evaluations = list[tuple[Sequence[object], Evaluation]]()
            for run, menu in zip(self.runs, tried, strict=True):
                candidates = run.candidates(menu.about(sale.offer_basket), sale, belongings)
                evaluation = self._evaluated(sale, candidates, menu.grouped, evaluations)
                run.sell(sale, candidates, evaluation, menu.grouped)
            taken = [evaluation for _, evaluation in evaluations]
            amounts = [sum(one.amount for one in each.applied) for each in taken]
            found.append(
                TriedSale(sale.purchase_id, sale.basket.customer_id, sale.basket.at, amounts, taken[0].applied)
            )
        return found

    def _evaluated(
        self,
        sale: PastSale,
        candidates: Sequence[Candidate],
        grouped: Sequence[Promotion],
        before: list[tuple[Sequence[object], Evaluation]],
    ) -> Evaluation:
        """What the candidates do to a sale: where those of an earlier run were the same, so is that."""
        if not candidates:
            before.append(((), Evaluation()))
            return before[-1][1]
        key: list[object] = [
            (id(one.promotion), one.coupon_code, one.budget_left, bool(one.obstacles)) for one in candidates
        ]
        key += [id(one) for one in grouped]
        evaluation = next((known for other, known in before if other == key), None)
        if evaluation is None:
            evaluation = evaluate(sale.offer_basket, candidates, grouped=grouped, explains=False)
            self.failures.update(one.kind for one in evaluation.failures)
        before.append((key, evaluation))
        return evaluation

    async def _sales(self, purchase_ids: Sequence[str]) -> list[PastSale]:
        database = self._shop.database
        rows = await recorded_before_refunds(database, purchase_ids)
        await read_details(self._shop, list(rows.values()))
        taken = await line_amounts_of(database, [line.id for row in rows.values() for line in row.lines])
        uses = await uses_of(database, list(rows))
        zone, sales = self._shop.settings.zone, []
        for id_ in purchase_ids:
            if (row := rows.get(id_)) is not None:
                basket = _basket(row, taken)
                coupons = Counter(
                    one.promotion_id for one in uses.get(id_, ()) if one.coupon_id is not None and one.redeemed_at
                )
                sales.append(PastSale(id_, basket, offer_basket(basket, zone), coupons))
        return sales


def _basket(purchase: RecordedPurchase, taken: Mapping[str, int]) -> Basket:
    """The basket as it was before offers took something off its lines."""
    lines = []
    for line in purchase.lines:
        off = min(taken.get(line.id, 0), line.discount_minor)
        lines.append(
            BasketLine(
                line.sku, line.name, line.brand, line.category, line.quantity_millionths, line.unit_price_minor,
                line.discount_minor - off, line.total_minor + off, line.id not in purchase.details.not_goods,
            )
        )  # fmt: skip
    return Basket(
        purchase.customer_id, purchase.purchased_at, purchase.currency, purchase.channel, purchase.basket, lines,
        purchase.store_id,
    )  # fmt: skip
