"""Files that jobs make, and what was ever taken out in files, in the language of the API."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Unpack

import strawberry

from regulars_core.bulk.reads import BulkJobRow, bulk_jobs_by_ids
from regulars_core.bulk.service import sees
from regulars_core.exports.columns import ExportColumn as CoreColumn
from regulars_core.exports.columns import export_columns
from regulars_core.exports.links import create_link
from regulars_core.files.exports import (
    LATEST_FIRST,
    ExportEntryRow,
    entries_by_ids,
    fetches_of,
    page_of_entries,
)
from regulars_core.files.storage import StoredFileRow, files_by_ids, files_of_jobs
from regulars_core.plugins.owners import CORE
from regulars_core.primitives.clock import Instant
from regulars_core.queries.pages import Page
from regulars_schema.composition.contributions import Contribution, Extension, Mutation, NodeKind, Query
from regulars_schema.fields.declarations import batched, mutation, root
from regulars_schema.fields.nodes import Node, backed_by, in_every_store
from regulars_schema.fields.pagination import Connection, PageArguments, window
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import requires
from regulars_schema.shop.bulk_jobs import BulkJob
from regulars_schema.types.ids import identified, key_of

EXPORT = "customers.export"


@strawberry.enum(description="What a file is about.")
class FileSubject(Enum):
    """Values of Subject."""

    CUSTOMERS = strawberry.enum_value("CUSTOMERS", description="Customers, a row for each.")
    PURCHASES = strawberry.enum_value("PURCHASES", description="Purchases, a row for each line.")


@requires(None)
@strawberry.type(description="A file that a job made. It is fetched by `fileLinkCreate`.")
class BulkFile(Node):
    """Over regulars_core.files.storage.StoredFileRow."""

    is_type_of = backed_by(StoredFileRow)
    id: strawberry.ID = identified("file")
    name: str = strawberry.field(
        description="Its name, such as `customers-2026-11-28.csv`; `….rejects.csv` holds the rows that an import could not take, "
        "each with its reason."
    )
    content_type: str = strawberry.field(description="What it is, such as `text/csv`.")
    byte_count: int = strawberry.field(description="How long it is, in bytes.")
    row_count: int | None = strawberry.field(
        description="How many rows it has, without the header; null where it has none."
    )
    sha256: str = strawberry.field(description="SHA-256 of its content, in hexadecimal.")
    available_until: Instant = strawberry.field(
        description="Until when it can be fetched; earlier where somebody was erased meanwhile, since then all files go."
    )


@batched(
    name="files",
    returns=list[BulkFile],
    description="The files that it made; kept for the shop's hours, then only their names stay.",
)
async def files(jobs: Sequence[BulkJobRow], context: RequestContext) -> Sequence[list[StoredFileRow]]:
    """What each job has made."""
    found = await files_of_jobs(context.database, [job.id for job in jobs])
    return [found[job.id] for job in jobs]


async def _known_to_the_caller(context: RequestContext, keys: Sequence[str]) -> Mapping[str, StoredFileRow]:
    """Files of jobs of which the caller may know, as far as they are whole."""
    found = await files_by_ids(context.database, keys)
    made = {key: file for key, file in found.items() if file.job_id is not None and file.sha256 is not None}
    jobs = await bulk_jobs_by_ids(context.database, [str(file.job_id) for file in made.values()])
    return {key: file for key, file in made.items() if (job := jobs.get(str(file.job_id))) and sees(context.actor, job)}


@strawberry.input(description="A file to fetch.")
class FileLinkCreateInput(IdempotentInput):
    """Input of fileLinkCreate."""

    file_id: strawberry.ID = strawberry.field(description="The file.")


@strawberry.type(description="What fileLinkCreate answers.")
class FileLinkCreatePayload(Payload):
    """Payload of fileLinkCreate."""

    expires_at: Instant | None = strawberry.field(default=None, description="Until when the link works.")
    url: str | None = strawberry.field(
        default=None,
        description="The link, which works once; a path on this server where the shop has not said where that is found. Null in "
        "an answer that is repeated under a key.",
        metadata={"told_once": True},
    )


@mutation(
    name="fileLinkCreate",
    description="Makes a link to a file of a job that works once, for minutes, without a key. Codes: `NOT_FOUND`, "
    "`FILE_EXPIRED`. Needs to be who asked for the job and still to hold what the job needs.",
)
async def file_link_create(
    context: RequestContext, *, input: Annotated[FileLinkCreateInput, strawberry.argument(description="Which file.")]
) -> FileLinkCreatePayload:
    """Make a link."""
    link = await create_link(context.shop, key_of(input.file_id, "file", "fileId"), context.actor)
    return FileLinkCreatePayload(url=link.url, expires_at=link.expires_at)


@requires(EXPORT)
@strawberry.type(description="A column of an export.")
class ExportColumn:
    """Over regulars_core.exports.columns.ExportColumn, as one caller sees it."""

    name: str = strawberry.field(
        description="What the column is called, in the file and in `columns`; imports read it again under the same name."
    )
    label: str = strawberry.field(description="What people call it.")
    is_default: bool = strawberry.field(description="Whether it is there if no columns are chosen.")
    is_allowed: bool = strawberry.field(description="Whether the caller may take it out.")


@root(
    name="exportColumns",
    needs=EXPORT,
    returns=list[ExportColumn] | None,
    description="What can be put into an export, in the usual order.",
)
async def columns(
    context: RequestContext, *, of: Annotated[FileSubject, strawberry.argument(description="Of what.")]
) -> list[ExportColumn]:
    """All columns, each with whether the caller may have it."""
    subject: Any = of.value
    found: Mapping[str, CoreColumn] = await export_columns(context.shop, subject)
    return [
        ExportColumn(
            name=one.name, label=one.label, is_default=one.is_default, is_allowed=one.is_allowed(context.actor)
        )
        for one in found.values()
    ]


@requires("audit.view")
@strawberry.type(
    description="That something was taken out in a file, by a job or by the command line. Never changed, and nothing personal "
    "in it."
)
class ExportEntry(Node):
    """Over regulars_core.files.exports.ExportEntryRow."""

    is_type_of = backed_by(ExportEntryRow)
    id: strawberry.ID = identified("export")
    at: Instant = strawberry.field(description="When it was made.")
    key_name: str = strawberry.field(
        description="The name of the key that asked for it; `operator` for the command line."
    )
    task: str = strawberry.field(description="What it was: the task of a `BulkJob`.")
    columns: list[str] = strawberry.field(
        resolver=lambda root: root.columns, description="The columns, or what else was chosen."
    )
    narrowed_by: str | None = strawberry.field(
        description="What narrowed it, as JSON in the shape of the filter; texts, which may be personal, are left out. Beside "
        "the conditions `purchaseDays` has the days whose purchases the figures count. Null for everything."
    )
    row_count: int | None = strawberry.field(description="How many rows; null where there are none, as in JSON.")
    sha256: str = strawberry.field(description="SHA-256 of the file, in hexadecimal.")


@batched(name="fetchedAt", returns=list[Instant], description="When it was fetched, each time.")
async def fetches(entries: Sequence[ExportEntryRow], context: RequestContext) -> Sequence[list[int]]:
    """The fetches of each entry."""
    found = await fetches_of(context.database, [entry.id for entry in entries])
    return [found[entry.id] for entry in entries]


@root(
    name="exportLog",
    needs="audit.view",
    returns=Connection[ExportEntry] | None,
    description="Everything that was ever taken out in files, the latest first, also by the command line.",
    replica=True,
)
async def export_log(context: RequestContext, **asked: Unpack[PageArguments]) -> Page[ExportEntryRow]:
    """A page of the log."""
    return await page_of_entries(context.database, window(LATEST_FIRST, **asked))


def contribution() -> Contribution:
    """What this room brings to the schema."""
    nodes: Any = [
        NodeKind("file", _known_to_the_caller),
        NodeKind("export", in_every_store(entries_by_ids), "audit.view"),
    ]
    return Contribution(
        CORE,
        extensions=[
            Extension(BulkJob, [files]),
            Extension(ExportEntry, [fetches]),
            Extension(Query, [columns, export_log]),
            Extension(Mutation, [file_link_create]),
        ],
        nodes=nodes,
    )
