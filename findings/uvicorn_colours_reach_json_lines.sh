#!/usr/bin/env bash
# Lines of uvicorn in a JSON log carry the escape codes of its colours, although use_colors is False.
#
# Expected: use_colors=False, or a log that is no terminal, and there are no colours in any line. structlog's ExtraAdder adds what a
#   record was given beside its text, as its documentation recommends for lines of others.
# Seen: uvicorn gives every line of its life twice, plain and as `color_message` with escape codes, and leaves the choice to
#   its own formatter, which structlog replaces. The line holds both, the second with its %s unfilled.
# With: uvicorn 0.54.0, structlog 26.1.0, Python 3.11.
# Source: https://www.uvicorn.org/settings/#logging, https://www.structlog.org/en/stable/standard-library.html
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check uvicorn==0.54.0 h11==0.16.0 structlog==26.1.0

cat > lines.py <<'PY'
import io
import json
import logging
import threading
import time
from typing import Any

import structlog
import uvicorn
from structlog.stdlib import ExtraAdder, ProcessorFormatter

written = io.StringIO()
handler = logging.StreamHandler(written)
last = [ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()]
handler.setFormatter(ProcessorFormatter(foreign_pre_chain=[ExtraAdder()], processors=last))
logging.getLogger().handlers = [handler]
logging.getLogger().setLevel(logging.INFO)


async def app(scope: Any, receive: Any, send: Any) -> None: ...


config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off", use_colors=False)
server = uvicorn.Server(config)
thread = threading.Thread(target=server.run)
thread.start()
while not server.started:
    time.sleep(0.01)
server.should_exit = True
thread.join()
lines = [json.loads(line) for line in written.getvalue().splitlines()]
coloured = [line for line in lines if "\x1b" in line.get("color_message", "")]
for line in coloured:
    print(line)
assert any(line["event"].startswith("Started server process") for line in coloured)
assert any("%s" in line["color_message"] for line in coloured)
PY
venv/bin/python lines.py
