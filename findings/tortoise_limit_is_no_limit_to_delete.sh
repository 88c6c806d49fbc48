#!/usr/bin/env bash
# limit(1).delete() of Tortoise ORM deletes everything on SQLite.
#
# Expected: a query that is limited to one row deletes one row, or is refused, as Django does ("Cannot use 'limit' or 'offset' with
#   delete()"). To delete in batches is why one writes it.
# Seen: all rows are gone. Only the dialect of MySQL knows DELETE … LIMIT; for others the limit, and the order, are dropped
#   without a word. update() does the same.
# With: tortoise-orm 1.1.9, aiosqlite 0.22.1, Python 3.11, SQLite 3.40.
# Source: https://tortoise.github.io/query.html
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tortoise-orm==1.1.9 aiosqlite==0.22.1

cat > batches.py <<'PY'
from tortoise import Tortoise, fields, run_async
from tortoise.models import Model


class Customer(Model):
    id = fields.IntField(primary_key=True)
    group = fields.CharField(max_length=20, null=True)


async def main() -> None:
    await Tortoise.init(db_url="sqlite://shop.sqlite3", modules={"shop": ["__main__"]})
    await Tortoise.generate_schemas()
    for _ in range(5):
        await Customer.create()
    read = len(await Customer.filter(id__gt=0).limit(1))
    updated = await Customer.filter(id__gt=0).limit(1).update(group="friends")
    deleted = await Customer.filter(id__gt=0).limit(1).delete()
    print(f"limit(1) of 5 customers: {read} read, {updated} updated, {deleted} deleted")
    assert (read, updated, deleted) == (1, 5, 5)
    assert await Customer.all().count() == 0


run_async(main())
PY
venv/bin/python batches.py
