"""A plugin that takes a percentage off a category for its members, and refuses a sale that was told otherwise."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from regulars_core.plugin import (
    Adjustment,
    Basket,
    BasketOutline,
    Declined,
    Lookup,
    Problem,
    Quote,
    RecordedPurchase,
    Refused,
    Shop,
    divided_half_up,
    hookimpl,
    spread,
    to_minor,
)
from regulars_schema.plugin import BasketInput, Contribution, InputField, PurchaseLineInput, PurchaseRecordInput

Extras = Sequence[Mapping[str, Any]]


class Club:
    """Whoever is known is a member, by the percentage that is the last name. `quotes` are those that came with purchases.

    `<name>Doubled` of a basket or purchase doubles the percentage, `<name>Discount` of a line that is sold is what was told.
    """

    def __init__(self, name: str = "club", category: str = "Cake") -> None:
        self.quotes: list[Quote | None] = []
        self.asked: list[Sequence[Basket]] = []
        self._name, self._category = name, category

    @hookimpl
    def regulars_schema(self) -> Contribution:
        return Contribution(
            self._name,
            inputs=[
                InputField(BasketInput, f"{self._name}Doubled", bool, "Whether the percentage is doubled."),
                InputField(PurchaseRecordInput, f"{self._name}Doubled", bool, "Whether the percentage is doubled."),
                InputField(PurchaseLineInput, f"{self._name}Discount", Decimal, "What was told of this line."),
            ],
        )

    @hookimpl
    def baskets_quoted_lookups(self, shop: Shop, baskets: Sequence[BasketOutline]) -> Sequence[Lookup]:
        buyers = sorted({basket.customer_id for basket in baskets if basket.customer_id})
        return [(f"SELECT id, last_name FROM customer WHERE {shop.database.dialect.among('id', 1)}", [buyers])]

    @hookimpl
    def baskets_quoted(
        self, baskets: Sequence[Basket], extras: Extras, found: Sequence[Sequence[Any]]
    ) -> Sequence[Quote]:
        self.asked.append(baskets)
        [members] = found
        percents = {id_: int(name) for id_, name in members}
        return [
            self._quote(
                basket, percents.get(basket.customer_id or "", 0) * (2 if extra.get(f"{self._name}Doubled") else 1)
            )
            for basket, extra in zip(baskets, extras, strict=True)
        ]

    def _quote(self, basket: Basket, percent: int) -> Quote:
        if not percent:
            return Quote(declined=[Declined("NO_MEMBER", "This is for members.")])
        scope = [n for n, line in enumerate(basket.lines) if line.category == self._category]
        if not scope:
            return Quote(declined=[Declined("SCOPE", f"There is no {self._category} in the basket.")])
        totals = [basket.lines[n].total for n in scope]
        amount = divided_half_up(sum(totals) * min(percent, 100), 100)
        shares = zip(scope, spread(amount, totals), strict=True)
        return Quote([Adjustment(n, share, "MEMBER", f"{percent} % for members") for n, share in shares if share])

    @hookimpl
    def baskets_told(self, shop: Shop, baskets: Sequence[BasketOutline], extras: Extras) -> Sequence[Sequence[int]]:
        return [
            self._told(shop, extra) or [0] * len(basket.lines) for basket, extra in zip(baskets, extras, strict=True)
        ]

    def _told(self, shop: Shop, extra: Mapping[str, Any]) -> list[int] | None:
        lines = extra.get("lines")
        if lines is None:
            return None
        told = [line.get(f"{self._name}Discount") for line in lines]
        return [to_minor(amount or Decimal(0), shop.currency) or 0 for amount in told]

    @hookimpl
    async def purchases_recorded(
        self, shop: Shop, purchases: Sequence[RecordedPurchase], extras: Extras, quotes: Sequence[Quote | None]
    ) -> None:
        self.quotes += quotes
        for purchase, extra, quote in zip(purchases, extras, quotes, strict=True):
            told = self._told(shop, extra)
            if told is not None and quote is not None and told != quote.off(len(purchase.lines)):
                message = "This is not what members are given."
                raise Refused(Problem("TOLD_OTHERWISE", message, ("lines",)))
