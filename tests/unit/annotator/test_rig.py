from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from annotator.rig.grades import LIMITS, graded, observed, overall, require_grade
from annotator.rig.loopback import RATE_HZ, Recording, sound_onsets
from study.errors import StageError
from study.store.ratings.rig_checks import RigCheck
from tests.paths import ROOT

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def check(grade, checked_at=AT):
    return RigCheck("lab1", checked_at, grade, {}, {})


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_gives_all_three_grades_and_advice_for_less_than_an_a(name):
    limit = LIMITS[name]
    results = [graded(name, value) for value in (limit.a, limit.b, limit.b + 1)]
    assert [r.grade for r in results] == ["A", "B", "C"]
    assert [bool(r.advice) for r in results] == [False, True, True]


@pytest.mark.parametrize("name", LIMITS)
def test_the_documentation_tells_each_limit(name):
    text = (ROOT / "docs" / "guides" / "timing.md").read_text(encoding="utf-8")
    unit = LIMITS[name].unit.split()[0]
    row = next(line for line in text.splitlines() if line.startswith(f"| `{name}`"))
    cells = [cell.strip() for cell in row.split("|")]
    assert cells[2:4] == [f"{limit:g} {unit}" for limit in (LIMITS[name].a, LIMITS[name].b)]


def test_a_rig_is_as_good_as_its_worst_part_that_applies():
    good = graded("upload", 1.0)
    fair = graded("late_flips", 1.0)
    virtual = graded("flip_jitter", 50.0, applicable=False)
    assert overall([good, fair, virtual, observed("compositor", "none")], is_virtual=False) == "B"
    assert overall([virtual], is_virtual=False) == "C"


def test_a_virtual_screen_has_no_grade_however_good_the_rest_is():
    assert overall([graded("late_flips", 0.0)], is_virtual=True) == "not applicable"


def test_a_valid_grade_is_stored_with_the_session():
    assert require_grade(check("B"), host="lab1", at=AT, ungraded_allowed=False) == "B"


@pytest.mark.parametrize(
    ("last", "message"),
    [
        (None, "lab1 has not been checked"),
        (check("A", AT - timedelta(days=31)), "checked on 2025-12-05, and a check is valid for 30"),
        (check("C"), "got grade C on 2026-01-05 and A or B is needed"),
    ],
)
def test_a_rig_without_a_valid_grade_is_refused_unless_the_data_may_be_flagged(last, message):
    with pytest.raises(StageError, match=f"{message}.*check-rig; or start with --ungraded"):
        require_grade(last, host="lab1", at=AT, ungraded_allowed=False)
    assert require_grade(last, host="lab1", at=AT, ungraded_allowed=True) == "ungraded"


def beeps(*starts_s, duration_s=3.0):
    samples = np.zeros((round(duration_s * RATE_HZ), 2), dtype=np.float32)
    for start_s in starts_s:
        first = round(start_s * RATE_HZ)
        tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ // 20) / RATE_HZ + 0.5)
        samples[first : first + len(tone), 0] = tone
    return samples


def test_beeps_are_found_where_they_begin():
    onsets = sound_onsets(beeps(0.5, 1.5))
    assert (onsets / RATE_HZ).tolist() == pytest.approx([0.5, 1.5], abs=1e-4)
    assert len(sound_onsets(beeps())) == 0


def test_late_chunks_and_a_card_with_a_clock_of_its_own_do_not_move_a_beep():
    rng = np.random.default_rng(1)
    samples = beeps(0.5, 8.5, 16.5, duration_s=20)
    recording = Recording()
    for first in range(0, len(samples), 480):
        chunk = samples[first : first + 480]
        # The card is 300 ppm fast, and most chunks come up to 20 ms late.
        ready_s = 1000 + (first + len(chunk)) / RATE_HZ * (1 - 3e-4)
        recording.take(chunk.tobytes(), ready_s + rng.choice([0.0, 0.01, 0.02]))
    assert recording.onsets_s().tolist() == pytest.approx(
        [1000 + t * (1 - 3e-4) for t in (0.5, 8.5, 16.5)], abs=0.001
    )
