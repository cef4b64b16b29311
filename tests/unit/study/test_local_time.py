import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from sessions.monitor.progress import per_day
from sessions.people import roster
from study.errors import ConfigError
from study.tools.local_time import local_day, local_time

TOKYO, BERLIN = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Berlin")
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
LATE = datetime(2026, 1, 5, 22, 30, tzinfo=UTC)
EARLY = datetime(2026, 1, 6, 3, 0, tzinfo=UTC)


@pytest.fixture(params=["Asia/Tokyo", "America/Los_Angeles", "Europe/Berlin"])
def machine_zone(request, monkeypatch):
    """The zone that this machine is put in."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield ZoneInfo(request.param)
    monkeypatch.undo()
    time.tzset()


def test_the_day_is_the_labs_and_not_that_of_utc():
    assert local_day(LATE, TOKYO) == date(2026, 1, 6)
    assert local_day(EARLY, LOS_ANGELES) == date(2026, 1, 5)
    assert local_day(LATE, UTC) == date(2026, 1, 5)


def test_the_two_hours_of_an_autumn_night_are_told_apart():
    summer = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert local_time(summer, BERLIN) == "2026-10-25 02:30+02:00"
    assert local_time(summer + timedelta(hours=1), BERLIN) == "2026-10-25 02:30+01:00"


def test_without_a_zone_the_machines_holds_in_summer_and_in_winter(machine_zone):
    for month in (1, 7):
        at = datetime(2026, month, 5, 12, tzinfo=UTC)
        assert local_time(at, seconds=True) == local_time(at, machine_zone, seconds=True)
        assert local_day(pd.Timestamp(at)) == local_day(at, machine_zone)


def test_ratings_are_counted_by_the_labs_day():
    given = pd.DataFrame({"participant_id": ["P01"] * 2, "rated_at": [LATE, EARLY]})
    assert per_day(given, BERLIN)["P01"].to_dict() == {date(2026, 1, 5): 1, date(2026, 1, 6): 1}
    assert per_day(given, TOKYO)["P01"].to_dict() == {date(2026, 1, 6): 2}
    assert per_day(given, LOS_ANGELES)["P01"].to_dict() == {date(2026, 1, 5): 2}


def test_a_form_signed_this_morning_is_not_in_the_future_and_tomorrows_is():
    today = local_day(LATE, TOKYO)
    assert roster.new_consent("1", "E", "AB", "2026-01-06", today).signed_on == "2026-01-06"
    with pytest.raises(ConfigError, match=r"'2026-01-07' is in the future. Write it as 2026-01-06"):
        roster.new_consent("1", "E", "AB", "2026-01-07", today)
