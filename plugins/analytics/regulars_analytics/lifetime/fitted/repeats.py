"""Repeat purchases as the models take them: how many, when the last was, for how long the customer is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

_BITS = 20
"""A million days, or repeats, fit into so many bits."""


@dataclass(frozen=True, slots=True, eq=False)
class Repeats:
    """Customers by what the models know of their time: so many `count` repeats, the last of them `last` after the first purchase
    of all, known for `age`; `customers` are like that. All times are in one unit, and `last` is 0 without repeats."""

    count: Whole
    last: Floats
    age: Floats
    customers: Floats

    @staticmethod
    def of(count: Whole, last: Whole, age: Whole) -> "Repeats":
        """One by one, in whole days, those who are alike put together: there are far fewer kinds than customers."""
        if min(count.min(initial=0), last.min(initial=0), age.min(initial=0)) < 0:
            raise ValueError("A number of repeats and of days is not below 0.")
        if max(count.max(initial=0), last.max(initial=0), age.max(initial=0)) >= 1 << _BITS:
            raise ValueError("A million repeats or days are more than anybody has.")
        kinds, customers = np.unique((count << 2 * _BITS) | (last << _BITS) | age, return_counts=True)
        mask = (1 << _BITS) - 1
        last_days, ages = (kinds >> _BITS) & mask, kinds & mask
        return Repeats(kinds >> 2 * _BITS, last_days.astype(float), ages.astype(float), customers.astype(float))
