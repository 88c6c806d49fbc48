"""What a shop decides about loyalty beyond its program."""

from pydantic import BaseModel, Field, field_validator


class LoyaltySettings(BaseModel):
    """Settings of the plugin."""

    reasons: tuple[str, ...] = Field(
        ("GOODWILL", "COMPENSATION", "CORRECTION", "PREPAID", "GIFT", "OTHER"),
        description="The reason codes with which credit and points are given and taken by hand, separated by commas.",
    )
    credit_method: str = Field(
        "STORE_CREDIT", description="The payment method that is store credit, compared exactly.", min_length=1
    )
    points_method: str = Field(
        "POINTS", description="The payment method that is points, compared exactly.", min_length=1
    )
    restore_grace_days: int = Field(
        30, ge=0, le=3_660, description="For how many days what comes back to an expired lot can be used."
    )
    hold_minutes: int = Field(60, ge=1, le=10_080, description="How long a hold is kept that does not say.")
    seal_hours: int = Field(24, ge=0, le=8_784, description="How often the ledger is sealed, in hours; 0 is never.")
    earn_missed: bool = Field(
        True,
        description="Whether what was recorded while the plugin was off earns when it is on again; older history earns by "
        "`regulars loyalty earn --since` only.",
    )

    @field_validator("reasons", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
