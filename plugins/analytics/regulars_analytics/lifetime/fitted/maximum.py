"""The parameters by which something is likeliest, all of them above 0."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import Bounds, minimize

from regulars_analytics.lifetime.fitted.repeats import Floats

_FARTHEST = 12.0
"""How far a parameter may be from where it is looked for first, as a power of e: beyond that there is no maximum."""


class Likelihood(Protocol):
    """The logarithm of how likely something is, and its slope by each parameter."""

    def __call__(self, at: Floats) -> tuple[float, Floats]: ...


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where it is."""

    at: tuple[float, ...]


def maximum(likelihood: Likelihood, first: Floats) -> Maximum | None:
    """Where a likelihood is greatest; None where it is nowhere, but grows on and on.

    It is looked for in logarithms of the parameters, by which they stay above 0 and are of one size.
    """
    start = np.log(first)
    scale = abs(likelihood(first)[0]) or 1.0

    def downhill(at: Floats) -> tuple[float, Floats]:
        values = np.exp(at)
        value, slope = likelihood(values)
        return -value / scale, -slope * values / scale

    bounds = Bounds(start - _FARTHEST, start + _FARTHEST)
    found = minimize(
        downhill,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7},
    )
    at = np.asarray(found.x)
    if not np.isfinite(found.fun) or (np.abs(at - start) > _FARTHEST - 0.01).any():
        return None
    if np.abs(downhill(at)[1]).max() > 1e-5:
        return None
    return Maximum(tuple(float(value) for value in np.exp(at)))
