"""Tests of timing are skipped only where the machine itself was late, and fail otherwise."""

import pytest

from tests.worlds.machine import fair_timing, wait_until

NEVER, ALWAYS = float("inf"), -1.0  # later than which the machine counts as busy


def test_wrong_timing_on_a_machine_that_keeps_time_fails():
    with pytest.raises(AssertionError, match="40 ms late"), fair_timing(NEVER):
        raise AssertionError("40 ms late")


def test_wrong_timing_on_a_busy_machine_is_skipped_and_says_how_late_it_was():
    said = r"ms late .* keeps time here: 40 ms"
    with pytest.raises(pytest.skip.Exception, match=said), fair_timing(ALWAYS):
        pytest.fail("40 ms late")


def test_right_timing_on_a_busy_machine_holds_and_other_errors_stay():
    with fair_timing(ALWAYS):
        pass
    with pytest.raises(ZeroDivisionError), fair_timing(ALWAYS):
        raise ZeroDivisionError


def test_waiting_ends_with_what_was_waited_for():
    wait_until(iter([False, True]).__next__, "seen")
    with pytest.raises(AssertionError, match=r"after 0.02 s still not: seen"):
        wait_until(lambda: False, "seen", patience_s=0.02)
