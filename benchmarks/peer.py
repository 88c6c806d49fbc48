"""PostGraphile over the same database: installed from npm when it is asked for, and tuned as we would tune our own.

Its schema is in `postgraphile/schema.sql`, its server in `postgraphile/server.mjs`.
"""

import base64
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import httpx2
import orjson

from benchmarks.answers import data_of
from benchmarks.client import post
from benchmarks.contestants import Contestant
from benchmarks.filled import FilledShop
from benchmarks.limit_sql import found_by
from benchmarks.operations import NEWEST, Variables
from regulars_core.customers.quick_search import QuickSearch

HERE = Path(__file__).parent / "postgraphile"
_CARD = "id: rowId code firstName lastName displayName email phone status version createdAt group { name }"
_STATS = "stats { totalSpent purchaseCount averagePurchase lastPurchaseAt daysSinceLastPurchase }"
_LINES = "lines: linesList(orderBy: POSITION_ASC) { sku name quantity total }"
_LATEST = "orderBy: [PURCHASED_MS_DESC, ROW_ID_DESC]"
_PAGE = "after: $after, orderBy: PRIMARY_KEY_DESC"  # ids are made in the order of time, and this order has an index

DOCUMENTS = {
    "Q1": f"query($code: String!) {{ customer: customerByCode(code: $code) {{ {_CARD} {_STATS}"
    f" purchases(first: 10, {_LATEST}) {{ nodes {{ id: rowId reference purchasedAt status total {_LINES} }} }} }} }}",
    "Q2": f"query($after: Cursor) {{ customers: allCustomers(first: 50, {_PAGE}) {{ nodes {{ {_CARD} {_STATS}"
    f" purchases(first: 5, {_LATEST}) {{ nodes {{ id: rowId reference purchasedAt status total }} }} }} }} }}",
    "Q3": "query($text: String!) { customerSearch: customerSearchList(word: $text, first: 10) {"
    " id: rowId code displayName phone } }",
    "Q4": f"query($after: Cursor) {{ customers: allCustomers(first: 100, {_PAGE}) {{ nodes {{"
    f" id: rowId code displayName purchases(first: 20, {_LATEST}) {{"
    f" nodes {{ id: rowId reference purchasedAt total {_LINES} }} }} }} }} }}",
    "M1": "mutation($input: PurchaseRecordInput!) { purchaseRecord(input: $input) {"
    " purchase: result { id: rowId reference total } } }",
}


def installed() -> str:
    """The version of PostGraphile, installed if it is not. Raises RuntimeError where npm is missing or fails."""
    if not (npm := shutil.which("npm")):
        raise RuntimeError("PostGraphile is installed by npm, which is not here.")
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    found = {name: _version(name) for name in wanted}
    if found != wanted:
        command = [
            npm,
            "install",
            "--no-package-lock",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--loglevel=error",
        ]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"npm could not install PostGraphile:\n{done.stdout}{done.stderr}")
    return _version("postgraphile")


def _version(package: str) -> str:
    told = HERE / "node_modules" / package / "package.json"
    return str(json.loads(told.read_text())["version"]) if told.exists() else ""


def _node() -> str:
    """PostGraphile wants Node.js 22: the one that was installed beside it where there is one for this machine."""
    beside = sorted((HERE / "node_modules").glob("node-linux-*/bin/node"))
    return str(beside[0]) if beside else "node"


def postgraphile(shop: FilledShop) -> Contestant:
    """PostGraphile in production mode on a shop on PostgreSQL, over views of its own."""
    assert shop.server is not None
    found = found_by("postgres", "needle")
    schema = (HERE / "schema.sql").read_text().replace("{found}", found).replace("{order}", QuickSearch.order)
    shop.server.execute(schema, shop.url.rpartition("/")[2])
    environment = {"DATABASE_URL": shop.url, "NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    cursors: dict[str, str] = {}

    def request(operation: str, variables: Variables) -> bytes:
        if operation == "M1":
            variables = {"input": _input(variables["input"])}
        elif after := variables.get("after"):
            variables = {"after": cursors[_id_in(after)]}
        return post("/graphql", orjson.dumps({"query": DOCUMENTS[operation], "variables": variables}))

    return Contestant(
        "PostGraphile",
        lambda port: [_node(), str(HERE / "server.mjs"), str(port)],
        request,
        environment,
        prepare=lambda port: cursors.update(_cursors(port)),
    )


def _input(given: Variables) -> Variables:
    lines = [{name: line[name] for name in ("sku", "name", "unitPrice")} for line in given["lines"]]
    return {"reference": given["reference"], "customerCode": given["customerCode"], "lines": lines}


def _id_in(cursor: str) -> str:
    return str(orjson.loads(base64.urlsafe_b64decode(cursor))[-1])


def _cursors(port: int) -> Mapping[str, str]:
    """PostGraphile's own cursors of the newest customers, by id."""
    asked = f"{{ allCustomers(first: {NEWEST}, orderBy: PRIMARY_KEY_DESC) {{ edges {{ cursor node {{ rowId }} }} }} }}"
    answer = httpx2.post(f"http://127.0.0.1:{port}/graphql", json={"query": asked})
    edges = data_of(answer.content)["allCustomers"]["edges"]
    return {edge["node"]["rowId"].replace("-", ""): edge["cursor"] for edge in edges}
