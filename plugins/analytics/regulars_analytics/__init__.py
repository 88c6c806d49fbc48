"""Analytics: what purchases say of customers, segments and the shop, who stays, and what brings somebody back."""

from collections.abc import Sequence
from types import ModuleType

from regulars_analytics import hookspecs
from regulars_analytics.contribution import contribution as everything
from regulars_analytics.permissions import PERMISSIONS
from regulars_analytics.settings import AnalyticsSettings
from regulars_core.plugin import Permission, hookimpl
from regulars_schema.plugin import Contribution


@hookimpl
def regulars_settings() -> type[AnalyticsSettings]:
    return AnalyticsSettings


@hookimpl
def regulars_hookspecs() -> ModuleType:
    return hookspecs


@hookimpl
def regulars_schema() -> Contribution:
    return everything()


@hookimpl
def regulars_permissions() -> Sequence[Permission]:
    return PERMISSIONS
