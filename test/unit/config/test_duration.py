"""ISO 8601 durations."""

import pytest

from kafka.config.duration import parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P1D", 86400),
        ("PT1H", 3600),
        ("PT1M", 60),
        ("PT1.5S", 1.5),
        ("P1DT2H3M4S", 93784),
        ("pt0s", 0),
    ],
)
def test_duration_is_read_in_seconds(text: str, expected: float) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "1D", "P1Y", "P1M", "P-1D", "-P1D", "PT1H "]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        parse_duration(text)
