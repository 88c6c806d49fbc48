"""What points are exchanged for by hand: an exchange of the program in force, whose reward somebody gives and takes back.

Credit and points are given here, in the ledger, together with what they cost. Rewards of other kinds are given by the plugins
that bring them, by `loyalty_reward_givers`.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from regulars_core.plugin import Problem, Refused, RewardKind, Shop, UsableRule, usable_rule
from regulars_loyalty.hookspecs import RedeemedExchange, RewardGiver
from regulars_loyalty.ledger.book import POINTS, REDEEMED, Cause, Short, Terms
from regulars_loyalty.ledger.by_hand import Posted, Why, telling
from regulars_loyalty.ledger.holds import refused
from regulars_loyalty.ledger.lives import days_after
from regulars_loyalty.ledger.named import named_ledger
from regulars_loyalty.ledger.storage import Ledger, write_ledger
from regulars_loyalty.points import rewards
from regulars_loyalty.points.by_hand import hold_named
from regulars_loyalty.points.program import ExchangeData, Version
from regulars_loyalty.points.program_versions import unchanged, versions_of

GIVERS = "loyalty_reward_givers"
_OWN = frozenset({rewards.CREDIT.name, rewards.POINTS.name})


async def exchange(shop: Shop, customer_id: str, code: str, times: int, why: Why, hold_id: str | None = None) -> Posted:
    """Spend points on an exchange of the program in force, so many times, and give its reward. Raises Refused: NOT_FOUND,
    UNKNOWN_EXCHANGE, EXCHANGE_UNAVAILABLE, INSUFFICIENT_POINTS."""
    versions = await versions_of(shop)
    customer, ledger = await named_ledger(shop, customer_id, "customerId")
    version = versions.at(ledger.present)
    exchanges = version.program.data.exchanges if version else ()
    found = next((one for one in exchanges if one.code == code), None)
    if version is None or found is None:
        raise Refused(Problem("UNKNOWN_EXCHANGE", "The program has no exchange with this code.", ("exchange",)))
    reward = usable_rule(shop, RewardKind.use, found.reward.stored)
    if reward is None or not (found.reward.kind in _OWN or found.reward.kind in givers(shop)):
        raise _unavailable()
    account = ledger.account(customer.id, POINTS)
    account.post_due()
    hold = None if hold_id is None else await hold_named(shop, account, hold_id)
    cause = _cause(why.cause("REDEEM", ledger.present), version, found, times)
    try:
        posted = account.spend("REDEEM", found.points * times, cause, REDEEMED, hold=hold)
    except Short as short:
        raise refused(account, short, "exchange") from None
    entry = telling(posted, "REDEEM")
    _give(ledger, customer.id, reward, times, cause)
    await shop.database.defer([unchanged(versions)])
    await write_ledger(ledger)
    if (giver := givers(shop).get(found.reward.kind)) is not None:
        redeemed = RedeemedExchange(
            cause.event_id, customer.id, code, found.reward.kind, reward.settings, times, ledger.present
        )
        await giver.give(shop, redeemed)
    return Posted(customer, account, entry)


def _cause(cause: Cause, version: Version, found: ExchangeData, times: int) -> Cause:
    figures = {"POINTS": str(found.points), "TIMES": str(times), "RESULT": str(found.points * times)}
    text = f"{found.name}: {found.points} points × {times} = {found.points * times}"
    told = json.dumps({"text": text, "figures": list(figures.items())})
    return replace(cause, program=version.number, rule=found.code, explanation=told)


def _give(ledger: Ledger, customer_id: str, reward: UsableRule, times: int, cause: Cause) -> None:
    """Give what the ledger itself gives; nothing for a reward of another kind."""
    settings: Any = reward.settings
    if reward.kind.name not in _OWN:
        return
    shop, present = ledger.shop, ledger.present
    terms = Terms(present)
    if settings.valid_days is not None:
        terms = Terms(present, days_after(present, settings.valid_days, shop.settings.zone))
    if reward.kind.name == rewards.CREDIT.name:
        ledger.account(customer_id, shop.currency).give("REDEEM", settings.amount * times, cause, terms)
    else:
        ledger.account(customer_id, POINTS).give("BONUS", settings.points * times, cause, terms)


def givers(shop: Shop) -> Mapping[str, RewardGiver]:
    """Who gives rewards of other kinds, by kind: found once."""
    known: Mapping[str, RewardGiver] | None = shop.memory.get(RewardGiver)
    if known is None:
        known = {kind: giver for own in shop.plugins.declared(GIVERS).values() for kind, giver in own.items()}
        shop.memory[RewardGiver] = known
    return known


async def take_back(shop: Shop, event_id: str, program: int, code: str) -> None:
    """Take back what an exchange gave, where the ledger does not do it itself. Raises Refused with NOT_REVERSIBLE where that was
    used, or where who gave it is off."""
    sql = "SELECT body FROM loyalty_program WHERE number = $1"
    row = await shop.database.row(sql, program)
    kind = None if row is None else _kind_of(row[0], code)
    if kind in _OWN:
        return
    giver = None if kind is None else givers(shop).get(kind)
    if giver is None:
        raise Refused(Problem("NOT_REVERSIBLE", "Who gave what it was exchanged for is off.", ("entryId",)))
    await giver.take_back(shop, event_id)


def _kind_of(body: str, code: str) -> str | None:
    found = (one for one in json.loads(body)["exchanges"] if one["code"] == code)
    return next((str(one["reward"]["kind"]) for one in found), None)


def _unavailable() -> Refused:
    message = "What it is exchanged for cannot be had now: the plugin that gives it is off, or no longer takes what it is told."
    return Refused(Problem("EXCHANGE_UNAVAILABLE", message, ("exchange",)))
