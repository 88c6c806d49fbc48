"""Core alone and with a plugin: both start, print their schema, and answer; in one process too."""

import httpx2
import pytest

from regulars_core.actors import create_key
from regulars_core.plugins import Plugins
from regulars_core.settings import Settings
from regulars_server.app import create_app, opened
from tests.hooks import stamps


@pytest.mark.parametrize("chosen", [{}, {"stamps": stamps}], ids=["none", "stamps"])
async def test_it_starts_and_answers(database_url: str, chosen: dict[str, object]) -> None:
    settings, on = Settings(database_url=database_url), Plugins(chosen)
    async with opened(settings, on, migrated=False) as shop:
        await shop.database.migrate()
        key = await create_key(shop.database, "till", "administrator")
    app = create_app(settings, on)
    other = create_app(settings, Plugins())
    async with app.router.lifespan_context(app), other.router.lifespan_context(other):
        for one, names in ((app, list(chosen)), (other, [])):
            transport = httpx2.ASGITransport(app=one)
            headers = {"authorization": f"Bearer {key}"}
            async with httpx2.AsyncClient(transport=transport, base_url="http://shop", headers=headers) as client:
                answer = await client.post("/graphql", json={"query": "{ shop { plugins { name } } }"})
                assert answer.json() == {"data": {"shop": {"plugins": [{"name": name} for name in names]}}}
                printed = (await client.get("/schema.graphql")).text
                assert ("From the stamps plugin" in printed) is bool(names)
