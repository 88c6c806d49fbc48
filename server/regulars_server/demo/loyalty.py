"""What the demo's shop gives to those who come back: tiers, points, credit."""

from collections.abc import Mapping
from typing import Any

from regulars_core.primitives.clock import moment, start_of
from regulars_core.shop.shop import Shop
from regulars_server.demo.people import Person
from regulars_server.demo.requests import asked, done, is_on, money
from regulars_server.demo.rhythm import Calendar, Rhythm

_OFTEN = frozenset({Rhythm.DAILY, Rhythm.WEEKLY})
_CUP = 300
"""Points that become a credit of three."""


async def decree(shop: Shop, calendar: Calendar) -> None:
    """Put in force what holds from the first day on, before anything is sold: tiers that multiply points, and points that pay,
    become credit, and expire after a year."""
    with moment(start_of(calendar.first, calendar.zone)):
        if is_on(shop, "tiers"):
            await done(shop, "tierPolicyUpdate", {"policy": _policy(shop)})
        if is_on(shop, "loyalty"):
            await done(shop, "pointsProgramUpdate", {"program": _program(shop)})


async def reward(shop: Shop, calendar: Calendar, ids: Mapping[Person, str]) -> None:
    """Let some of those who come often have exchanged points for credit by today, and give others credit to make up for
    something."""
    if not is_on(shop, "loyalty"):
        return
    often = [f"customer_{key}" for person, key in ids.items() if person.rhythm in _OFTEN and person.status == "ACTIVE"]
    with moment(calendar.today):
        for id_ in often[::3]:
            if await _points_of(shop, id_) >= _CUP:
                await done(shop, "pointsRedeem", {"customerId": id_, "exchange": "CUP"})
        for id_ in often[1::6]:
            note = "Waited twenty minutes for an order that was lost."
            given = {"customerId": id_, "amount": {"amount": money(shop, 500)}, "reason": "GOODWILL", "note": note}
            await done(shop, "creditAdd", given)


def _policy(shop: Shop) -> Mapping[str, Any]:
    def tier(code: str, name: str, factor: str, lifetime: int, month: int, *more: str) -> Mapping[str, Any]:
        times = {"text": f"{factor} times the points", "kind": "POINTS_MULTIPLIER", "value": factor}
        benefits = [*_told(*more), times]
        ever = {"metric": "NET_SPEND", "window": "LIFETIME", "threshold": money(shop, lifetime)}
        rolling = {"metric": "NET_SPEND", "window": "ROLLING", "days": 30, "threshold": money(shop, month)}
        return {"code": code, "name": name, "benefits": benefits, "anyOf": [{"allOf": [ever]}, {"allOf": [rolling]}]}

    return {
        "tiers": [
            tier("A", "VIP", "1.5", 500_000, 50_000, "Exclusive promotions", "Early access", "Priority service"),
            tier("B", "Preferred", "1.25", 200_000, 20_000, "Enhanced promotions", "Loyalty rewards"),
            {"code": "C", "name": "Standard", "benefits": _told("Standard promotions", "Path to higher tiers")},
        ]
    }


def _told(*texts: str) -> list[Mapping[str, Any]]:
    return [{"text": text} for text in texts]


def _program(shop: Shop) -> Mapping[str, Any]:
    unit = money(shop, 100)

    def rule(code: str, name: str, kind: str, **settings: str) -> Mapping[str, Any]:
        pairs = [{"name": key, "value": value} for key, value in settings.items()]
        return {"code": code, "name": name, "rule": {"kind": kind, "settings": pairs}}

    cup = {"kind": "CREDIT", "settings": [{"name": "amount", "value": money(shop, 300)}]}
    rules = [rule("BASE", "A point for each", "PER_AMOUNT", points="1", per=unit)]
    if is_on(shop, "tiers"):
        rules.append(rule("TIER", "More for your tier", "TIER_MULTIPLIER"))
    return {
        "rules": rules,
        "rate": {"points": "100", "amount": {"amount": unit}, "maximumShare": "0.5"},
        "expireAfter": "P1Y",
        "expiryRounding": "MONTH_END",
        "exchanges": [{"code": "CUP", "name": "A cup on the house", "points": str(_CUP), "reward": cup}],
    }


async def _points_of(shop: Shop, customer_id: str) -> int:
    document = "query($id: ID!) { customer(id: $id) { points { available } } }"
    return int((await asked(shop, document, id=customer_id))["customer"]["points"]["available"])
