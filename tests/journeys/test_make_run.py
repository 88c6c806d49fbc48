"""What somebody sees who has just run `make run`: the printed link opens GraphiQL, and every example tab shows customers."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.support.graphiql_browser import CHROMIUM, run_examples
from tests.support.servers import free_port

STARTS_WITHIN = 90.0


@dataclass(frozen=True)
class Demo:
    """A demo shop that is being served."""

    address: str
    key: str
    link: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "regulars_server", "demo", "--port", str(port)],
        stdout=subprocess.PIPE,
        cwd=tmp_path_factory.mktemp("demo"),
        env=environment,
        text=True,
    )
    try:
        assert process.stdout is not None
        key = link = ""
        for line in process.stdout:
            key = found[1] if (found := re.search(r"key\s+(rk_\w+)", line)) else key
            if found := re.search(r"GraphiQL\s+(\S+)", line):
                link = found[1]
                break
        assert key, "the demo ended without printing a key"
        assert link, "the demo ended without printing a link"
        address = f"http://127.0.0.1:{port}"
        _wait_until_ready(address)
        yield Demo(address, key, link)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()


def _wait_until_ready(address: str) -> None:
    with httpx2.Client(transport=httpx2.HTTPTransport(retries=8), timeout=STARTS_WITHIN) as client:
        assert client.get(f"{address}/ready").json() == {"status": "ready"}


def test_the_link_carries_the_key(demo: Demo) -> None:
    assert demo.link == f"{demo.address}/graphiql#key={demo.key}"


def test_the_demo_answers_a_program(demo: Demo) -> None:
    answer = httpx2.post(
        f"{demo.address}/graphql",
        headers={"authorization": f"Bearer {demo.key}"},
        json={"query": "{ customers { totalCount } purchases { totalCount } stores { totalCount } }"},
    ).json()["data"]
    assert answer["customers"]["totalCount"] > 300
    assert answer["purchases"]["totalCount"] > 3_000
    assert answer["stores"]["totalCount"] >= 3


@pytest.mark.browser
def test_every_example_tab_shows_customers_and_nothing_leaves_this_machine(demo: Demo, tmp_path: Path) -> None:
    if CHROMIUM is None:
        assert os.environ.get("CI") != "true", "CI needs chromium"
        pytest.skip("chromium is not installed")
    visit = run_examples(demo.address, demo.key, tmp_path / "graphiql.png")
    assert visit.foreign_requests(demo.address) == []
    assert visit.complaints == []
    assert demo.key not in visit.address
    assert demo.key not in visit.local_storage
    assert len(visit.answers) == len(visit.tabs) >= 15
    for answer in visit.answers:
        assert answer.status == 200, answer
        assert "errors" not in answer.body, answer
        assert answer.body["data"], answer
    assert visit.answers[0].body["data"]["customers"]["nodes"][0]["displayName"]
    sales = [
        answer.body["data"]["purchaseRecord"] for answer in visit.answers if "purchaseRecord" in answer.body["data"]
    ]
    assert [[problem["code"] for problem in sale["userErrors"]] for sale in sales] == [[], ["OFFERS_CHANGED"]]
    of_title = {answer.title: answer.body["data"] for answer in visit.answers}
    assert of_title["A profile"]["customer"]["purchases"]["nodes"]
    assert of_title["Tiers"]["customer"]["tierStanding"]["explanation"]
    assert of_title["Notes"]["noteAdd"]["note"]["customer"]["displayName"]
    assert of_title["Give back"]["purchaseRefund"]["userErrors"] == []
    assert of_title["Give back"]["purchaseRefund"]["refund"]["lines"]
    assert visit.tabs_after_reload == visit.tabs
