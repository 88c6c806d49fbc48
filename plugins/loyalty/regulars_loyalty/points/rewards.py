"""The kinds of rewards that the ledger gives. Pure."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from regulars_core.plugin import MinorUnits, RewardKind, decimal_text, exponent_of


class _Reward(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    valid_days: int | None = Field(
        None, alias="validDays", gt=0, le=3_660, description="For how many days it can be spent; for ever if absent."
    )

    @property
    def life(self) -> str:
        """How long it can be spent, as it reads behind the rest."""
        return "" if self.valid_days is None else f", for {self.valid_days} day{'' if self.valid_days == 1 else 's'}"


class CreditReward(_Reward):
    """What `CREDIT` is told."""

    amount: MinorUnits = Field(gt=0, le=10**12, description="How much store credit.")


class PointsReward(_Reward):
    """What `POINTS` is told."""

    points: int = Field(gt=0, le=10**9, description="How many points.")


CREDIT = RewardKind(
    "CREDIT",
    CreditReward,
    "Store credit",
    worth=lambda settings: int(settings.amount),
    sentence=lambda settings, currency: (
        f"{decimal_text(settings.amount, exponent_of(currency))} {currency} of store credit{settings.life}"
    ),
)
POINTS = RewardKind(
    "POINTS",
    PointsReward,
    "Points",
    unit="PTS",
    count=lambda settings: int(settings.points),
    sentence=lambda settings, _: f"{settings.points} points{settings.life}",
)
REWARDS: Sequence[RewardKind] = (CREDIT, POINTS)
