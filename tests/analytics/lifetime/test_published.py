"""The models are those of the papers: the same parameters of the same customers, and the same forecasts (P-A06, P-A07, P-A09)."""

from datetime import date

import numpy as np
import pytest

from regulars_analytics.lifetime.fitted import bg_nbd, gamma_gamma
from regulars_analytics.lifetime.fitted.bg_nbd import BgNbd
from regulars_analytics.lifetime.fitted.gamma_gamma import GammaGamma
from regulars_analytics.lifetime.fitted.projections import project
from regulars_analytics.lifetime.fitted.repeats import Repeats
from tests.support import cdnow

PUBLISHED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)


@pytest.mark.realdata
def test_parameters_of_bg_nbd():
    given = cdnow.published()
    fitted = bg_nbd.fit(Repeats(given.repeats, given.last, given.age, np.ones(given.age.size)))
    assert fitted is not None
    model = fitted.model
    assert [round(value, 3) for value in (model.r, model.alpha, model.a, model.b)] == [0.243, 4.414, 0.793, 2.426]
    assert round(fitted.log_likelihood, 1) == -9582.4
    days = Repeats.of(given.repeats, np.rint(given.last * 7).astype(int), np.rint(given.age * 7).astype(int))
    assert days.customers.sum() == 2357
    assert len(days.count) < 1100
    by_days = bg_nbd.fit(days)
    assert by_days is not None
    assert by_days.model.alpha / 7 == pytest.approx(4.414, abs=0.001)


@pytest.mark.realdata
def test_parameters_of_gamma_gamma():
    given = cdnow.published()
    fitted = gamma_gamma.fit(given.repeats, given.repeats * given.average)
    assert fitted is not None
    model = fitted.model
    assert (model.p, model.q, model.gamma) == pytest.approx((6.25, 3.74, 15.44), abs=0.01)


def test_expected_of_somebody_new():
    weeks = [0.1429, 1, 3, 31.8571, 32, 78]
    expected = [float(PUBLISHED.expected_of_new(week)[0]) for week in weeks]
    assert expected == pytest.approx([0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576], abs=0.003)
    assert [round(value, 4) for value in expected] == [0.0078, 0.0533, 0.1509, 1.0420, 1.0452, 1.8605]
    assert PUBLISHED.none_bought(39) == pytest.approx(0.5737864)


def test_expected_amounts():
    model = GammaGamma(p=6.25, q=3.74, gamma=15.44)
    repeats = np.array([2, 1, 7, 2, 0])
    expected = model.expected(repeats, repeats * np.array([22.35, 11.77, 73.74, 25.55, 0]))
    assert expected == pytest.approx([24.65, 18.91, 71.46, 27.28, 35.17], abs=0.1)
    assert [round(float(value), 2) for value in expected] == [24.66, 18.92, 71.47, 27.29, 35.22]


@pytest.mark.realdata
def test_nine_months_that_are_not_known_yet():
    """What 23,570 customers do from October 1997 to June 1998, by what was known before, beside two plain rules: RATE, and that
    they come again as often a day as before."""
    begin, end = date(1997, 9, 30).toordinal(), date(1998, 6, 30).toordinal()
    ahead = end - begin
    days = list(cdnow.all_days().values())
    known = [sorted(day for day in one if day <= begin) for one in days]
    repeats = np.array([len(one) - 1 for one in known])
    last, age = np.array([one[-1] - one[0] for one in known]), np.array([begin - one[0] for one in known])
    totals = np.array(
        [sum(one[day] for day in before[1:]) for one, before in zip(days, known, strict=True)], dtype=float
    )
    average = np.array([sum(one[day] for day in before) / len(before) for one, before in zip(days, known, strict=True)])
    bought = np.array([sum(day > begin for day in one) for one in days])
    came_to = np.array([sum(cents for day, cents in one.items() if day > begin) for one in days])

    often, much = bg_nbd.fit(Repeats.of(repeats, last, age)), gamma_gamma.fit(repeats, totals)
    assert often is not None
    assert much is not None
    each = Repeats(repeats, last.astype(float), age.astype(float), np.ones(age.size))
    purchases = often.model.expected(each, ahead)
    rate = np.where(age - last >= 180, 0, (repeats + 1) / np.maximum(age, 30) * ahead)
    again = repeats / np.maximum(age, 30) * ahead
    amounts = [purchases * much.model.expected(repeats, totals), rate * average, again * average]

    def errors(forecasts, truth) -> list[float]:
        return [float(abs(forecast - truth).mean()) for forecast in forecasts]

    assert errors([purchases, rate, again], bought) == pytest.approx([0.82, 1.22, 1.04], abs=0.01)
    assert [cents / 100 for cents in errors(amounts, came_to)] == pytest.approx([32.7, 48.4, 42.4], abs=0.1)
    in_all = [forecast.sum() / bought.sum() for forecast in (purchases, rate, again)]
    assert in_all == pytest.approx([0.857, 1.76, 1.47], abs=0.01)

    some = np.arange(age.size) % 23 == 0
    few = Repeats(each.count[some], each.last[some], each.age[some], each.customers[some])
    told = project(often.model, much.model, few, totals[some], ahead)
    inside = (told.low <= came_to[some]) & (came_to[some] <= told.high)
    assert inside.mean() == pytest.approx(0.88, abs=0.02)
    assert inside[few.count > 0].mean() == pytest.approx(0.83, abs=0.03)
