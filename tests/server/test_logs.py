"""What a line of the log holds of an error, and what it does not."""

import json
import logging
import re
import sqlite3
from collections.abc import Iterator

import pytest

from regulars_server.logs import ACCESS, described, write_log


@pytest.fixture
def as_it_was() -> Iterator[None]:
    """The root logger is the process's: put it back."""
    loggers = [logging.getLogger(name) for name in (None, "regulars", "uvicorn")]
    kept = [(one, one.level, list(one.handlers)) for one in loggers]
    yield
    for one, level, handlers in kept:
        one.setLevel(level)
        one.handlers = handlers


def failed() -> BaseException:
    try:
        try:
            connection = sqlite3.connect(":memory:")
            try:
                connection.execute("CREATE TABLE t (a UNIQUE)")
                connection.executemany("INSERT INTO t VALUES (?)", [("Ana",), ("Ana",)])
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise ValueError("Ana's row") from error
    except ValueError as error:
        return error
    raise AssertionError


def test_an_exception_is_told_without_its_message() -> None:
    outer, inner = described(failed())
    assert (outer["type"], inner["type"]) == ("builtins.ValueError", "sqlite3.IntegrityError")
    assert inner["code"] == "SQLITE_CONSTRAINT_UNIQUE"
    assert "test_logs.py" in outer["at"][0]
    assert outer["at"][0].endswith(" failed")
    assert "Ana" not in json.dumps([outer, inner])


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.usefixtures("as_it_was")
def test_lines_hold_no_message_of_an_exception(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_log("debug", form)
    logging.getLogger("regulars.schema").error("error %s in %s", "e-1", "shop", exc_info=failed())
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: Ana", exc_info=failed())
    logging.getLogger("tortoise").debug("SELECT 'Ana'")
    logging.getLogger(ACCESS).info("request", extra={"status": 200, "code": None, "cost": 3})
    said = capsys.readouterr().err
    assert "Ana" not in said
    for word in (
        "error e-1 in shop",
        "sqlite3.IntegrityError",
        "SQLITE_CONSTRAINT_UNIQUE",
        "Task exception was never retrieved",
    ):
        assert word in said, word
    if form == "json":
        lines = [json.loads(line) for line in said.splitlines()]
        assert [line["level"] for line in lines] == ["error", "error", "info"]
        assert "code" not in lines[2]
        assert list(lines[2]) == ["at", "level", "logger", "event", "status", "cost"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", lines[2]["at"])


@pytest.mark.usefixtures("as_it_was")
def test_a_line_that_cannot_be_written_is_not_printed_either(capsys: pytest.CaptureFixture[str]) -> None:
    write_log("info", "json")
    logging.getLogger("regulars.schema").error("of %d", "Ana")
    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line) == {"level": "error", "event": "a line of regulars.schema could not be written"}


@pytest.mark.usefixtures("as_it_was")
def test_levels(capsys: pytest.CaptureFixture[str]) -> None:
    write_log("warning", "json")
    logging.getLogger(ACCESS).info("request")
    logging.getLogger("uvicorn.error").info("Started server process")
    assert capsys.readouterr().err == ""
    write_log("info", "json")
    logging.getLogger(ACCESS).info("request")
    logging.getLogger("uvicorn.error").info("Started server process")
    assert len(capsys.readouterr().err.splitlines()) == 2
