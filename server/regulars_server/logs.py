"""The log of a process: one line an event, without personal data and without secrets.

What libraries say is kept from WARNING on and to its first line; what stands in exceptions is told by their type, the
database's code and the place in the program, never by their message: messages quote values.
"""

import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import orjson
import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.typing import EventDict, ExcInfo, WrappedLogger

ACCESS = "regulars.access"
"""The logger of requests: a line each."""
FIGURES = ("request_id", "method", "place", "status", "ms", "key_id", "kind", "fields", "code", "cost")
"""What a line of it may hold."""
_MAX_FRAMES = 30
_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~])?")
"""What terminals take as a command: a colour, as a rule."""


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """A line that cannot be written; logging would print all of it, values too."""
        self.stream.write(f'{{"level":"error","event":"a line of {record.name} could not be written"}}\n')


class _Json(ProcessorFormatter):
    """Lines of requests are not led through the processors, which took a twentieth of a short request."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name != ACCESS or record.exc_info:
            return super().format(record)
        at = datetime.fromtimestamp(record.created, UTC).isoformat().removesuffix("+00:00")
        line = {"at": f"{at}Z", "level": record.levelname.lower(), "logger": ACCESS, "event": record.getMessage()}
        attributes = vars(record)
        line |= {name: attributes[name] for name in FIGURES if attributes.get(name) is not None}
        return orjson.dumps(line, default=str).decode()


def write_log(level: str, form: str) -> None:
    """Write the log of this process to standard error: `json` for machines, `console` for people."""
    renderer: Any = (
        structlog.processors.JSONRenderer(serializer=lambda line, **_: orjson.dumps(line, default=str).decode())
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    formatter = (_Json if form == "json" else ProcessorFormatter)(
        foreign_pre_chain=[
            _first_line_of_strangers,
            ExtraAdder(),
            _without_absent,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        ],
        processors=[ProcessorFormatter.remove_processors_meta, _faceless, _colourless, renderer],
    )
    # Nobody tells these, and each costs time for every line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    handler = _Handler(sys.stderr)
    handler.setFormatter(formatter)
    logging.getLogger().handlers = [handler]
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("regulars").setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error"):  # a server that was configured in this process before has set both
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLevelName(level.upper())))


def _without_absent(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    return {name: value for name, value in line.items() if value is not None}


def _first_line_of_strangers(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """asyncio and others put the repr of what they hold below their first line."""
    record: logging.LogRecord = line["_record"]
    if not record.name.startswith("regulars"):
        line["event"] = str(line["event"]).partition("\n")[0]
    return line


def _faceless(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """The exception of a line without a word of what it says."""
    exc_info: ExcInfo | bool | None = line.pop("exc_info", None)
    line.pop("stack_info", None)
    error = exc_info[1] if isinstance(exc_info, tuple) else None
    if error is not None:
        line["raised"] = described(error)
    return line


def _colourless(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """The line without what colours it on a terminal. uvicorn says everything twice, once in colours."""
    line.pop("color_message", None)
    return {name: _ESCAPES.sub("", value) if isinstance(value, str) else value for name, value in line.items()}


def described(error: BaseException) -> list[dict[str, Any]]:
    """An exception and its causes: type, the database's code, and where it was raised."""
    chain: list[dict[str, Any]] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        kind = type(current)
        code = getattr(current, "sqlstate", None) or getattr(current, "sqlite_errorname", None)
        link = {"type": f"{kind.__module__}.{kind.__qualname__}", "at": _frames(current.__traceback__)}
        chain.append(link | ({"code": str(code)} if code else {}))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return chain


def _frames(trace: TracebackType | None) -> list[str]:
    return [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace, limit=-_MAX_FRAMES)
    ]
