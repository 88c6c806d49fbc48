from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tortoise.exceptions import IntegrityError, OperationalError, ValidationError

from regulars_core.database import Database, Unavailable, violated
from regulars_core.database.dialect import to_sqlite, together
from tests.database.apps.shop.models import Customer, Order
from tests.database.conftest import SHOP

ANN, BOB = "0" * 31 + "a", "0" * 31 + "b"


async def add(database: Database, id: str, code: str, name: str = "Ann") -> None:
    insert = "INSERT INTO customer (id, name, code, created_at) VALUES ($1, $2, $3, $4)"
    assert await database.transaction(lambda: database.run(insert, id, name, code, 1)) == 1


def test_placeholders_are_translated_outside_strings_names_and_comments() -> None:
    sql = """SELECT '$1', "$2", $1::uuid[], $12 -- $3\n/* $4 */ FROM t WHERE a = $2 AND b = 'it''s $5'"""
    assert to_sqlite(sql) == """SELECT '$1', "$2", ?1, ?12 -- $3\n/* $4 */ FROM t WHERE a = ?2 AND b = 'it''s $5'"""


def test_long_statements_are_not_remembered() -> None:
    """Their texts are made for one document each, and whoever asks chooses them."""
    short, long = "SELECT $1", f"SELECT $1, '{'x' * 20_000}'"
    assert to_sqlite(short) is to_sqlite(short)
    assert to_sqlite(long) is not to_sqlite(long)


async def test_rows_are_like_tuples_and_a_placeholder_may_come_twice_and_out_of_order(shop: Database) -> None:
    await add(shop, ANN, "a")
    rows = await shop.rows(
        "SELECT id, name, '$1' FROM customer WHERE code = $2 AND name = $1 AND $1 = name", "Ann", "a"
    )
    assert [tuple(row) for row in rows] == [(ANN, "Ann", "$1")]
    assert (await shop.row("SELECT name FROM customer WHERE code = $1", "z")) is None


async def test_ids_go_in_as_text_or_uuid_and_come_out_as_32_digits(shop: Database) -> None:
    await add(shop, ANN, "a")
    for id in (ANN, UUID(ANN)):
        row = await shop.row("SELECT id FROM customer WHERE id = $1", id)
        assert row is not None
        assert row[0] == ANN


async def test_arrays_are_one_placeholder(shop: Database) -> None:
    await add(shop, ANN, "a")
    await add(shop, BOB, "b")
    dialect = shop.dialect
    found = await shop.rows(
        f"SELECT code FROM customer c WHERE {dialect.among('c.id', 1)} AND {dialect.among('c.code', 2, 'text')}",
        [ANN, UUID(BOB)],
        ("b", "c"),
    )
    assert [code for (code,) in found] == ["b"]
    keys = await shop.rows(
        f"SELECT k.key, c.code FROM {dialect.keys(1)} LEFT JOIN customer c ON c.id = k.key ORDER BY k.key",
        [BOB, "f" * 32],
    )
    assert [tuple(row) for row in keys] == [(BOB, "b"), ("f" * 32, None)]
    row = await shop.row(f"SELECT {dialect.greatest('1', '2')}, {dialect.least('1', '2')}")
    assert row is not None
    assert tuple(row) == (2, 1)


async def test_rows_lock_where_the_engine_can(shop: Database) -> None:
    await add(shop, ANN, "a")
    sql = f"SELECT id FROM customer WHERE id = $1{shop.dialect.lock_rows}"
    assert len(await shop.transaction(lambda: shop.rows(sql, ANN))) == 1


async def test_run_counts_what_changed(shop: Database) -> None:
    async def work() -> list[int]:
        insert = "INSERT INTO customer (id, name, code, created_at) VALUES ($1, 'x', $2, 1)"
        return [
            await shop.run(f"{insert}, ($3, 'x', $4, 1)", ANN, "a", BOB, "b"),
            await shop.run(f"{insert} ON CONFLICT DO NOTHING", ANN, "a"),
            await shop.run("UPDATE customer SET name = 'y' WHERE code = $1", "a"),
            await shop.run("UPDATE customer SET name = 'y' WHERE code = $1", "z"),
            await shop.run(
                "WITH gone AS (SELECT 'a' AS code) DELETE FROM customer WHERE code IN (SELECT code FROM gone)"
            ),
            await shop.run("DELETE FROM customer WHERE code = 'b' RETURNING id"),
            await shop.run("CREATE TABLE other (id INTEGER)"),
        ]

    assert await shop.transaction(work) == [2, 0, 1, 0, 1, 1, 0]


async def test_returning_and_many(shop: Database) -> None:
    async def work() -> list[tuple[str, ...]]:
        await shop.run_many(
            "INSERT INTO customer (id, name, code, created_at) VALUES ($1, $2, $3, 1)",
            ((uuid4().hex, "Many", str(n)) for n in range(50)),
        )
        return [
            tuple(row)
            for row in await shop.rows("UPDATE customer SET name = 'M' WHERE code = '7' RETURNING code, name")
        ]

    assert await shop.transaction(work) == [("7", "M")]
    assert tuple(await shop.row("SELECT count(*) FROM customer") or ()) == (50,)


async def test_outside_a_transaction_nothing_is_written(shop: Database) -> None:
    for attempt in (shop.run("DELETE FROM customer"), shop.run_many("DELETE FROM customer WHERE id = $1", [(ANN,)])):
        with pytest.raises(RuntimeError, match=r"Database\.transaction"):
            await attempt
    with pytest.raises(RuntimeError, match=r"Database\.transaction"):
        await shop.rows("DELETE FROM customer RETURNING id")
    if shop.engine == "sqlite":
        with pytest.raises(OperationalError, match="readonly"):
            await shop.rows("WITH one AS (SELECT 1) DELETE FROM customer RETURNING id")


async def test_models(shop: Database) -> None:
    async def work() -> None:
        ann = await Customer.create(id=ANN, name="Ann", code="a", created_at=1)
        token = uuid4()
        await Order.create(id=BOB, customer=ann, number=1, quantity=Decimal("0.000001"), token=token)
        order = await Order.get(customer_id=UUID(ANN)).select_related("customer")
        assert (order.customer.id, order.quantity, order.token) == (ANN, Decimal("0.000001"), token)
        assert order.customer.active is True

    await shop.transaction(work)
    with shop.bound():
        assert await Customer.filter(id__in=[ANN]).count() == 1
        await Customer.create(id=BOB, name="Bob", code="b", created_at=1)  # a transaction of its own
        assert await Customer.filter(name__icontains="B").values_list("id", flat=True) == [BOB]
        with pytest.raises(ValidationError, match="is not an id"):
            await Customer.get(id="nonsense")
        with pytest.raises(ValidationError, match="six places"):
            await Order.create(id=ANN, customer_id=ANN, number=2, quantity=Decimal("0.0000001"))


async def test_what_was_violated_can_be_told(shop: Database) -> None:
    await add(shop, ANN, "a")
    with pytest.raises(IntegrityError) as refused:
        await add(shop, BOB, "a")
    assert violated(refused.value) == ("customer.code" if shop.engine == "sqlite" else "customer_code_key")
    orphan = "INSERT INTO shop_order (id, customer_id, number, quantity) VALUES ($1, $2, 1, 1)"
    with pytest.raises(IntegrityError) as refused:
        await shop.transaction(lambda: shop.run(orphan, ANN, BOB))
    assert violated(refused.value) == ("foreign key" if shop.engine == "sqlite" else "shop_order_customer_id_fkey")
    assert violated(ValueError("no")) is None


async def test_counting(shop: Database) -> None:
    async def work() -> None:
        async with shop.savepoint():
            await Customer.create(id=ANN, name="Ann", code="a", created_at=1)
        await shop.run("UPDATE customer SET name = $1", "B")
        await shop.run_many("UPDATE customer SET name = $1", [("C",), ("D",)])

    with shop.counting() as all_of_it:
        await shop.transaction(work)
        with shop.counting() as inner:
            await shop.rows("SELECT 1")
    await shop.rows("SELECT 2")
    assert inner == ["SELECT 1"]
    assert [sql.split()[0] for sql in all_of_it] == ["INSERT", "UPDATE", "UPDATE", "SELECT"]


async def test_urls_that_cannot_work(tmp_path: Path) -> None:
    for url in ("sqlite://:memory:", "sqlite://", "sqlite://x?mode=memory"):
        with pytest.raises(ValueError, match="memory"):
            await Database.open(url, [SHOP])
    with pytest.raises(ValueError, match="begins with") as refused:
        await Database.open("mysql://me:secret@host/name", [SHOP])
    assert "secret" not in str(refused.value)
    with pytest.raises(Unavailable):
        await Database.open("postgres://nobody:secret@127.0.0.1:1/name", [SHOP])
    with pytest.raises(Unavailable):
        await Database.open(f"sqlite://{tmp_path}/no/such/folder/x.db", [SHOP])


async def test_a_missing_asyncpg_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match=r"regulars\[postgres\]"):
        await Database.open("postgres://127.0.0.1/name", [SHOP])


async def test_text_keys_sort_by_bytes(shop: Database) -> None:
    for number, name in enumerate(["b", "B", "ä", "a", "Z"]):
        await add(shop, f"{number:032x}", name, name)
    names = [name for (name,) in await shop.rows("SELECT name FROM customer ORDER BY name")]
    assert names == sorted(names, key=str.encode) == ["B", "Z", "a", "b", "ä"]


def test_statements_are_put_together_with_their_values_in_a_row() -> None:
    one = together(
        [
            ("INSERT INTO a VALUES ($1, '$1', $2::uuid[])", (1, 2)),
            ("UPDATE b SET c = $1, d = $1", (3,)),
            ("DELETE FROM e", ()),
        ]
    )
    assert one == (
        "WITH w0 AS (INSERT INTO a VALUES ($1, '$1', $2::uuid[])), w1 AS (UPDATE b SET c = $3, d = $3) DELETE FROM e"
    )
    assert together([("DELETE FROM e", ())]) == "DELETE FROM e"


async def test_statements_run_together_are_all_done_or_none(shop: Database) -> None:
    insert = "INSERT INTO customer (id, name, code, created_at) VALUES ($1, 'x', $2, 1)"
    await add(shop, ANN, "a")
    with shop.counting() as counted:
        await shop.transaction(
            lambda: shop.run_together(
                [(insert, (BOB, "b")), ("UPDATE customer SET name = $1 WHERE code = $2", ("y", "a"))]
            )
        )
    assert len(counted) == (1 if shop.engine == "postgres" else 2)
    assert [tuple(row) for row in await shop.rows("SELECT code, name FROM customer ORDER BY code")] == [
        ("a", "y"),
        ("b", "x"),
    ]
    with pytest.raises(IntegrityError):
        await shop.transaction(
            lambda: shop.run_together([("DELETE FROM customer WHERE code = $1", ("b",)), (insert, (ANN, "c"))])
        )
    assert len(await shop.rows("SELECT 1 FROM customer")) == 2
    with pytest.raises(RuntimeError):
        await shop.run_together([(insert, (ANN, "c"))])
    await shop.transaction(lambda: shop.run_together([]))
