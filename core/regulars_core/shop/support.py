"""Whom to ask for help: the settings, beside those that a shop cannot do without."""

import re
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


class SupportSettings(BaseSettings):
    """What the shop tells everybody who works with it."""

    support_email: str | None = Field(
        None, max_length=254, description="E-mail address of who helps when data is wrong or missing."
    )
    support_phone: str | None = Field(None, max_length=40, description="Phone number of who helps.")
    support_url: str | None = Field(None, max_length=2_000, description="Address of a page where help is found.")
    guide_url: str | None = Field(
        None, max_length=2_000, description="Address of the guide for those who work with the shop."
    )

    @field_validator("support_email", "support_phone", "support_url", "guide_url", mode="before")
    @classmethod
    def _nobody(cls, value: object) -> object:
        return value.strip() or None if isinstance(value, str) else value

    @field_validator("support_email")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None and not _EMAIL.fullmatch(value):
            raise ValueError("write an e-mail address, such as help@shop.example")
        return value and value.lower()

    @field_validator("support_url", "guide_url")
    @classmethod
    def _page(cls, value: str | None) -> str | None:
        if value is not None and not (value.startswith(("https://", "http://")) and urlsplit(value).hostname):
            raise ValueError("write an address that begins with https://")
        return value
