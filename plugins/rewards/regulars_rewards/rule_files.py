"""Rules in files: the inputs of `promotionSimulate` and `rewardSystemSimulate` as JSON, tried on all that a shop has sold."""

import json
from pathlib import Path
from typing import Any

from regulars_core.plugin import Instant, PastPurchases, Problem, Refused, Shop
from regulars_rewards.graphql.simulations import (
    PromotionSimulateInput,
    RewardSystemSimulateInput,
    tried_promotion_of,
    tried_system_of,
)
from regulars_rewards.graphql.system_inputs import draft_of
from regulars_rewards.simulations.promotions import TriedPromotion
from regulars_rewards.simulations.systems import TriedSystem
from regulars_rewards.simulations.totals import Totals
from regulars_rewards.simulations.whole_shop import Progress, Result, promotions_over_all, systems_over_all
from regulars_rewards.systems.changes import SystemDraft
from regulars_schema.plugin import asked_simulation, read_input

SYSTEM = "rewardSystem"
Input = PromotionSimulateInput | RewardSystemSimulateInput


def read_json(path: Path) -> Any:
    """What a file holds. Raises ValueError for what is no JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


def input_in(shop: Shop, given: Any) -> Input:
    """The input that a file holds, of a reward system where it has one. Raises Malformed."""
    if isinstance(given, dict) and SYSTEM in given:
        return read_input(shop, RewardSystemSimulateInput, given)
    return read_input(shop, PromotionSimulateInput, given)


async def system_in(shop: Shop, given: Any) -> SystemDraft:
    """The reward system that a file holds. Raises Refused."""
    return await draft_of(shop, read_input(shop, RewardSystemSimulateInput, given).reward_system)


async def simulated(
    shop: Shop,
    given: Any,
    against: Any | None,
    since: Instant | None,
    until: Instant | None,
    totals: Totals,
    progress: Progress,
) -> Result:
    """What a rule gives on everything that was sold, beside what another one of the same sort gives or what is given now; from an
    instant on and before another one, as its file says where they are None. Raises Refused and BadInput."""
    input = input_in(shop, given)
    asked = asked_simulation(input)
    span = PastPurchases.span_of(asked.since if since is None else since, asked.until if until is None else until)
    tried, other = await _tried(shop, input), None
    if against is not None:
        other = await _tried(shop, input_in(shop, against))
    if isinstance(tried, TriedPromotion) and not isinstance(other, TriedSystem):
        return await promotions_over_all(shop, tried, other, span, totals, progress)
    if isinstance(tried, TriedSystem) and not isinstance(other, TriedPromotion):
        return await systems_over_all(shop, tried, other, span, totals, progress)
    raise Refused(Problem("INVALID_RULE", "A promotion and a reward system give different things."))


async def _tried(shop: Shop, input: Input) -> TriedPromotion | TriedSystem:
    if isinstance(input, PromotionSimulateInput):
        return await tried_promotion_of(shop, input)
    return await tried_system_of(shop, input)
