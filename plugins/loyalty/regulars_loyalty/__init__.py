"""Loyalty: store credit and points on one double-entry ledger, in which every entry explains itself."""

from collections.abc import Sequence
from types import ModuleType

from regulars_core.plugin import App, Job, Permission, Verification, hookimpl
from regulars_loyalty import hookspecs
from regulars_loyalty.chain.verification import differences
from regulars_loyalty.graphql import contribution
from regulars_loyalty.jobs import JOBS
from regulars_loyalty.permissions import PERMISSIONS
from regulars_loyalty.settings import LoyaltySettings
from regulars_schema.plugin import Contribution


@hookimpl
def regulars_models() -> App:
    return App("loyalty", "regulars_loyalty.models", "regulars_loyalty.migrations")


@hookimpl
def regulars_hookspecs() -> ModuleType:
    return hookspecs


@hookimpl
def regulars_jobs() -> Sequence[Job]:
    return JOBS


@hookimpl
def regulars_verifications() -> Sequence[Verification]:
    return [
        Verification(
            "loyalty-ledger",
            "Accounts, lots, holds, the chain and its seals are what the entries of the ledger give.",
            differences,
        )
    ]


@hookimpl
def regulars_settings() -> type[LoyaltySettings]:
    return LoyaltySettings


@hookimpl
def regulars_permissions() -> Sequence[Permission]:
    return PERMISSIONS


@hookimpl
def regulars_schema() -> Contribution:
    return contribution()
