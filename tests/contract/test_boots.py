"""Core alone and with a plugin: both start, print their schema, and answer; in one process too."""

from itertools import combinations

import httpx2
import pytest

import regulars_analytics
import regulars_loyalty
import regulars_rewards
import regulars_tiers
from regulars_core.database import migrations
from regulars_core.shop.settings import Settings
from regulars_core.start import opened, plugins_on, plugins_wanted
from regulars_server.app import create_app
from tests.support import stamps
from tests.support.keys import make_key

MOVING = {"tiers": regulars_tiers, "loyalty": regulars_loyalty, "rewards": regulars_rewards}
ANALYTICS = {"analytics": regulars_analytics}
BOX = {**ANALYTICS, **MOVING}
TIERS = {"tiers": regulars_tiers}
SUBSETS = [
    {name: MOVING[name] for name in names}
    for number in range(len(MOVING) + 1)
    for names in combinations(MOVING, number)
]
"""Every choice of the plugins in the box that move something."""


@pytest.mark.parametrize(
    "chosen",
    [*SUBSETS, ANALYTICS, {**ANALYTICS, **TIERS}, BOX, {"stamps": stamps}, {**TIERS, "stamps": stamps}],
    ids=lambda chosen: "+".join(chosen) or "none",
)
async def test_it_starts_and_answers(database_url: str, chosen: dict[str, object]) -> None:
    settings, on = Settings(database_url=database_url), plugins_on(chosen)
    async with opened(settings, on, migrated=False) as shop:
        await migrations.migrate(shop.database)
        key = await make_key(shop.database, "till", "administrator")
    app = create_app(settings, on)
    other = create_app(settings, plugins_on())
    async with app.router.lifespan_context(app), other.router.lifespan_context(other):
        for one, names in ((app, list(chosen)), (other, [])):
            transport = httpx2.ASGITransport(app=one)
            headers = {"authorization": f"Bearer {key}"}
            async with httpx2.AsyncClient(transport=transport, base_url="http://shop", headers=headers) as client:
                answer = await client.post("/graphql", json={"query": "{ shop { plugins { name } } }"})
                assert answer.json()["data"] == {"shop": {"plugins": [{"name": name} for name in names]}}
                printed = (await client.get("/schema.graphql")).text
                for name in (*BOX, "stamps"):
                    assert (f"From the {name} plugin" in printed) is (name in names)


def test_the_box() -> None:
    box = plugins_wanted(None)
    assert box.names == ("analytics", "tiers", "loyalty", "rewards")
    assert [(one.name, one.description) for one in box.about] == [
        (
            "analytics",
            "Analytics: what purchases say of customers, segments and the shop, who stays, and what brings somebody back.",
        ),
        ("tiers", "Tiers: customers move up by what they buy, down after a grace, and every standing explains itself."),
        (
            "loyalty",
            "Loyalty: store credit and points on one double-entry ledger, in which every entry explains itself.",
        ),
        ("rewards", "Rewards: promotions, coupons, and the quote that tells what a basket will cost."),
    ]
