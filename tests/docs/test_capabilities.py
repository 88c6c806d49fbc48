"""docs/capabilities.md: every row names what the operations that show it use, these are sent to one shop and answered as the
files beside them say, its commands are run there, and what is called missing is missing.
"""

import asyncio
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import GraphQLSchema, build_schema
from typer.testing import CliRunner

from regulars_core.bulk.worker import do_bulk_jobs, do_whole_jobs
from regulars_core.jobs.jobs import jobs_of
from regulars_core.plugins.discovery import installed
from regulars_core.plugins.host import Plugins
from regulars_core.shop.settings import Settings
from regulars_core.start import plugins_wanted
from regulars_server.app import create_app
from regulars_server.cli.main import app as command_line
from tests.support.keys import make_key
from tests.support.operations import FOLDER, Memory, Named, Operation, at, differences, named, operations
from tests.support.pages import blocks, seen

DOCS = FOLDER.parent
PAGE = DOCS / "capabilities.md"
SCHEMA = DOCS.parent / "schema" / "full.graphql"
BOX = ("analytics", "tiers", "loyalty", "rewards")
JOBS = {"DuplicatesPage": "find-duplicates", "Forgotten": "erase-customers"}
"""What a server has done by itself meanwhile."""
AT_THE_TILL = "12-at-a-till"
_ROW = re.compile(r"^\| ([A-Z]+\d+) \| (.+?) \| (.+?) \| (.*?) ?\|$", re.MULTILINE)
_COORDINATE = re.compile(r"[A-Z]\w+\.\w+(\(\w+:\))?")


@dataclass(frozen=True)
class Row:
    """A row of the page: by what it is served, and the operations that show it."""

    id: str
    by: tuple[str, ...]
    shown_by: tuple[str, ...]


def rows(part: str) -> list[Row]:
    return [
        Row(id_, tuple(re.findall(r"`([^`]+)`", by)), tuple(_links(shown)))
        for id_, _, by, shown in _ROW.findall(part)
    ]  # fmt: skip


def _links(cell: str) -> Iterator[str]:
    for names, file in re.findall(r"\[([\w, ]+)\]\(operations/([\w-]+)\.graphql\)", cell):
        yield from (f"{file} {name}" for name in names.split(", "))


THERE, _, MISSING = PAGE.read_text(encoding="utf-8").partition("\n## Not there\n")
SERVED = rows(THERE)
SENT = operations()


def key_of(operation: Operation) -> str:
    return f"{operation.file} {operation.name}"


@pytest.fixture(scope="module")
def full_schema() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def uses(full_schema: GraphQLSchema) -> dict[str, Named]:
    """What each operation names, which is valid."""
    return {key_of(one): named(full_schema, one) for one in SENT}


def exists(schema: GraphQLSchema, coordinate: str) -> bool:
    owner, _, name = coordinate.partition(".")
    field, _, argument = name.partition("(")
    type_: Any = schema.type_map.get(owner)
    members = getattr(type_, "fields", None) or getattr(type_, "values", None) or {}
    return field in members and (not argument or argument.rstrip(":)") in members[field].args)


def test_no_row_is_left_out() -> None:
    told = [row.id for row in SERVED]
    assert len(told) == len(set(told))
    numbers: dict[str, set[int]] = {}
    for row in [*SERVED, *rows(MISSING)]:
        letters = row.id.rstrip("0123456789")
        numbers.setdefault(letters, set()).add(int(row.id.removeprefix(letters)))
    assert {letters: max(found) for letters, found in numbers.items()} == {
        "CR": 30, "G": 4, "A": 4, "N": 5, "Q": 22, "P": 8, "S": 16, "M": 6, "D": 6, "X": 4, "Y": 6, "L": 4, "C": 3, "R": 4,
        "T": 11, "O": 7, "E": 10, "K": 11, "Z": 6, "H": 6,
    }  # fmt: skip
    assert all(len(found) == max(found) for found in numbers.values())


def test_what_is_called_missing_is_missing(full_schema: GraphQLSchema) -> None:
    plugins = {one.name for one in installed()}
    for row in rows(MISSING):
        for name in row.by:
            there = exists(full_schema, name) if _COORDINATE.fullmatch(name) else name in plugins
            assert not there, f"{row.id}: {name} is there now, and the page does not say so"


def test_every_answer_is_of_an_operation(uses: dict[str, Named]) -> None:
    told = {
        f"{path.stem} {name}" for path in FOLDER.glob("*.json") for name in json.loads(path.read_text(encoding="utf-8"))
    }
    assert told <= set(uses)
    assert len(uses) == len(SENT)


def test_every_row_names_what_its_operations_use(uses: dict[str, Named]) -> None:
    settings, commands = (DOCS / "settings.md").read_text(encoding="utf-8"), "".join(commands_run())
    problems = []
    for row in SERVED:
        found = {name for shown in row.shown_by for name in [*uses[shown].inputs, *uses[shown].outputs]}
        for name in row.by:
            where = commands if name.startswith("regulars ") else settings if name.startswith("REGULARS_") else found
            if name not in where:
                problems.append(f"{row.id}: {name} is not what shows it")
        if all(name.startswith("REGULARS_") for name in row.by):
            problems.append(f"{row.id}: nothing shows it")
    assert not problems, "\n".join(problems)


def commands_run() -> list[str]:
    return [text for kind, _, text in blocks(PAGE) if kind == "sh"]


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of the whole box."""
    return plugins_wanted(BOX)


async def test_operations_and_commands(
    database_url: str, uses: dict[str, Named], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [ini] = [text for kind, _, text in blocks(PAGE) if kind == "ini"]
    settings = dict(line.split("=", 1) for line in ini.splitlines())
    settings |= {"REGULARS_DATABASE_URL": database_url, "REGULARS_PLUGINS": ",".join(BOX)}
    problems, answers = await _sent(settings)
    problems += [
        f"{row.id}: {name} is null wherever it is asked for"
        for row in SERVED
        for name in _unanswered(row, uses, answers)
    ]
    assert not problems, "\n".join(problems)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    shutil.copy(FOLDER / "customers.csv", tmp_path)
    await asyncio.to_thread(_run_commands)


def _unanswered(row: Row, uses: dict[str, Named], answers: dict[str, Any]) -> Iterator[str]:
    """The fields of a row that said nothing in any of the answers that show it."""
    for name in row.by:
        paths = [(shown, path) for shown in row.shown_by for path in uses[shown].outputs.get(name, ())]
        if paths and not any(at(answers[shown], path) for shown, path in paths):
            yield name


async def _sent(settings: dict[str, str]) -> tuple[list[str], dict[str, Any]]:
    """What was answered otherwise than the files say, and all answers."""
    told = {name.removeprefix("REGULARS_").lower(): value for name, value in settings.items()}
    app = create_app(Settings(**told, jobs=False))  # type: ignore[arg-type]
    problems: list[str] = []
    answers: dict[str, Any] = {}
    memory = Memory()
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://shop") as client,
    ):
        shop = app.state.shop
        office = await make_key(shop.database, "office", "administrator")
        jobs = {job.name: job for job in jobs_of(shop.plugins)}
        for operation in SENT:
            if operation.name in JOBS:
                await jobs[JOBS[operation.name]].run(shop)
            key = memory["secret"] if operation.file == AT_THE_TILL else office
            body = {"query": operation.text, "variables": memory.variables(operation)}
            response = await client.post("/graphql", json=body, headers={"authorization": f"Bearer {key}"})
            answer = response.json()
            problems += [f"{key_of(operation)}{problem}" for problem in _wrong(operation, answer)]
            memory.keep(answer.get("data"))
            answers[key_of(operation)] = answer.get("data")
            if operation.name == "SendAFile":
                sent = await client.put(memory["url"], content=(FOLDER / "customers.csv").read_bytes())
                assert sent.status_code == 204
            elif operation.name == "FetchIt":
                fetched = await client.get(memory["url"])
                assert fetched.text.splitlines()[0] == "code,first_name,last_name,total_spent"
            if "bulkJob" in operation.text:
                await do_bulk_jobs(shop)
                await do_whole_jobs(shop, imports=True)
                await do_whole_jobs(shop, imports=False)
    return problems, answers


def _wrong(operation: Operation, answer: Any) -> Iterator[str]:
    """Where an answer is not what the file beside the operation says; unless it does there are no errors of either kind."""
    told = json.loads((FOLDER / f"{operation.file}.json").read_text(encoding="utf-8")).get(operation.name, {})
    yield from differences(told, answer)
    if "errors" not in told and "errors" in answer:
        yield f": {answer['errors']}"
    if "userErrors" not in json.dumps(told):
        payloads = [payload for payload in (answer.get("data") or {}).values() if isinstance(payload, dict)]
        yield from (f": {payload['userErrors']}" for payload in payloads if payload.get("userErrors"))


def _run_commands() -> None:
    printed = ""
    for kind, _, text in blocks(PAGE):
        if kind == "sh":
            printed = "".join(_run(line) for line in text.splitlines())
        elif kind == "text":
            seen(text, printed)


def _run(line: str) -> str:
    result = CliRunner().invoke(command_line, shlex.split(line)[1:])
    assert result.exit_code == 0, f"{line}\n{result.output}"
    return result.output
