#!/usr/bin/env bash
# The twelve months that lifetimes projects a customer's value for are 360 days where the data are by days, and 365 where they are by weeks.
#
# Expected: `time=12` months are one and the same time, whatever the unit of the data: a year. `freq` says what that unit is.
# Seen: by days a month has 30 of them, by weeks 4.345: the same customers are worth 1.1 % less for who counts in days, and what is said to be of a year
#   leaves five days out. In a shop with a turnover of ten millions that is a hundred thousand nobody looks for.
# With: lifetimes 0.11.3, with autograd 1.6.2, numpy 1.26.4, pandas 2.1.4 and scipy 1.13.1, Python 3.11: with newer ones it cannot be imported.
# Source: https://lifetimes.readthedocs.io/en/latest/lifetimes.html#lifetimes.utils._customer_lifetime_value
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check lifetimes==0.11.3 autograd==1.6.2 numpy==1.26.4 pandas==2.1.4 scipy==1.13.1

cat > year.py <<'PY'
import warnings

warnings.simplefilter("ignore")
import pandas as pd
from lifetimes import BetaGeoFitter
from lifetimes.datasets import load_cdnow_summary
from lifetimes.utils import _customer_lifetime_value

known = load_cdnow_summary(index_col=[0])
repeats, weeks = known["frequency"], (known["recency"], known["T"])
days = tuple((each * 7).round() for each in weeks)
one_each = pd.Series(1.0, index=known.index)  # what a purchase comes to, so that a value is a number of purchases


def year(times, freq):
    model = BetaGeoFitter().fit(repeats, *times)
    value = _customer_lifetime_value(model, repeats, *times, one_each, time=12, discount_rate=0, freq=freq)
    return model, value.sum()


by_days, in_days = year(days, "D")
_, in_weeks = year(weeks, "W")
of_360, of_365 = (by_days.predict(ahead, repeats, *days).sum() for ahead in (360, 365))
print(f"12 months by days {in_days:.2f}, by weeks {in_weeks:.2f}; 360 days {of_360:.2f}, 365 days {of_365:.2f}")
assert abs(in_days - of_360) < 0.01 < of_365 - in_days
assert abs(in_weeks - of_365) < 0.2 < in_weeks - in_days
PY
venv/bin/python year.py
