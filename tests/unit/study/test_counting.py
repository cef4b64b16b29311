"""Which ratings count: one fault at a time in a rating with nothing to complain of."""

import math

import numpy as np
import pandas as pd
import pytest

from study.config.evidence import EvidenceRules
from study.counting import IN_WORDS, LET_THROUGH_IN_REHEARSALS, Counted, Reason, counted, judged

KEEP = EvidenceRules()
LEAVE_OUT = EvidenceRules(**dict.fromkeys(EvidenceRules.model_fields, "leave_out"))
GOOD = {
    "outcome": "rated", "stage": "window", "is_simulated": False, "grade": "A",
    "is_accepted": False, "is_withdrawn": False, "is_replaced": False, "n_other_clips": 0,
    "played_to_end": True, "n_xruns": 0, "av_offset_s": -0.004, "n_frames_shown": 90,
    "n_frames_dropped": 0, "playing_s": 3.0, "period_s": 1 / 60, "width_px": 340, "height_px": 256,
    "scale": 1.0, "box_width_px": 640.0, "box_height_px": 480.0, "clip_scale": 1.0,
    "interrupted_s": 0.0, "flags": "",
}  # fmt: skip
FAULTS = [
    ({"outcome": "failed"}, Reason.NOT_RATED),
    ({"n_other_clips": 1}, Reason.OTHER_CLIP),
    ({"played_to_end": False}, Reason.NOT_PLAYED),
    ({"is_withdrawn": True}, Reason.WITHDRAWN),
    ({"is_simulated": True}, Reason.SIMULATED),
    ({"grade": "ungraded"}, Reason.UNGRADED_RIG),
    ({"grade": ""}, Reason.UNGRADED_RIG),
    ({"grade": "C"}, Reason.UNGRADED_RIG),
    ({"grade": "not applicable"}, Reason.UNGRADED_RIG),
    ({"n_xruns": 1}, Reason.SOUND_GAPS),
    ({"av_offset_s": -0.046}, Reason.SOUND_OUT_OF_STEP),
    ({"av_offset_s": 0.126}, Reason.SOUND_OUT_OF_STEP),
    ({"av_offset_s": np.nan}, Reason.SOUND_OUT_OF_STEP),
    ({"n_frames_shown": 80, "n_frames_dropped": 10}, Reason.FRAMES_MISSING),
    ({"n_frames_shown": 0, "n_frames_dropped": 90}, Reason.FRAMES_MISSING),
    ({"width_px": 170, "height_px": 128, "scale": 0.5}, Reason.WRONG_SIZE),
    ({"scale": 0.0}, Reason.WRONG_SIZE),
    ({"clip_scale": 2.0, "box_width_px": 1280.0, "box_height_px": 960.0}, Reason.WRONG_SIZE),
    ({"clip_scale": math.inf}, Reason.WRONG_SIZE),  # every clip fills its box
    ({"width_px": 1280, "height_px": 720}, Reason.WRONG_SIZE),
    ({"flags": "slip"}, Reason.SLIP),
    ({"flags": "mis_key"}, Reason.MIS_KEY),
    ({"flags": "trial_disturbed"}, Reason.TRIAL_DISTURBED),
    ({"is_replaced": True}, Reason.RATED_AGAIN),
]
HARMLESS = [
    {"grade": "B"},
    {"grade": "ungraded", "is_accepted": True},
    {"av_offset_s": -0.045},
    {"av_offset_s": 0.125},
    {"n_frames_shown": 81, "n_frames_dropped": 9},
    # A clip of 120 frames a second on a screen of 60: no more than half of them can be shown.
    {"n_frames_shown": 178, "n_frames_dropped": 182},
    {"width_px": 640, "height_px": 360, "scale": 0.5},
    {"width_px": 333, "height_px": 480, "scale": 0.4166},  # rounded to whole pixels
    # On other screens other sizes are asked for; where the scale is infinite clips fill the box.
    {
        "clip_scale": 2.0,
        "scale": 2.0,
        "width_px": 680,
        "height_px": 512,
        "box_width_px": 1280.0,
        "box_height_px": 960.0,
    },
    {"clip_scale": math.inf, "scale": 480 / 256, "width_px": 638, "height_px": 480},
    {"clip_scale": 0.711, "scale": 0.711, "width_px": 242, "height_px": 182},
    # Nobody sees or hears anything on the stage that costs no time.
    {"stage": "simulated", "grade": "", "played_to_end": False, "n_xruns": 9, "is_simulated": True},
]


def rows(*faults):
    return pd.DataFrame([{**GOOD, **fault} for fault in faults])


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
def test_each_fault_has_its_reason_in_a_real_study(fault, reason):
    found = judged(rows({}, fault, {}), LEAVE_OUT, rehearsal=False)
    assert found["reason"].tolist() == ["", reason.value, ""]
    result = counted(found)
    assert (len(result.ratings), result.left_out) == (2, {reason.value: 1})
    assert result.lines()[0] == f"1 rating {IN_WORDS[reason]}: left out"


@pytest.mark.parametrize("fault", HARMLESS[:-1])
def test_what_is_within_the_limits_counts(fault):
    assert judged(rows(fault), LEAVE_OUT, rehearsal=False)["reason"].tolist() == [""]


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
def test_a_rehearsal_lets_rigs_and_simulated_people_through_and_counts_them(fault, reason):
    result = counted(judged(rows(fault), LEAVE_OUT, rehearsal=True))
    if reason in LET_THROUGH_IN_REHEARSALS:
        assert (len(result.ratings), result.let_through) == (1, {reason.value: 1})
        assert result.left_out == {}
    else:
        assert (len(result.ratings), result.left_out) == (0, {reason.value: 1})


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
def test_a_study_that_keeps_what_rigs_did_leaves_out_the_rest_and_counts_both(fault, reason):
    result = counted(judged(rows(fault), KEEP, rehearsal=False))
    is_kept = reason.value in EvidenceRules.model_fields
    assert result.let_through == ({reason.value: 1} if is_kept else {})
    assert result.left_out == ({} if is_kept else {reason.value: 1})


def test_a_simulated_person_in_a_rehearsal_is_not_blamed_for_what_nobody_heard():
    hurried = {"is_simulated": True, "av_offset_s": np.nan, "n_frames_shown": 1, "n_xruns": 4}
    result = counted(judged(rows(hurried, HARMLESS[-1]), LEAVE_OUT, rehearsal=True))
    assert result.let_through == {"simulated": 2}


def test_a_rating_with_two_faults_is_left_out_once_and_the_graver_one_is_told():
    both = {"n_other_clips": 2, "grade": "ungraded", "n_xruns": 3}
    result = counted(judged(rows(both), KEEP, rehearsal=False))
    assert (result.left_out, result.let_through, result.n_left_out) == ({"other_clip": 1}, {}, 1)


def test_a_rating_whose_evidence_is_missing_altogether_does_not_count():
    nothing = dict.fromkeys(
        ("n_xruns", "av_offset_s", "n_frames_shown", "n_frames_dropped", "playing_s", "width_px",
         "height_px", "scale"), np.nan,
    )  # fmt: skip
    found = judged(rows({**nothing, "played_to_end": False}), KEEP, rehearsal=False)
    assert found["reason"].tolist() == ["not_played"]


def test_old_ratings_are_told_apart_because_their_times_may_contain_pauses():
    result = counted(judged(rows({}, {"interrupted_s": np.nan}), KEEP, rehearsal=False))
    assert result.n_without_interruptions == 1
    assert result.as_counts()["ratings_whose_times_may_contain_pauses"] == 1


def test_every_reason_can_be_said_in_words_and_says_what_to_do():
    assert set(IN_WORDS) == set(Reason)
    left_out = {reason.value: 2 for reason in Reason}
    lines = Counted(pd.DataFrame(), left_out, {}, waiting=frozenset(left_out)).lines()
    assert sum("accept-rig" in line for line in lines) == 1
    assert sum("plan --again" in line for line in lines) == 1
    simulated = frozenset({"simulated"})
    assert Counted(pd.DataFrame(), {"simulated": 3}, {}, waiting=simulated).lines() == [
        "3 ratings of simulated people: left out"
    ]


def test_no_rating_at_all_is_no_fault():
    result = counted(judged(rows({}).iloc[:0], KEEP, rehearsal=False))
    assert (len(result.ratings), result.left_out, result.let_through) == (0, {}, {})


@pytest.mark.parametrize("fault", [{"n_other_clips": 1}, {"grade": "ungraded"}])
def test_nobody_is_told_to_plan_again_what_is_planned_again(fault):
    planned = fault | {"is_replaced": True}
    result = counted(judged(rows(planned, planned), KEEP, rehearsal=False))
    assert (len(result.lines()), result.waiting) == (1, frozenset())
    result = counted(judged(rows(planned, fault), KEEP, rehearsal=False))
    assert sum("plan --again" in line for line in result.lines()) == 1
