"""A10: no line of the log carries escape codes, neither of libraries nor of what they were told."""

import json
import logging
import subprocess
from pathlib import Path

import pytest

from regulars_server.logs import write_log
from tests.server.test_logs import as_it_was  # noqa: F401
from tests.support.servers import COMMAND, Server, environment

RED, PLAIN = "\x1b[31m", "\x1b[0m"


@pytest.mark.parametrize("form", ["json", "console"])
def test_a10_no_line_of_a_server_carries_escape_codes(tmp_path: Path, form: str) -> None:
    url = f"sqlite://{tmp_path}/shop.db"
    subprocess.run([*COMMAND, "migrate"], env=environment(url), cwd=tmp_path, check=True, capture_output=True)
    with Server(url, tmp_path, log_format=form, log_level="debug") as server:
        pass
    lines = server.log.read_text().splitlines()
    assert any("Started server process" in line for line in lines)
    assert [line for line in lines if "\x1b" in line or "\\u001b" in line or "color_message" in line] == []


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.usefixtures("as_it_was")
def test_a10_nor_does_one_that_tells_what_others_have_sent(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_log("info", form)
    logging.getLogger("regulars.x").warning(f"{RED}a plugin's own{PLAIN}", extra={"named": f"{RED}red{PLAIN}", "n": 3})
    logging.getLogger("uvicorn.error").info(
        "Up on %s", f"{RED}x{PLAIN}", extra={"color_message": f"Up on {RED}%s{PLAIN}"}
    )
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "\\u001b" not in said
    assert "color_message" not in said
    assert "a plugin's own" in said
    if form == "json":
        first, second = [json.loads(line) for line in said.splitlines()]
        assert (first["event"], first["named"], first["n"], second["event"]) == ("a plugin's own", "red", 3, "Up on x")
