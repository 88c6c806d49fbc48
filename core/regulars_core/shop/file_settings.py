"""What a shop decides about files."""

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from regulars_core.shop.support import SupportSettings


class FileSettings(SupportSettings):
    """The settings of jobs with files; a part of the shop's settings."""

    jobs_per_key: int = Field(
        5,
        ge=1,
        le=1_000,
        description="How many exports, imports and data requests of one API key may be unfinished at a time.",
    )
    file_hours: int = Field(
        24,
        ge=1,
        le=8_760,
        description="For how many hours files are kept: what jobs have made, and what was sent and is not imported yet.",
    )
    file_link_seconds: int = Field(
        300, ge=1, le=86_400, description="For how many seconds a link to a file works, once."
    )
    max_upload_bytes: int = Field(
        104_857_600,
        ge=1_024,
        le=2_147_483_647,
        description="Largest file that can be sent to be imported, in bytes; other bodies have their own limit.",
    )
    public_url: str | None = Field(
        None,
        description="Where clients find this server, such as `https://api.shop.example`: links to files begin with it. Absent: "
        "links are paths, to be looked up where the API is.",
    )

    @field_validator("public_url")
    @classmethod
    def _own_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or parts.query
            or parts.fragment
            or parts.username
        ):
            raise ValueError("write it as https://api.shop.example")
        return value.rstrip("/")
