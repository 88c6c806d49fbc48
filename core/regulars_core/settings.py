"""What a shop decides: read from the environment (`REGULARS_…`) or a `regulars.toml`, every mistake told at once."""

import os
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from regulars_core.money import is_currency

PREFIX = "REGULARS_"


class SettingsError(Exception):
    """One or more settings are wrong; the message lists all of them."""


class Settings(BaseSettings):
    """The settings of one shop. The environment wins over `regulars.toml`, which wins over the defaults."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, toml_file="regulars.toml", extra="forbid", frozen=True)

    database_url: str = Field("sqlite://regulars.db", description="Where the data is: `sqlite://…` or `postgres://…`.")
    plugins: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        None,
        description="Plugins to switch on: absent for all in the box, `tiers,loyalty` for exactly these, `+birthday` for the box "
        "and this one, empty for none.",
    )
    shop_name: str = Field("My shop", min_length=1, max_length=120, description="The shop's name.")
    currency: str = Field("USD", description="ISO 4217 code of the one currency the shop sells in.")
    timezone: str = Field("UTC", description="IANA name of the time zone in which the shop's days begin and end.")
    country: str = Field(
        "US", description="ISO 3166 code of the country whose way of writing phone numbers is understood."
    )
    database_pool: int = Field(10, ge=1, le=200, description="PostgreSQL connections of one process at most.")
    sqlite_readers: int = Field(4, ge=1, le=32, description="Read-only connections beside the writer on SQLite.")
    max_body_bytes: int = Field(262_144, ge=1_024, description="Largest request body, in bytes.")
    document_cache: int = Field(1_000, ge=0, description="Parsed and validated documents kept in memory at most.")

    @field_validator("plugins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite://", "postgres://", "postgresql://")):
            raise ValueError("begin it with sqlite:// or postgres://")
        try:
            _ = None if value.startswith("sqlite://") else urlsplit(value).port
        except ValueError:
            raise ValueError(
                "write it as postgres://user:password@host:port/name, with special characters escaped"
            ) from None
        return value

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if not is_currency(value):
            raise ValueError("use an ISO 4217 code in capitals, such as EUR")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("use an IANA name, such as Europe/Madrid")
        return value

    @field_validator("country")
    @classmethod
    def _known_country(cls, value: str) -> str:
        if value not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError("use an ISO 3166 code in capitals, such as MX")
        return value

    @property
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
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**given: Any) -> Settings:
    """The settings from all places. Raises SettingsError with every mistake, unknown `REGULARS_…` names included."""
    mistakes = [f"{name}: no such setting" for name in sorted(os.environ) if _is_unknown(name)]
    try:
        settings = Settings(**given)
    except ValidationError as error:
        mistakes += [f"{_setting_name(e['loc'])}: {_sentence(e)}{_given(e)}" for e in error.errors()]
    except ValueError as error:
        mistakes.append(f"{Path('regulars.toml')}: {error}")
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return settings


def _is_unknown(name: str) -> bool:
    return name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() not in Settings.model_fields


def _setting_name(location: tuple[int | str, ...]) -> str:
    return PREFIX + "_".join(str(part) for part in location).upper()


def _given(error: Any) -> str:
    # The URL of a database may hold a password.
    return "" if error["loc"] == ("database_url",) else f" (given: {error['input']!r})"


def _sentence(error: Any) -> str:
    return "no such setting" if error["type"] == "extra_forbidden" else error["msg"].removeprefix("Value error, ")
