"""What a shop decides: read from the environment (`REGULARS_…`) or a `regulars.toml`, every mistake told at once."""

import os
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from pydantic import BaseModel, Field, PrivateAttr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from regulars_core.plugins.owners import CORE, Owners
from regulars_core.primitives.money import currencies, is_currency
from regulars_core.primitives.suggestions import suggestion
from regulars_core.shop.database_settings import DatabaseSettings
from regulars_core.shop.encryption import EncryptionSettings
from regulars_core.shop.file_settings import FileSettings
from regulars_core.shop.mistakes import PREFIX, Unknown, mistake
from regulars_core.shop.registered_documents import registered
from regulars_core.shop.retention_settings import RetentionSettings
from regulars_core.shop.setting_types import (
    COUNTED_FIELDS,
    CountedFields,
    CustomerField,
    Purposes,
    UniqueField,
    WhatThen,
    split,
)

FILE = Path("regulars.toml")
_ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")
M = TypeVar("M", bound=BaseModel)


class SettingsError(Exception):
    """One or more settings are wrong; the message lists all of them."""


class Settings(DatabaseSettings, EncryptionSettings, FileSettings, RetentionSettings):
    """The settings of one shop. The environment wins over `regulars.toml`, which wins over the defaults."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, toml_file="regulars.toml", extra="forbid", frozen=True)

    _of_plugins: dict[type[BaseModel], BaseModel] = PrivateAttr(default_factory=dict)
    elsewhere: ClassVar[frozenset[str]] = frozenset()
    """Names in the file that plugins read."""

    plugins: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        None,
        description="Plugins to switch on: absent for all in the box, `tiers,loyalty` for exactly these, `+birthday` for the box "
        "and this one, `-tiers` for the box without it, empty for none.",
    )
    shop_name: str = Field("My shop", min_length=1, max_length=120, description="The shop's name.")
    currency: str = Field("USD", description="ISO 4217 code of the one currency the shop sells in.")
    timezone: str = Field("UTC", description="IANA name of the time zone in which the shop's days begin and end.")
    cash_rounding: Decimal | None = Field(
        None,
        gt=0,
        description="The smallest coin that cash is rounded to, such as `0.05`; that of the currency if absent, or none.",
    )
    country: str = Field(
        "US", description="ISO 3166 code of the country whose way of writing phone numbers is understood."
    )
    required_fields: Annotated[tuple[CustomerField, ...], NoDecode] = Field(
        ("first_name", "last_name"),
        description="What a customer must have, but for whom a till registers: `first_name,last_name,email`. The name of a "
        "company stands in place of both names. Empty: one of name, company, e-mail and phone.",
    )
    unique_fields: Annotated[tuple[UniqueField, ...], NoDecode] = Field(
        (), description="What no two customers may have the same, of `email,phone,tax_id`; tills are not stopped by it."
    )
    tax_id_check: Literal["off", "country"] = Field(
        "off", description="Whether a tax id must be one of the shop's country, `country`; tills are not stopped by it."
    )
    consent_purposes: Purposes = Field(
        ("marketing", "data_collection", "profiling"),
        description="What customers can agree to: `marketing,loyalty_mail`.",
    )
    consent_proof: Purposes = Field(
        (),
        description="Purposes among these for which it takes the version of the text that was shown and something that speaks "
        "for it, such as a ticked box, to agree.",
    )
    counted_fields: CountedFields = Field(
        COUNTED_FIELDS,
        description="What counts in the completeness of a profile, beside required attributes and what is to be verified: "
        "columns as files name them, `billing_address`, `shipping_address`, and whether somebody was asked to agree, as "
        "`consents.marketing`.",
    )
    duplicate_score: int = Field(
        70,
        ge=50,
        le=101,
        description="From which likeness to somebody who is there `customerCreate` asks back, 50 to 100; 101 for never.",
    )
    future_hours: int = Field(
        24,
        ge=0,
        le=876_000,
        description="How far ahead what has happened may be dated, such as a purchase: clocks of tills are not exact.",
    )
    regular_purchases: int = Field(
        5, ge=1, le=100, description="How many purchases make a regular, in whatever stores, within so many days."
    )
    regular_days: int = Field(90, ge=1, le=3_650, description="Within how many days, of 24 hours, they make a regular.")
    active_days: int = Field(
        90, ge=1, le=3_650, description="Within how many days, today included, a purchase makes a customer active."
    )
    response_hours: int = Field(
        24, ge=1, le=8_760, description="Within how many hours inquiries and complaints are to be answered."
    )
    verifications: Annotated[tuple[Literal["age", "identity", "medical_card"], ...], NoDecode] = Field(
        (), description="What a till is to ask for until it is verified: of `age,identity,medical_card`."
    )
    when_suspended: WhatThen = Field(
        "WARN",
        description="What becomes of a sale to a customer who is suspended: `REFUSE`, `WARN` (it is recorded, and the answer "
        "tells) or `ALLOW`.",
    )
    when_inactive: WhatThen = Field(
        "WARN", description="What becomes of a sale to a customer who was put away: `REFUSE`, `WARN` or `ALLOW`."
    )
    when_store_closed: WhatThen = Field(
        "WARN", description="What becomes of a sale in a store that is closed: `REFUSE`, `WARN` or `ALLOW`."
    )
    merge_undo_days: int = Field(30, ge=0, le=3_650, description="For how many days a merge can be undone.")
    max_body_bytes: int = Field(262_144, ge=1_024, description="Largest request body, in bytes.")
    jobs: bool = Field(
        True, description="Whether `regulars serve` runs the jobs too; `false` where `regulars jobs run` does it alone."
    )
    document_cache: int = Field(
        100_000,
        ge=0,
        description="Characters of the documents that are kept parsed and validated; in memory they take a hundred times that.",
    )
    query_by_get: bool = Field(
        True,
        description="Whether queries are answered by GET too; `false` where what is asked may not stand in logs of proxies.",
    )
    persisted_cache: int = Field(
        1_000_000,
        ge=0,
        description="Characters of the documents that clients have sent with their SHA-256, and that one process keeps, so that "
        "the hash is enough the next time; those used the longest ago make room.",
    )
    persisted_documents: Path | None = Field(
        None, description="A JSON file of the only documents that are answered, by their SHA-256; absent for any."
    )
    max_document_bytes: int = Field(65_536, ge=256, description="Largest document of a request, in bytes.")
    max_tokens: int = Field(2_000, ge=10, le=20_000, description="Words and signs of a document at most.")
    max_depth: int = Field(12, ge=1, le=40, description="Fields inside each other at most.")
    max_aliases: int = Field(30, ge=0, description="Aliases of a document at most, counted each time they are spread.")
    max_root_fields: int = Field(10, ge=1, description="Fields of the query or mutation itself at most.")
    max_directives: int = Field(20, ge=0, description="Directives of a document at most.")
    max_operations: int = Field(10, ge=1, le=100, description="Operations of a document at most.")
    max_variables: int = Field(50, ge=0, description="Variables of an operation at most.")
    max_cost: int = Field(10_000, ge=10, description="Objects that one operation can answer at most.")
    max_objects: int = Field(
        200_000,
        ge=10,
        description="Objects in one answer at most, counted wherever they stand: lists cost one, however long they are.",
    )
    max_batch: int = Field(1, ge=1, le=20, description="Operations sent in one JSON array at most; 1 refuses arrays.")
    max_concurrent: int = Field(
        200, ge=1, description="Requests that one process works on at a time; more are answered 503."
    )
    request_seconds: float = Field(10, gt=0, le=300, description="How long a request may take before it is cancelled.")
    body_seconds: float = Field(10, gt=0, le=300, description="How long the body of a request may take to arrive.")
    rate_capacity: int = Field(
        200_000, ge=10, description="Objects that a key may ask one process for at once; not below the largest cost."
    )
    rate_restore: int = Field(20_000, ge=1, description="Objects a second that a key gains again.")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins whose pages may ask from a browser: `https://shop.example,…`; empty for none."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged at least.")
    log_format: Literal["json", "console"] = Field("json", description="For machines, or for people.")
    metrics: bool = Field(
        False, description="Whether `/metrics` answers Prometheus; the extra `metrics` must be installed."
    )

    @field_validator("plugins", "cors_origins", "required_fields", "unique_fields", "verifications", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return split(value)

    @field_validator("consent_proof", "counted_fields")
    @classmethod
    def _among_purposes(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if value == COUNTED_FIELDS:  # a shop that names other purposes need not say what counts
            return value
        about_all = info.field_name == "consent_proof"
        named = [name.removeprefix("consents.") for name in value if about_all or name.startswith("consents.")]
        if unknown := [name for name in named if name not in info.data.get("consent_purposes", named)]:
            raise ValueError(f"{', '.join(unknown)} is no purpose of REGULARS_CONSENT_PURPOSES")
        return value

    @field_validator("persisted_documents")
    @classmethod
    def _readable_documents(cls, value: Path | None) -> Path | None:
        _ = None if value is None else registered(value)
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(origin != "*" and not _ORIGIN.fullmatch(origin) for origin in value):
            raise ValueError("write origins as https://shop.example, without a path and without a slash at the end")
        return value

    @field_validator("rate_capacity")
    @classmethod
    def _room_for_one(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("max_cost", 0):
            raise ValueError("the largest allowed cost must fit, or such a document could never be answered")
        return value

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if not is_currency(value):
            raise ValueError(f"use an ISO 4217 code in capitals, such as EUR{suggestion(value, currencies())}")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        if value not in _timezones():
            raise ValueError(f"use an IANA name, such as Europe/Madrid{suggestion(value, _timezones())}")
        return value

    @field_validator("country")
    @classmethod
    def _known_country(cls, value: str) -> str:
        if value not in phonenumbers.SUPPORTED_REGIONS:
            near = suggestion(value, phonenumbers.SUPPORTED_REGIONS)
            raise ValueError(f"use an ISO 3166 code in capitals, such as MX{near}")
        return value

    def of(self, model: type[M]) -> M:
        """The settings of a plugin: the model that it has declared, filled; its defaults where nothing was loaded."""
        of_plugins = (self.__pydantic_private__ or {})["_of_plugins"]  # each sale asks: past pydantic's own look
        settings = of_plugins.get(model)
        if not isinstance(settings, model):
            settings = of_plugins[model] = model()
        return settings

    @cached_property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.timezone)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The order in which the places are asked: arguments, environment, file."""
        return init_settings, env_settings, _File(settings_cls)


class _File(TomlConfigSettingsSource):
    """The file, without what belongs to plugins."""

    def __call__(self) -> dict[str, Any]:
        elsewhere = getattr(self.settings_cls, "elsewhere", ())
        return {name: value for name, value in super().__call__().items() if name not in elsewhere}


def load_settings(
    models: Mapping[str, type[BaseModel]] | None = None,
    off: Callable[[], Mapping[str, type[BaseModel]]] = dict,
    /,
    **arguments: Any,
) -> Settings:
    """The settings from all places, the arguments first, with those of plugins, whose models are given by plugin. `off` answers
    the models of those that are not on, and is asked only about a name that is none.

    Raises SettingsError with every mistake, unknown `REGULARS_…` names included, and PluginError where two plugins want
    the same name.
    """
    of_models = _names_of(models or {})
    known = of_models | Settings.model_fields.keys()
    unknown = Unknown(known, off)
    wrong = [name for name in sorted(os.environ) if _name(name) not in {*known, None}]
    mistakes = [f"{name}: {unknown.told(name.removeprefix(PREFIX).lower())}" for name in wrong]
    kind = _beside(of_models)
    settings: Settings | None = None
    try:
        settings = kind(**{name: value for name, value in arguments.items() if name not in of_models})
    except ValidationError as error:
        mistakes += [mistake(e, e["loc"], unknown) for e in error.errors()]
    except ValueError as error:
        mistakes.append(f"{FILE}: {error}")
    of_plugins: dict[type[BaseModel], BaseModel] = {}
    for plugin, model in (models or {}).items():
        values = {field: raw[0] for field in model.model_fields if (raw := _raw(f"{plugin}_{field}", arguments))}
        try:
            of_plugins[model] = model.model_validate(values)
        except ValidationError as error:
            mistakes += [mistake(e, (plugin, *e["loc"]), unknown) for e in error.errors()]
    if mistakes or settings is None:
        raise SettingsError("\n".join(mistakes))
    settings._of_plugins = of_plugins
    return settings


@cache
def _timezones() -> Collection[str]:
    """The time zones that there are: to look for them reads hundreds of files' names."""
    return available_timezones()


@cache
def _beside(of_models: frozenset[str]) -> type[Settings]:
    """Settings that leave these names to plugins."""
    return type("Settings", (Settings,), {"elsewhere": of_models}) if of_models else Settings


def wanted_plugins(**arguments: Any) -> tuple[str, ...] | None:
    """The names in the setting `plugins`, read before all others; None where it is absent, none for what is no list of names:
    what is wrong with it is told with all other mistakes."""
    values = _raw("plugins", arguments)
    wanted = values[0] if values else None
    if isinstance(wanted, str):
        wanted = tuple(part.strip() for part in wanted.split(",") if part.strip())
    if wanted is None:
        return None
    if not (isinstance(wanted, list | tuple) and all(isinstance(name, str) for name in wanted)):
        return ()
    return tuple(wanted)


def _names_of(models: Mapping[str, type[BaseModel]]) -> frozenset[str]:
    """The settings of plugins."""
    owners, names = Owners(), set()
    owners.reserve(Settings.model_fields, CORE)
    for plugin, model in models.items():
        for field in model.model_fields:
            name = f"{plugin}_{field}"
            owners.claim(name, plugin, f"{PREFIX}{name.upper()}")
            names.add(name)
    return frozenset(names)


def _raw(name: str, arguments: Mapping[str, Any]) -> list[Any]:
    """What one setting says in the first of the places that has it, in a list; empty where none has."""
    if name in arguments:
        return [arguments[name]]
    for variable, value in os.environ.items():
        if _name(variable) == name:
            return [value]
    try:
        file = tomllib.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    except ValueError:
        file = {}  # told with all other mistakes
    return [file[name]] if name in file else []


def _name(variable: str) -> str | None:
    """The setting that a variable of the environment means, if it is one of ours."""
    return variable.removeprefix(PREFIX).lower() if variable.startswith(PREFIX) else None
