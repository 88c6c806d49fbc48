"""Where other plugins may join in with loyalty. Mark their implementations `@hookimpl(optionalhook=True)`, so that they can be
on without it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pydantic import BaseModel

from regulars_core.plugin import Instant, hookspec

if TYPE_CHECKING:
    from regulars_core.plugin import Shop


@dataclass(frozen=True, slots=True)
class PostedEntry:
    """An entry of an account, as it was just posted. `unit` is a currency's code or `PTS`, and amounts are whole: minor units,
    or points. `delta` is by how much the balance changed, and `balance_after` what it was then. Entries of one `event_id` were
    posted together, for one thing that happened, of which `event_kind` says what it was. What somebody typed beside the reason
    is not told."""

    id: str
    customer_id: str
    unit: str
    kind: str
    delta: int
    balance_after: int
    at: Instant
    recorded_at: Instant
    event_id: str
    event_kind: str
    actor: str | None
    store_id: str | None
    purchase_id: str | None
    refund_id: str | None
    reverses_id: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class RedeemedExchange:
    """Points of a customer were redeemed for a reward, so many `times`: by the exchange of the program with this code, under the
    id of the event that the entries bear. The reward is of a kind, with settings of its settings class."""

    event_id: str
    customer_id: str
    code: str
    kind: str
    settings: BaseModel
    times: int
    at: Instant


class RewardGiver(Protocol):
    """Gives rewards of a kind for points, and takes them back, in the transaction in which the points are spent or come back."""

    async def give(self, shop: "Shop", exchange: RedeemedExchange) -> None:
        """Give the reward. Raises Refused with EXCHANGE_UNAVAILABLE and a path of `("exchange",)` where it cannot be had now."""

    async def take_back(self, shop: "Shop", event_id: str) -> None:
        """Take back what was given in an event. Raises Refused with NOT_REVERSIBLE and a path of `("entryId",)` where it was
        used."""


@hookspec
def loyalty_reward_givers() -> "Mapping[str, RewardGiver]":  # type: ignore[empty-body]
    """Who gives rewards that points are exchanged for, by the name of the kind of reward; `CREDIT` and `POINTS` are given by the
    ledger itself.

    For example:

        @hookimpl(optionalhook=True)
        def loyalty_reward_givers() -> Mapping[str, RewardGiver]:
            return {"MUG": Mugs()}
    """


@hookspec
async def loyalty_posted(shop: "Shop", entries: "Sequence[PostedEntry]") -> None:
    """Credit or points of customers moved, or were settled or expired: by a purchase, a refund, a merge, by hand, or by time.

    It is told in the transaction that posts it, once for each time that something is written, and in the order of each account's
    entries. Whoever raises Refused undoes all of it. It is not kept in the journal: who was off reads the ledger.

    For example:

        @hookimpl(optionalhook=True)
        async def loyalty_posted(shop: Shop, entries: Sequence[PostedEntry]) -> None:
            await thank(shop, [entry for entry in entries if entry.kind == "FUNDING"])
    """


@dataclass(frozen=True, slots=True)
class ExpiringLot:
    """What is left of a lot and expires within so many `days`: points, or minor units of the currency that is the `unit`."""

    lot_id: str
    customer_id: str
    unit: str
    remaining: int
    expires_at: Instant
    days: int


@hookspec
async def loyalty_expiring(shop: "Shop", lots: "Sequence[ExpiringLot]") -> None:
    """Credit or points of customers expire in 30, 7 or 1 days: told once each by a job, for messages. What is only written down
    here is told once; what is sent may be sent twice if the process ends between sending and committing.

    For example:

        @hookimpl(optionalhook=True)
        async def loyalty_expiring(shop: Shop, lots: Sequence[ExpiringLot]) -> None:
            await remind(shop, [lot for lot in lots if lot.days == 7])
    """
