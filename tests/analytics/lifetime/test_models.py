"""What holds of the models whatever the customers are."""

import tracemalloc

import numpy as np
import pytest

from regulars_analytics.lifetime.fitted import bg_nbd, gamma_gamma
from regulars_analytics.lifetime.fitted.bg_nbd import BgNbd
from regulars_analytics.lifetime.fitted.gamma_gamma import GammaGamma
from regulars_analytics.lifetime.fitted.projections import project
from regulars_analytics.lifetime.fitted.repeats import Repeats

OFTEN, MUCH = BgNbd(r=0.8, alpha=40.0, a=1.0, b=3.0), GammaGamma(p=4.0, q=3.5, gamma=2000.0)
DAYS = 400


def known(*rows: tuple[int, int, int]) -> Repeats:
    count, last, age = (np.array(column) for column in zip(*rows, strict=True))
    return Repeats(count, last.astype(float), age.astype(float), np.ones(len(rows)))


def random_lives(customers: int, ahead: int):
    """Customers who do what the model says: what is known of them after some days, and what they spend in the days ahead."""
    random = np.random.default_rng(7)
    rates, leaves = random.gamma(OFTEN.r, 1 / OFTEN.alpha, customers), random.beta(OFTEN.a, OFTEN.b, customers)
    ages = random.integers(1, DAYS, customers)
    scales = random.gamma(MUCH.q, 1 / MUCH.gamma, customers)
    count, last, totals = np.zeros(customers, dtype=int), np.zeros(customers), np.zeros(customers)
    later, spent = np.zeros(customers, dtype=int), np.zeros(customers)
    for n in range(customers):
        at, is_there = 0.0, True
        while is_there and (at := at + random.exponential(1 / rates[n])) < ages[n] + ahead:
            amount = random.gamma(MUCH.p, 1 / scales[n])
            if at < ages[n]:
                count[n], last[n], totals[n] = count[n] + 1, at, totals[n] + amount
            else:
                later[n], spent[n] = later[n] + 1, spent[n] + amount
            is_there = random.random() >= leaves[n]
    return Repeats(count, last, ages.astype(float), np.ones(customers)), totals, later, spent


def test_those_who_do_as_the_model_says_are_told_as_they_do():
    lives, totals, later, spent = random_lives(6000, 200)
    told = project(OFTEN, MUCH, lives, totals, 200)
    bought = lives.count > 0
    assert told.purchases[bought].mean() == pytest.approx(later[bought].mean(), rel=0.04)
    assert told.amount[bought].mean() == pytest.approx(spent[bought].mean(), rel=0.06)
    below, above = (spent < told.low)[bought].mean(), (spent > told.high)[bought].mean()
    assert above == pytest.approx(0.1, abs=0.015)
    assert below < 0.1
    often = bg_nbd.fit(lives)
    much = gamma_gamma.fit(lives.count, totals)
    assert often is not None
    assert much is not None
    for fitted, model in ((often.model.r, OFTEN.r), (often.model.alpha, OFTEN.alpha), (much.model.p, MUCH.p)):
        assert fitted == pytest.approx(model, rel=0.35)


@pytest.mark.parametrize("count", [0, 1, 3, 250], ids=str)
def test_expected_is_the_mean_of_what_may_happen(count: int):
    someone = known((count, 250 if count else 0, 300))
    chances = OFTEN.counts(someone, 365, 6000)
    assert chances.sum() == pytest.approx(1)
    assert chances.min() >= 0
    assert OFTEN.expected(someone, 365) == pytest.approx(chances @ np.arange(6001.0), rel=1e-4)


def test_the_slope_is_that_of_the_likelihood():
    lives, totals, *_ = random_lives(200, 1)
    repeats, spent = lives.count[lives.count > 0], totals[lives.count > 0]
    cases = [
        (bg_nbd._Likelihood(lives, 30.0), np.array([0.5, 0.7, 0.9, 2.0])),
        (gamma_gamma._Likelihood(repeats, spent / 100), np.array([5.0, 4.0, 15.0])),
    ]
    for likelihood, at in cases:
        steps = np.eye(at.size) * 1e-6
        by_steps = [(likelihood(at + step)[0] - likelihood(at - step)[0]) / 2e-6 for step in steps]
        assert likelihood(at)[1] == pytest.approx(by_steps, rel=1e-4)


def test_nothing_is_fitted_to_what_tells_nothing():
    nobody, once = known((0, 0, 0)), known(*[(0, 0, age) for age in range(200)])
    assert bg_nbd.fit(nobody) is None
    assert bg_nbd.fit(once) is None
    clockwork = known(*[(50, 350, 357)] * 200)
    assert bg_nbd.fit(clockwork) is None
    assert gamma_gamma.fit(np.array([1, 2, 3] * 50), np.array([10.0, 20.0, 30.0] * 50)) is None
    assert gamma_gamma.fit(np.array([0, 1]), np.array([0.0, 0.0])) is None


def test_a_million_repeats_are_refused():
    with pytest.raises(ValueError, match="more than anybody"):
        Repeats.of(np.array([1 << 20]), np.array([1]), np.array([1]))
    with pytest.raises(ValueError, match="not below 0"):
        Repeats.of(np.array([1]), np.array([-1]), np.array([1]))


def test_all_who_leave_with_one_probability() -> None:
    """Then `a` and `b` are very large, and what is expected is the sum of what is likely all the same."""
    alike = BgNbd(r=1.65, alpha=67.5, a=22_998.6, b=197_183.0)
    lives = known((0, 0, 300), (3, 200, 300), (3, 290, 300), (12, 300, 301))
    likely = alike.counts(lives, 365.0, 400)
    assert alike.expected(lives, 365.0) == pytest.approx(likely @ np.arange(401.0), rel=1e-3)
    assert np.isfinite(BgNbd(r=0.5, alpha=0.5, a=0.2, b=200.0).expected(known((0, 0, 0), (1, 1, 1)), 1_095.0)).all()


def test_who_may_buy_very_often_takes_no_more_memory() -> None:
    """Of somebody who came today for the first time, where customers buy many times a day, hundreds of thousands are likely."""
    often = BgNbd(r=0.5, alpha=0.001, a=0.8, b=3.0)
    tracemalloc.start()
    found = project(often, GammaGamma(6.0, 4.0, 15.0), known((0, 0, 0), (3, 2, 2)), np.array([0.0, 30.0]), 1_095.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000
    assert np.isfinite(found.high).all()
    assert (found.low <= found.amount).all()
    assert (found.amount <= found.high).all()
