"""Gamma-Gamma: how much customers spend at a time.

P. S. Fader, B. G. S. Hardie, The Gamma-Gamma Model of Monetary Value (2013), http://brucehardie.com/notes/025/. What a customer
spends is gamma (`p`) around a mean of their own, which goes with a scale that is gamma over customers (`q`, `gamma`). Amounts
are in the unit of `gamma`; averages are of repeats alone.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, psi

from regulars_analytics.lifetime.fitted.maximum import Likelihood, maximum
from regulars_analytics.lifetime.fitted.repeats import Floats, Whole


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """The model with its parameters, each above 0, and `q` above 1: otherwise nobody has a mean."""

    p: float
    q: float
    gamma: float

    def expected(self, count: Whole, total: Floats) -> Floats:
        """What each is expected to spend at a time, by how many repeats came to what in all (5 in the note)."""
        return np.asarray(self.p * (self.gamma + total) / (self.p * count + self.q - 1))


@dataclass(frozen=True, slots=True)
class FittedGammaGamma:
    """The model that explains what customers spent best, and the natural logarithm of how likely that is by it."""

    model: GammaGamma
    log_likelihood: float


def fit(count: Whole, total: Floats) -> FittedGammaGamma | None:
    """The model by which what was spent is likeliest; None where there is none, as where everybody spends the same.

    Those without a repeat, and those who spent nothing, are left out: they tell nothing of how much.
    """
    spent = (count > 0) & (total > 0)
    if spent.sum() < 2:
        return None
    repeats, totals = count[spent], total[spent]
    unit = float(np.mean(totals / repeats))
    found = maximum(_Likelihood(repeats, totals / unit), np.array([2.0, 3.0, 1.0]))
    if found is None:
        return None
    p, q, gamma = found.at
    if q <= 1:
        return None
    model = GammaGamma(p, q, gamma * unit)
    return FittedGammaGamma(model, log_likelihood(model, repeats, totals))


def log_likelihood(model: GammaGamma, count: Whole, total: Floats) -> float:
    """How likely it is by a model that repeats came to these totals (1a in the note, over all customers)."""
    return _Likelihood(count, total)(np.array([model.p, model.q, model.gamma]))[0]


class _Likelihood(Likelihood):
    """By (p, q, gamma). Gamma functions are taken once for each number of repeats."""

    def __init__(self, count: Whole, total: Floats) -> None:
        self._counts, self._of_count = np.unique(count, return_inverse=True)
        self._by_count = np.bincount(self._of_count).astype(float)
        self._total, self._log_total = total, np.log(total)
        self._repeats = count.astype(float)
        self._customers = float(count.size)
        self._log_mean = float((self._log_total - np.log(self._repeats)).sum())
        self._repeats_log_total = float(self._repeats @ self._log_total)

    def __call__(self, at: Floats) -> tuple[float, Floats]:
        p, q, gamma = at
        x, customers = self._counts, self._by_count
        every = gamma + self._total
        log_every = np.log(every)
        summed, repeated = log_every.sum(), self._repeats @ log_every
        per = 1 / every
        value = (
            customers @ (gammaln(p * x + q) - gammaln(p * x) - gammaln(q))
            + self._customers * q * np.log(gamma)
            + p * self._repeats_log_total
            - self._log_mean
            - p * repeated
            - q * summed
        )
        slope = np.array(
            [
                customers @ (x * (psi(p * x + q) - psi(p * x))) + self._repeats_log_total - repeated,
                customers @ (psi(p * x + q) - psi(q)) + self._customers * np.log(gamma) - summed,
                self._customers * q / gamma - p * (self._repeats @ per) - q * per.sum(),
            ]
        )
        return float(value), slope
