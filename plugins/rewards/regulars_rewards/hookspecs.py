"""Where other plugins may join in with rewards. Mark their implementations `@hookimpl(optionalhook=True)`, so that they can be on
without it."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pydantic import BaseModel

from regulars_core.plugin import Instant, hookspec

if TYPE_CHECKING:
    from regulars_core.plugin import Shop


class BasketEarning(NamedTuple):
    """Something that a basket would earn: what it is, such as `POINTS`, how much, and the same for people, such as `84
    points`."""

    kind: str
    value: Decimal
    text: str


Earner = Callable[..., Awaitable[Sequence[Sequence[tuple[str, Decimal, str]]]]]
"""`async def points_of(shop, baskets)`: what each of these Baskets would earn if it were sold as it is and paid in money, as
BasketEarnings or tuples like them. Their lines are those that are left after all discounts. It only reads, and in as many
statements for many baskets as for one."""


@hookspec
def rewards_earnings() -> "Earner":  # type: ignore[empty-body]
    """What tells what baskets would earn by the plugin if they were paid now, for `basketQuote`: a function over many baskets.

    A function that raises is left out, and told in the log.

    For example:

        @hookimpl(optionalhook=True)
        def rewards_earnings() -> Earner:
            return stamps_of  # async def stamps_of(shop, baskets): return [[("STAMPS", Decimal(1), "1 stamp")] for _ in baskets]
    """


class UseState(StrEnum):
    """What has become of a use of an offer."""

    RESERVED = "RESERVED"
    REDEEMED = "REDEEMED"
    RELEASED = "RELEASED"


@dataclass(frozen=True, slots=True)
class UsedOffer:
    """A use of an offer as it is now: reserved for a basket, redeemed, or released again, at an instant. `amount` is what it took
    off, in minor units of the shop's currency, and zero while it is reserved. Purchases of one basket are one use: those after
    the first name it in `first_id`. One that does not count was recorded although a limit was reached."""

    id: str
    promotion_id: str
    coupon_id: str | None
    customer_id: str | None
    store_id: str
    basket: str | None
    purchase_id: str | None
    first_id: str | None
    amount: int
    is_counted: bool
    state: UseState
    at: Instant


@hookspec
async def rewards_offers_used(shop: "Shop", uses: "Sequence[UsedOffer]") -> None:
    """Offers were reserved, redeemed or released: by a purchase, a refund or a void, by hand, or by time.

    It is told in the transaction that writes it, which undoes all of it if this raises Refused. It is not kept in the journal.

    For example:

        @hookimpl(optionalhook=True)
        async def rewards_offers_used(shop: Shop, uses: Sequence[UsedOffer]) -> None:
            await thank(shop, [use for use in uses if use.state == "REDEEMED"])
    """


@dataclass(frozen=True, slots=True)
class IssuedCoupon:
    """A coupon that was issued. Who issued it by hand is the `actor`, None where a rule did; one that belongs to nobody has no
    customer, and the batch that it was generated with."""

    id: str
    code: str
    promotion_id: str
    customer_id: str | None
    batch_id: str | None
    issued_at: Instant
    expires_at: Instant
    usage_limit: int | None
    actor: str | None


@hookspec
async def rewards_coupons_issued(shop: "Shop", coupons: "Sequence[IssuedCoupon]") -> None:
    """Coupons were issued to customers, or generated for nobody, at most 10,000 at a time: for messages. A coupon that never
    expires by itself expires at LATEST.

    It is told in the transaction that writes them, which undoes them if this raises Refused. It is not kept in the journal.

    For example:

        @hookimpl(optionalhook=True)
        async def rewards_coupons_issued(shop: Shop, coupons: Sequence[IssuedCoupon]) -> None:
            await send(shop, [coupon for coupon in coupons if coupon.customer_id])
    """


@dataclass(frozen=True, slots=True)
class SystemReward:
    """A reward that a system gives to a customer, or gave: `id` names it for ever. `settings` are what its kind is told, None
    where nobody who is on knows the kind; `cost` is the progress that it took, `purchase_id` the purchase by which it came about,
    if it did by one, and `coupon_id` the coupon that it is, if it is one. `at` is when it is given, or was."""

    id: str
    system_id: str
    system_name: str
    customer_id: str
    kind: str
    settings: BaseModel | None
    cost: int
    at: Instant
    purchase_id: str | None = None
    coupon_id: str | None = None


class Giver(Protocol):
    """Gives rewards of one kind for reward systems, and takes them back: of many customers at once, in the transaction that moves
    their progress, in which they are held or their counters decide. In as many statements for many as for one."""

    async def give(self, shop: "Shop", rewards: Sequence[SystemReward]) -> Collection[str]:
        """Give these; the ids of those that were given. What cannot be given now is tried again by time: its progress stays."""
        ...

    async def take_back(self, shop: "Shop", rewards: Sequence[SystemReward], forced: bool) -> Collection[str]:
        """Take these back that nobody has used in any part; the ids of those that were taken back. Where that is `forced` all
        are, and what was used of them is owed."""
        ...

    async def used(self, shop: "Shop", rewards: Sequence[SystemReward]) -> Collection[str]:
        """The ids of those that somebody has used in any part, so that they would not be taken back unless that is forced. It
        only reads."""
        ...


@hookspec
def rewards_givers() -> "Mapping[str, Giver]":  # type: ignore[empty-body]
    """Who gives the kinds of rewards of the plugin at the targets of reward systems, by the name of the kind, which is one of
    `regulars_rules`. Rewards gives `COUPON` itself.

    For example:

        @hookimpl(optionalhook=True)
        def rewards_givers() -> Mapping[str, Giver]:
            return {"STAMPS": StampGiver()}
    """


@hookspec
async def rewards_given(shop: "Shop", rewards: "Sequence[SystemReward]") -> None:
    """Reward systems gave these to customers: for messages.

    It is told in the transaction that gives them, which undoes all of it if this raises Refused. It is not kept in the journal.

    For example:

        @hookimpl(optionalhook=True)
        async def rewards_given(shop: Shop, rewards: Sequence[SystemReward]) -> None:
            await send(shop, [reward.customer_id for reward in rewards])
    """


@hookspec
async def rewards_taken_back(shop: "Shop", rewards: "Sequence[SystemReward]") -> None:
    """Reward systems took these back, because what brought the progress is gone.

    It is told in the transaction that takes them back, which undoes all of it if this raises Refused. It is not kept in the
    journal.

    For example:

        @hookimpl(optionalhook=True)
        async def rewards_taken_back(shop: Shop, rewards: Sequence[SystemReward]) -> None:
            await withdraw(shop, [reward.id for reward in rewards])
    """
