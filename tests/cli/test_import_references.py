"""A file that spreads a purchase's reference over several columns, by command."""

from pathlib import Path
from typing import Any

from regulars_core.shop.shop import Shop
from tests.support.commands import Regulars, in_shop


def test_a_reference_is_made_of_columns(regulars: Regulars, database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("Date,No,Till,sku,total\n2026-01-31,1,T1,TEA,1.00\n2026-01-31,1,T2,TEA,2.00\n")
    told = ("--map", "Date=purchased_at", "--map", "Till=register", "--reference")

    async def recorded(shop: Shop) -> list[Any]:
        return [
            tuple(row) for row in await shop.database.rows("SELECT reference, register FROM purchase ORDER BY register")
        ]

    refused = regulars("import", "purchases", str(file), *told, "{Date}-{Nr}", database_url=database_url)
    assert refused.exit_code == 1
    assert "The reference is made of 'Nr'" in " ".join(refused.stderr.split())
    made = regulars("import", "purchases", str(file), *told, "{Date}-{No}", database_url=database_url)
    assert made.exit_code == 0, made.stderr
    assert "2 rows: 2 purchases new" in made.stdout
    assert in_shop(database_url, recorded) == [("2026-01-31-1", "T1"), ("2026-01-31-1", "T2")]
