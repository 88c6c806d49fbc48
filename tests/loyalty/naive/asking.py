"""Asking the shop and the naive one the same, and showing what both have."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from regulars_core.plugin import Instant, Shop, printed
from regulars_schema.testing import Api
from tests.loyalty.naive.accounts import DAY, FOR_EVER, Hold, No
from tests.loyalty.naive.desk import CREDIT, POINTS, ByHand
from tests.loyalty.naive.shop import Merge, NaiveShop

_FIGURES = """credit { balance { amount } debt { amount } pending { amount } held { amount } available { amount }
    expiringSoon(withinDays: 366) { expiresAt remaining { amount } } }
  points { balance debt pending held available expiringSoon(withinDays: 366) { expiresAt remaining } }"""


class Asking:
    """The shop beside the naive one; `told` is the tale of what happened, for who looks for what went wrong."""

    def __init__(self, shop: Shop, naive: NaiveShop, customers: Sequence[str], dice: Random) -> None:
        self.shop, self.naive, self.customers, self.dice = shop, naive, customers, dice
        self.api = Api.of(shop)
        self.by_hand: list[tuple[str, ByHand]] = []
        self.holds: list[Hold] = []
        self.merges: list[tuple[str, Merge]] = []
        self.told: list[str] = []
        self.happened: dict[str, int] = {}
        for customer in customers:
            naive.registers(customer)

    async def _both(
        self, mutation: str, payload: str, given: dict[str, Any], naive: Callable[[], Any]
    ) -> tuple[Any, Any]:
        """Ask both, who must agree; the payload, and what the naive one made, None where it was refused."""
        try:
            made, refusal = naive(), None
        except No as no:
            made, refusal = None, str(no)
        answer = await self.api.do(mutation, payload, given)
        codes = [error["code"] for error in answer["userErrors"]]
        self.told.append(f"   {mutation} {given} -> {codes or 'done'}")
        agreed = refusal in codes if refusal else not codes  # of several, all are told
        assert agreed, f"{mutation} {given}: {answer}, naively {refusal}"
        if refusal is not None:
            return None, None
        return answer, made

    def _money(self, minor: int) -> str:
        return self.shop.money(minor).amount

    def _somebody(self) -> str:
        return self.dice.choice(self.customers)

    def _some(self, most: int, of: int = 1) -> int:
        """A number about what there is, rarely more."""
        if self.dice.random() < 0.12:
            return (most // of + self.dice.randint(1, 3)) * of
        if self.dice.random() < 0.3 and most >= of:
            return most // of * of
        return self.dice.randint(1, max(most // of, 1)) * of

    def _there(self, customer: str, unit: str, basket: str | None = None) -> int:
        """What can be spent, for this basket."""
        account = self.naive.account(customer, unit)
        kept = sum(one.amount for one in account.holds if one.is_open and one.basket == basket)
        return account.available(self.naive.now) + kept

    def _amount(self, unit: str, amount: int) -> dict[str, Any]:
        return {"points": str(amount)} if unit == POINTS else {"amount": {"amount": self._money(amount)}}

    async def shown(self) -> dict[str, dict[str, Any]]:
        """All figures of all who live, as the shop shows them."""
        living = sorted(set(self.naive.leads.values()))
        fields = " ".join(f'c{n}: customer(id: "{one}") {{ {_FIGURES} }}' for n, one in enumerate(living))
        data = await self.api.data(f"{{ {fields} }}")
        found = {}
        for n, one in enumerate(living):
            for unit, field in ((CREDIT, "credit"), (POINTS, "points")):
                account = data[f"c{n}"][field]
                figures = {
                    name: self._minor(account[name]) for name in ("balance", "debt", "pending", "held", "available")
                }
                by_end: dict[str, int] = {}
                for lot in account["expiringSoon"]:
                    by_end[lot["expiresAt"]] = by_end.get(lot["expiresAt"], 0) + self._minor(lot["remaining"])
                found[f"{one} {unit}"] = {**figures, "ends": dict(sorted(by_end.items()))}
        return found

    def _minor(self, value: Any) -> int:
        if isinstance(value, str):
            return int(value)
        text = value["amount"]
        whole, _, part = text.partition(".")
        return int(whole + part)

    def expected(self) -> dict[str, dict[str, Any]]:
        """The same, as it is naively."""
        naive, found = self.naive, {}
        for one in sorted(set(naive.leads.values())):
            for unit in (CREDIT, POINTS):
                account = naive.account(one, unit)
                ends = {
                    printed(Instant(end)): left
                    for end, left in sorted(account.by_end().items())
                    if naive.now < end <= naive.now + 366 * DAY and end < FOR_EVER
                }
                found[f"{one} {unit}"] = {
                    "balance": account.balance,
                    "debt": account.debt,
                    "pending": account.pending(naive.now),
                    "held": account.held,
                    "available": account.available(naive.now),
                    "ends": ends,
                }
        return found
