"""The example tabs of GraphiQL over the demo shop answer the same on both engines, and the same as they did before."""

import re
from datetime import UTC, datetime
from typing import Any

import time_machine
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.amber import AmberSnapshotExtension
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex

from regulars_core.primitives.clock import instant_of
from regulars_schema.testing import Api
from regulars_server import demo
from tests.support.example_tabs import answered

NOON, LATER = datetime(2026, 3, 18, 12, tzinfo=UTC), datetime(2026, 3, 18, 13, tzinfo=UTC)
_ID = re.compile(r"_[0-9a-f]{32}$")
_CURSORS = {"endCursor", "startCursor", "cursor"}


def without_ids(value: Any) -> Any:
    """The answer with every id and cursor, which differ from time to time, replaced by its kind."""
    if isinstance(value, dict):
        return {key: "a cursor" if key in _CURSORS else without_ids(part) for key, part in value.items()}
    if isinstance(value, list):
        return [without_ids(part) for part in value]
    return _ID.sub("_…", value) if isinstance(value, str) else value


class OneForBothEngines(AmberSnapshotExtension):
    """A snapshot whose name says nothing of the engine: an answer that differs between the two fails on one of them."""

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0) -> str:
        return test_location.methodname


async def test_every_example_answers_as_before(api: Api, snapshot: SnapshotAssertion) -> None:
    with time_machine.travel(NOON, tick=True):
        await demo.fill(api.shop, today=instant_of(NOON))
    with time_machine.travel(LATER, tick=False):  # what is recorded tells of the moment
        answers = {name: without_ids(answer) for name, answer in (await answered(api)).items()}
    assert len(answers) >= 6
    assert answers == snapshot(extension_class=OneForBothEngines)
