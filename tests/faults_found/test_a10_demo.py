"""A10: a demo prints a link only to itself, `make run` takes a port, and a demo may be kept."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.servers import free_port

ROOT = Path(__file__).parents[2]
OWN = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
COUNTS = "{ customers { totalCount nodes { id code } } purchases { totalCount } viewer { name } }"


def regulars(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "regulars_server", *arguments]
    return subprocess.run(
        command, cwd=folder, env={**OWN, **settings}, capture_output=True, text=True, timeout=300, check=False
    )


@contextmanager
def demo(folder: Path, port: int, *arguments: str) -> Iterator[tuple[str, str]]:
    """A demo that is being served, and what it has printed before it was there, with its key."""
    process = subprocess.Popen(
        [sys.executable, "-m", "regulars_server", "demo", "--port", str(port), *arguments],
        cwd=folder, env=OWN, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        said = ""
        for line in process.stdout:
            said += line
            if found := re.search(r"GraphiQL\s+\S+#key=(rk_\w+)", line):
                break
        assert found, said
        with httpx2.Client(transport=httpx2.HTTPTransport(retries=8), timeout=60) as client:
            assert client.get(f"http://127.0.0.1:{port}/ready").status_code == 200
        yield said, found[1]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        process.stdout.close()


def asked(port: int, key: str) -> dict[str, Any]:
    answer = httpx2.post(
        f"http://127.0.0.1:{port}/graphql",
        headers={"authorization": f"Bearer {key}"},
        json={"query": COUNTS},
        timeout=60,
    )
    data: dict[str, Any] = answer.json()["data"]
    return data


@pytest.mark.parametrize("command", ["demo", "serve"])
def test_a10_where_the_port_is_taken_nothing_is_promised(tmp_path: Path, command: str) -> None:
    url = {"REGULARS_DATABASE_URL": f"sqlite://{tmp_path}/shop.db"}
    if command == "serve":
        assert regulars(tmp_path, "migrate", **url).returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = regulars(tmp_path, command, "--port", str(port), **url)
    assert said.returncode == 1
    assert said.stdout == ""
    assert (
        said.stderr.strip() == f"127.0.0.1:{port} cannot be listened on: address already in use. Take another --port."
    )


def test_a10_an_address_that_is_not_ours_is_told_alike(tmp_path: Path) -> None:
    said = regulars(tmp_path, "demo", "--host", "192.0.2.1", "--port", str(free_port()))
    assert (said.returncode, said.stdout) == (1, "")
    assert "cannot be listened on: cannot assign requested address" in said.stderr
    said = regulars(tmp_path, "demo", "--host", "nowhere.invalid")
    assert (said.returncode, said.stdout) == (1, "")
    assert "nowhere.invalid:8000 cannot be listened on" in said.stderr


def test_a10_make_run_takes_a_port() -> None:
    # `make test` hands its own options, variables and depth to a make below it; whoever types the command has none of them.
    person = {
        name: value
        for name, value in OWN.items()
        if not name.startswith("MAKE") and name not in ("MFLAGS", "PORT", "ARGS")
    }

    def runs(*arguments: str, **settings: str) -> str:
        told = subprocess.run(
            ["make", "--dry-run", "--no-print-directory", "--old-file=.venv/.regulars-setup", "run", *arguments],
            cwd=ROOT, env={**person, **settings}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return " ".join(told.stdout.splitlines()[-1].split())

    assert runs() == ".venv/bin/regulars demo"
    assert runs("PORT=8123") == ".venv/bin/regulars demo --port 8123"
    assert runs("PORT=8123", "ARGS=--keep") == ".venv/bin/regulars demo --port 8123 --keep"
    assert runs(PORT="8124") == ".venv/bin/regulars demo --port 8124"
    assert "PORT=" in (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, dict[str, Any]]:
    """A folder in which a demo is kept that was broken off while it was filled, and was started again: with its key, and what it
    answered."""
    folder, port = tmp_path_factory.mktemp("kept"), free_port()
    command = [sys.executable, "-m", "regulars_server", "demo", "--keep", "--port", str(port)]
    broken = subprocess.Popen(command, cwd=folder, env=OWN, stdout=subprocess.DEVNULL)
    try:
        while not list(folder.rglob("*.db")):
            assert broken.poll() is None
    finally:
        broken.kill()
        broken.wait()
    assert not (folder / "regulars-demo").exists()
    with demo(folder, port, "--keep") as (said, key):
        assert "regulars-demo" in said
        answered = asked(port, key)
        body = 'mutation { customerCreate(input: {firstName: "Kept", lastName: "Person"}) { customer { code } } }'
        own = {"authorization": f"Bearer {key}"}
        made = httpx2.post(f"http://127.0.0.1:{port}/graphql", headers=own, json={"query": body}, timeout=60)
        assert made.json()["data"]["customerCreate"]["customer"], made.text
    return folder, key, answered


def test_a10_a_demo_that_was_broken_off_is_made_anew_and_leaves_nothing(kept: tuple[Path, str, dict[str, Any]]) -> None:
    folder, _, answered = kept
    assert answered["purchases"]["totalCount"] > 3_000
    assert answered["viewer"] == {"name": "demo"}
    assert {path.name for path in folder.iterdir()} == {"regulars-demo"}
    assert (folder / "regulars-demo" / "key").stat().st_mode & 0o077 == 0


def test_a10_a_kept_demo_is_the_same_at_the_next_start(kept: tuple[Path, str, dict[str, Any]]) -> None:
    folder, key, before = kept
    port = free_port()
    with demo(folder, port, "--keep") as (_, again):
        after = asked(port, again)
    assert again == key
    assert after["customers"]["totalCount"] == before["customers"]["totalCount"] + 1
    assert after["purchases"] == before["purchases"]


def test_a10_a_kept_demo_whose_key_is_gone_gets_another(kept: tuple[Path, str, dict[str, Any]], tmp_path: Path) -> None:
    shutil.copytree(kept[0] / "regulars-demo", tmp_path / "regulars-demo")
    (tmp_path / "regulars-demo" / "key").write_text("rk_nobody")
    port = free_port()
    with demo(tmp_path, port, "--keep") as (_, another):
        assert another != kept[1]
        assert asked(port, another)["viewer"] == {"name": "demo"}
    assert (tmp_path / "regulars-demo" / "key").read_text() == another


def test_a10_a_kept_demo_is_one_of_its_settings(kept: tuple[Path, str, dict[str, Any]], tmp_path: Path) -> None:
    shutil.copytree(kept[0] / "regulars-demo", tmp_path / "regulars-demo")
    said = regulars(tmp_path, "demo", "--keep", "--port", str(free_port()), REGULARS_CURRENCY="EUR")
    assert (said.returncode, said.stdout) == (1, "")
    assert "USD" in said.stderr
