"""What a promotion would have taken off the shop's own past purchases, beside those of that time or in the place of one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from regulars_core.plugin import (
    LATEST,
    NEVER,
    Instant,
    PastPurchases,
    Problem,
    Refused,
    RuleExplanation,
    RuleSimulation,
    Shop,
    SimulationTotals,
    exponent_of,
    has_past,
    leaves_in,
    new_id,
    printed,
)
from regulars_rewards.offers.engine import Applied
from regulars_rewards.offers.promotion import Promotion
from regulars_rewards.promotions.changes import PromotionDraft, refuse_unknown_stores
from regulars_rewards.promotions.stored import applicable, promotions_by_ids
from regulars_rewards.simulations.runs import Counts, Run
from regulars_rewards.simulations.trials import BATCH, Trial, promotions_between
from regulars_rewards.uses.tiers import tiers_before

MAX_WORK = 6_000
"""On so many purchases one promotion can be tried in two to three seconds, a third of the time that a request may take."""
_SHARE = 50
"""So many promotions that are in force at once cost as much as all else of a purchase."""
STRANGERS = "Purchases of nobody who is known are left out. Limits and budgets are kept within what was looked at."


@dataclass(frozen=True, slots=True)
class TriedPromotion:
    """A promotion to try, and the one by id in whose place it comes, None beside all others."""

    promotion: Promotion
    replaces: str | None = None

    def run(self, counts: Counts | None = None) -> Run:
        """It with those of that time."""
        return Run(self.promotion, self.replaces, counts)


async def tried_promotion(shop: Shop, draft: PromotionDraft, replaces: str | None = None) -> TriedPromotion:
    """A promotion as it can be tried, in force at any time. Raises Refused with NOT_FOUND at `promotion` and `replacesId`."""
    await refuse_unknown_stores(shop, draft.data, ("promotion",))
    if replaces is not None and replaces not in await promotions_by_ids(shop.database, [replaces]):
        raise Refused(Problem("NOT_FOUND", "There is no such promotion.", ("replacesId",)))
    # Behind the one that it replaces, and before those that are younger; with an id of its own in any case.
    id_ = new_id() if replaces is None else f"{replaces}~{new_id()}"
    body = draft.data.model_dump_json()
    promotion = applicable(shop, id_, 0, draft.name, -draft.priority, draft.needs_coupon, NEVER, LATEST, body)
    return TriedPromotion(promotion, replaces)


async def simulate_promotion(
    shop: Shop, tried: TriedPromotion, since: Instant | None, until: Instant | None, sample: int
) -> RuleSimulation:
    """What all promotions would have taken off purchases from an instant on and before another one, a year before now if they
    are not given, with this one and without it: both found anew."""
    start, end = PastPurchases.span_of(since, until)
    stored = await promotions_between(shop, start, end)
    run = tried.run()
    trial = Trial(shop, stored, [run, Run()])
    most = affordable([*stored, tried.promotion], start, end)
    sampled = await PastPurchases.sampled(shop, start, end, most=most, strangers=True)
    totals, ids = SimulationTotals(exponent_of(shop.currency)), [place.id for place in sampled.places]
    for n in range(0, len(ids), BATCH):
        for sale in await trial.over(ids[n : n + BATCH]):
            given, given_now = sale.amounts
            totals.add(
                sale.customer_id, sale.at, given, given_now, [partial(_explanation, one) for one in sale.applied]
            )
    costs = shop.money(totals.given), shop.money(totals.given_now) if stored else None
    tiers = await tiers_before(shop, totals.customer_ids, end)
    notes = [] if sampled.is_whole else [totals.note_of_sample(sampled.buyers), STRANGERS]
    notes += [*notes_of(shop, run, stored, trial.failures)]
    return totals.simulation((start, end), shop.currency, costs, tiers, sample, notes)


def affordable(promotions: Sequence[Promotion], since: Instant, until: Instant) -> int:
    """On how many purchases these can be tried within a request: the more of them are in force at once, the fewer. Who belongs to
    an audience costs as much again."""
    in_force = sum(
        (min(one.ends_at, until) - max(one.starts_at, since)) * (1 if one.data.audience is None else 2)
        for one in promotions
    )
    return MAX_WORK * _SHARE * (until - since) // (_SHARE * (until - since) + in_force)


def _explanation(one: Applied) -> RuleExplanation:
    return one.explanation


def notes_of(shop: Shop, run: Run, stored: Sequence[Promotion], failures: set[str]) -> Iterator[str]:
    """What must be known to read the figures of a run with a promotion that was tried."""
    tried = run.tried
    assert tried is not None
    amount = f"{shop.money(run.amount).amount} {shop.currency}"
    yield f"Of what would have been given, this promotion takes off {amount} in {_purchases(run.uses)}."
    yield SimulationTotals.GIVEN_BACK
    if tried.needs_coupon:
        yield "It needs a coupon: it was tried as if everybody had one."
    if run.ended_at is not None:
        yield f"Its limit or budget was used up, or its budget did not suffice, for the first time at {printed(run.ended_at)}."
    if stored:
        yield (
            "The promotions of that time are looked at as they are now, each while it was in force, those that need a "
            "coupon where one was used; limits and budgets begin anew."
        )
    if leaves := sorted({name for one in (tried, *stored) for name in _without_past(shop, one)}):
        yield f"Read as of now, since they do not answer for a past instant: {', '.join(leaves)}."
    if failures:
        yield f"These kinds have failed, and took nothing off: {', '.join(sorted(failures))}."


def _purchases(count: int) -> str:
    return "1 purchase" if count == 1 else f"{count} purchases"


def _without_past(shop: Shop, promotion: Promotion) -> Iterator[str]:
    for _, name, comparison in leaves_in(promotion.data.audience or {}):
        if not has_past(shop, name, comparison):
            yield name
