"""Asking for a report: what is chosen, of whom, and whether who asks may have it."""

from collections.abc import Sequence
from typing import Any

import orjson

from regulars_analytics.permissions import VIEW
from regulars_analytics.reports.kinds import KINDS
from regulars_analytics.reports.metrics import Metric, ReportKind
from regulars_analytics.reports.task import TASK, Wanted
from regulars_core.plugin import (
    Actor,
    BadInput,
    BulkJobRow,
    Checks,
    Where,
    needs_of,
    new_id,
    not_gone,
    refuse_too_many,
    request_bulk_job,
)
from regulars_schema.plugin import (
    CustomerWhere,
    GivenWhere,
    RequestContext,
    each_settled,
    impersonal,
    needs_of_tree,
    schema_in,
)

MAX_SEGMENTS = 10
MAX_TITLE = 120
FORMATS = ("CSV", "PDF")
EVERYBODY = "All customers"
SOME = "Customers for whom the conditions hold"


def kind_named(name: str, checks: Checks) -> ReportKind | None:
    """The kind of this name. Checks are told UNKNOWN_REPORT."""
    kind = KINDS.get(name)
    if kind is None:
        checks.fail("UNKNOWN_REPORT", "There is no such report; `reportKinds` lists them.", "kind")
    return kind


def metrics_named(
    kind: ReportKind | None, names: Sequence[str] | None, actor: Actor, checks: Checks
) -> Sequence[Metric]:
    """The metrics that were chosen, each once, or the default ones that the caller may have. Checks are told UNKNOWN_METRIC of
    one that is not there or that the caller may not have."""
    if kind is None:
        return []
    if not names:
        return [one for one in kind.metrics if one.is_default and one.is_allowed(actor)]
    there = {one.name: one for one in kind.metrics if one.is_allowed(actor)}
    for n, name in enumerate(names):
        if name not in there:
            message = "The report has no such metric for this key; `reportKinds` lists them."
            checks.fail("UNKNOWN_METRIC", message, "metrics", str(n))
    return [there[name] for name in dict.fromkeys(names) if name in there]


def titled(title: str | None, otherwise: str, checks: Checks) -> str:
    """What the report is called. Checks are told TOO_LONG."""
    given = " ".join((title or "").split())
    if len(given) > MAX_TITLE:
        checks.fail("TOO_LONG", f"A title has at most {MAX_TITLE} characters.", "title")
    return given or otherwise


class Chosen:
    """Whom a report is about: conditions, and segments, each in a part of its own."""

    def __init__(self, context: RequestContext, where: GivenWhere | None) -> None:
        self._context, self._where = context, where
        self._needs = list(needs_of_tree(CustomerWhere, where, context)) if where is not None else []
        self._told: dict[str, Any] = {} if where is None else {"where": impersonal(where.type, where.value)}
        self.parts: list[tuple[str, Where | None]] = [(EVERYBODY, None) if where is None else (SOME, not_gone(where))]

    async def in_segments(self, segments: Sequence[tuple[str, str]], checks: Checks) -> None:
        """Of those in these segments, by id and name. Checks are told TOO_MANY and NOT_FOUND. Raises Forbidden for one whose
        conditions the caller may not read, and what else conditions raise that cannot be asked."""
        if len(segments) > MAX_SEGMENTS:
            checks.fail("TOO_MANY", f"A report compares at most {MAX_SEGMENTS} segments.", "segmentIds")
            return
        context = self._context
        trees = [{"segment": {"in": [id_]}} for id_, _ in segments]
        found = await each_settled(CustomerWhere, trees, schema_in(context.shop), context)
        self.parts = []
        for n, ((_, name), tree) in enumerate(zip(segments, found, strict=True)):
            if isinstance(tree, BadInput):
                checks.fail("NOT_FOUND", "There is no segment with this id.", "segmentIds", str(n))
                continue
            if isinstance(tree, Exception):
                raise tree
            self._needs += needs_of_tree(CustomerWhere, tree, context)
            both = not_gone(tree if self._where is None else Where("all", (self._where, tree)))
            if (name, both) not in self.parts:  # a segment that is named twice is told of once
                self.parts.append((name, both))
        self._told["segments"] = list(dict.fromkeys(id_ for id_, _ in segments))

    @property
    def needs(self) -> Sequence[str]:
        """The permissions by which the conditions are read."""
        return self._needs

    @property
    def narrowed_by(self) -> str | None:
        """By what, as JSON without anything personal."""
        return orjson.dumps(self._told).decode() if self._told else None


async def request_report(context: RequestContext, wanted: Wanted, needs: Sequence[str]) -> BulkJobRow:
    """Ask for a report, in the caller's transaction. Raises Refused: TOO_MANY_JOBS."""
    shop, by = context.shop, context.actor
    await refuse_too_many(shop, by)
    job_id = new_id()
    own = [one for metric in wanted.metrics for one in metric.needs]
    held = needs_of(by, [VIEW, *own, *needs])
    given = {"job": job_id, **wanted.kept(shop)}
    return await request_bulk_job(shop, TASK, given, by, needs=held, job_id=job_id)
