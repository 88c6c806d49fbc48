"""Whatever happens in whatever order: what the shop shows is what a naive model has, which was written from the meanings, and the
ledger holds."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import time_machine

from regulars_core.plugin import Shop, now
from regulars_loyalty.chain.chaining import chain
from regulars_loyalty.chain.verification import differences, verify_customer
from regulars_schema.testing import Api
from tests.loyalty.conftest import OpenLoyalty, Owner, key
from tests.loyalty.naive.lives import CUSTOMERS, Life
from tests.loyalty.naive.program import Program
from tests.loyalty.naive.shop import NaiveShop

STEPS = int(os.environ.get("LEDGER_STEPS", "450"))
"""On each engine, in lives of `LIFE` steps."""
SEED = int(os.environ.get("LEDGER_SEED", "1"))
LIFE = 150
START = datetime(2026, 1, 10, 9, 30, tzinfo=UTC)
PROGRAMS = [
    Program(),
    Program(points=3, pending=3, days=20),
    Program(points=10, pending=1, months=1),
    Program(points=7, days=5),
    Program(points=5, pending=2, days=10, to_month_end=True),
]
LIMITS = (0, 300)
"""How much credit the group of all customers may owe, in minor units."""
CURRENCIES = ("USD", "JPY", "KWD")
"""Of two decimals, of none, of three."""
_BY_THE_JOB = ("HOLDS_END",)
"""A hold that ran out is closed by the next sweep, which is not always made here."""


async def begin(shop: Shop, program: Program) -> None:
    """Put the program in force, over the API."""
    hundred = shop.money(100).amount
    life = f"P{program.months}M" if program.months else f"P{program.days}D" if program.days else None
    rules = [
        ("BASE", "PER_AMOUNT", {"points": str(program.points), "per": hundred}),
        ("MORE", "MULTIPLIER", {"factor": "1.5"}),
    ]
    given: dict[str, Any] = {
        "rules": [
            {
                "code": code,
                "name": code,
                "rule": {"kind": kind, "settings": [{"name": name, "value": value} for name, value in named.items()]},
            }
            for code, kind, named in rules
        ],
        "pendingDays": program.pending,
        "rate": {"points": "10", "amount": {"amount": hundred}},
        "exchanges": [
            {
                "code": "GIFT",
                "name": "Gift",
                "points": "20",
                "reward": {
                    "kind": "CREDIT",
                    "settings": [
                        {"name": "amount", "value": shop.money(150).amount},
                        {"name": "validDays", "value": "30"},
                    ],
                },
            }
        ],
        **({"expireAfter": life} if life else {}),
        **({"expiryRounding": "MONTH_END"} if program.to_month_end else {}),
    }
    await Api.of(shop).done("pointsProgramUpdate", "pointsProgram { id }", {"program": given})


async def may_owe(api: Api, customers: Sequence[str], limit: str, name: str) -> None:
    """Put them in a group that may owe so much."""
    given = {"name": name, "creditLimit": {"amount": limit}}
    group = (await api.done("customerGroupCreate", "customerGroup { id }", given))["customerGroup"]["id"]
    await api.done("customersAssignGroup", "movedCount", {"customerIds": list(customers), "groupId": group})


async def lives(shop: Shop, seed: int, clock: Any, steps: int) -> None:
    """One life of a few customers, in which the model and the shop agree after each step."""
    dice = Random(seed)
    program = PROGRAMS[seed % len(PROGRAMS)]
    naive = NaiveShop(program, LIMITS[seed // len(PROGRAMS) % len(LIMITS)])
    await begin(shop, program)
    naive.begins = now()
    clock.shift(timedelta(days=1))
    owner = Owner(shop)
    customers = [await owner.customer(f"Ana {n}") for n in range(CUSTOMERS)]
    await may_owe(owner.api, customers, shop.money(naive.limit).amount, f"Friends {seed}")
    life = Life(shop, naive, customers, dice)
    for step in range(steps):
        clock.shift(timedelta(seconds=1))
        try:
            what = await life.step(now())
            shown, expected = await life.shown(), life.expected()
            wrong = [f"{one}: {shown[one]}, naively {expected[one]}" for one in shown if shown[one] != expected[one]]
            assert not wrong, "\n".join(wrong)
            if step % 25 == 24:
                await chain(shop)
                for customer in life.customers:
                    report = await verify_customer(shop, key(customer))
                    assert not [one for one in report.in_order if one[1].differences and one[0] not in _BY_THE_JOB]
        except AssertionError:
            print(f"seed {seed}, step {step}", *life.told, sep="\n")
            raise
        if what == "wait":
            clock.shift(dice.choice([timedelta(minutes=2), timedelta(hours=2), timedelta(days=1), timedelta(days=6)]))
    found = [one async for one in differences(shop)]
    assert [one for one in found if not one.startswith(_BY_THE_JOB)] == []


@pytest.mark.one_executor
@pytest.mark.parametrize("currency", CURRENCIES)
async def test_the_shop_shows_what_a_naive_model_has(open_loyalty: OpenLoyalty, currency: str) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = await open_loyalty(currency=currency)
        for n in range(max(1, STEPS // len(CURRENCIES) // LIFE)):
            await lives(shop, SEED + n, clock, LIFE)
