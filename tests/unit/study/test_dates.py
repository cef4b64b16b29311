from datetime import date, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from study.reading import dates

TODAY = date(2026, 1, 6)
TIMES = TypeAdapter(dates.ClockTime)


@pytest.mark.parametrize(
    ("day", "wrong"),
    [
        (date(1, 1, 1), "is before 2018-01-01, when there was no study yet"),
        (date(2017, 12, 31), "is before 2018-01-01, when there was no study yet"),
        (date(2018, 1, 1), None),
        (TODAY, None),
        (date(2026, 1, 7), "is in the future"),
        (date.max, "is in the future"),
    ],
)
def test_a_form_is_signed_between_the_first_study_and_today(day, wrong):
    assert dates.why_not_signed_on(day, TODAY) == wrong


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z",
             "9999-12-31T23:59:59Z", "2026-01-05T09:00:00"],
)  # fmt: skip
def test_a_time_that_no_clock_shows_is_refused(text):
    assert not dates.is_by_a_clock(datetime.fromisoformat(text))
    with pytest.raises(ValidationError, match="not a time with its zone"):
        TIMES.validate_json(f'"{text}"')


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00Z", "2026-01-05T09:00:00+01:00"])
def test_a_time_of_a_clock_is_taken_even_if_it_lost_its_battery(text):
    assert dates.is_by_a_clock(datetime.fromisoformat(text))
    assert TIMES.validate_json(f'"{text}"') == datetime.fromisoformat(text)
