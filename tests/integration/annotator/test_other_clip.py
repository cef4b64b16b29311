"""A file that is not the one that was admitted is never shown."""

from pathlib import Path

import pytest

from study.clips.display import decode_for_display
from study.errors import ClipError
from study.rehearsal.odd import make_odd_clip
from study.tools.files import sha256_of
from tests.worlds.rating_studies import ROBOT, annotate, ratable_study, table

BOX = {"box_px": (320, 240), "sample_rate_hz": 48000}


def test_a_file_is_compared_before_anything_of_it_is_decoded(tmp_path):
    clip = make_odd_clip("short", tmp_path / "clip.mp4")
    admitted = sha256_of(clip)
    assert decode_for_display(clip, sha256=admitted, **BOX).sha256 == admitted
    clip.write_bytes(b"no clip at all, but somebody's secret plan")
    with pytest.raises(ClipError, match="another file than the one that was admitted") as refused:
        decode_for_display(clip, sha256=admitted, **BOX)
    assert refused.value.reason == "other_clip"


def test_a_swapped_clip_is_a_technical_failure_and_still_to_be_rated(station, tmp_path):
    study, engine = ratable_study(tmp_path, kinds=("short",) * 3)
    _swap(study.mit_root / "training/barking/1-short.mp4")
    run = annotate(
        study, "--participant", ROBOT, "--simulate", "good", "--speed", "max", station=station
    )
    assert run.returncode == 0, run.stderr
    trials = table(engine, "trial")
    assert trials[["candidate_id", "outcome", "failure"]].fillna("").to_numpy().tolist() == [
        [1, "rated", ""], [2, "failed", "other_clip"], [3, "rated", ""],
    ]  # fmt: skip
    assert set(table(engine, "presentation")["trial_id"]) == {1, 3}
    slots = table(engine, "assignment").query("participant_id == @ROBOT")
    assert slots.set_index("candidate_id")["done"].astype(bool).to_dict() == {
        1: True, 2: False, 3: True,
    }  # fmt: skip


def _swap(path: Path) -> None:
    make_odd_clip("plain", path.with_name("other.mp4")).replace(path)
