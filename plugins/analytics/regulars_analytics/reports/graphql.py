"""Reports, in the language of the API."""

from collections.abc import Sequence
from datetime import date
from enum import Enum
from typing import Annotated, Any

import strawberry

from regulars_analytics.arguments import allowed_stores, last_days, until_today
from regulars_analytics.permissions import EXPORT, VIEW
from regulars_analytics.reports.documents import unwritable
from regulars_analytics.reports.kinds import KINDS
from regulars_analytics.reports.metrics import Metric
from regulars_analytics.reports.metrics import ReportKind as Kind
from regulars_analytics.reports.request import (
    MAX_SEGMENTS,
    MAX_TITLE,
    Chosen,
    kind_named,
    metrics_named,
    request_report,
    titled,
)
from regulars_analytics.reports.task import Wanted, default_title
from regulars_analytics.settings import AnalyticsSettings
from regulars_core.plugin import LATEST, Actor, Checks, Instant, changed, stores_by_ids
from regulars_schema.plugin import (
    BulkJob,
    CustomerWhere,
    DayRangeInput,
    Extension,
    IdempotentInput,
    Mutation,
    Payload,
    Query,
    RequestContext,
    key_of,
    mutation,
    required_key,
    requires,
    root,
    value_or_none,
)


@strawberry.enum(description="How a report is written.")
class ReportFormat(Enum):
    """As the job has it."""

    CSV = strawberry.enum_value("CSV", description="A table; a zip archive where there are several.")
    PDF = strawberry.enum_value("PDF", description="A document with charts. Needs the extra `reports` on the server.")


@requires(VIEW)
@strawberry.type(description="Something that can be put into a report.")
class ReportMetric:
    """Over metrics.Metric."""

    name: str = strawberry.field(description="What programs call it.")
    title: str = strawberry.field(description="What people call it.")
    description: str = strawberry.field(description="What it is, in a sentence.")
    is_default: bool = strawberry.field(description="Whether it is there if nothing is chosen.")
    is_allowed: bool = strawberry.field(
        description=f"Whether the caller may have it: one that names customers needs `{EXPORT}`."
    )


@requires(VIEW)
@strawberry.type(description="A report that can be run.")
class ReportKind:
    """Over metrics.ReportKind."""

    name: str = strawberry.field(
        description="What programs call it, such as `LIFETIME_VALUE`, `TIER_PERFORMANCE`, `RETENTION`, `PURCHASE_BEHAVIOR`, "
        "`SEGMENTATION` or `PROMOTION_RESPONSE`."
    )
    title: str = strawberry.field(description="What people call it.")
    description: str = strawberry.field(description="What it tells, in a sentence.")
    metrics: list[ReportMetric] = strawberry.field(
        description="What can be put into it, in the order in which it appears."
    )


@root(
    name="reportKinds",
    needs=VIEW,
    returns=list[ReportKind] | None,
    description="The reports that can be run, by title.",
)
async def report_kinds(context: RequestContext) -> Sequence[ReportKind]:
    """All of them."""
    return [_shown(kind, context.actor) for kind in KINDS.values()]


def _shown(kind: Kind, actor: Actor) -> ReportKind:
    metrics = [_metric(one, actor) for one in kind.metrics]
    return ReportKind(name=kind.name, title=kind.title, description=kind.description, metrics=metrics)


def _metric(one: Metric, actor: Actor) -> ReportMetric:
    return ReportMetric(
        name=one.name,
        title=one.title,
        description=one.description,
        is_default=one.is_default,
        is_allowed=one.is_allowed(actor),
    )


@strawberry.input(description="A report to run.")
class ReportRunInput(IdempotentInput):
    """Input of reportRun."""

    kind: str = strawberry.field(description="Which report, by the name of its kind.")
    formats: list[ReportFormat] = strawberry.field(description="How it is written; at least one.")
    days: strawberry.Maybe[DayRangeInput | None] = strawberry.field(description="The days; the last 90 if absent.")
    metrics: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="What to put into it; the default ones if absent."
    )
    segment_ids: strawberry.Maybe[list[strawberry.ID] | None] = strawberry.field(
        description=f"Segments to compare, each in a part of its own, at most {MAX_SEGMENTS}; all customers in one part if "
        "absent."
    )
    store_ids: strawberry.Maybe[list[strawberry.ID] | None] = strawberry.field(
        description="Only purchases of these stores, by id."
    )
    title: strawberry.Maybe[str | None] = strawberry.field(
        description=f"What to call it; at most {MAX_TITLE} characters, the kind's title and the days if absent."
    )
    where: strawberry.Maybe[CustomerWhere | None] = strawberry.field(
        description="Only customers for whom these conditions hold."
    )
    idempotency_key: str = required_key("data leaves the shop")  # type: ignore[assignment]


@strawberry.type(description="What reportRun answers.")
class ReportRunPayload(Payload):
    """Payload of reportRun."""

    bulk_job: BulkJob | None = strawberry.field(default=None, description="The work; its files are the report.")


@mutation(
    name="reportRun",
    needs=VIEW,
    description="Has a report written, a file for each format. Codes: `NOT_FOUND`, `REQUIRED`, `TOO_LONG`, `TOO_MANY`, "
    "`UNKNOWN_REPORT`, `UNKNOWN_METRIC`, `INVALID_DATE`, `TOO_MANY_JOBS`, `UNAVAILABLE`. Also needs "
    f"`{EXPORT}` for metrics that name customers, and for each condition what reading it needs.",
)
async def report_run(
    context: RequestContext,
    *,
    input: Annotated[ReportRunInput, strawberry.argument(description="Which report, about whom and when.")],
) -> ReportRunPayload:
    """Ask for a report."""
    checks, shop = Checks(), context.shop
    kind = kind_named(input.kind, checks)
    metrics = metrics_named(kind, value_or_none(input.metrics), context.actor, checks)
    formats = list(dict.fromkeys(one.name for one in input.formats))
    if not formats or (kind is not None and not metrics and not checks.problems):
        checks.fail("REQUIRED", "Give one format at least.", "formats")
    if "PDF" in formats and (problem := unwritable(shop.settings.of(AnalyticsSettings).fonts)):
        checks.fail("UNAVAILABLE", problem, "formats", str(formats.index("PDF")))
    first, before = _days(context, value_or_none(input.days), checks)
    stores = await _stores(context, value_or_none(input.store_ids), checks)
    where: Any = value_or_none(input.where)
    chosen = Chosen(context, where)
    if ids := value_or_none(input.segment_ids):
        await chosen.in_segments(await _named(context, ids), checks)
    otherwise = "" if kind is None else default_title(shop, kind, first, before)
    title = titled(value_or_none(input.title), otherwise, checks)
    checks.refuse()
    assert kind is not None
    wanted = Wanted(kind, metrics, formats, title, first, before, stores, chosen.parts, chosen.narrowed_by)
    row: Any = await request_report(context, wanted, chosen.needs)
    names = [kind.name, *(one.name for one in metrics)]
    changed({"columns": (None, names), "narrowedBy": (None, chosen.narrowed_by)})
    return ReportRunPayload(bulk_job=row)


def _days(context: RequestContext, days: DayRangeInput | None, checks: Checks) -> tuple[Instant | None, Instant]:
    """The first instant and the one after the last. Checks are told INVALID_DATE of days that end before they begin, or
    are still to come."""
    given = (value_or_none(days.from_), value_or_none(days.to)) if days is not None else (None, None)
    ends: list[date] = [one for one in given if one is not None]
    if len(ends) == 2 and ends[0] > ends[1]:
        checks.fail("INVALID_DATE", "The first day is after the last one.", "days", "from")
        return None, LATEST
    first, before = last_days(context, days)
    if first is not None and first >= until_today(context.shop, before):
        checks.fail("INVALID_DATE", "These days are still to come.", "days", "from")
    return first, before


async def _stores(
    context: RequestContext, ids: Sequence[strawberry.ID] | None, checks: Checks
) -> frozenset[str] | None:
    """The stores whose purchases count. Checks are told NOT_FOUND of one that is not there, or not the caller's."""
    allowed = allowed_stores(context, ids)
    if ids is not None:
        keys = [key_of(text, "store", "storeIds", str(n)) for n, text in enumerate(ids)]
        there = await stores_by_ids(context.database, keys)
        for n, key in enumerate(keys):
            if key not in there or (allowed is not None and key not in allowed):
                checks.fail("NOT_FOUND", "There is no store with this id.", "storeIds", str(n))
    return allowed


async def _named(context: RequestContext, ids: Sequence[strawberry.ID]) -> Sequence[tuple[str, str]]:
    """Segments with their names."""
    keys = [key_of(text, "segment", "segmentIds", str(n)) for n, text in enumerate(ids)]
    among = context.database.dialect.among("id", 1)
    rows = await context.database.rows(f"SELECT id, name FROM segment WHERE {among}", keys)
    names = {str(row[0]).replace("-", ""): row[1] for row in rows}
    return [(str(id_), names.get(key, "")) for id_, key in zip(ids, keys, strict=True)]


EXTENSIONS = (Extension(Query, [report_kinds]), Extension(Mutation, [report_run]))
