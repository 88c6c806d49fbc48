"""How long it takes, and how much memory, to fit BG/NBD and Gamma-Gamma to very many customers, and to project them; beside the
package lifetimes, on the same customers.

    python -m benchmarks.lifetime --customers 500000 --lifetimes VENV/bin/python

That package needs older NumPy, SciPy and autograd, so it has a Python of its own:

    python -m venv VENV && VENV/bin/pip install lifetimes==0.11.3 autograd==1.6.2 "numpy<2" "pandas<2.2" "scipy<1.14"

Each runs in a process of its own. Customers buy as the models say, by parameters like those of CDNOW, over two years.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from regulars_analytics.lifetime.fitted import bg_nbd, gamma_gamma
from regulars_analytics.lifetime.fitted.projections import expected_amounts, project
from regulars_analytics.lifetime.fitted.repeats import Repeats

DAYS = 730
PAGE = 100
THEIRS = """
import json, resource, sys, time
import numpy as np, pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter
known = np.load(sys.argv[1])
count, last, age, spent = (known[name].astype(float) for name in ("count", "last", "age", "spent"))
begun = time.perf_counter()
often = BetaGeoFitter().fit(pd.Series(count), pd.Series(last), pd.Series(age))
first = time.perf_counter()
bought = (count > 0) & (spent > 0)
much = GammaGammaFitter().fit(pd.Series(count[bought]), pd.Series(spent[bought] / count[bought]))
fitted = {**often.params_.to_dict(), **much.params_.to_dict()}
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"often": first - begun, "much": time.perf_counter() - first, "megabytes": memory, **fitted}))
"""


def customers(number: int) -> dict[str, np.ndarray]:
    """Repeats, days from the first purchase to the last, days known, and what repeats came to, of so many customers."""
    random = np.random.default_rng(20261130)
    rate, leaves = random.gamma(0.5, 1 / 40, number), random.beta(0.8, 3.0, number)
    scale, age = random.gamma(3.7, 1 / 15.4, number), random.integers(1, DAYS, number)
    count, last, spent = np.zeros(number, dtype=np.int64), np.zeros(number), np.zeros(number)
    at, there = np.zeros(number), np.ones(number, dtype=bool)
    while there.any():
        on = np.flatnonzero(there)
        at[on] += random.exponential(1 / rate[on])
        on = on[at[on] < age[on]]
        days = np.ceil(at[on])  # several on one day are one
        new = on[days > last[on]]
        count[new] += 1
        last[new] = np.ceil(at[new])
        spent[new] += random.gamma(6.25, 1 / scale[new])
        there[:] = False
        there[on[random.random(on.size) >= leaves[on]]] = True
    return {"count": count, "last": last.astype(np.int64), "age": age, "spent": spent}


def ours(path: str) -> None:
    """Fit, and project: all customers as the job does, and a page as a request does."""
    known = np.load(path)
    count, last, age, spent = (known[name] for name in ("count", "last", "age", "spent"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun = time.perf_counter()
    often = bg_nbd.fit(Repeats.of(count, last, age))
    first = time.perf_counter()
    much = gamma_gamma.fit(count, spent)
    second = time.perf_counter()
    assert often is not None
    assert much is not None
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for begin in range(0, count.size, 1_000):
        part = slice(begin, begin + 1_000)
        each = Repeats(count[part], last[part].astype(float), age[part].astype(float), np.ones(count[part].size))
        expected_amounts(often.model, much.model, each, spent[part], 365.0)
    third = time.perf_counter()
    page = np.argsort(-count)[:: max(1, count.size // PAGE)][:PAGE]
    each = Repeats(count[page], last[page].astype(float), age[page].astype(float), np.ones(PAGE))
    project(often.model, much.model, each, spent[page], 365.0)
    told = {
        "often": first - begun, "much": second - first, "all": third - second, "page": time.perf_counter() - third,
        "r": often.model.r, "alpha": often.model.alpha, "a": often.model.a, "b": often.model.b, "p": much.model.p,
        "q": much.model.q, "v": much.model.gamma, "megabytes": after, "more": after - before,
    }  # fmt: skip
    print(json.dumps(told))


def main() -> None:
    """Make the customers, and have each fit them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=500_000)
    parser.add_argument("--lifetimes", help="a Python that has the package lifetimes")
    parser.add_argument("--ours", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.ours:
        ours(chosen.ours)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.npz"
        known = customers(chosen.customers)
        np.savez(path, **known)
        print(f"{chosen.customers:,} customers, {int((known['count'] > 0).sum()):,} of them came again")
        mine = _run([sys.executable, "-m", "benchmarks.lifetime", "--ours", str(path)])
        print(
            f"ours       BG/NBD {mine['often']:.1f} s, Gamma-Gamma {mine['much']:.1f} s, {mine['megabytes']:.0f} MB in all,"
        )
        print(
            f"           {mine['more']:.0f} MB of it for the fit; all projected in {mine['all']:.1f} s, a page of {PAGE}",
            end="",
        )
        print(f" with intervals in {mine['page']:.2f} s")
        if chosen.lifetimes:
            theirs = _run([chosen.lifetimes, "-W", "ignore", "-c", THEIRS, str(path)])
            print(
                f"lifetimes  BG/NBD {theirs['often']:.1f} s, Gamma-Gamma {theirs['much']:.1f} s, {theirs['megabytes']:.0f} MB"
            )
            print(
                f"           {theirs['often'] / mine['often']:.1f} and {theirs['much'] / mine['much']:.1f} times ours"
            )
            for name in ("r", "alpha", "a", "b", "p", "q", "v"):
                print(f"           {name:6} {mine[name]:10.4f} {theirs[name]:10.4f}")


def _run(command: list[str]) -> dict[str, float]:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


if __name__ == "__main__":
    main()
