"""Promotions as they are stored, and made into what can be applied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from regulars_core.plugin import (
    LATEST,
    Audience,
    Database,
    Instant,
    Lookup,
    Readable,
    RuleData,
    Shop,
    UsableRule,
    by_ids,
    now,
    usable_rule,
)
from regulars_rewards.offers.promotion import Promotion, PromotionData

CONDITION, DISCOUNT = "OFFER_CONDITION", "OFFER_DISCOUNT"
"""The uses of the rules of a promotion."""
SCHEDULED, RUNNING, ENDED = "SCHEDULED", "RUNNING", "ENDED"
"""Where a promotion stands in time."""


@dataclass(frozen=True)
class PromotionRow:
    """A promotion as it is stored; `rank` is the negative of its priority, and `ends_at` is LATEST for never."""

    id: str
    version: int
    name: str
    rank: int
    needs_coupon: bool
    starts_at: Instant
    ends_at: Instant
    body: str
    description: str | None
    created_at: Instant
    updated_at: Instant

    @property
    def data(self) -> PromotionData:
        """What it is beside its columns."""
        return data_of(self.body)

    @property
    def priority(self) -> int:
        """Higher ones apply first."""
        return -self.rank

    @property
    def has_ended(self) -> bool:
        """Whether it has ended by now."""
        return self.phase == ENDED

    @cached_property
    def phase(self) -> str:
        """Where it stands in time, as of when it is first asked."""
        return phase_at(self.starts_at, self.ends_at, now())


def phase_at(starts_at: Instant, ends_at: Instant, at: Instant) -> str:
    """Where a promotion stands in time at an instant."""
    return ENDED if ends_at <= at else RUNNING if starts_at <= at else SCHEDULED


@lru_cache(maxsize=2_048)
def data_of(body: str) -> PromotionData:
    """A promotion out of its column; those that are read again and again are made once."""
    return PromotionData.model_validate_json(body)


APPLIED = ("id", "version", "name", "rank", "needs_coupon", "starts_at", "ends_at", "body")
"""The columns by which a promotion can be applied, as `applicable` takes them."""
_COLUMNS = (*APPLIED[1:], "description", "created_at", "updated_at")


def _row(id_: str, version: int, name: str, rank: int, needs_coupon: object, *others: object) -> PromotionRow:
    return PromotionRow(id_, version, name, rank, bool(needs_coupon), *others)  # type: ignore[arg-type]


PROMOTIONS = Readable("rewards_promotion p", "p.id", ["p.id", *(f"p.{name}" for name in _COLUMNS)], _row)


async def promotions_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, PromotionRow]:
    """Promotions by id, whether they have ended or not."""
    return await by_ids(database, PROMOTIONS, ids)


ALL_PROMOTIONS: Lookup = ("SELECT body FROM rewards_promotion", [])
"""What looks up every promotion, whether it has ended or not."""


def promotion_audiences(rows: Sequence[Sequence[str]]) -> Sequence[Audience]:
    """The audiences out of these rows; of promotions for everybody there are none."""
    return [audience for row in rows if (audience := data_of(row[0]).audience) is not None]


def promotion_of(shop: Shop, row: PromotionRow) -> Promotion:
    """A stored promotion as it can be applied."""
    columns = (row.version, row.name, row.rank, row.needs_coupon, row.starts_at, row.ends_at, row.body)
    return applicable(shop, row.id, *columns)


def applicable(
    shop: Shop,
    id_: str,
    version: int,
    name: str,
    rank: int,
    needs_coupon: bool,
    starts_at: Instant,
    ends_at: Instant,
    body: str,
) -> Promotion:
    """A promotion as it can be applied, out of its columns. Rules whose plugin is off, or whose kinds no longer take what they
    are told, are None: then it is for nobody."""
    data, failed = data_of(body), list[str]()

    def usable(use: str, rule: RuleData) -> UsableRule | None:
        found = usable_rule(shop, use, rule.stored)
        if found is None:
            failed.append(rule.kind)
        return found

    discount = usable(DISCOUNT, data.discount)
    conditions = tuple(usable(CONDITION, rule) for rule in data.conditions)
    return Promotion(
        id_, version, name, -rank, bool(needs_coupon), starts_at, ends_at, data, discount, conditions, tuple(failed)
    )


def shown_end(ends_at: Instant) -> Instant | None:
    """When something ends; None for never."""
    return None if ends_at == LATEST else ends_at
