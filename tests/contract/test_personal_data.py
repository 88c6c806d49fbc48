"""Every table and column is decided: what a customer is told of it, and what an erasure makes of it; a new one cannot be
forgotten."""

import importlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import orjson
import pytest
from tortoise.fields import CharField, TextField
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.models import Model

from regulars_analytics.lifetime import kept as personal_of_analytics
from regulars_core.contribution import HOLDINGS
from regulars_core.customers.erasure.data import data_of
from regulars_core.customers.erasure.personal import APART
from regulars_core.customers.pairs.discovery import find_duplicates
from regulars_core.database.fields import IdField, TextKeyField
from regulars_core.plugin import App, Holding, Plugins, Shop, hookimpl, plugins_on
from regulars_core.plugins.discovery import installed, loaded
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import insert
from regulars_core.testing import OpenShop, hooks_lacking
from regulars_core.testing.personal import models_in, refers_to_customers
from regulars_loyalty import personal as personal_of_loyalty
from regulars_rewards import personal as personal_of_rewards
from regulars_schema.testing import Api
from regulars_tiers import personal as personal_of_tiers
from tests.erasure.conftest import BOTH, known, merged_in, pass_days, requested

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "server" / "regulars_server" / "outline"))
OUTLINE = importlib.import_module("regulars_outline")
BOX = loaded(one for one in installed() if one.in_the_box)[0]
EVERYBODY: Mapping[str, Any] = {
    **{name: plugin for name, plugin in BOX.items() if hasattr(plugin, "regulars_models")}, **BOTH, "outline": OUTLINE,
}  # fmt: skip
"""All who keep something."""
HELD: Mapping[str, Sequence[Holding]] = {
    "core": HOLDINGS,
    "tiers": personal_of_tiers.HOLDINGS,
    "loyalty": personal_of_loyalty.HOLDINGS,
    "rewards": personal_of_rewards.HOLDINGS,
    "analytics": personal_of_analytics.HOLDINGS,
    "birthday": importlib.import_module("regulars_birthday.service").HOLDINGS,
    "outline": importlib.import_module("regulars_outline.service").HOLDINGS,
}
UNTOLD = {
    "customer": {"sort_name", "company_key", "tax_key", "version", "signature_low", "signature_high"},
    "customer_stats": {"activity", "merged_into_id", "latest_at", "regular_at"},
    "customer_group_change": {"number"},
    "customer_text": {"number", "customer_id", "names", "contact"},
    "recent_text": {"number", "customer_id", "seen_at", "names", "contact"},
    "customer_address": {"id", "city_key", "region_key", "postal_key"},
    "customer_tag": {"id", "tag_key"},
    "customer_note": {"author", "assignee", "urgency", "version"},
    "consent": {"recorded_by"},
    "consent_in_force": {"number", "customer_id", "consent_id", "purpose", "decision", "ways"},
    "customer_verification": {"about", "author"},
    "customer_merge": {"merged_by", "fingerprint", "moved"},
    "customer_merge_absorbed": {"number", "position"},
    "duplicate_key": {
        "customer_id", "email", "phone", "phone_tail", "tax_id", "name", "given_and_birth", "family_and_birth",
    },
    "duplicate_pair": {
        "id", "customer_id", "other_id", "score", "reasons", "traits", "found_at", "is_dismissed", "dismissed_at",
    },
    "duplicate_dismissal": {"id", "customer_id", "other_id", "dismissed_at", "traits"},
    "erasure": {"is_open", "key_id", "requested_by", "erased"},
    "purchase": {"digest", "replaces_id", "generation"},
    "purchase_line": {"position"},
    "payment": {"id", "position"},
    "refund_payment": {"id", "position"},
    "refund_line": {"id"},
    "customer_attribute": {"id", "definition_id", "value_key", "ordinal"},
    "purchase_reassignment": {"id", "before_id", "after_id"},
    "tier_assignment": {"id", "author"},
    "tier_spell": {"number", "position"},
    "tier_standing": {"next_at", "policy", "failed"},
    "tier_change": {"id"},
    "loyalty_account": {"id", "version", "next_at", "spendable", "is_living"},
    "loyalty_transfer": {"event_id", "actor", "payment_id", "base", "shares"},
    "loyalty_lot": {"id", "origin_id"},
    "loyalty_lot_use": {"id", "transfer_id", "position", "lot_id", "amount"},
    "loyalty_hold": {"id"},
    "loyalty_once": {"id", "transfer_id"},
    "loyalty_link": {"position", "customer_id", "unit", "version", "hash"},
    "analytics_lifetime": {"as_of", "moves"},
    "rewards_coupon": {"key", "actor"},
    "rewards_use": {"sharing"},
    "rewards_progress": {"id"},
    "rewards_earning": {"id", "shares"},
    "rewards_entry": {"actor"},
    "rewards_given": {"settings"},
    "rewards_failed": {"id", "customer_id", "system_id", "source", "purchase_id", "failed_at"},
}  # fmt: skip
"""What no customer is told: what we have made of what is told, what says nothing, and who else had to do with it."""


def models_of(owner: str) -> Sequence[type[Model]]:
    if owner == "core":
        return list(models_in("regulars_core.models"))
    plugins = plugins_on({owner: EVERYBODY[owner]})
    [app] = [app for app in plugins.apps if app.label == owner]
    return list(models_in(app.models))


def columns_of(model: type[Model]) -> set[str]:
    own = set(model._meta.fields_db_projection.values())
    keys = (name for name, one in model._meta.fields_map.items() if isinstance(one, ForeignKeyFieldInstance))
    return own | {f"{name}_id" for name in keys}


def leads_to_customers(models: Sequence[type[Model]]) -> set[str]:
    """The tables that refer to customers, and those that refer to one of these."""
    found = {model._meta.db_table for model in models if refers_to_customers(model)}
    by_name = {model.__name__: model._meta.db_table for model in models}
    while True:
        more = {
            model._meta.db_table
            for model in models
            for column in model._meta.fields_map.values()
            if isinstance(column, ForeignKeyFieldInstance)
            and by_name.get(str(column.model_name).rpartition(".")[2]) in found
        }
        if more <= found:
            return found
        found |= more


def test_all_of_the_box_is_tried() -> None:
    assert HELD.keys() == {"core", *EVERYBODY}


@pytest.mark.parametrize("owner", HELD)
def test_every_column_is_decided(owner: str) -> None:
    models, held = models_of(owner), HELD[owner]
    apart = APART if owner == "core" else {}
    tables = {model._meta.db_table: model for model in models}
    assert tables.keys() >= {one.table for one in held}
    assert apart.keys() <= tables.keys()
    assert apart.keys().isdisjoint(one.table for one in held)
    assert leads_to_customers(models) <= {one.table for one in held} | apart.keys()
    if owner == "core":
        assert tables.keys() == {one.table for one in held} | apart.keys(), "a table that nobody has decided about"
    for one in held:
        assert one.columns.keys() == columns_of(tables[one.table]), one.table
        assert {name for name, fate in one.columns.items() if not fate.is_told} == UNTOLD.get(one.table, set())
        assert one.by_hand <= {name for name, fate in one.columns.items() if fate.is_erased}


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_refers_to_customers_takes_part(name: str) -> None:
    assert any(map(refers_to_customers, models_of(name)))
    assert hooks_lacking(EVERYBODY[name], name) == []


def test_who_does_not_is_found() -> None:
    def models() -> App:
        return App("tiers", "regulars_tiers.models", "regulars_tiers.migrations")

    async def customers_erased(shop: Shop, customers: Sequence[str]) -> Mapping[str, int]:
        raise NotImplementedError

    bare = SimpleNamespace(regulars_models=hookimpl(models, specname="regulars_models"))
    assert {"customers_erased", "customers_data"} <= set(hooks_lacking(bare, "tiers"))
    partly = SimpleNamespace(
        regulars_models=hookimpl(models, specname="regulars_models"), customers_erased=hookimpl(customers_erased)
    )
    assert "customers_erased" not in hooks_lacking(partly, "tiers")
    assert "customers_data" in hooks_lacking(partly, "tiers")
    assert hooks_lacking(ModuleType("nothing"), "nothing") == []


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on(EVERYBODY)


def markable(model: type[Model], holding: Holding) -> list[str]:
    """The columns of text that are erased, or that go with their row."""
    kinds = (CharField, TextField, TextKeyField)
    return [
        name
        for name, column in model._meta.fields_map.items()
        if isinstance(column, kinds) and not isinstance(column, IdField) and not column.unique
        and (holding.is_removed or holding.columns[name].is_erased) and name not in {"kind", "country", *holding.by_hand}
    ]  # fmt: skip


async def mark(shop: Shop) -> list[str]:
    """Write something into each of those columns that is in no other; what that was."""
    marks: list[str] = []

    async def work() -> None:
        for owner, held in HELD.items():
            models = {model._meta.db_table: model for model in models_of(owner)}
            for holding in held:
                model = models[holding.table]
                for name in markable(model, holding):
                    marks.append(f"~{len(marks):02}~")
                    assert await shop.database.run(f"UPDATE {holding.table} SET {name} = $1", marks[-1]), holding.table

    await shop.database.transaction(work)
    return marks


async def alike(api: Api, customer: str) -> None:
    """Say of the person and somebody else, who is to be erased as well, that they may be the same, and that they are not."""
    other = (await api.done("customerCreate", "customer { id }", {"firstName": "Bea", "lastName": "Li"}))["customer"][
        "id"
    ]
    await requested(api, other)
    await find_duplicates(api.shop)

    async def work() -> None:
        pair = (new_id(), customer.removeprefix("customer_"), other.removeprefix("customer_"))
        columns = ("id", "customer_id", "other_id", "score", "reasons", "traits", "found_at", "is_dismissed")
        await insert(api.shop.database, "duplicate_pair", columns, [(*pair, 90, "", "", 0, False)])
        columns = ("id", "customer_id", "other_id", "dismissed_at", "traits")
        await insert(api.shop.database, "duplicate_dismissal", columns, [(*pair, 0, "")])

    await api.shop.database.transaction(work)


async def rows_of(shop: Shop) -> dict[str, str]:
    """Everything in every table, as text."""
    found = {}
    for owner in HELD:
        for model in models_of(owner):
            rows = await shop.database.rows(f"SELECT * FROM {model._meta.db_table}")
            found[model._meta.db_table] = repr([tuple(row) for row in rows])
    return found


async def test_all_of_it_is_told_and_all_of_it_goes(open_shop: OpenShop) -> None:
    """There is a row of the person in every table, and a mark of its own in each column that is to go."""
    shop = await open_shop(plugins=plugins_on(EVERYBODY))
    api = Api.of(shop)
    customer = await known(api, remindDaysBefore=77)
    await merged_in(api, customer)
    id_ = customer.removeprefix("customer_")
    group = (await api.done("customerGroupCreate", "customerGroup { id }", {"name": "Gold"}))["customerGroup"]["id"]
    await api.done("customersAssignGroup", "movedCount", {"customerIds": [customer], "groupId": group})
    await requested(api, customer)
    await alike(api, customer)
    marks = await mark(shop)
    assert len(marks) > 25
    records = orjson.loads(orjson.dumps(await data_of(shop, id_)))["records"]
    assert len(records) == 2
    for owner, held in HELD.items():
        for one in held:
            told = {name for name, fate in one.columns.items() if fate.is_told}
            rows = [row for record in records for row in record.get(owner, {}).get(one.table, ())]
            assert bool(rows) is bool(told), one.table
            assert all(row.keys() == told | one.also.keys() for row in rows), one.table
    text = repr(records)
    models = {model._meta.db_table: model for owner in HELD for model in models_of(owner)}
    untold = sum(
        name in UNTOLD.get(one.table, ())
        for held in HELD.values()
        for one in held
        for name in markable(models[one.table], one)
    )
    # What `purchase_reassignment` and `customer_merge_snapshot` hold is described for both sides, and has the later mark.
    assert len([one for one in marks if one not in text]) == untold + 2
    await pass_days(shop)
    left = {table: rows for table, rows in (await rows_of(shop)).items() if any(one in rows for one in marks)}
    assert left == {}


async def test_whatever_is_held_is_found_by_an_index(open_shop: OpenShop) -> None:
    """However many customers there are. SQLite says so without having seen any rows; PostgreSQL's planner does not."""
    shop = await open_shop(plugins=plugins_on(EVERYBODY))
    if shop.database.engine != "sqlite":
        pytest.skip("It depends on what is in the tables.")
    for holding in (one for held in HELD.values() for one in held):
        among = shop.database.dialect.among(holding.customer, 1)
        theirs = f"SELECT t.{holding.key} FROM {holding.source} WHERE {among}"
        plan = await shop.database.rows(f"EXPLAIN QUERY PLAN {theirs}", [])
        steps = [str(row[3]) for row in plan if str(row[3]).startswith("SCAN")]
        assert all(step.startswith("SCAN json_each") for step in steps), (holding.table, steps)
