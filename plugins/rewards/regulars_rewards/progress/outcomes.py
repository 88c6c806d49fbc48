"""What each reward system gave for purchases of the past, found anew by the versions of their instants."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from regulars_core.plugin import (
    RuleOutcome,
    Sale,
    Shop,
    SkipReason,
    past_sales,
    recorded_before_refunds,
    recorded_by_ids,
    shown_rule,
)
from regulars_rewards.progress.earning import Earners, Outcome
from regulars_rewards.progress.explanations import Explanation, in_progress
from regulars_rewards.systems.known import read_systems
from regulars_rewards.systems.system import RewardSystem
from regulars_rewards.triggers.kinds import PurchaseTrigger, RewardTriggerKind


async def outcomes_of(shop: Shop, purchase_ids: Sequence[str]) -> Mapping[str, Sequence[RuleOutcome]]:
    """How much progress each reward system that goes by single purchases gave for each purchase, whole or not, or why it gave
    none; shadows are left out. Of one that was voided or wholly given back nothing is left."""
    known = await read_systems(shop)
    if not known.systems:
        return {}
    rows = await recorded_before_refunds(shop.database, purchase_ids)
    standing = await recorded_by_ids(shop.database, purchase_ids)
    sales = await past_sales(shop, list(rows.values()))
    earners = Earners(shop, known, [(sale.customer_id, sale.at) for sale in sales if sale.customer_id])
    read = await earners.read()
    undone = {id_ for id_, one in standing.items() if one.status in {"VOIDED", "REFUNDED"}}
    found = {}
    for sale in sales:
        own = {one.system.id: one for one in earners.tried(sale, read)} if read and sale.customer_id else {}
        systems = [one for one in known.systems if not one.is_shadow and _goes_by_purchases(one, sale)]
        found[sale.id] = [_shown(shop, one, sale, own.get(one.id), is_undone=sale.id in undone) for one in systems]
    return found


def _goes_by_purchases(system: RewardSystem, sale: Sale) -> bool:
    kind = system.at(sale.at).kind
    return kind is None or isinstance(kind, PurchaseTrigger)


def _shown(shop: Shop, system: RewardSystem, sale: Sale, outcome: Outcome | None, *, is_undone: bool) -> RuleOutcome:
    """As people see it."""
    version = system.at(sale.at)
    rule = shown_rule(shop, RewardTriggerKind.use, version.data.trigger.stored)
    given, reason, why = _answered(system, sale, outcome)
    if is_undone and reason is None:
        given, reason, why = (
            Fraction(0),
            SkipReason.UNDONE,
            why._replace(text=f"{why.text}, all of which was taken back"),
        )
    return RuleOutcome(system.name, in_progress(given), why.shown(rule), reason)


def _answered(
    system: RewardSystem, sale: Sale, outcome: Outcome | None
) -> tuple[Fraction, SkipReason | None, Explanation]:
    nothing = Fraction(0)
    if not system.was_there(sale.id):
        return nothing, SkipReason.NOT_IN_FORCE, Explanation("It was made after the purchase was recorded.")
    if outcome is not None:
        return Fraction(outcome.units, outcome.version.per), outcome.reason, outcome.explain()
    version = system.at(sale.at)
    if not version.collects_at(sale.at):
        return nothing, SkipReason.NOT_IN_FORCE, Explanation("It did not collect then.")
    if version.kind is None:
        return (
            nothing,
            SkipReason.UNAVAILABLE,
            Explanation("It cannot be used: no plugin that is on brings its trigger."),
        )
    return nothing, SkipReason.NO_CUSTOMER, Explanation("The purchase has no customer.")
