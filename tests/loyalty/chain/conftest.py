"""A shop with the ledger, and ways to post on it."""

import json
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import regulars_loyalty
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.plugin import LATEST, Instant, Plugins, Shop, hold, new_id, plugins_on
from regulars_loyalty.ledger.book import ISSUED, PAID, POINTS, REDEEMED, Account, Cause, Terms
from regulars_loyalty.ledger.storage import Ledger, read_ledger, write_ledger


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of loyalty."""
    return plugins_on({"loyalty": regulars_loyalty})


class Clerk:
    """Posts on accounts, as what moves them does."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._numbers = count(1)

    async def customer(self) -> str:
        """Register somebody; the key."""
        person = checked(self.shop.settings, NewCustomer(f"Ana {next(self._numbers)}", "Li"))
        return (await find_or_register(self.shop, person, ())).id

    async def does(self, customer: str, work: Callable[[Account], Any], unit: str = POINTS) -> Any:
        """Change an account in a transaction of its own."""

        async def change() -> Any:
            await hold(self.shop.database, [customer])
            ledger: Ledger = await read_ledger(self.shop, [customer])
            result = work(ledger.account(customer, unit))
            await write_ledger(ledger)
            return result

        return await self.shop.database.transaction(change)

    async def gives(
        self,
        customer: str,
        amount: int,
        unit: str = POINTS,
        *,
        ends: int = LATEST,
        starts: int | None = None,
        **of: Any,
    ) -> str:
        """Give something; the transfer's id."""

        def give(account: Account) -> str:
            at = account.present
            terms = Terms(at if starts is None else Instant(starts), Instant(ends))
            kind = "EARN" if unit == POINTS else "FUNDING"
            return account.give(kind, amount, cause(at, kind, **of), terms).transfer_id

        return str(await self.does(customer, give, unit))

    async def spends(self, customer: str, amount: int, unit: str = POINTS, *, debt: bool = False, **of: Any) -> str:
        """Take something; the transfer's id."""
        kind, house = ("REDEEM", REDEEMED) if unit == POINTS else ("PAYMENT", PAID)

        def spend(account: Account) -> str:
            posted = account.spend(kind, amount, cause(account.present, kind, **of), house, allow_debt=debt)
            return posted[-1].id

        return str(await self.does(customer, spend, unit))

    async def takes_back(self, customer: str, amount: int, unit: str = POINTS, **of: Any) -> None:
        """Take back what was given, even if it was spent."""
        await self.does(
            customer,
            lambda one: one.take_back("REVERSE", amount, cause(one.present, "REVERSE", **of), [], ISSUED),
            unit,
        )


def cause(at: Instant, kind: str, **of: Any) -> Cause:
    """Why something is posted."""
    return Cause(new_id(), kind, at, **{"actor": "Till | 1\\", "reason": "GOODWILL", **of})


@pytest.fixture
def clerk(shop: Shop) -> Clerk:
    return Clerk(shop)


CHECKER = Path(__file__).parents[3] / "examples" / "check_credit_balance.py"


def run_checker(folder: Path, answer: object, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the program says of an answer of the API that knows nothing of ours."""
    (folder / "proof.json").write_text(json.dumps(answer), encoding="utf-8")
    command = [sys.executable, "-I", str(CHECKER), str(folder / "proof.json"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
