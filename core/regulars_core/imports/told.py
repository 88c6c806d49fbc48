"""What is told beside a profile about how a file is written: on the command line, or over the API. It goes before the profile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from regulars_core.imports.files.profiles import Profile, zone_named
from regulars_core.imports.files.sources import Source


@dataclass(frozen=True)
class Told:
    """What was told; empty where it was not. `fixed` are values of columns of ours that every row has, `only` the values of
    columns of the file of which a row must have one."""

    encoding: str | None = None
    skip: int | None = None
    date_formats: Sequence[str] | None = None
    tag_separator: str | None = None
    fixed: Mapping[str, str] = field(default_factory=dict)
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)
    timezone: str | None = None
    names: str | None = None
    decimal: str | None = None
    thousands: str | None = None


def with_told(profile: Profile, told: Told) -> Profile:
    """The profile with what was told. Raises ImportRefused."""
    style = profile.numbers
    if told.decimal is not None or told.thousands is not None:
        thousands = style.thousands if told.thousands is None else told.thousands
        style = replace(style, decimal=told.decimal or style.decimal, thousands=thousands)
    plain: dict[str, Any] = {
        name: said for name in ("encoding", "skip", "date_formats", "tag_separator") if (said := getattr(told, name))
    }
    fixed = {ours: Source((), otherwise=value) for ours, value in told.fixed.items()}
    return replace(
        profile,
        **plain,
        columns={**profile.columns, **fixed},
        only={**profile.only, **told.only},
        zone=profile.zone if told.timezone is None else zone_named(told.timezone),
        full_names=told.names or profile.full_names,
        numbers=style,
    )
