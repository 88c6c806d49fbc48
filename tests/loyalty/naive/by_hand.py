"""What is done by hand to credit and points."""

from typing import Any

from regulars_core.plugin import Instant, printed
from tests.loyalty.naive.accounts import DAY, Hold
from tests.loyalty.naive.asking import Asking
from tests.loyalty.naive.desk import CREDIT, POINTS, ByHand


class ByHandLife(Asking):
    """Gives, takes, holds and takes back."""

    async def _add(self) -> None:
        customer, unit, amount = self._somebody(), self.dice.choice([CREDIT, POINTS]), self.dice.randint(1, 500)
        days = self.dice.choice([None, 1, 7, 40])
        ends = None if days is None else self.naive.now + days * DAY
        bought = self.naive.purchases[-20:] if unit == CREDIT and self.dice.random() < 0.4 else []
        purchase = self.dice.choice(bought) if bought else None
        if purchase is not None and purchase.owner and self.dice.random() < 0.9:
            customer = purchase.owner
        given = {"customerId": customer, "reason": "GOODWILL", **self._amount(unit, amount)}
        given |= {} if ends is None else {"expiresAt": printed(Instant(ends))}
        given |= {"direction": "ADD"} if unit == POINTS else {}
        given |= {"purchaseId": purchase.id} if purchase is not None else {}
        mutation = "pointsAdjust" if unit == POINTS else "creditAdd"
        answer, made = await self._both(
            mutation, "entry { id }", given, lambda: self.naive.adds(customer, unit, amount, ends, purchase)
        )
        self._keep(answer, made)

    async def _take(self) -> None:
        customer, unit = self._somebody(), self.dice.choice([CREDIT, POINTS])
        amount, may_owe = self._some(self._there(customer, unit)), self.dice.random() < 0.3
        given = {"customerId": customer, "reason": "GOODWILL", **self._amount(unit, amount)}
        if unit == CREDIT:
            mutation, may_owe = "creditDeduct", False
        elif self.dice.random() < 0.5:
            mutation, may_owe = "pointsRedeem", False
        else:
            mutation = "pointsAdjust"
            given |= {"direction": "DEDUCT", "allowDebt": may_owe}
        answer, made = await self._both(
            mutation, "entry { id }", given, lambda: self.naive.takes(customer, unit, amount, allow_debt=may_owe)
        )
        self._keep(answer, made)

    async def _redeem(self) -> None:
        hold = self._some_hold(POINTS)
        if hold is None or self.dice.random() < 0.3:
            return
        customer = self.naive.leads[hold.customer] if self.dice.random() < 0.95 else self._somebody()
        amount = self._some(hold.amount)
        given = {"customerId": customer, "holdId": hold.id, "points": str(amount), "reason": "GOODWILL"}
        answer, made = await self._both(
            "pointsRedeem", "entry { id }", given, lambda: self.naive.redeems(customer, amount, hold)
        )
        self._keep(answer, made)

    async def _exchange(self) -> None:
        customer, times = self._somebody(), self.dice.randint(1, 3)
        given = {"customerId": customer, "exchange": "GIFT", "times": times}
        await self._both("pointsRedeem", "entry { id }", given, lambda: self.naive.exchanges(customer, times))

    def _keep(self, answer: Any, made: ByHand | None) -> None:
        if made is not None:
            self.by_hand.append((answer["entry"]["id"], made))

    async def _hold(self) -> None:
        customer, unit, basket = self._somebody(), self.dice.choice([CREDIT, POINTS]), self.dice.choice("ab")
        amount, minutes = self._some(self._there(customer, unit)), self.dice.choice([1, 60, 10_080])
        given = {"customerId": customer, "basket": basket, "minutes": minutes, **self._amount(unit, amount)}
        mutation = "pointsHold" if unit == POINTS else "creditHold"
        answer, made = await self._both(
            mutation, "hold { id }", given, lambda: self.naive.holds(customer, unit, amount, basket, minutes)
        )
        if made is not None:
            made.id = answer["hold"]["id"]
            self.holds.append(made)

    def _some_hold(self, unit: str | None = None) -> Hold | None:
        holds = [one for one in self.holds if unit in {None, one.unit}]
        still = [one for one in holds if one.is_open]
        if not holds:
            return None
        return self.dice.choice(still if still and self.dice.random() < 0.9 else holds)

    async def _capture(self) -> None:
        hold = self._some_hold(CREDIT)
        if hold is None:
            return
        amount = None if self.dice.random() < 0.5 else self._some(hold.amount)
        given = {"holdId": hold.id} | ({} if amount is None else self._amount(CREDIT, amount))
        answer, made = await self._both(
            "creditCapture", "entry { id }", given, lambda: self.naive.captures(hold, amount)
        )
        self._keep(answer, made)

    async def _release(self) -> None:
        hold = self._some_hold()
        if hold is not None:
            mutation = "pointsRelease" if hold.unit == POINTS else "creditRelease"
            await self._both(mutation, "__typename", {"holdId": hold.id}, lambda: self.naive.releases(hold))

    async def _reverse(self) -> None:
        if self.by_hand:
            id_, entry = self.dice.choice(self.by_hand[-12:])
            given = {"entryId": id_, "reason": "CORRECTION"}
            await self._both("ledgerReverse", "__typename", given, lambda: self.naive.reverses(entry))
