"""Files of other programs, by command: checked, proposed, brought in, and what is told beside a profile."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from regulars_core.shop.shop import Shop
from tests.support.commands import Regulars, in_shop

SAMPLES = Path(__file__).parent.parent / "imports" / "samples"


@pytest.fixture
def sample(tmp_path: Path) -> Any:
    """A copy of a sample, beside which rejects may be written."""

    def copied(name: str) -> str:
        return str(shutil.copy(SAMPLES / f"{name}.csv", tmp_path / f"{name}.csv"))

    return copied


async def counted(shop: Shop) -> tuple[int, int]:
    [row] = await shop.database.rows("SELECT (SELECT count(*) FROM purchase), (SELECT count(*) FROM customer)")
    return (row[0], row[1])


def told(text: str) -> str:
    return " ".join(text.split())


def test_a_program_is_proposed_checked_and_brought_in(regulars: Regulars, database_url: str, sample: Any) -> None:
    orders = sample("shopify_orders")
    unknown = regulars("import", "purchases", orders, database_url=database_url)
    assert unknown.exit_code == 1
    assert "This looks like a file of Shopify, orders" in told(unknown.stderr)
    assert "--from shopify" in told(unknown.stderr)
    checked = regulars("import", "purchases", orders, "--from", "shopify", "--check", database_url=database_url)
    assert checked.exit_code == 1, "something is rejected"
    assert "7 rows: 5 purchases would be new" in checked.stdout
    assert "2 refunded, 1 voided, 1 rejected" in checked.stdout
    assert "TOTAL_MISMATCH: 1 rejected, such as line 9: Line 9, purchase_total" in told(checked.stdout)
    assert "Passed over: Paid at, " in checked.stdout
    assert "Nothing was written." in checked.stdout
    assert in_shop(database_url, counted) == (0, 0)
    brought = regulars("import", "purchases", orders, "--from", "shopify", database_url=database_url)
    assert brought.exit_code == 1
    assert "7 rows: 5 purchases new" in brought.stdout
    assert in_shop(database_url, counted) == (5, 4)


def test_the_other_kind_of_a_programs_files_is_proposed(regulars: Regulars, database_url: str, sample: Any) -> None:
    wrong = regulars("import", "customers", sample("stripe_payments"), database_url=database_url)
    assert "regulars import purchases" in told(wrong.stderr)
    assert "--from stripe" in told(wrong.stderr)
    also_wrong = regulars(
        "import", "purchases", sample("stripe_payments"), "--from", "square", database_url=database_url
    )
    assert also_wrong.exit_code == 1
    none = regulars("import", "purchases", sample("stripe_payments"), "--from", "sqare", database_url=database_url)
    assert "There is no profile 'sqare' of purchases; there are loyverse, shopify, square" in told(none.stderr)


def test_what_is_told_beside_it(regulars: Regulars, database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "till.csv"
    text = (
        "Printed 1 May\nNr;When;What;Sum;Who;Mail;State\n"
        "1;1.5.2026;Café;1.200,50;Yamada Taro;y@example.com;ok\n2;2.5.2026;Té;1;;;no\n"
    )
    file.write_bytes(text.encode("cp1252"))
    columns = [
        ("Nr", "reference"),
        ("When", "purchased_at"),
        ("What", "name"),
        ("Sum", "total"),
        ("Who", "full_name"),
        ("Mail", "email"),
        ("State", ""),
    ]
    maps = [part for theirs, ours in columns for part in ("--map", f"{theirs}={ours}")]
    said = (
        "--skip", "1", "--encoding", "windows-1252", "--date-format", "%Y-%m-%d", "--date-format", "%d.%m.%Y",
        "--decimal", ",", "--thousands", ".", "--names", "family-first", "--fixed", "store=Harbour",
        "--only", "State=OK", "--timezone", "Asia/Tokyo",
    )  # fmt: skip
    done = regulars("import", "purchases", str(file), *maps, *said, database_url=database_url)
    assert done.exit_code == 0, done.stderr
    assert "2 rows: 1 purchases new" in done.stdout
    assert "1 rows left out, 0 rejected" in done.stdout

    async def recorded(shop: Shop) -> list[Any]:
        rows = await shop.database.rows(
            "SELECT p.total, s.code, c.first_name, c.last_name FROM purchase p JOIN store s ON s.id = p.store_id"
            " JOIN customer c ON c.id = p.customer_id"
        )
        return [tuple(row) for row in rows]

    assert in_shop(database_url, recorded) == [(120_050, "HARBOUR", "Taro", "Yamada")]
    for wrong, reason in [
        (("--names", "any"), "--names is one of"),
        (("--fixed", "store"), "--fixed wants ours=value"),
        (("--timezone", "Mars"), "is no time zone"),
        (("--decimal", ";"), "a point or a comma"),
        (("--profile", "none.toml"), "cannot be read"),
    ]:
        refused = regulars("import", "purchases", str(file), *wrong, database_url=database_url)
        assert refused.exit_code == 1
        assert reason in told(refused.stderr)
