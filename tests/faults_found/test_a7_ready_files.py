"""A7: the ready files for frontend teams are what the schema makes of them, plugins of a shop's own included."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from graphql import GraphQLObjectType, build_schema
from typer.testing import CliRunner

from regulars_server.cli.main import app
from regulars_server.frontends import ready_files

HOUSE = Path(__file__).parents[2]
FULL = (HOUSE / "schema" / "full.graphql").read_text(encoding="utf-8")
SMALL = """
type Query {
  shop: Shop
  node(id: ID!): Node
  visits(first: Int, after: String, last: Int, before: String, day: Date): VisitConnection
}
type Mutation { visitAdd: VisitAddPayload }
type VisitAddPayload { visit: Visit }
interface Node { id: ID! }
type Visit implements Node { id: ID!  at: Place }
type Place { town: String }
type Shop { name: String }
union Found = Visit | Place
type VisitConnection { edges: [VisitEdge!]!  nodes: [Visit!]!  pageInfo: PageInfo! }
type VisitEdge { cursor: String!  node: Visit! }
type PageInfo { hasNextPage: Boolean! }
scalar Date
scalar Moon
"""


def typescript(text: str, name: str) -> dict[str, list[str]] | list[str]:
    """The value of a constant, which is JSON but for its quotes."""
    found = re.search(rf"^const {name}: [^=]+= (.+?);$", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    quoted = re.sub(r"(\w+):", r'"\1":', found.group(1).replace("'", '"'))
    value: dict[str, list[str]] | list[str] = json.loads(re.sub(r",(\s*[}\]])", r"\1", quoted))
    return value


def test_a7_the_files_of_the_page_are_what_the_schema_makes() -> None:
    for name, text in ready_files(FULL).items():
        assert (HOUSE / "docs" / "frontend" / name).read_text(encoding="utf-8") == text, name
    there = {path.name for path in (HOUSE / "docs" / "frontend").iterdir()}
    assert there == ready_files(FULL).keys()


def test_a7_the_page_names_every_file_with_the_versions_that_are_run() -> None:
    page = (HOUSE / "docs" / "frontend.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(frontend/([^)]+)\)", page)) - {""} == ready_files(FULL).keys()
    packages = {}
    for file in ("package.json", "live/package.json"):
        packages |= json.loads((HOUSE / "tests" / "clients" / file).read_text(encoding="utf-8"))["devDependencies"]
    for name in (
        "@apollo/client",
        "@urql/core",
        "@urql/exchange-graphcache",
        "@urql/exchange-persisted",
        "@graphql-codegen/cli",
    ):
        assert f"`{name}` {packages[name]}" in page
    assert packages["relay-runtime"] == packages["relay-compiler"]
    assert f"`relay-compiler` {packages['relay-runtime']}" in page
    run = (HOUSE / "tests" / "clients" / "live" / "run").read_text(encoding="utf-8")
    for found in re.findall(r'"(gql|ariadne-codegen)(?:\[httpx\])?==([\d.]+)"', run):
        assert "`{}` {}".format(*found) in page


@pytest.mark.parametrize("file", ["apollo.ts", "urql.ts"])
def test_a7_what_the_box_has_is_told(file: str) -> None:
    text, schema = ready_files(FULL)[file], build_schema(FULL)
    possible, keyless = typescript(text, "possibleTypes"), typescript(text, "withoutId")
    assert isinstance(possible, dict)
    assert "InvalidInput" in possible["UserError"]
    assert {"Money", "CustomerStats", "Address"} <= set(keyless)
    for name in keyless:
        type_ = schema.type_map[name]
        assert isinstance(type_, GraphQLObjectType)
        assert "id" not in type_.fields


def test_a7_a_plugin_of_the_shop_is_in_its_files() -> None:
    made = ready_files(SMALL)
    for file in ("apollo.ts", "urql.ts"):
        assert typescript(made[file], "possibleTypes") == {"Found": ["Place", "Visit"], "Node": ["Visit"]}
    assert typescript(made["urql.ts"], "withoutId") == ["Place", "Shop", "VisitAddPayload"]
    assert typescript(made["apollo.ts"], "withoutId") == ["Place", "Shop"]
    assert typescript(made["apollo.ts"], "pages") == {"Query": {"visits": ["day", "first", "last"]}}
    assert json.loads(made["relay.config.json"])["customScalarTypes"] == {"Date": "string", "Moon": "string"}
    assert "        Moon: string\n" in made["codegen.yml"]
    scalars = tomllib.loads(made["ariadne.toml"])["tool"]["ariadne-codegen"]["scalars"]
    assert scalars == {"Date": {"type": "datetime.date"}, "Moon": {"type": "str"}}
    assert not [name for name, text in made.items() if "{{" in text]


def test_a7_the_command_writes_and_compares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGULARS_PLUGINS", "")
    folder = tmp_path / "src" / "regulars"
    written = CliRunner().invoke(app, ["clients", str(folder)])
    assert written.exit_code == 0, written.output
    assert "TierPolicy" not in (folder / "apollo.ts").read_text()
    assert "PurchaseLine" in (folder / "apollo.ts").read_text()
    assert CliRunner().invoke(app, ["clients", str(folder), "--check"]).exit_code == 0
    (folder / "urql.ts").write_text("")
    changed = CliRunner().invoke(app, ["clients", str(folder), "--check"])
    assert (changed.exit_code, "urql.ts" in changed.stderr) == (1, True)
    (tmp_path / "file").write_text("")
    nowhere = CliRunner().invoke(app, ["clients", str(tmp_path / "file" / "in")])
    assert (nowhere.exit_code, "cannot be written" in nowhere.stderr) == (1, True)
