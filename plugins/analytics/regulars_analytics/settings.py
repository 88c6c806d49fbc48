"""What a shop decides about its figures."""

from enum import StrEnum

from pydantic import BaseModel, Field, field_validator

from regulars_analytics.bands import read_bands


class LifetimeMethod(StrEnum):
    """How the future of a customer is projected."""

    BG_NBD = "BG_NBD"
    RATE = "RATE"


class AnalyticsSettings(BaseModel):
    """Settings of the plugin."""

    churn_days: int = Field(
        180, ge=1, le=3_660, description="After how many days without a purchase a customer counts as lost."
    )
    method: LifetimeMethod = Field(
        LifetimeMethod.BG_NBD,
        description="How the future of a customer is projected: `BG_NBD`, which needs the extra `analytics`, or `RATE`.",
    )
    fonts: str = Field(
        "",
        description="A folder with fonts for letters in reports that those of the extra `reports` and of the system lack.",
    )
    rfm_bands: str = Field(
        "",
        description="The shop's own bands of recency, frequency and value in place of fifths, four edges each: days since the "
        "last purchase (at most, for 5 to 2), purchases and amount (at least, for 2 to 5), such as "
        "`30,90,180,270;10,20,30,40;5000,10000,20000,50000`.",
    )

    @field_validator("rfm_bands")
    @classmethod
    def _bands(cls, value: str) -> str:
        if value.strip():
            read_bands(value)
        return value.strip()
