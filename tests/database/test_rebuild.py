"""What a rebuilt SQLite table must not lose; PostgreSQL, which rebuilds nothing, is held to the same."""

from collections.abc import Callable

import pytest
from tortoise.exceptions import IntegrityError

from regulars_core.database import App, Database, migrations
from regulars_core.database.sqlite.rebuild import statements

WriteApp = Callable[..., App]

MODELS = """
class Parent(Model):
    id = IdField(primary_key=True)
    class Meta:
        table = "parent"
"""
PARENT = """
ops.CreateModel(name='Parent', fields=[
    ('id', IdField(primary_key=True)),
    ('name', fields.CharField(max_length=10, db_index=True)),
    ('code', fields.CharField(max_length=10, unique=True)),
    ('shop', fields.IntField()), ('number', fields.IntField()), ('spare', fields.IntField(null=True)),
], options={'table': 'parent', 'unique_together': (('shop', 'number'),)}),
ops.CreateModel(name='Child', fields=[
    ('id', IdField(primary_key=True)),
    ('parent', fields.ForeignKeyField('core.Parent', related_name=False, on_delete=OnDelete.CASCADE)),
    ('twin', fields.OneToOneField('core.Parent', related_name=False, null=True)),
    ('note', fields.CharField(max_length=10)),
], options={'table': 'child'}),
ops.RunSQL('CREATE TABLE log (what VARCHAR(20))'),
ops.RunSQL('CREATE INDEX by_hand ON parent (shop, name) WHERE spare IS NULL'),
"""
TRIGGERS = {
    "sqlite": [
        "CREATE TRIGGER logged AFTER UPDATE ON parent BEGIN INSERT INTO log VALUES ('a;b'); SELECT 1; END",
        # Mentions the table from elsewhere, which a plain rename at the end of a rebuild trips over.
        "CREATE TRIGGER elsewhere AFTER UPDATE ON child "
        "BEGIN UPDATE parent SET spare = 1 WHERE id = NEW.parent_id; END",
    ],
    "postgres": [
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO log VALUES ('a;b'); RETURN NEW; END $$",
        "CREATE TRIGGER logged AFTER UPDATE ON parent FOR EACH ROW EXECUTE FUNCTION note()",
    ],
}
CHANGES = {
    "alter": "ops.AlterField('Parent', 'name', fields.CharField(max_length=10, db_index=True, null=True))",
    "remove": "ops.RemoveField('Parent', 'spare')",
    "check": "ops.AddConstraint('Parent', CheckConstraint(check='number > 0', name='positive'))",
    "unique": "ops.AddConstraint('Parent', UniqueConstraint(fields=('name', 'number')))",
    "no longer unique": "ops.RemoveConstraint('Parent', fields=['shop', 'number'])",
    "child": "ops.AlterField('Child', 'note', fields.CharField(max_length=10, null=True))",
}


@pytest.fixture
def script(engine: str) -> str:
    return PARENT + f"ops.RunSQL({TRIGGERS[engine]!r}),"


async def filled(url: str, app: App) -> Database:
    database = await Database.open(url, [app])

    async def work() -> None:
        for n in (1, 2):
            await database.run(
                "INSERT INTO parent (id, name, code, shop, number) VALUES ($1, $2, $2, 1, $3)", f"{n:032x}", f"p{n}", n
            )
            for child in (1, 2):
                await database.run(
                    "INSERT INTO child (id, parent_id, twin_id, note) VALUES ($1, $2, $3, 'n')",
                    f"{n * 10 + child:032x}",
                    f"{n:032x}",
                    f"{n:032x}" if child == 1 else None,
                )

    await migrations.migrate(database)
    await database.transaction(work)
    return database


async def refused(database: Database, sql: str, *values: object) -> bool:
    async def work() -> None:
        await database.run(sql, *values)

    try:
        await database.transaction(work)
    except IntegrityError:
        return True
    return False


@pytest.mark.parametrize("change", CHANGES)
async def test_nothing_is_lost(url: str, script: str, write_app: WriteApp, change: str) -> None:
    before = write_app("core", MODELS, {"0001_initial": script})
    after = write_app("core", MODELS, {"0001_initial": script, "0002_change": CHANGES[change]}, version=2)
    await (await filled(url, before)).close()
    database = await Database.open(url, [after])
    if change == "remove":

        async def unhook() -> None:
            await database.run("DROP INDEX by_hand")  # its WHERE names the column
            if database.engine == "sqlite":
                await database.run("DROP TRIGGER elsewhere")

        await database.transaction(unhook)
    assert await migrations.migrate(database) == ["core.0002_change"]

    for table, rows in (("parent", 2), ("child", 4)):
        assert tuple(await database.row(f"SELECT count(*) FROM {table}") or ()) == (rows,)
    new = "INSERT INTO parent (id, name, code, shop, number) VALUES ($1, 'new', $2, $3, 1)"
    assert await refused(database, new, "f" * 32, "p1", 9)  # code is unique
    # shop and number are, together
    assert await refused(database, new, "f" * 32, "new", 1) is (change != "no longer unique")
    await database.transaction(lambda: database.run("DELETE FROM parent WHERE code = 'new'"))
    twin = "INSERT INTO child (id, parent_id, twin_id, note) VALUES ($1, $2, $3, 'n')"
    assert await refused(database, twin, "f" * 32, f"{1:032x}", f"{1:032x}")  # one to one
    assert await refused(database, twin, "f" * 32, "e" * 32, None)  # the foreign key is enforced again

    await database.transaction(lambda: database.run("UPDATE parent SET code = code || '!'"))
    assert [tuple(row) for row in await database.rows("SELECT what FROM log")] == [("a;b",)] * 2
    await database.transaction(lambda: database.run("DELETE FROM parent WHERE number = 1"))
    assert tuple(await database.row("SELECT count(*) FROM child") or ()) == (2,)  # the cascade still works
    if database.engine == "sqlite":
        indexes = {name for (name,) in await database.rows("SELECT name FROM sqlite_master WHERE type = 'index'")}
        assert ("by_hand" in indexes) is (change != "remove")
        assert any(name.startswith("idx_parent_name") for name in indexes)
    await database.close()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_references_to_nothing_undo_the_migration(url: str, script: str, write_app: WriteApp) -> None:
    bad = CHANGES["alter"] + ", ops.RunSQL('DELETE FROM parent WHERE number = 1')"
    before = write_app("core", MODELS, {"0001_initial": script})
    after = write_app("core", MODELS, {"0001_initial": script, "0002_bad": bad}, version=2)
    await (await filled(url, before)).close()
    database = await Database.open(url, [after])
    with pytest.raises(Exception, match="refer to nothing"):
        await migrations.migrate(database)
    assert await migrations.pending(database) == ["core.0002_bad"]
    assert tuple(await database.row("SELECT count(*) FROM parent") or ()) == (2,)
    assert await database._root.writer.run(lambda c: c.execute("PRAGMA foreign_keys").fetchone()[0]) == 1
    await database.close()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "by_hand",
    [
        "ALTER TABLE parent ADD COLUMN key TEXT GENERATED ALWAYS AS (coalesce(name, '')) VIRTUAL",
        "ALTER TABLE parent ADD COLUMN age INTEGER CHECK (age > 0)",
    ],
)
async def test_what_tortoise_does_not_know_is_not_dropped_silently(
    url: str, script: str, write_app: WriteApp, by_hand: str
) -> None:
    more = f"ops.RunSQL({by_hand!r}), {CHANGES['alter']}"
    app = write_app("core", MODELS, {"0001_initial": script, "0002_more": more})
    database = await Database.open(url, [app])
    with pytest.raises(ValueError, match="would lose"):
        await migrations.migrate(database)
    await database.close()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_turning_index_and_unique_on_and_off(url: str, script: str, write_app: WriteApp) -> None:
    change = (
        "ops.AlterField('Parent', 'name', fields.CharField(max_length=10)),"
        "ops.AlterField('Parent', 'code', fields.CharField(max_length=10)),"
        "ops.AlterField('Parent', 'spare', fields.IntField(null=True, db_index=True)),"
    )
    database = await Database.open(url, [write_app("core", MODELS, {"0001_initial": script, "0002_change": change})])
    await migrations.migrate(database)
    sql = "SELECT l.name FROM pragma_index_list('parent') AS l, pragma_index_info(l.name) AS i WHERE i.name = $1"
    assert await database.rows(sql, "code") == []
    assert [name for (name,) in await database.rows(sql, "name")] == ["by_hand"]
    assert len(await database.rows(sql, "spare")) == 1
    await database.close()


async def test_taking_back_a_uniqueness_over_several_columns(url: str, script: str, write_app: WriteApp) -> None:
    """Both that of CREATE TABLE, which on SQLite is no index that could be dropped, and one that was added later."""
    before = write_app("core", MODELS, {"0001_initial": script, "0002_added": CHANGES["unique"]}, version=2)
    free = (
        "ops.RemoveConstraint('Parent', fields=('shop', 'number')),"
        "ops.RemoveConstraint('Parent', fields=('name', 'number')),"
    )
    steps = {"0001_initial": script, "0002_added": CHANGES["unique"], "0003_free": free}
    after = write_app("core", MODELS, steps, version=3)
    await (await filled(url, before)).close()
    database = await Database.open(url, [after])
    new = "INSERT INTO parent (id, name, code, shop, number) VALUES ($1, 'p1', $2, 1, 1)"
    assert await refused(database, new, "f" * 32, "p3")
    assert await migrations.migrate(database) == ["core.0003_free"]
    assert not await refused(database, new, "f" * 32, "p3")
    assert await refused(database, new, "e" * 32, "p3")  # code is still unique
    await database.transaction(lambda: database.run("UPDATE parent SET code = code || '!'"))
    assert [tuple(row) for row in await database.rows("SELECT what FROM log")] == [("a;b",)] * 3
    await database.close()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_removing_a_foreign_key(url: str, script: str, write_app: WriteApp) -> None:
    change = "ops.RemoveField('Child', 'twin')"
    before = write_app("core", MODELS, {"0001_initial": script})
    after = write_app("core", MODELS, {"0001_initial": script, "0002_change": change}, version=2)
    await (await filled(url, before)).close()
    database = await Database.open(url, [after])
    await migrations.migrate(database)
    columns = [name for (name,) in await database.rows("SELECT name FROM pragma_table_info('child') ORDER BY name")]
    assert columns == ["id", "note", "parent_id"]
    assert tuple(await database.row("SELECT count(*) FROM child") or ()) == (4,)
    await database.close()


def test_scripts_are_split_between_statements_only() -> None:
    trigger = "-- c;\nCREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END"
    script = f"CREATE TABLE a (b TEXT DEFAULT 'x;y');; {trigger};\nSELECT 1"
    assert list(statements(script)) == [
        "CREATE TABLE a (b TEXT DEFAULT 'x;y')",
        trigger,
        "SELECT 1",
    ]
