"""What a shop decides about its figures."""

from pydantic import BaseModel, Field


class AnalyticsSettings(BaseModel):
    """Settings of the plugin."""

    churn_days: int = Field(
        180, ge=1, le=3_660, description="After how many days without a purchase a customer counts as lost."
    )
