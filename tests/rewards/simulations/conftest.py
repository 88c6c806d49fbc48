"""A shop with a past, on which promotions are tried."""

from typing import Any

from regulars_core.plugin import Shop
from tests.rewards.sales.conftest import Till, open_till, till

__all__ = ["FIGURES", "counted_rows", "figures", "open_till", "tea", "till", "tries"]

FIGURES = """from until unit purchaseCount customerCount given givenNow cost { amount } costNow { amount } winnerCount loserCount
  notes perTier { tier customerCount given givenNow }
  sample { given givenNow customer { firstName } explanations { text } }"""
TRY = f"query($input: PromotionSimulateInput!) {{ promotionSimulate(input: $input) {{ {FIGURES} }} }}"
SPAN = {"from": "2026-01-01T00:00:00Z", "until": "2026-06-01T00:00:00Z"}
PERCENT = {"kind": "PERCENT", "settings": [{"name": "percent", "value": "10"}]}


def tea(price: str, **more: Any) -> list[dict[str, Any]]:
    """A basket of one tea."""
    return [{"sku": "TEA", "name": "Tea", "unitPrice": price, **more}]


async def tries(till: Till, *, replaces: str | None = None, asked: Any = None, **promotion: Any) -> Any:
    """What is told of a promotion that is tried, ten percent off unless something else is said."""
    given = {**SPAN, "promotion": {"name": "Tried", "discountRule": PERCENT, **promotion}, **(asked or {})}
    if replaces is not None:
        given["replacesId"] = replaces
    return (await till.api.data(TRY, input=given))["promotionSimulate"]


def figures(told: Any) -> tuple[str, str, int, int]:
    """What would be given and is given, winners and losers."""
    return told["given"], told["givenNow"], told["winnerCount"], told["loserCount"]


async def counted_rows(shop: Shop) -> dict[str, int]:
    """How many rows each table has."""
    if shop.database.engine == "sqlite":
        listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    else:
        listed = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    names = [row[0] for row in await shop.database.rows(listed)]
    assert "rewards_use" in names
    return {name: (await shop.database.rows(f'SELECT count(*) FROM "{name}"'))[0][0] for name in names}
