"""What the demo's shop takes off: prices of groups, an offer that its best customers have before everybody, coupons, and what
customers are given for coming back: a card of stamps, and something on their birthday."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from regulars_core.primitives.clock import moment, printed, start_of
from regulars_core.shop.shop import Shop
from regulars_server.demo.catalogue import BAKERY, COFFEE, DRINKS
from regulars_server.demo.people import STAFF, STUDENTS, WHOLESALE, Person
from regulars_server.demo.requests import done, is_on, money
from regulars_server.demo.rhythm import Calendar, Rhythm

WELCOME, SORRY = "WELCOME10", "SORRY-FOR-THE-WAIT"
"""The code that anybody may type, and the one that was given to one customer."""
_HARVEST = "harvest"


async def offer(shop: Shop, calendar: Calendar, ids: Mapping[Person, str], groups: Mapping[str, str]) -> None:
    """Make what applies today, as it was made a week ago; the purchases of the story were made without."""
    if is_on(shop, "rewards"):
        with moment(start_of(calendar.last - timedelta(days=7), calendar.zone)):
            await _prices(shop, groups)
            await _harvest(shop, calendar)
            await _coupons(shop, ids)


async def collect(shop: Shop, calendar: Calendar) -> None:
    """Let customers collect from a month ago on, before anything of the story is told: ten stamps are a cup on the house. And
    give those who come something on their birthday."""
    if not is_on(shop, "rewards"):
        return
    with moment(start_of(calendar.first, calendar.zone)):
        cup = await _promotion(shop, "A cup on the house", _flat(shop, 300), needsCoupon=True)
        gift = await _promotion(shop, "Happy birthday", _percent(20), needsCoupon=True, perCustomerLimit=1)
        bands = [
            {"from": money(shop, 300), "to": money(shop, 2_000), "progress": 1},
            {"from": money(shop, 2_000), "progress": 2},
        ]
        stamps = {"triggerRule": {"kind": "PURCHASE"}, "bands": bands, "target": 10, "reward": _coupon(cup, 60)}
        await _system(shop, "Ten stamps", **stamps, startsAt=_start(calendar, -30))
        birthday = {"kind": "BIRTHDAY", "settings": [{"name": "daysBefore", "value": "3"}]}
        await _system(shop, "Birthdays", triggerRule=birthday, reward=_coupon(gift, 30), startsAt=_start(calendar, -30))


def _coupon(promotion: str, days: int) -> Mapping[str, Any]:
    settings = [{"name": "promotion", "value": promotion}, {"name": "validDays", "value": str(days)}]
    return {"kind": "COUPON", "settings": settings}


async def _system(shop: Shop, name: str, **more: Any) -> None:
    await done(shop, "rewardSystemCreate", {"rewardSystem": {"name": name, **more}})


async def _prices(shop: Shop, groups: Mapping[str, str]) -> None:
    """What some groups pay less."""
    for name, group, percent, scope in (
        ("Wholesale prices", WHOLESALE, 12, None),
        ("Staff prices", STAFF, 30, {"categories": [DRINKS, BAKERY]}),
        ("Student prices", STUDENTS, 10, {"categories": [DRINKS]}),
    ):
        audience = {"group": {"in": [f"group_{groups[group]}"]}}
        described = {"audience": audience, "excludesReduced": True, "description": "What the group has always had."}
        await _promotion(shop, name, _percent(percent), priority=10, **described, **({"scope": scope} if scope else {}))


async def _harvest(shop: Shop, calendar: Calendar) -> None:
    """A tenth off coffee, for the upper two tiers from three days ago, and for everybody in four days."""
    common = {"scope": {"categories": [COFFEE]}, "bestOfGroup": _HARVEST, "endsAt": _start(calendar, 32)}
    if is_on(shop, "tiers"):
        early = {"audience": {"tier": {"in": ["A", "B"]}}, "startsAt": _start(calendar, -3)}
        await _promotion(shop, "New harvest, a week before everybody", _percent(10), **common, **early)
    await _promotion(shop, "New harvest", _percent(10), **common, startsAt=_start(calendar, 4))


async def _coupons(shop: Shop, ids: Mapping[Person, str]) -> None:
    """Some off by a code that anybody may type, once each; and a code of one customer's own."""
    shared: dict[str, Any] = {"needsCoupon": True, "priority": 5}
    welcome = await _promotion(shop, "Welcome", _flat(shop, 300), **shared, isStackable=True)
    await done(shop, "couponsGenerate", {"promotionId": welcome, "codes": [WELCOME], "usageLimit": None})
    sorry = await _promotion(shop, "For the wait", _percent(20), **shared, perCustomerLimit=1)
    owner = next(key for person, key in ids.items() if person.rhythm is Rhythm.WEEKLY and person.status == "ACTIVE")
    reason = "Waited twenty minutes for an order that was lost."
    given = {"promotionId": sorry, "customerId": f"customer_{owner}", "code": SORRY, "reason": reason}
    await done(shop, "couponIssue", given)


def _percent(percent: int) -> Mapping[str, Any]:
    return {"kind": "PERCENT", "settings": [{"name": "percent", "value": str(percent)}]}


def _flat(shop: Shop, hundredths: int) -> Mapping[str, Any]:
    return {"kind": "FLAT", "settings": [{"name": "amount", "value": money(shop, hundredths)}]}


def _start(calendar: Calendar, days: int) -> str:
    """The start of a day that comes so many days after today."""
    return printed(start_of(calendar.last + timedelta(days=days), calendar.zone))


async def _promotion(shop: Shop, name: str, discount: Mapping[str, Any], **more: Any) -> str:
    given = {"promotion": {"name": name, "discountRule": discount, **more}}
    return str((await done(shop, "promotionCreate", given, "promotion { id }"))["promotion"]["id"])
