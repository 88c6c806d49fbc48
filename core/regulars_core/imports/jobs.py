"""Imports as bulk jobs: a file that was sent is put onto the disk of who does the job, and imported as the command does it.

It is done as a whole. Whoever is killed is followed by another, which begins at the first row again: what is there already
changes nothing, so only what is counted as new or changed would be forgotten; that is kept from before.
"""

import io
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from regulars_core.bulk.needs import needs_of
from regulars_core.bulk.reads import BulkJobRow, bulk_jobs_by_ids
from regulars_core.bulk.service import refuse_too_many, request_bulk_job
from regulars_core.bulk.tasks import BulkTask, Input, WholeJob
from regulars_core.bulk.worker import LONGEST_SECONDS, note, persisting
from regulars_core.customers.attributes.definitions import declared_attributes
from regulars_core.customers.attributes.rules import Declared
from regulars_core.exports.columns import export_columns
from regulars_core.exports.tasks import refuse_who_lost
from regulars_core.files import storage
from regulars_core.files.uploads import uploads_by_ids
from regulars_core.imports.box import Kind, profile_in_box
from regulars_core.imports.customer_rows import known_layout, layout_of
from regulars_core.imports.customers import import_customers
from regulars_core.imports.files.columns import Header, Layout, read_header
from regulars_core.imports.files.encodings import as_utf8, encoding_of
from regulars_core.imports.files.profiles import Profile
from regulars_core.imports.files.refusal import ImportRefused
from regulars_core.imports.files.values import times
from regulars_core.imports.options import ImportOptions, ImportReport
from regulars_core.imports.purchase_rows import PURCHASES
from regulars_core.imports.purchases import import_purchases
from regulars_core.imports.sent import heads_of
from regulars_core.imports.told import Told, with_told
from regulars_core.keys.authentication import actor_of_key
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import day_of, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import is_id, new_id
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop

RUN = "imports.run"
ENCODINGS = ("utf-8", "utf-16", "windows-1252")
_FOLDER = "regulars-import-"
_MAX_SKIPPED = 1_000
_VIEW = "customers.view"


async def request_import(shop: Shop, upload_id: str, given: Input, by: Actor) -> BulkJobRow:
    """Ask for an import of a file that has arrived, in the caller's transaction; `given` is how to read it, as plain JSON. Raises
    Refused with everything that is wrong: NOT_FOUND, NOT_RECEIVED, INVALID_OPTION, INVALID_COLUMNS, CURRENCY_MISMATCH,
    TOO_MANY_JOBS."""
    upload = (await uploads_by_ids(shop.database, [upload_id])).get(upload_id)
    if upload is None or upload.key_id != by.key_id:
        raise Refused(Problem("NOT_FOUND", "There is no such file.", ("uploadId",)))
    files = await storage.files_by_ids(shop.database, [upload.file_id]) if upload.file_id else {}
    file = files.get(upload.file_id or "")
    if file is None or not file.can_be_had:
        message = "The file has not arrived, or is not kept any more: send it."
        raise Refused(Problem("NOT_RECEIVED", message, ("uploadId",)))
    kind: Kind = "customers" if upload.subject == "CUSTOMERS" else "purchases"
    head = (await heads_of(shop.database, [file.id])).get(file.id, b"")
    _check(shop, kind, given, head, await declared_attributes(shop.database))
    await refuse_too_many(shop, by)
    job_id = new_id()
    wanted = {**given, "job": job_id, "file": file.id}
    return await request_bulk_job(
        shop, f"{upload.subject}_IMPORT", wanted, by, needs=needs_of(by, [RUN]), job_id=job_id
    )


def options_of(kind: Kind, given: Input) -> ImportOptions:
    """How to read a file, by what was given. Raises ImportRefused."""
    profile = profile_in_box(given["profile"], kind) if given.get("profile") else Profile()
    told = Told(
        encoding=given.get("encoding"),
        skip=given.get("skipLines"),
        date_formats=given.get("dateFormats"),
        fixed=dict(given.get("fixed") or ()),
        only=dict(given.get("only") or ()),
        timezone=given.get("timezone"),
    )
    return ImportOptions(
        mapping={header: field or "" for header, field in given.get("columns") or ()},
        currency=given.get("currencyCode"),
        reference=given.get("referenceTemplate"),
        allow_incomplete=bool(given.get("allowIncomplete")),
        profile=with_told(profile, told),
        check=bool(given.get("dryRun")),
        replace_voided=bool(given.get("replaceVoided")),
        proper_case=bool(given.get("properCase")),
    )


def _check(shop: Shop, kind: Kind, given: Input, head: bytes, declared: Declared) -> None:
    """Raise Refused with everything that is wrong with the options, or if nothing is, with the header."""
    checks, columns = Checks(), (known_layout(shop.settings, declared) if kind == "customers" else PURCHASES).columns

    def tried(work: Any, *path: str) -> None:
        try:
            work()
        except ImportRefused as refused:
            checks.fail("INVALID_OPTION", str(refused).partition("\n")[0], *path)

    if given.get("profile"):
        tried(lambda: profile_in_box(given["profile"], kind), "profile")
    if given.get("encoding") not in (None, *ENCODINGS):
        checks.fail("INVALID_OPTION", f"An encoding is one of {', '.join(ENCODINGS)}.", "encoding")
    if not 0 <= (given.get("skipLines") or 0) <= _MAX_SKIPPED:
        checks.fail("INVALID_OPTION", f"At most {_MAX_SKIPPED} lines stand before a header.", "skipLines")
    tried(lambda: with_told(Profile(), Told(timezone=given.get("timezone"))), "timezone")
    tried(lambda: times(given.get("dateFormats") or (), shop.settings.zone), "dateFormats")
    for n, (_, field) in enumerate(given.get("columns") or ()):
        if field is not None and field not in columns:
            checks.fail("INVALID_OPTION", "There is no such field of ours.", "columns", str(n), "field")
    for n, (field, _) in enumerate(given.get("fixed") or ()):
        if field not in columns:
            checks.fail("INVALID_OPTION", "There is no such field of ours.", "fixed", str(n), "field")
    if given.get("currencyCode") not in (None, shop.currency):
        message = f"The shop sells in {shop.currency}; nothing is converted."
        checks.fail("CURRENCY_MISMATCH", message, "currencyCode")
    checks.refuse()
    _check_header(shop, kind, given, head, declared, checks)
    checks.refuse()


def _check_header(shop: Shop, kind: Kind, given: Input, head: bytes, declared: Declared, checks: Checks) -> None:
    """Tell checks what is wrong with the header, as far as it is known before all of the file is read."""
    options = options_of(kind, given)
    try:
        header = _header(shop, kind, options, head, declared)
    except ImportRefused as refused:
        message = str(refused).replace("\n", " ")
        if options.reference is not None and message.startswith("The reference "):
            checks.fail("INVALID_OPTION", message, "referenceTemplate")
        else:
            checks.fail("INVALID_COLUMNS", message, "columns")
        return
    folded = {name.casefold() for name in header.names}
    for n, (theirs, _) in enumerate(given.get("only") or ()):
        if theirs.strip().casefold() not in folded:
            checks.fail("INVALID_COLUMNS", "The file has no such column.", "only", str(n), "header")


def _header(shop: Shop, kind: Kind, options: ImportOptions, head: bytes, declared: Declared) -> Header:
    """The header of a file that begins so. Raises ImportRefused."""
    layout: Layout = layout_of(shop.settings, options, declared) if kind == "customers" else PURCHASES
    profile, file = options.profile or Profile(), io.BytesIO(head)
    encoding = encoding_of(file, profile.encoding)
    lines = as_utf8(file, encoding)
    return read_header(lines, layout, profile, options.mapping, options.reference, encoding)


async def _may_compare(shop: Shop, kind: Kind, job: WholeJob) -> bool:
    """Whether whose job it is may read whatever the file tells of customers: whether somebody has the tax id that is written
    there is an answer about that tax id. Raises ImportRefused."""
    if kind == "purchases":
        return True
    file, declared = job.input["file"], await declared_attributes(shop.database)
    head = (await heads_of(shop.database, [file])).get(file, b"")
    header = _header(shop, kind, options_of(kind, job.input), head, declared)
    actor, columns = await actor_of_key(shop, job.key[0]), await export_columns(shop, "CUSTOMERS")
    return actor is not None and all(
        columns[name].is_allowed(actor) if name in columns else actor.may(_VIEW) for name in header.places
    )


def _importing(kind: Kind) -> Any:
    import_file = import_customers if kind == "customers" else import_purchases

    async def whole(shop: Shop, job: WholeJob) -> Mapping[str, int]:
        await refuse_who_lost(shop, job.id, job.key[0])
        row = await shop.database.row("SELECT counts FROM bulk_job WHERE id = $1", job.id)
        before: dict[str, int] = orjson.loads(row[0]) if row and not job.input.get("dryRun") else {}
        await shop.database.transaction(lambda: storage.remove_of_jobs(shop, [job.id]))
        folder = Path(tempfile.gettempdir()) / f"{_FOLDER}{job.id}"
        shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed
        folder.mkdir(mode=0o700)
        try:
            path = folder / f"{kind}-{day_of(now(), shop.settings.zone).isoformat()}.csv"
            await _put_down(shop, job.input["file"], path)

            async def after_batch(done: int, size: int, report: ImportReport) -> None:
                await note(shop, job.id, done, max(size, 1), _counts(report, before, compares))
                await refuse_who_lost(shop, job.id, job.key[0])

            try:
                compares = await _may_compare(shop, kind, job)
                options = replace(
                    options_of(kind, job.input), after_batch=after_batch, compares=compares, keeps_rejects=True
                )
                report = await import_file(shop, path, options, lambda _, __: None)
            except ImportRefused as refused:
                raise Refused(Problem("INVALID_COLUMNS", str(refused).replace("\n", " "))) from None
            if report.rejects is not None:
                with suppress(storage.FileGone):  # an erasure takes every file; what was imported is imported
                    await storage.write_whole(
                        shop, new_id(), report.rejects.name, "text/csv", _read(report.rejects), job_id=job.id,
                        rows=report.rejected_rows,
                    )  # fmt: skip
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        counts = _counts(report, before, compares)

        async def end() -> None:
            await note(shop, job.id, 1, 1, counts, ended=True)
            await storage.drop_content(shop, [job.input["file"]])

        if not options.check:
            # At once: who is killed between the two would be followed by another, who finds no file to import.
            await persisting(shop, end)
            await storage.drop_pieces(shop, job.input["file"])
        return counts

    return whole


def _counts(report: ImportReport, before: Mapping[str, int], compares: bool) -> Mapping[str, int]:
    """What became of the rows: also of those that an interrupted run had taken, which are unchanged now. Who may not read what
    the file `compares` is told of those that were there already as one."""
    created, changed = before.get("created", 0), before.get("changed", 0)
    there = (
        {"changed": changed + report.updated, "unchanged": max(report.unchanged - created - changed, 0)}
        if compares
        else {"known": max(report.updated + report.unchanged - created, 0)}
    )
    return {"created": created + report.created, **there, "rejected": report.rejected, "leftOut": report.left_out}


async def drop_left_behind(shop: Shop) -> None:
    """Remove from this machine's disk what imports have left there whose process was killed: those of jobs that have ended, and
    what is older than an import may take, whichever shop's it is. Who takes up a job removes what is left of it."""
    left = _folders()
    jobs = await bulk_jobs_by_ids(shop.database, list(left)) if left else {}
    for job_id, folder in left.items():
        job = jobs.get(job_id)
        if _is_old(folder) or (job is not None and job.finished_at is not None):
            shutil.rmtree(folder, ignore_errors=True)


def _folders() -> Mapping[str, Path]:
    """The folders of imports on this machine, by their jobs."""
    found = {path.name.removeprefix(_FOLDER): path for path in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*")}
    return {job_id: path for job_id, path in found.items() if is_id(job_id)}


def _is_old(folder: Path) -> bool:
    with suppress(FileNotFoundError):  # somebody else removes it, too
        return time.time() - folder.stat().st_mtime > LONGEST_SECONDS
    return False


async def _put_down(shop: Shop, file_id: str, path: Path) -> None:
    """Write a file onto the disk, piece by piece. Raises Refused where it is not kept any more."""
    try:
        with path.open("wb") as file:
            async for piece in storage.content_of(shop.database, file_id):
                file.write(piece)
    except storage.FileGone:
        raise Refused(Problem("NOT_RECEIVED", "The file is not kept any more: send it again.")) from None


async def _read(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(storage.PIECE_BYTES):
            yield piece


CUSTOMERS_IMPORT = BulkTask(
    "CUSTOMERS_IMPORT", "Imports customers out of a file.", None, whole=_importing("customers"), is_import=True
)
PURCHASES_IMPORT = BulkTask(
    "PURCHASES_IMPORT", "Imports purchases out of a file.", None, whole=_importing("purchases"), is_import=True
)
"""The bulk tasks."""
