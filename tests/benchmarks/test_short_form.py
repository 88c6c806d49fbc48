"""The short form of the benchmarks runs and compares; how quick anything is, is no business of tests."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from regulars_core.database import Engine
from regulars_core.testing import PostgresServer

ROOT = Path(__file__).parents[2]
TINY = ("--customers", "500", "--rounds", "1", "--seconds", "0.1")


def run(module: str, *arguments: str) -> str:
    """What a benchmark prints. Raises AssertionError, with what it has said, unless it ends well."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_workload(engine: Engine) -> None:
    """Regulars and the limit say the same, and what they recorded adds up; else it would not end well. What was filled and kept
    is used again."""
    # Not in pytest's own folder, which only its owner may enter: the server runs as somebody else where we are root.
    with tempfile.TemporaryDirectory(prefix="regulars-kept-") as folder:
        Path(folder).chmod(0o755)
        arguments = (*TINY, "--engine", engine, "--data", folder)
        printed = run("peers", *arguments, "--concurrency", "2")
        assert "filled" in printed
        if engine == "sqlite":
            again = run("peers", *arguments, "--concurrency", "1", "--ops", "M1", "--plugins-alone")
            assert "filled" not in again
            assert "| M1 | 1 |" in again
    rows = [line.split(" | ")[0] for line in printed.splitlines() if line.startswith(("| Q", "| M"))]
    operations = ["| Q1 profile", "| Q2 list", "| Q3 search", "| Q4 deep", "| M1 record"]
    assert rows == [*operations * 3, "| M1 record, without plugins"]


def test_a_profile() -> None:
    arguments = ("--requests", "3", "--customers", "500", "--engine", "sqlite", "--sort", "cumulative")
    assert "executor/execution.py" in run("profiling", "Q1", *arguments)


def test_searches() -> None:
    printed = run("searches", "--customers", "300", "--rounds", "1", "--engine", "sqlite")
    assert "first by the whole code, e-mail or phone: 1,000 of 1,000" in printed
    found = [
        int(number) for number in re.findall(r" (\d+)(?:,|$)", printed.partition("typing error:")[2], re.MULTILINE)
    ]
    assert len(found) == 8
    assert min(found) >= 95


@pytest.mark.usefixtures("postgres")  # skipped where there is no PostgreSQL
def test_documents() -> None:
    printed = run("documents", "--documents", "300", "--starts", "1", "--customers", "200")
    assert "is ready after" in printed
    assert "after 300 different documents" in printed


@pytest.mark.usefixtures("postgres")
def test_a_server_keeps_what_is_to_be_kept() -> None:
    # Not in pytest's own folder, which only its owner may enter: the server runs as somebody else where we are root.
    with tempfile.TemporaryDirectory(prefix="regulars-kept-") as folder:
        kept = Path(folder)
        kept.chmod(0o755)
        for already in ("0", "1"):
            with PostgresServer(directory=kept / "postgres") as server:
                assert server.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'kept'") == already
                server.execute("CREATE TABLE IF NOT EXISTS kept ()")
