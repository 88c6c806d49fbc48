"""Jobs, by command."""

import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

from regulars_core.contribution import JOBS
from regulars_core.customers.rules import NewCustomer
from regulars_core.jobs import leases
from regulars_core.primitives.ids import new_id
from regulars_core.shop.shop import Shop
from tests.support.commands import Regulars, in_shop, register

NAMES = [job.name for job in JOBS]


def test_jobs_run_once(regulars: Regulars, database_url: str) -> None:
    def told() -> str:
        lines = regulars("jobs", "list", database_url=database_url).stdout.splitlines()
        return lines[[line.partition(":")[0] for line in lines].index("refresh-planner") + 1].strip()

    assert told() == "every 86400 s; never run; due now"
    register(database_url, NewCustomer("Ana", "Li"))
    for _ in range(2):  # due or not
        done = regulars("jobs", "run", "--once", database_url=database_url)
        assert done.exit_code == 0
        assert done.stdout.splitlines() == [f"ran {job}" for job in NAMES]
    [(ran, due)] = re.findall(r"every 86400 s; run last (\S+), well; due (\S+)", told())
    assert datetime.fromisoformat(due) - datetime.fromisoformat(ran) == timedelta(days=1)


def test_a_job_that_fails_or_is_run_elsewhere(regulars: Regulars, database_url: str) -> None:
    async def spoil(shop: Shop) -> None:
        async def work() -> None:
            await shop.database.run("DROP TABLE idempotency_key")

        await shop.database.transaction(work)
        await leases.state_of(shop.database, "keep-journal")
        assert await leases.take(shop.database, "keep-journal", new_id())

    in_shop(database_url, spoil)
    done = regulars("jobs", "run", "--once", database_url=database_url)
    assert done.exit_code == 1
    assert "keep-journal is being run by another process" in done.stdout
    assert "ran refresh-planner" in done.stdout
    assert "Failed: forget-idempotency-keys. The log says why." in done.stderr
    listed = regulars("jobs", "list", database_url=database_url).stdout
    assert "runs now" in listed
    [error] = re.findall(r"failed forget-idempotency-keys, error ([0-9a-f]{16})", done.stdout)
    assert error in listed


def test_jobs_run_until_they_are_asked_to_stop(elsewhere: Path, database_url: str) -> None:
    given = {**os.environ, "REGULARS_DATABASE_URL": database_url, "REGULARS_PLUGINS": "", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "regulars_server", "jobs", "run"]
    with subprocess.Popen(command, env=given, cwd=elsewhere, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ran = {process.stdout.readline().strip() for _ in NAMES}
        process.terminate()
        assert process.wait(30) == 0
    assert ran == {f"ran {job}" for job in NAMES}
