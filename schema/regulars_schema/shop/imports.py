"""Sending files, and importing them, in the language of the API."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import strawberry

from regulars_core.files.storage import StoredFileRow, files_by_ids
from regulars_core.files.uploads import UploadRow, create_upload, uploads_by_ids
from regulars_core.imports.jobs import RUN, request_import
from regulars_core.imports.sent import SentColumn, columns_of, heads_of
from regulars_core.plugins.owners import CORE
from regulars_core.primitives.money import CurrencyCode
from regulars_schema.composition.contributions import Contribution, Extension, Mutation, NodeKind
from regulars_schema.fields.declarations import batched, mutation
from regulars_schema.fields.nodes import Node, backed_by
from regulars_schema.inputs.idempotent import IdempotentInput, required_key
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import guarded, requires
from regulars_schema.shop.bulk_jobs import BulkJob
from regulars_schema.shop.files import FileSubject
from regulars_schema.types.ids import identified, key_of


@requires(RUN)
@strawberry.type(description="A column of a file that has arrived.")
class UploadColumn:
    """Over regulars_core.imports.sent.SentColumn."""

    is_type_of = backed_by(SentColumn)
    header: str = strawberry.field(description="The header as it is written.")
    samples: list[str] = strawberry.field(description="What the first rows hold, at most 5.")
    suggestion: str | None = strawberry.field(
        description="The field that it would be read into; null where the header is not known."
    )


@requires(RUN)
@strawberry.type(description="A file that is being sent to be imported.")
class Upload(Node):
    """Over regulars_core.files.uploads.UploadRow."""

    is_type_of = backed_by(UploadRow)
    id: strawberry.ID = identified("upload")
    of: FileSubject = strawberry.field(resolver=lambda root: FileSubject(root.subject), description="What it is about.")


async def _files(uploads: Sequence[UploadRow], context: RequestContext) -> Mapping[str, StoredFileRow]:
    """The files that have arrived and are kept still, by the id of the upload."""
    found = await files_by_ids(context.database, [one.file_id for one in uploads if one.file_id])
    return {one.id: file for one in uploads if (file := found.get(one.file_id or "")) is not None and file.can_be_had}


@batched(name="isReceived", returns=bool, description="Whether the file has arrived, and is kept still.")
async def received(uploads: Sequence[UploadRow], context: RequestContext) -> Sequence[bool]:
    """Whether each is there."""
    files = await _files(uploads, context)
    return [one.id in files for one in uploads]


@batched(
    name="headers",
    returns=list[UploadColumn],
    description="The columns of the file that has arrived, in its order; empty until then.",
)
async def headers(uploads: Sequence[UploadRow], context: RequestContext) -> Sequence[Sequence[SentColumn]]:
    """The columns of each."""
    files = await _files(uploads, context)
    heads = await heads_of(context.database, [file.id for file in files.values()])
    return [
        columns_of(heads[files[one.id].id], "customers" if one.subject == "CUSTOMERS" else "purchases")
        if one.id in files and files[one.id].id in heads
        else []
        for one in uploads
    ]


@strawberry.input(description="A file to be sent.")
class UploadCreateInput(IdempotentInput):
    """Input of uploadCreate."""

    of: FileSubject = strawberry.field(description="What it is about.")
    byte_count: int = strawberry.field(description="How long it is, in bytes.")


@strawberry.type(description="What uploadCreate answers.")
class UploadCreatePayload(Payload):
    """Payload of uploadCreate."""

    upload: Upload | None = guarded(
        RUN, default=None, description="The upload; ask for it again by `node` when the file was sent."
    )
    url: str | None = strawberry.field(
        default=None,
        description="Where to PUT the bytes, once; a path on this server where the shop has not said where that is found. Null "
        "in an answer that is repeated under a key.",
        metadata={"told_once": True},
    )


@mutation(
    name="uploadCreate",
    needs=RUN,
    description="Makes a place to send a file to: one PUT of its bytes to the URL, within an hour, without a key. Codes: "
    "`TOO_LARGE`, `REQUIRED`.",
)
async def upload_create(
    context: RequestContext,
    *,
    input: Annotated[UploadCreateInput, strawberry.argument(description="What is going to be sent.")],
) -> UploadCreatePayload:
    """Make a place for a file."""
    context.demand(RUN, shop_wide=True)
    subject: Any = input.of.value
    made: Any = await create_upload(context.shop, subject, input.byte_count, context.actor)
    return UploadCreatePayload(upload=made[0], url=made[1])


@strawberry.input(description="What a column is.")
class ImportColumnInput:
    """A part of ImportStartInput."""

    header: str = strawberry.field(description="The header as it is written.")
    field: strawberry.Maybe[str | None] = strawberry.field(
        description="The field it is read into; null: it does not matter."
    )


@strawberry.input(description="A value that every row has.")
class ImportFixedInput:
    """A part of ImportStartInput."""

    field: str = strawberry.field(description="The field.")
    value: str = strawberry.field(description="Its value, as a cell would hold it.")


@strawberry.input(description="Rows to read, by what they hold.")
class ImportOnlyInput:
    """A part of ImportStartInput."""

    header: str = strawberry.field(description="The header as it is written.")
    in_: list[str] = strawberry.field(name="in", description="One of these, as it is written.")


@strawberry.input(description="A file to import, and how to read it.")
class ImportStartInput(IdempotentInput):
    """Input of importStart."""

    upload_id: strawberry.ID = strawberry.field(description="The file that has arrived.")
    dry_run: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether only to look: nothing is written, the job tells what would be; not if absent."
    )
    profile: strawberry.Maybe[str | None] = strawberry.field(
        description="The program that wrote the file, whose columns are then known: `shopify`, `square`, `stripe`, `loyverse` or "
        "`woocommerce`; what else is told here goes before it. None if absent."
    )
    columns: strawberry.Maybe[list[ImportColumnInput] | None] = strawberry.field(
        description="What columns are, where their headers do not say so."
    )
    fixed: strawberry.Maybe[list[ImportFixedInput] | None] = strawberry.field(
        description="Values that every row has, such as the store."
    )
    only: strawberry.Maybe[list[ImportOnlyInput] | None] = strawberry.field(
        description="Only rows that hold one of these in a column; all if absent."
    )
    encoding: strawberry.Maybe[str | None] = strawberry.field(
        description="How the bytes are to be read: `utf-8`, `utf-16`, `windows-1252`; found by the mark at the beginning, or "
        "else `utf-8`, if absent."
    )
    skip_lines: strawberry.Maybe[int | None] = strawberry.field(
        description="How many lines to pass over before the header; 0 if absent."
    )
    date_formats: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="How dates are written, in the directives of strptime, first fitting first; ISO 8601 if absent."
    )
    timezone: strawberry.Maybe[str | None] = strawberry.field(
        description="IANA name of the zone of times without an offset; the shop's if absent."
    )
    currency_code: strawberry.Maybe[CurrencyCode | None] = strawberry.field(
        description="The currency of the amounts; the shop's own if absent, and no other."
    )
    reference_template: strawberry.Maybe[str | None] = strawberry.field(
        description="How the reference is put together from columns, such as `{Date}-{Receipt No}`; the column `reference` if "
        "absent."
    )
    allow_incomplete: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether customers who lack what the shop requires go in all the same; not if absent."
    )
    proper_case: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether names in capitals or small letters are written as people would; not if absent."
    )
    replace_voided: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether purchases whose reference was voided are recorded anew; not if absent."
    )
    idempotency_key: str = required_key("it writes much")  # type: ignore[assignment]


@strawberry.type(description="What importStart answers.")
class ImportStartPayload(Payload):
    """Payload of importStart."""

    bulk_job: BulkJob | None = strawberry.field(default=None, description="The work.")


@mutation(
    name="importStart",
    needs=RUN,
    description="Begins to import a file that has arrived. Safe to run again: what is there already changes nothing. Codes: "
    "`NOT_FOUND`, `NOT_RECEIVED`, `INVALID_COLUMNS`, `CURRENCY_MISMATCH`, `INVALID_OPTION`, `TOO_MANY_JOBS`.",
)
async def import_start(
    context: RequestContext,
    *,
    input: Annotated[ImportStartInput, strawberry.argument(description="What to import, and how to read it.")],
) -> ImportStartPayload:
    """Ask for an import."""
    context.demand(RUN, shop_wide=True)
    given = {
        "profile": value_or_none(input.profile),
        "encoding": value_or_none(input.encoding),
        "skipLines": value_or_none(input.skip_lines),
        "columns": [(one.header, value_or_none(one.field)) for one in value_or_none(input.columns) or ()],
        "fixed": [(one.field, one.value) for one in value_or_none(input.fixed) or ()],
        "only": [(one.header, one.in_) for one in value_or_none(input.only) or ()],
        "dateFormats": value_or_none(input.date_formats),
        "timezone": value_or_none(input.timezone),
        "currencyCode": value_or_none(input.currency_code),
        "referenceTemplate": value_or_none(input.reference_template),
        "allowIncomplete": value_or_none(input.allow_incomplete),
        "properCase": value_or_none(input.proper_case),
        "replaceVoided": value_or_none(input.replace_voided),
        "dryRun": value_or_none(input.dry_run),
    }
    key = key_of(input.upload_id, "upload", "uploadId")
    row: Any = await request_import(context.shop, key, given, context.actor)
    return ImportStartPayload(bulk_job=row)


async def _own(context: RequestContext, keys: Sequence[str]) -> Mapping[str, UploadRow]:
    """Uploads that the caller has asked for."""
    found = await uploads_by_ids(context.database, keys)
    return {key: one for key, one in found.items() if one.key_id == context.actor.key_id}


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=[Extension(Upload, [received, headers]), Extension(Mutation, [upload_create, import_start])],
        nodes=[NodeKind("upload", _own, RUN)],
    )
