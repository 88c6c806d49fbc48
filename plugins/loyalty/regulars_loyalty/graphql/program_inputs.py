"""Programs of points as clients give them."""

import re
from decimal import Decimal
from typing import Any

import strawberry

from regulars_core.plugin import MAX_POINTS, Checks, PointsRuleKind, RewardKind, Shop, check_segments, kept_rule
from regulars_loyalty.graphql.program_types import ExpiryRounding, ExpiryStart
from regulars_loyalty.ledger.lives import MONTH_END, life_of
from regulars_loyalty.points import program
from regulars_loyalty.points.program import EarningData, ExchangeData, ProgramData, RateData
from regulars_schema.plugin import (
    BigInt,
    CustomerWhere,
    MoneyInput,
    RuleInput,
    audience_of,
    minor_units,
    rule_in,
    value_or_none,
)

_CODE = re.compile(program.CODE, re.ASCII)
_CODES = "Short and unique: letters, digits, `_` and `-`, at most 32."
_NAMES = "What people call it; at most 120 characters."
MAX_EXCHANGES = 50


@strawberry.input(description="Something that earns points.")
class PointsRuleInput:
    """Input form of PointsRule."""

    audience: strawberry.Maybe[CustomerWhere | None] = strawberry.field(
        description="For whom it counts, as of each purchase; everybody if absent. Only leaves that answer for a past instant: "
        "`tier`, `group`, `age`, `birthday`, `createdAt`, `hasConsent`, `firstPurchaseAt`, `lastPurchaseAt`, `purchaseCount`, "
        "`totalSpent`, `originStore`."
    )
    code: str = strawberry.field(description=_CODES)
    name: str = strawberry.field(description=_NAMES)
    rule: RuleInput = strawberry.field(description="How many points a purchase earns: a rule of the use `POINTS_RULE`.")


@strawberry.input(description="What points pay for.")
class PointsRateInput:
    """Input form of PointsRate."""

    amount: MoneyInput = strawberry.field(description="The money of one step; above 0.")
    maximum_share: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="The largest part of what a purchase comes to that points may pay, above 0 and at most 1; all of it if "
        "absent."
    )
    minimum_points: strawberry.Maybe[BigInt | None] = strawberry.field(
        description="The fewest points that a payment takes; one step if absent."
    )
    points: BigInt = strawberry.field(description="The points of one step; above 0.")


@strawberry.input(description="Something to exchange points for.")
class PointsExchangeInput:
    """Input form of PointsExchange."""

    code: str = strawberry.field(description=_CODES)
    name: str = strawberry.field(description=_NAMES)
    points: BigInt = strawberry.field(description="What it costs; above 0.")
    reward: RuleInput = strawberry.field(description="What is given: a rule of the use `REWARD`.")


@strawberry.input(description="A program of points.")
class PointsProgramInput:
    """Input form of PointsProgram."""

    exchanges: strawberry.Maybe[list[PointsExchangeInput] | None] = strawberry.field(
        description="What points are exchanged for, beside paying; at most 50."
    )
    expire_after: strawberry.Maybe[str | None] = strawberry.field(
        description="How long points live: an ISO 8601 duration of years, months, weeks and days such as `P9M`, from one day to "
        "ten years; for ever if absent."
    )
    expiry_rounding: strawberry.Maybe[ExpiryRounding | None] = strawberry.field(
        description="Whether their end is moved to the end of its month; NONE if absent."
    )
    expiry_start: strawberry.Maybe[ExpiryStart | None] = strawberry.field(
        description="From when on their life is counted; AVAILABILITY if absent."
    )
    pending_days: strawberry.Maybe[int | None] = strawberry.field(
        description="For how many days after the purchase points cannot be spent yet, 0 to 366; 0 if absent."
    )
    rate: strawberry.Maybe[PointsRateInput | None] = strawberry.field(
        description="What points pay for; nothing if absent."
    )
    rules: list[PointsRuleInput] = strawberry.field(
        description="What earns points; at most 50, and none for a program that gives nothing."
    )


async def program_of(input: PointsProgramInput, shop: Shop) -> ProgramData:
    """The program. Raises Malformed with everything that is wrong with it, each at its place under `program`."""
    checks = Checks("program")
    exchanges = value_or_none(input.exchanges) or []
    _check_many(checks, input.rules, program.MAX_RULES, "rules")
    _check_many(checks, exchanges, MAX_EXCHANGES, "exchanges")
    checks.refuse()
    rules, given = [], []
    for n, one in enumerate(input.rules):
        rules.append(await _earning(shop, one, checks.nested("rules", str(n))))
    for n, each in enumerate(exchanges):
        given.append(await _exchange(shop, each, checks.nested("exchanges", str(n))))
    pending, expires = value_or_none(input.pending_days) or 0, value_or_none(input.expire_after)
    if not 0 <= pending <= program.MAX_PENDING_DAYS:
        checks.fail("OUT_OF_RANGE", f"This is 0 to {program.MAX_PENDING_DAYS} days.", "pendingDays")
    if expires is not None and (expires.endswith(MONTH_END) or life_of(expires) is None):
        message = (
            "This is no ISO 8601 duration of years, months, weeks and days, from one day to ten years, such as `P9M`."
        )
        checks.fail("INVALID_DURATION", message, "expireAfter")
    rate_input = value_or_none(input.rate)
    rate = None if rate_input is None else _rate(shop, rate_input, checks.nested("rate"))
    checks.refuse()
    rounding, start = value_or_none(input.expiry_rounding), value_or_none(input.expiry_start)
    data = ProgramData(
        rules=tuple(rules),  # type: ignore[arg-type]  # nothing was refused
        exchanges=tuple(given),  # type: ignore[arg-type]
        rate=rate,
        pending_days=pending,
        expire_after=expires,
        expiry_rounding=program.ExpiryRounding(rounding or "NONE"),
        expiry_start=program.ExpiryStart(start or "AVAILABILITY"),
    )
    await check_segments(shop, program.placed_audiences(data), checks)
    checks.refuse()
    return data


def _check_many(checks: Checks, given: Any, most: int, name: str) -> None:
    if len(given) > most:
        checks.fail("TOO_MANY", f"At most {most}; {len(given)} were given.", name)
    codes: set[str] = set()
    for n, one in enumerate(given):
        if one.code.casefold() in codes:
            checks.fail("CODE_TAKEN", "Another one of the program has this code.", name, str(n), "code")
        codes.add(one.code.casefold())


def _code(checks: Checks, given: str) -> str:
    code = checks.text(given, "code", 32, required=True) or ""
    if code and not _CODE.fullmatch(code):
        checks.fail(
            "INVALID_TEXT", "A code is letters, digits, `_` and `-`, and begins with a letter or digit.", "code"
        )
    return code


def _name(checks: Checks, given: str) -> str:
    return checks.text(given, "name", 120, required=True) or ""


async def _earning(shop: Shop, given: PointsRuleInput, checks: Checks) -> EarningData | None:
    code, name = _code(checks, given.code), _name(checks, given.name)
    audience = audience_of(value_or_none(given.audience), shop, checks, "audience")
    rule = await rule_in(shop, PointsRuleKind.use, given.rule, checks, "rule")
    return (
        None
        if rule is None
        else EarningData(
            code=code, name=name, rule=kept_rule(shop, rule), audience=dict(audience) if audience else None
        )
    )


async def _exchange(shop: Shop, given: PointsExchangeInput, checks: Checks) -> ExchangeData | None:
    code, name = _code(checks, given.code), _name(checks, given.name)
    _check_points(checks, given.points, "points")
    reward = await rule_in(shop, RewardKind.use, given.reward, checks, "reward")
    if reward is None:
        return None
    return ExchangeData(code=code, name=name, points=given.points, reward=kept_rule(shop, reward))


def _check_points(checks: Checks, points: int, name: str) -> None:
    checks.at_least(points, 1, name)
    if points > MAX_POINTS:
        checks.fail("OUT_OF_RANGE", f"At most {MAX_POINTS} points.", name)


def _rate(shop: Shop, given: PointsRateInput, checks: Checks) -> RateData | None:
    amount = minor_units(given.amount, shop.currency, checks, "amount")
    _check_points(checks, given.points, "points")
    least, share = value_or_none(given.minimum_points), value_or_none(given.maximum_share)
    if least is not None and not 1 <= least <= MAX_POINTS:
        checks.fail("OUT_OF_RANGE", f"This is 1 to {MAX_POINTS} points.", "minimumPoints")
    if share is not None and not 0 < share <= 1:
        checks.fail("OUT_OF_RANGE", "This is above 0 and at most 1.", "maximumShare")
    if amount is None:
        return None
    money = Decimal(shop.money(amount).amount)
    return RateData(points=given.points, amount=money, minimum_points=least, maximum_share=share)
