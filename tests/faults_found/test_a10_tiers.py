"""A10: what tiers bring in the box, and in the demo, is what the guide promises of each."""

from pathlib import Path

import regulars_loyalty
import regulars_tiers
from regulars_core.primitives.clock import now
from regulars_core.shop.settings import Settings
from regulars_core.start import opened_and_migrated, plugins_on
from regulars_server.demo.loyalty import decree
from regulars_server.demo.requests import asked
from regulars_server.demo.rhythm import Calendar
from regulars_tiers.rules.policy import SEED

PROMISED = {
    "A": ["Exclusive promotions", "Early access", "Priority service", "Special events"],
    "B": ["Enhanced promotions", "Loyalty rewards"],
    "C": ["Standard promotions", "Path to higher tiers"],
}


def test_a10_each_tier_of_the_box_brings_what_the_guide_promises() -> None:
    assert {tier.code: [benefit.text for benefit in tier.benefits] for tier in SEED.tiers} == PROMISED


async def test_a10_so_does_each_of_the_demo_beside_its_points(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite://{tmp_path}/demo.db")
    plugins = plugins_on({"tiers": regulars_tiers, "loyalty": regulars_loyalty})
    async with opened_and_migrated(settings, plugins) as shop:
        await decree(shop, Calendar(now(), settings.zone))
        answer = await asked(shop, "{ tierPolicy { tiers { code benefits { text kind } } } }")
    told = {
        tier["code"]: [one["text"] for one in tier["benefits"] if one["kind"] is None]
        for tier in answer["tierPolicy"]["tiers"]
    }
    assert all(set(texts) <= set(PROMISED[code]) and texts for code, texts in told.items())
    assert (told["B"], told["C"]) == (PROMISED["B"], PROMISED["C"])
