"""Who did what, in the language of the API."""

import json
from collections.abc import Sequence
from typing import Annotated, Unpack

import strawberry

from regulars_core import audit as core
from regulars_core.audit import NEWEST_FIRST, AuditRow, audits_by_ids, page_of_audit
from regulars_core.plugins.owners import CORE
from regulars_core.primitives.clock import Instant
from regulars_core.queries.pages import Page
from regulars_schema.composition.contributions import Contribution, Extension, NodeKind, Query
from regulars_schema.fields.declarations import batched, root
from regulars_schema.fields.nodes import Node, backed_by, in_every_store
from regulars_schema.fields.pagination import Connection, PageArguments, window
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires
from regulars_schema.types.ids import audited_id, audited_key, identified, split_id


@requires("audit.view")
@strawberry.type(description="A field that was changed.")
class AuditChange:
    """One item of audit.changes."""

    field: str = strawberry.field(description="The field's name.")
    old: str | None = strawberry.field(description="What it was, as JSON; null where it is personal or was not noted.")
    new: str | None = strawberry.field(
        description="What it is since, as JSON; null where it is personal or was not noted."
    )


@requires("audit.view")
@strawberry.type(
    description="Something that was done to an object, written down together with it and never changed. It says nothing "
    "personal."
)
class AuditEntry(Node):
    """Over regulars_core.audit.AuditRow."""

    is_type_of = backed_by(AuditRow)
    id: strawberry.ID = identified("audit")
    at: Instant = strawberry.field(resolver=lambda root: root.recorded_at, description="When it was done.")
    key_id: str = strawberry.field(description="The API key that was used, by its id.")
    key_name: str = strawberry.field(description="The name that the API key had then.")
    action: str = strawberry.field(
        description="What was done: the name of the mutation; or the permission by which something was read, where reading is "
        "audited, such as `receipts.view`."
    )
    request_id: str | None = strawberry.field(description="The `X-Request-ID` that the request carried, if any.")


@batched(
    name="entityId",
    returns=strawberry.ID | None,
    description="What it was done to; null where it was done to nothing in particular, or to several that were read at once.",
)
async def entity_ids(entries: Sequence[AuditRow], _: RequestContext) -> Sequence[str | None]:
    """The ids of the objects."""
    return [audited_id(entry.entity_kind, entry.entity_key or "") if entry.entity_kind else None for entry in entries]


@batched(
    name="changes",
    returns=list[AuditChange],
    description="Which fields were changed; where something was made, those that were given.",
)
async def changes(entries: Sequence[AuditRow], _: RequestContext) -> Sequence[list[AuditChange]]:
    """The changes of each entry, by field."""
    return [[_change(name, values) for name, values in json.loads(entry.changes).items()] for entry in entries]


def _change(name: str, values: core.Change) -> AuditChange:
    old, new = (json.dumps(value) for value in values) if values else (None, None)
    return AuditChange(field=name, old=old, new=new)


@root(
    name="audit",
    needs="audit.view",
    returns=Connection[AuditEntry] | None,
    description="Who did what, the newest first.",
    replica=True,
)
async def audit(
    context: RequestContext,
    *,
    entity_id: Annotated[
        strawberry.ID | None, strawberry.argument(description="Only what was done to the object with this id.")
    ] = None,
    **asked: Unpack[PageArguments],
) -> Page[AuditRow]:
    """A page of everything that was done."""
    key = audited_key(*split_id(entity_id, "entityId")) if entity_id else None
    return await page_of_audit(context.database, window(NEWEST_FIRST, **asked), key)


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=[Extension(Query, [audit]), Extension(AuditEntry, [entity_ids, changes])],
        nodes=[NodeKind("audit", in_every_store(audits_by_ids), "audit.view")],
    )
