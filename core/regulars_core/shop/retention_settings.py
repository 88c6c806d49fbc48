"""For how long what is personal is kept: the settings."""

from pydantic import Field
from pydantic_settings import BaseSettings


class RetentionSettings(BaseSettings):
    """When customers and notes are forgotten; a part of the shop's settings."""

    erase_after_days: int = Field(
        10,
        ge=0,
        le=365,
        description="After how many days somebody is erased for whom it was asked, unless it was told when; until then it can be "
        "cancelled.",
    )
    retention_inactive_months: int | None = Field(
        None,
        ge=1,
        le=1_200,
        description="After how many months without a purchase, a note, a consent or a change customers who hold and owe nothing "
        "are put on the list to be erased; absent for never.",
    )
    retention_note_months: int | None = Field(
        None, ge=1, le=1_200, description="After how many months notes are deleted; absent for never."
    )
