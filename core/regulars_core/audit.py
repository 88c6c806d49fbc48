"""Who did what, when, to whom: one row for each object that a mutation was about, written in the effect's transaction.

Rows are never changed or removed; triggers see to it on both engines. So no personal data may stand in them: of a personal
field the name alone is kept, of others the old and the new value too.
"""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson
from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.database import Database, Write
from regulars_core.database.fields import IdField, InstantField, TextKeyField
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.ids import new_id
from regulars_core.primitives.scoped import Scoped
from regulars_core.queries.inserts import inserting
from regulars_core.queries.pages import Order, Page, SortKey, Window
from regulars_core.queries.rows import Readable, by_ids, page
from regulars_core.queries.where import Values


class Audit(Model):
    """One thing that was done to one object; append-only."""

    id = IdField(primary_key=True)
    recorded_at = InstantField()
    key_id = TextKeyField(120)
    key_name = fields.CharField(120)
    action = fields.CharField(80)
    entity_kind = fields.CharField(40, null=True)
    entity_key = IdField(null=True)
    changes = fields.TextField()
    request_id = fields.CharField(64, null=True)

    class Meta:
        table = "audit"
        indexes: ClassVar = [
            Index(fields=("recorded_at", "id"), name="audit_recorded"),
            Index(fields=("entity_key", "recorded_at", "id"), name="audit_entity"),
        ]


Change = tuple[Any, Any] | None
"""The old and the new value of a field; None where they are personal."""


class Changes:
    """What a mutation has changed, as far as the services have said: field by field in the API's spelling."""

    def __init__(self) -> None:
        self.by_field: dict[str, Change] | None = None


_CURRENT: ContextVar[Changes | None] = ContextVar("_CURRENT", default=None)


def collecting() -> Scoped[Changes]:
    """Collect what services say by `changed` inside."""
    return Scoped(_CURRENT, Changes())


def is_collecting() -> bool:
    """Whether what is done is written down by who has called, with what `changed` is told."""
    return _CURRENT.get() is not None


def changed(changes: Mapping[str, Change]) -> None:
    """Say for the audit what was really changed, field by field; an empty mapping says that nothing was."""
    if current := _CURRENT.get():
        current.by_field = {**(current.by_field or {}), **changes}


@dataclass(slots=True)
class AuditRow:
    """One thing that was done to one object. `changes` is JSON: field → [old, new], or null where they are personal."""

    id: str
    recorded_at: Instant
    key_id: str
    key_name: str
    action: str
    entity_kind: str | None
    entity_key: str | None
    changes: str
    request_id: str | None


_COLUMNS = AuditRow.__slots__
AUDIT = Readable("audit a", "a.id", [f"a.{name}" for name in _COLUMNS], AuditRow)
NEWEST_FIRST = Order(SortKey("RECORDED_AT", "a.recorded_at", "a.id", int), descending=True)


def writing(
    *,
    key: tuple[str, str],
    action: str,
    entities: Sequence[tuple[str, str]],
    changes: Mapping[str, Change],
    request_id: str | None = None,
) -> Write:
    """What writes down that this was done to these (kind, key), or to nothing in particular, by the API key of this (id,
    name)."""
    at, text = now(), orjson.dumps(changes).decode()
    about: Sequence[tuple[str | None, str | None]] = entities or [(None, None)]
    return inserting("audit", _COLUMNS, [(new_id(), at, *key, action, *entity, text, request_id) for entity in about])


async def audits_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, AuditRow]:
    """Entries by id."""
    return await by_ids(database, AUDIT, ids)


async def page_of_audit(database: Database, window: Window, entity_key: str | None) -> Page[AuditRow]:
    """A page of all entries, or of those about one object."""

    def about(values: Values) -> str:
        return f"a.entity_key = {values.bind(entity_key)}"

    return await page(database, AUDIT, window, condition=about if entity_key else None)
