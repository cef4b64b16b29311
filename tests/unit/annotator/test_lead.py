"""The lead of the sound: the shortest that a device keeps, and only for that device."""

from datetime import UTC, datetime, timedelta

import pytest

from annotator.rig import lead
from annotator.rig.lead import MEASUREMENT, SafeLead, lead_of, safe_lead_s
from study.store.ratings.rig_checks import VALID_FOR, RigCheck

NOW = datetime(2026, 1, 5, tzinfo=UTC)
RATE_HZ = 48_000
DEVICE = {"path": "psychtoolbox", "device": "default", "sample_rate_hz": 48_000.0}


class Device:
    """A sound device that needs a while, on a clock that costs no time."""

    def __init__(self, needs_s, *, buffer_size=120, hiccups=()):
        self.needs_s, self.buffer_size, self.hiccups = needs_s, buffer_size, set(hiccups)
        self.now_s, self.n_starts = 0.0, 0
        self._due_s = self._asked_s = None

    def facts(self):
        return DEVICE | {"buffer_size": self.buffer_size}

    def load(self, samples):
        pass

    def start_at(self, t_s):
        self.n_starts += 1
        self._due_s, self._asked_s = t_s, self.now_s

    def started_s(self):
        if self.needs_s is None:
            return None
        needs_s = 0.05 if self.n_starts in self.hiccups else self.needs_s
        return max(self._due_s, self._asked_s + needs_s)

    def stop(self):
        pass


@pytest.fixture
def clock(monkeypatch):
    def of(device):
        class Time:
            @staticmethod
            def sleep(s):
                device.now_s += s

            @staticmethod
            def monotonic():
                return device.now_s

        monkeypatch.setattr(lead, "time", Time)
        monkeypatch.setattr("psychtoolbox.GetSecs", lambda: device.now_s)
        return device

    return of


@pytest.mark.parametrize(
    ("needs_s", "found_s"),
    [(0.001, 0.004), (0.004, 0.004), (0.0148, 0.015), (0.022, 0.025), (0.09, 0.1)],
)
def test_the_shortest_lead_that_is_kept_is_found_and_a_buffer_is_added(clock, needs_s, found_s):
    assert safe_lead_s(clock(Device(needs_s)), RATE_HZ) == pytest.approx(found_s + 0.0025)


def test_a_small_buffer_gets_the_smallest_margin(clock):
    device = clock(Device(0.001, buffer_size=16))
    assert safe_lead_s(device, RATE_HZ) == pytest.approx(0.006)


def test_one_late_start_of_many_is_enough_for_a_longer_lead(clock):
    device = clock(Device(0.001, hiccups=[lead.N_STARTS]))
    assert safe_lead_s(device, RATE_HZ) == pytest.approx(0.0085)


@pytest.mark.parametrize("needs_s", [0.2, None])
def test_a_device_that_keeps_no_short_lead_has_none(clock, needs_s):
    assert safe_lead_s(clock(Device(needs_s)), RATE_HZ) is None


def check_of(value, *, at=NOW):
    measurements = {MEASUREMENT: {"value": value}} if value != "old" else {}
    return RigCheck("pc1", at, "A", {"sound": DEVICE | {"buffer_size": 120}}, measurements)


def test_a_valid_check_gives_its_lead_to_its_own_device_only():
    found = lead_of(check_of(17.5), at=NOW + VALID_FOR)
    assert found.lead_s == 0.0175
    assert found.holds_for(DEVICE)
    for other in ({"device": "USB"}, {"path": "sounddevice"}, {"sample_rate_hz": 44_100.0}):
        assert not found.holds_for(DEVICE | other)


@pytest.mark.parametrize("check", [None, check_of(None), check_of("old"), check_of("17.5")])
def test_without_a_measurement_there_is_no_lead(check):
    assert lead_of(check, at=NOW) is None


def test_a_check_of_long_ago_gives_no_lead():
    assert lead_of(check_of(17.5), at=NOW + VALID_FOR + timedelta(seconds=1)) is None


def test_a_device_without_a_name_is_not_the_measured_one():
    assert not SafeLead(0.01, DEVICE).holds_for({})
