"""The reports in the box."""

from collections.abc import Mapping

from regulars_analytics.reports.kinds import behavior, lifetime, promotions, retention, segmentation, tiers
from regulars_analytics.reports.metrics import ReportKind

KINDS: Mapping[str, ReportKind] = {
    kind.name: kind
    for kind in sorted(
        (lifetime.KIND, tiers.KIND, retention.KIND, behavior.KIND, segmentation.KIND, promotions.KIND),
        key=lambda kind: kind.title,
    )
}
"""By name, in the order of their titles."""
