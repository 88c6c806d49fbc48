"""What this suite's tests ask with."""

from regulars_schema.testing import MONEY, USER_ERRORS, Answer, Api, keyed

__all__ = ["MONEY", "USER_ERRORS", "Answer", "Api", "keyed"]
