"""What the points of an account are good for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import strawberry

from regulars_core.plugin import Money
from regulars_loyalty.graphql.program_types import PointsExchange
from regulars_loyalty.permissions import POINTS_VIEW
from regulars_loyalty.points.program import ExchangeData
from regulars_loyalty.points.program_versions import versions_of
from regulars_schema.plugin import BigInt, RequestContext, backed_by, requires


@dataclass(frozen=True, slots=True)
class ExchangeReach:
    """How far a customer is from an exchange."""

    exchange: ExchangeData
    available: int

    @property
    def missing(self) -> int:
        """How many points are missing."""
        return max(0, self.exchange.points - self.available)

    @property
    def times(self) -> int:
        """How often it can be had."""
        return min(self.available // self.exchange.points, 2**31 - 1)


@requires(POINTS_VIEW)
@strawberry.type(description=f"How far a customer is from an exchange. Needs `{POINTS_VIEW}`.")
class PointsExchangeReach:
    """Over ExchangeReach."""

    is_type_of = backed_by(ExchangeReach)
    exchange: PointsExchange = strawberry.field(description="The exchange.")
    missing_points: BigInt = strawberry.field(
        resolver=lambda root: root.missing, description="How many points are missing; zero where it can be had."
    )
    times: int = strawberry.field(description="How often it can be had with the points that are available.")


async def exchanges_in(accounts: Sequence[Any], context: RequestContext) -> Sequence[Sequence[ExchangeReach]]:
    """What each account's points reach: by the program in force at the instant of which the account is."""
    versions = await versions_of(context.shop)
    reached = []
    for one in accounts:
        version = versions.at(one.standing.account.present)
        exchanges = version.program.data.exchanges if version else ()
        available = one.standing.account.available
        reached.append([ExchangeReach(each, available) for each in sorted(exchanges, key=lambda each: each.points)])
    return reached


async def values_in(accounts: Sequence[Any], context: RequestContext) -> Sequence[Money | None]:
    """What each account's points pay."""
    versions, values = await versions_of(context.shop), []
    for one in accounts:
        version = versions.at(one.standing.account.present)
        rate = version.program.rate if version else None
        values.append(context.shop.money(rate.worth(one.standing.account.available)) if rate else None)
    return values
