"""Posting what becomes of a purchase: what it gave is taken back or given again, and what paid for it comes back or is taken
again, each as far as `standing` says."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from regulars_core.plugin import (
    DAY_MS,
    Instant,
    Overtaken,
    Problem,
    RecordedPurchase,
    RecordedRefund,
    Refused,
    Shop,
    acting,
    decimal_text,
    exponent_of,
    hold,
    new_id,
    told_later,
)
from regulars_loyalty.ledger.book import ISSUED, PAID, POINTS, Account, Cause, Lot, LotsUnknown, Terms
from regulars_loyalty.ledger.storage import Ledger, read_ledger
from regulars_loyalty.purchases.once import Marks, marks_of
from regulars_loyalty.purchases.reads import posted_by, states_of
from regulars_loyalty.purchases.standing import (
    EARNED,
    PaidBy,
    Posted,
    PurchaseState,
    expired_of,
    money_back,
    net,
    of_others,
    payments_of,
    restored_money,
    reversal,
    taken_by_merges,
)
from regulars_loyalty.settings import LoyaltySettings


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to a purchase, as an event tells it: what (an AccountEventKind), when, and by which refund."""

    purchase: RecordedPurchase
    kind: str
    at: Instant
    refund: RecordedRefund | None = None

    @property
    def refund_id(self) -> str | None:
        """The refund, if it is one."""
        return None if self.refund is None else self.refund.id

    def cause(self) -> Cause:
        """Why something is posted because of it."""
        actor = acting()
        event = self.refund_id or (self.purchase.id if self.kind == "PURCHASE" else new_id())
        return Cause(
            event, self.kind, self.at, actor.name if actor else None, self.purchase.store_id, self.purchase.id,
            refund_id=self.refund_id,
        )  # fmt: skip


async def settle(shop: Shop, happened: Sequence[Happened], ledger: Ledger | None = None) -> Ledger | None:
    """Post what becomes of these purchases, one thing that happened after another, and answer the ledger to be written; None
    where none of them ever posted anything, or does now. The customers whose they are are held, and who has paid for them:
    whoever was told of it late, or has found others by now, holds them here. Raises Overtaken where one of these was merged
    into another meanwhile: told later, they are who they were then."""
    purchases = {one.purchase.id: one.purchase for one in happened}
    posted = await posted_by(shop, list(purchases))
    told = {one.purchase.id for one in happened if one.refund is not None and _is_told(shop, one.refund)}
    concerned = {id_ for id_, each in posted.items() if each} | told
    if not concerned:
        return ledger
    live = frozenset() if told_later() else {one.refund_id for one in happened if one.refund_id}
    states = await states_of(shop, {id_: purchases[id_] for id_ in concerned}, posted, live)
    if ledger is None:
        whose = {one.customer_id for id_ in concerned for one in posted[id_]}
        whose |= {owner for id_ in told if (owner := purchases[id_].customer_id)}
        owners = {one.customer_id for one in purchases.values() if one.customer_id}
        if whose - owners and await hold(shop.database, whose | owners) and not told_later():
            raise Overtaken("A customer was merged into another meanwhile.")
        ledger = await read_ledger(shop, whose, few=not (shop.database.overtaken or told_later()))
    settling = [
        _Settling(shop, ledger, one, posted[one.purchase.id], states[one.purchase.id])
        for one in happened
        if one.purchase.id in concerned
    ]
    marks = await marks_of(shop, [root for one in settling for root in one.coming_back])
    for one in settling:
        came_back = one.post(marks)
        if one.happened.refund is not None:
            one.happened.refund.elsewhere_minor += came_back
    return ledger


def _is_told(shop: Shop, refund: RecordedRefund) -> bool:
    """Whether a refund says that something goes back as credit or points."""
    settings = shop.settings.of(LoyaltySettings)
    return any(one.method in {settings.credit_method, settings.points_method} for one in refund.payments)


class _Settling:
    """What is posted because of one thing that happened to one purchase."""

    def __init__(
        self, shop: Shop, ledger: Ledger, happened: Happened, posted: Sequence[Posted], state: PurchaseState
    ) -> None:
        self._shop, self._ledger, self.happened = shop, ledger, happened
        self._posted, self._state, self._cause = posted, state, happened.cause()
        self._of_others = of_others(posted, state.owner)

    @property
    def _given(self) -> Sequence[Posted]:
        """What the purchase gave."""
        kinds = {*EARNED, "FUNDING"}
        return [one for one in self._posted if one.reverses_id is None and one.kind in kinds and one.delta > 0]

    @property
    def coming_back(self) -> Sequence[Posted]:
        """What is there again, of what was taken back whole."""
        gone = [one for one in self._given if one.kind in EARNED and (one.expired or not net(one, self._posted))]
        return [one for one in gone if self._due_back(one) < one.amount]

    def post(self, marks: Marks) -> int:
        """Post it, and answer how much money came back to where it came from."""
        for root in self._given:
            self._adjust(root, marks)
        money = {payment.id: payment.amount_minor for payment in self.happened.purchase.payments}
        paid = payments_of(self._posted, money)
        wanted, beyond = restored_money(paid, self._state)
        if beyond.points:
            self._refuse_points(beyond.points, any(one.unit == POINTS for one in paid))
        came_back = {True: 0, False: 0}
        for each in paid:
            came_back[each.unit == POINTS] += self._restore(each, wanted[each.payment_id])
        self._fund(beyond.credit, came_back[False])
        return sum(came_back.values())

    def _refuse_points(self, beyond: int, have_paid: bool) -> None:
        """Nobody gets more points back than paid for the purchase; these minor units would be beyond that."""
        method = self._shop.settings.of(LoyaltySettings).points_method
        if self._told(method) and not have_paid and self.happened.purchase.customer_id is None:
            self._refuse_stranger(method)
        if self._told(method):
            more = self._shop.money(beyond)
            of_what = "than was paid in points and has not come back"
            message = f"{more.amount} {more.currency_code} more is given back in points {of_what}."
            raise Refused(Problem("PAYMENTS_MISMATCH", message, ("payments",)))

    def _refuse_stranger(self, method: str) -> None:
        """What is not somebody's who has paid goes back in this way to a customer alone."""
        message = "Only to a customer is given back this way, beyond what was paid so."
        raise Refused(
            *[Problem("CUSTOMER_REQUIRED", message, ("payments", str(n), "method")) for n in self._told(method)]
        )

    def _told(self, method: str) -> Sequence[int]:
        """The places of the payments by which this refund, which is made now, tells that it is given back in a way."""
        refund = None if told_later() else self.happened.refund
        return [] if refund is None else [n for n, one in enumerate(refund.payments) if one.method == method]

    def _account(self, customer_id: str, unit: str) -> Account:
        return self._ledger.account(customer_id, unit)

    def _due_back(self, root: Posted) -> int:
        """How much of what the purchase gave should be gone by now, in all."""
        back = reversal(root, self._state, is_others=root.id in self._of_others)
        return min(back + taken_by_merges(root, self._posted), root.amount)

    def _adjust(self, root: Posted, marks: Marks) -> None:
        stands, due = net(root, self._posted), self._due_back(root)
        account = self._account(root.customer_id, root.unit)
        before = root.amount - stands
        expired = self._expired(root, account)
        # What has expired is gone already, as if it had been taken back before; and what was taken back stays so.
        back = min(max(before, due - expired), due)
        difference = before - back
        if due == root.amount and root.kind in EARNED and (expired or difference):
            self._ledger.never_again.append(root.id)
        elif root.id in marks.rules:
            is_marked = marks.has(root)
            if not marks.may_stand(root):
                return
            if not is_marked:
                self._ledger.once_more.append((root.customer_id, marks.rules[root.id], root.id))
        if not difference:
            return
        cause = self._cause._replace(
            reverses_id=root.id, program=root.program, rule=root.rule,
            explanation=self._explained(root, due, back, before),
        )  # fmt: skip
        if difference < 0:
            own = self._own_lots(account, -difference)
            own.sort(key=lambda lot: lot.transfer_id != root.id)
            account.take_back("REVERSE", -difference, cause, own)
        else:
            lot = root.opened
            terms = Terms(
                lot.available_at, lot.expires_at, lot.life, lot.is_bought, purchase_id=self.happened.purchase.id,
                opened_at=lot.opened_at,
            ) if lot else Terms(cause.at, purchase_id=self.happened.purchase.id)  # fmt: skip
            account.give(root.kind, difference, cause, terms)

    def _own_lots(self, account: Account, wanted: int) -> list[Lot]:
        """The lots that the purchase gave, of which something is left. Raises LotsUnknown where there may be more of them than
        are known, and these do not come to what is wanted."""
        for one in self._posted:
            if one.opened is not None and (one.opened.owner, one.unit) == (account.customer_id, account.unit):
                account.known(one.opened)
        own = [lot for lot in account.in_order() if lot.purchase_id == self.happened.purchase.id]
        if account.beyond and sum(lot.remaining for lot in own) < wanted:
            raise LotsUnknown
        return own

    def _expired(self, root: Posted, account: Account) -> int:
        """How much of what the purchase gave has expired, or is about to."""
        account.post_due()
        due: dict[str, int] = {}
        for one in account.transfers:
            for use in one.uses if one.kind == "EXPIRE" else ():
                due[use.lot.origin_id] = due.get(use.lot.origin_id, 0) + use.amount
        return expired_of(root, self._posted, due)

    def _restore(self, paid: PaidBy, money: int) -> int:
        """How much money that comes to."""
        wanted = paid.amount * money // paid.money if paid.money else 0
        difference = wanted - paid.restored
        if not difference:
            return 0
        account = self._account(paid.customer_id, paid.unit)
        cause = self._cause._replace(reverses_id=paid.roots[0].id, payment_id=paid.payment_id)
        if difference > 0:
            grace = self._shop.settings.of(LoyaltySettings).restore_grace_days * DAY_MS
            left, parts, of_merged = difference, list[tuple[Lot | None, int]](), list[tuple[Lot, int]]()
            for lot, some in paid.taken_from():
                part = min(some, left)
                left -= part
                if not part:
                    continue
                if lot is None or lot.owner == account.customer_id:
                    parts.append((None if lot is None else account.known(lot), part))
                elif account.ends_at(lot) > account.present:
                    of_merged.append((lot, part))
                else:
                    parts.append((lot, part))
            if parts or of_merged:
                account.put_back("RESTORE", parts, cause, PAID, Instant(account.present + grace), of_merged)
        else:
            account.spend("PAYMENT", -difference, cause, PAID, allow_debt=True)
        return money - paid.money * paid.restored // paid.amount

    def _fund(self, amount: int, restored: int) -> None:
        """What this refund tells to go back as credit, beyond what it has restored of what was paid with credit, is given as
        credit; `amount` is what all refunds have told beyond."""
        before = sum(one.delta for one in self._posted if one.kind == "REFUND" and one.payment_id is None)
        told = self._state.told_credit(self.happened.refund_id)
        given = min(amount - before, told - restored)
        if given <= 0:
            return
        if self.happened.purchase.customer_id is None:
            method = self._shop.settings.of(LoyaltySettings).credit_method
            if self._told(method):
                self._refuse_stranger(method)
            return
        account = self._account(self.happened.purchase.customer_id, self._shop.currency)
        account.give("REFUND", given, self._cause, Terms(self._cause.at, is_bought=True), ISSUED)

    def _explained(self, root: Posted, due: int, back: int, before: int) -> str:
        """How much was taken back, as a sentence and its figures."""
        given, is_whole = self._counted(root, root.amount), due == root.amount
        figures = {"EARNED": self._bare(root, root.amount)}
        if root.base and not is_whole:
            money = round(money_back(root, self._state))
            figures |= {"BASE": self._money(root.base), "REFUNDED": self._money(money)}
            text = f"{given} × {self._money(money)} ÷ {self._money(root.base)} = {self._bare(root, due)}"
        else:
            text = f"{self._bare(root, due)} of {given} are taken back"
        if due > back:
            figures["EXPIRED"] = self._bare(root, due - back)
            text += f", of which {self._bare(root, due - back)} have expired"
        if before:
            text += f", of which {self._bare(root, before)} were taken back before: {self._bare(root, back - before)}"
        figures["RESULT"] = self._bare(root, back - before)
        return json.dumps({"text": text, "figures": figures})

    def _bare(self, root: Posted, amount: int) -> str:
        return str(amount) if root.unit == POINTS else self._money(amount)

    def _counted(self, root: Posted, amount: int) -> str:
        return f"{amount} points" if root.unit == POINTS else self._money(amount)

    def _money(self, minor: int) -> str:
        return decimal_text(minor, exponent_of(self._shop.currency))
