#!/usr/bin/env bash
# exclude() of Tortoise ORM leaves out rows that have no value, and filter(…__not=…) does not.
#
# Expected: of three customers, one of the group "staff", one of "friends" and one of none, exclude(group="staff") answers two, as
#   Django's does, after which the method is made and named, and as filter(group__not="staff") of Tortoise itself answers.
# Seen: exclude answers one: it writes NOT "group"='staff', which is unknown for NULL, where __not writes "or it is NULL". A letter
#   to "everybody but the staff" reaches nobody who is in no group.
# With: tortoise-orm 1.1.9, aiosqlite 0.22.1, Python 3.11, SQLite 3.40.
# Source: https://tortoise.github.io/query.html
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tortoise-orm==1.1.9 aiosqlite==0.22.1

cat > everybody_but.py <<'PY'
from tortoise import Tortoise, fields, run_async
from tortoise.models import Model


class Customer(Model):
    id = fields.IntField(primary_key=True)
    group = fields.CharField(max_length=20, null=True)


async def main() -> None:
    await Tortoise.init(db_url="sqlite://shop.sqlite3", modules={"shop": ["__main__"]})
    await Tortoise.generate_schemas()
    for group in ("staff", "friends", None):
        await Customer.create(group=group)
    excluded = await Customer.exclude(group="staff").values_list("group", flat=True)
    unlike = await Customer.filter(group__not="staff").values_list("group", flat=True)
    print('exclude(group="staff"):    ', excluded)
    print('filter(group__not="staff"):', unlike)
    assert list(excluded) == ["friends"]
    assert list(unlike) == ["friends", None]


run_async(main())
PY
venv/bin/python everybody_but.py
