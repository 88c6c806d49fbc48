"""What a shop decides about offers beyond its promotions."""

from enum import StrEnum

from pydantic import BaseModel, Field


class Offers(StrEnum):
    """What becomes of a sale whose offers are not those that apply."""

    STRICT = "STRICT"
    TRUST = "TRUST"


class RewardsSettings(BaseModel):
    """Settings of the plugin."""

    offers: Offers = Field(
        Offers.STRICT,
        description="What becomes of a sale whose offers are not those that apply: `STRICT` refuses it, `TRUST` records it as it "
        "was told.",
    )
    reserve_minutes: int = Field(15, ge=1, le=10_080, description="How long a coupon is reserved for a basket.")
    code_length: int = Field(
        10, ge=8, le=24, description="How many random symbols a code has that is made here, beside its check symbol."
    )
    max_running: int = Field(
        200, ge=1, le=1_000, description="How many promotions there may be at most that have not ended."
    )
