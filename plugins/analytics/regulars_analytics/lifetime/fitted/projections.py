"""What customers are expected to spend, and how far from that they may well be."""

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from regulars_analytics.lifetime.fitted.bg_nbd import BgNbd
from regulars_analytics.lifetime.fitted.gamma_gamma import GammaGamma
from regulars_analytics.lifetime.fitted.repeats import Floats, Repeats

_TAIL = 0.1
"""What may lie below the interval, and what above: four of five cases lie in it."""
_SINGLE = 30
"""So many purchases are counted one by one; more of them in groups, each a tenth larger than the one before."""
MAX_COUNTED = 3_000
"""How likely larger numbers are is not told one from another; who is expected to buy so often is taken to buy as often as those
numbers are on average."""
_HALVINGS = 22


@dataclass(frozen=True, slots=True, eq=False)
class Projections:
    """Of each customer: how likely it is that they still buy, how often and for how much in the time ahead, and between which
    amounts that lies in four of five cases."""

    active: Floats
    purchases: Floats
    amount: Floats
    low: Floats
    high: Floats


def expected_amounts(often: BgNbd, much: GammaGamma, known: Repeats, totals: Floats, ahead: float) -> Floats:
    """What each is expected to spend in the time ahead; `totals` is what their repeats came to."""
    return np.asarray(often.expected(known, ahead) * much.expected(known.count, totals))


def project(often: BgNbd, much: GammaGamma, known: Repeats, totals: Floats, ahead: float) -> Projections:
    """All that is told of each. Where nine of ten spend less than the mean, as where most buy no more and few buy much, the
    interval goes up to the mean, and holds more than four of five."""
    purchases = often.expected(known, ahead)
    amount = purchases * much.expected(known.count, totals)
    chances, bought = _grouped(often, known, ahead, purchases)
    low, high = (_quantile(much, known, totals, chances, bought, share) for share in (_TAIL, 1 - _TAIL))
    return Projections(often.active(known), purchases, amount, np.minimum(low, amount), np.maximum(high, amount))


def _grouped(often: BgNbd, known: Repeats, ahead: float, expected: Floats) -> tuple[Floats, Floats]:
    """How likely each buys so many times, and how many times that is: of large numbers in groups, by their mean. What is beyond
    what is counted is one group, whose mean is what the others leave of what is `expected`."""
    mean = (often.r + known.count) * ahead / (often.alpha + known.age)
    spread = np.sqrt(mean * (1 + ahead / (often.alpha + known.age)))
    most = int(min(np.ceil((mean + 10 * spread).max(initial=0.0)) + 20, MAX_COUNTED))
    chances = often.counts(known, ahead, most)
    numbers = np.arange(most + 1.0)
    larger = np.unique(
        np.geomspace(_SINGLE, most + 1, max(2, int(np.log(most / _SINGLE + 1) / np.log(1.1)))).astype(int)
    )
    firsts = np.concatenate([np.arange(_SINGLE), larger[larger <= most]])
    grouped = np.add.reduceat(chances, firsts, axis=1)
    times = np.add.reduceat(chances * numbers, firsts, axis=1)
    middle = np.add.reduceat(np.ones(most + 1) * numbers, firsts) / np.add.reduceat(np.ones(most + 1), firsts)
    bought = np.where(grouped > 0, times / np.where(grouped > 0, grouped, 1.0), middle)
    beyond = np.clip(1 - grouped.sum(axis=1), 0, 1)
    mean_beyond = (expected - times.sum(axis=1)) / np.where(beyond > 0, beyond, 1.0)
    return np.column_stack([grouped, beyond]), np.column_stack([bought, np.maximum(mean_beyond, most + 1.0)])


def _quantile(
    much: GammaGamma, known: Repeats, totals: Floats, chances: Floats, bought: Floats, share: float
) -> Floats:
    """What each spends less than with this probability.

    So many purchases come to an amount that is gamma around a scale which is gamma by what is known: to a beta prime, whose
    distribution is a regularized incomplete beta function of amount / (amount + scale). The answer is looked for by halving.
    """
    scale = much.gamma + totals
    rest = (much.q + much.p * known.count)[:, None]
    answer = np.zeros(known.count.size)
    rows = np.flatnonzero(chances[:, 0] < share)
    if not rows.size:
        return answer
    weights, shape, rest = chances[rows, 1:], much.p * bought[rows, 1:], rest[rows]
    least, most = np.zeros(rows.size), np.ones(rows.size)
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        below = chances[rows, 0] + (weights * betainc(shape, rest, middle[:, None])).sum(axis=1)
        is_below = below < share
        least, most = np.where(is_below, middle, least), np.where(is_below, most, middle)
    part = (least + most) / 2
    answer[rows] = scale[rows] * part / (1 - part)
    return answer
