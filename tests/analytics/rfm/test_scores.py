"""Scores and kinds: by the bands of a shop, by fifths, and what the three say together."""

import pytest
from pydantic import ValidationError

from regulars_analytics.rfm.scores import ALL_SCORES, Edges, RfmKind, Scores, codes_of, scores
from regulars_analytics.settings import AnalyticsSettings


def test_kinds_are_those_of_the_first_condition_that_holds():
    """CHAMPION R≥4, F≥4, M≥4; LOYAL F≥4; AT_RISK R≤2, F≥3; NEW R≥4, F=1; PROMISING R≥3, F≤3; LOST R=1, F≤2; OCCASIONAL."""
    told = {
        "555": "CHAMPION", "444": "CHAMPION", "443": "LOYAL", "144": "LOYAL", "235": "AT_RISK", "131": "AT_RISK",
        "415": "NEW", "511": "NEW", "421": "PROMISING", "331": "PROMISING", "311": "PROMISING", "121": "LOST",
        "115": "LOST", "221": "OCCASIONAL", "215": "OCCASIONAL",
    }  # fmt: skip
    assert {code: Scores(*map(int, code)).kind for code in told} == told
    assert len(ALL_SCORES) == 125
    assert sum(len(codes_of([kind])) for kind in RfmKind) == 125


def test_a_score_grows_with_each_edge_that_is_reached():
    edges = Edges([10, 20, 30, 40], [2, 2, 2, 5], [1, 2, 3, 4])
    assert scores(edges, 9, 1, 0) == Scores(1, 1, 1)
    assert scores(edges, 30, 2, 4) == Scores(4, 4, 5)


@pytest.mark.parametrize(
    "bands", ["30,90,180", "a,b,c,d;1,2,3,4;1,2,3,4", "30,90,90,270;1,2,3,4;1,2,3,4", "1,2,3,4;1,2,3.5,4;1,2,3,4"]
)
def test_bands_that_cannot_be(bands: str):
    with pytest.raises(ValidationError):
        AnalyticsSettings(rfm_bands=bands)
