"""BG/NBD: how often customers buy, and whether they still do.

P. S. Fader, B. G. S. Hardie, K. L. Lee, "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model, Marketing
Science 24 (2005), 275-284. While active a customer buys at a rate of their own, which is gamma over customers (`r`, `alpha`);
after any purchase they may leave, with a probability of their own, which is beta (`a`, `b`). Times are in the unit of `alpha`.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, betaln, expit, gammaln, hyp2f1, psi

from regulars_analytics.lifetime.fitted.maximum import Likelihood, maximum
from regulars_analytics.lifetime.fitted.repeats import Floats, Repeats, Whole

_SINGULAR = 1e-6
"""So near to `a` = 1 the expectation is taken beside it, where it is the same to as many digits and can be divided."""

_LEAST_LEAVING = 1e-12
_NODES, _SHARES = np.polynomial.legendre.leggauss(96)
_EVEN = (_NODES + 1) / 2
_PLACES = _EVEN**3 * (10 - 15 * _EVEN + 6 * _EVEN**2)
_WEIGHTS = _SHARES / 2 * 30 * (_EVEN * (1 - _EVEN)) ** 2
"""Where an average between 0 and 1 is taken, closer together towards both ends."""


@dataclass(frozen=True, slots=True)
class BgNbd:
    """The model with its parameters, each above 0."""

    r: float
    alpha: float
    a: float
    b: float

    def active(self, known: Repeats) -> Floats:
        """How likely it is that each still buys; 1 without repeats, by construction (Fader and Hardie's note on P(alive))."""
        leaving = np.log(self.a / (self.b + np.maximum(known.count, 1) - 1))
        silence = np.log1p((known.age - known.last) / (self.alpha + known.last))
        return np.where(known.count > 0, expit(-leaving - (self.r + known.count) * silence), 1.0)

    def expected_of_new(self, ahead: Floats | float) -> Floats:
        """How many repeats are expected of somebody who begins now, up to a time ahead (9 in the paper)."""
        begun = Repeats(np.zeros(1, dtype=np.int64), np.zeros(1), np.zeros(1), np.ones(1))
        return self.expected(begun, ahead)

    def expected(self, known: Repeats, ahead: Floats | float) -> Floats:
        """How many purchases are expected of each in the time ahead, by what is known (10 in the paper).

        Its hypergeometric function grows beyond any float with the number of repeats. By Euler's transformation it is
        (1 - z)^(a - 1 - r - x) of another one that does not, and the power goes off against the one before it. Where all leave
        with much the same probability, `a` and `b` are so large that it is nothing times infinity: there it is averaged.
        """
        a = self.a if abs(self.a - 1) > _SINGULAR else 1 + _SINGULAR
        passed = self.alpha + known.age
        share = ahead / (passed + ahead)
        whole = a + self.b + known.count - 1
        with np.errstate(all="ignore"):
            left = (1 - share) ** (a - 1) * hyp2f1(a - 1, a + self.b - 1 - self.r, whole, share)
            found = np.array(whole / (a - 1) * (1 - left))
        lost = ~np.isfinite(found)
        if lost.any():
            count, age, time = (np.broadcast_to(one, found.shape)[lost] for one in (known.count, known.age, ahead))
            found[lost] = self._averaged(count, age, time)
        return np.asarray(found * self.active(known))

    def _averaged(self, count: Whole, age: Floats, ahead: Floats) -> Floats:
        """How many purchases are expected of each who is active, as an average over how likely somebody is to leave."""
        kinds, place = np.unique(count, return_inverse=True)
        leaves = np.maximum(betaincinv(self.a, (self.b + kinds)[:, None], _PLACES), _LEAST_LEAVING)[place]
        often, times = (self.r + count)[:, None], (ahead / (self.alpha + age))[:, None]
        return np.asarray((-np.expm1(-often * np.log1p(times * leaves)) / leaves) @ _WEIGHTS)

    def counts(self, known: Repeats, ahead: float, most: int) -> Floats:
        """How likely each is to buy 0, 1, … `most` times in the time ahead: a row for each (8 in the paper, for somebody who
        is known for a while, times the probability that they still buy)."""
        n = np.arange(most + 1.0)
        r, b = (self.r + known.count)[:, None], (self.b + known.count)[:, None]
        waited = np.log((self.alpha + known.age) / (self.alpha + known.age + ahead))[:, None]
        bought = np.log(ahead / (self.alpha + known.age + ahead))[:, None]
        often = np.exp(gammaln(r + n) - gammaln(r) - gammaln(n + 1) + r * waited + n * bought)
        stays = np.exp(betaln(self.a, b + n) - betaln(self.a, b)) * often
        before = np.cumsum(often, axis=1)[:, :-1]  # how likely it is to have bought fewer than 1, 2, … times
        leaves = np.exp(betaln(self.a + 1, b + n[:-1]) - betaln(self.a, b)) * np.clip(1 - before, 0, 1)
        stays[:, 1:] += leaves
        active = self.active(known)[:, None]
        stays *= active
        stays[:, :1] += 1 - active
        return np.asarray(stays)

    def none_bought(self, ahead: float) -> float:
        """How likely somebody who begins now is to buy no second time in the time ahead."""
        return float((self.alpha / (self.alpha + ahead)) ** self.r)


@dataclass(frozen=True, slots=True)
class FittedBgNbd:
    """The model that explains customers best, and the natural logarithm of how likely they are by it."""

    model: BgNbd
    log_likelihood: float


def log_likelihood(model: BgNbd, known: Repeats) -> float:
    """How likely customers are by a model (6 in the paper, over all of them)."""
    return _Likelihood(known, 1.0)(np.array([model.r, model.alpha, model.a, model.b]))[0]


def fit(known: Repeats) -> FittedBgNbd | None:
    """The model by which customers are likeliest; None where there is none, as where hardly anybody comes again."""
    unit = float(np.average(known.age, weights=known.customers)) if known.age.size else 0.0
    if unit <= 0 or not (known.count > 0).any():
        return None
    likelihood = _Likelihood(known, unit)
    found = maximum(likelihood, np.array([1.0, 1.0, 1.0, 2.0]))
    if found is None:
        return None
    r, alpha, a, b = found.at
    model = BgNbd(r, alpha * unit, a, b)
    return FittedBgNbd(model, log_likelihood(model, known))


class _Likelihood(Likelihood):
    """Of customers, by (r, alpha, a, b), with times in a unit that makes all four about one.

    Gamma functions are of the number of repeats alone, of which there are few kinds, and logarithms of times of days: both are
    taken once for each kind. What is left for each kind of customer is one logarithm of a sum.
    """

    def __init__(self, known: Repeats, unit: float) -> None:
        self._counts, self._of_count = np.unique(known.count, return_inverse=True)
        self._lasts, self._of_last = np.unique(known.last / unit, return_inverse=True)
        self._ages, self._of_age = np.unique(known.age / unit, return_inverse=True)
        self._repeats = known.count.astype(float)
        self._weights = known.customers
        self._again = (known.count > 0).astype(float)
        self._by_count = np.bincount(self._of_count, self._weights)
        self._again_by_count = (self._counts > 0).astype(float)
        self._before = np.maximum(self._counts, 1) - 1.0

    def __call__(self, at: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = at
        x, by_count = self._counts, self._by_count
        exponent = r + self._repeats
        log_last, log_age = np.log(alpha + self._lasts)[self._of_last], np.log(alpha + self._ages)[self._of_age]
        left = np.log(a) - np.log(b + self._before)
        lead = exponent * (log_age - log_last) + left[self._of_count]  # of having left over still being there
        gone = np.where(self._again > 0, expit(lead), 0.0)
        either = np.where(self._again > 0, np.logaddexp(0.0, lead), 0.0) - exponent * log_age
        counted = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
        value = by_count @ counted + self._weights @ either

        weighted_gone = self._weights * gone
        gone_by_count = np.bincount(self._of_count, weighted_gone, minlength=x.size)
        meant = log_age + gone * (log_last - log_age)
        per_age, per_last = (1 / (alpha + self._ages))[self._of_age], (1 / (alpha + self._lasts))[self._of_last]
        customers = by_count.sum()
        slope = np.array(
            [
                by_count @ (psi(r + x) - psi(r)) + customers * np.log(alpha) - self._weights @ meant,
                customers * r / alpha - (self._weights * exponent) @ (per_age + gone * (per_last - per_age)),
                by_count @ (psi(a + b) - psi(a + b + x)) + gone_by_count.sum() / a,
                by_count @ (psi(a + b) - psi(a + b + x) + psi(b + x) - psi(b))
                - gone_by_count @ (1 / (b + self._before)),
            ]
        )
        return float(value), slope
