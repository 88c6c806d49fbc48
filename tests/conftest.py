"""Shops on both engines, in real files and on a real server, and ways to ask them: as plugins' tests have them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from regulars_core.shop.shop import Shop
from regulars_core.testing import OpenShop
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.executor.executor import BreadthFirst
from regulars_schema.fields.pipeline import Pipeline
from regulars_schema.schema import build_schema
from tests.support.listed import Listed
from tests.support.twins import Twins

os.environ.setdefault("REGULARS_PLUGINS", "")  # core alone; a plugin's tests name what they want

pytest_plugins = ["regulars_server.testing"]


@pytest.fixture
def open_shop(open_shop: OpenShop) -> OpenShop:
    """Opens the test's database as a shop with these settings; unless they say otherwise it lies in Mexico."""

    async def open_one(**settings: Any) -> Shop:
        return await open_shop(**{"country": "MX", **settings})

    return open_one


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    """A shop that sells in USD and lies in Mexico, by UTC."""
    return await open_shop()


@pytest.fixture(scope="session")
def schema() -> ComposedSchema:
    """The schema of core alone."""
    return build_schema()


@pytest.fixture(autouse=True)
def twins(request: pytest.FixtureRequest) -> Iterator[Twins]:
    """Every query of tests of the schema, of tiers and of loyalty is answered by both executors, unless one is marked with
    `one_executor`."""
    watching = Twins()
    # A patch of our own: the test's `monkeypatch` is to be undone before the shop is closed.
    with pytest.MonkeyPatch.context() as patch:
        room = request.node.path.relative_to(Path(__file__).parent).parts[0]
        if (
            room in {"customers", "faults_found", "loyalty", "schema", "tiers"}
            and request.node.get_closest_marker("one_executor") is None
        ):
            answer = BreadthFirst.answer
            patch.setattr(BreadthFirst, "answer", lambda *given: watching.answer(*given, answer))
        yield watching
    assert not watching.differences, "\n\n".join(watching.differences)


@pytest.fixture(autouse=True)
def listed() -> Iterator[None]:
    """Mutations are refused with codes that their descriptions list."""
    watching, run = Listed(), Pipeline.run
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pipeline, "run", lambda *given: watching.run(run, *given))
        yield
    assert not watching.lacking, sorted(watching.lacking)
