"""Faults planted in the evidence of ratings: no table is made of them without a word."""

import json

import pandas as pd
import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from curation.__main__ import app
from study.store import store_transaction, studies
from study.store.tables import CandidateRow, PresentationRow, RatingRow, SessionRow
from tests.worlds.curated import AT, candidate, fill, new_study

SCALED = ("protocol.class_min_prominent=2", "protocol.test_size_per_class=1")
FAULTS = {
    "ungraded_rig": (SessionRow, {"rig": {"grade": "ungraded"}}, "on ungraded rigs"),
    "other_clip": (PresentationRow, {"clip_sha256": "f" * 64}, "of another clip than the one"),
    "not_played": (PresentationRow, {"interrupted": True}, "not played to their end"),
    "sound_gaps": (PresentationRow, {"n_xruns": 2}, "after gaps in the sound"),
    "sound_out_of_step": (PresentationRow, {"av_offset_s": 0.3}, "out of step"),
    "frames_missing": (PresentationRow, {"n_frames_shown": 40, "n_frames_dropped": 50}, "a tenth"),
    "wrong_size": (PresentationRow, {"scale": 0.5}, "in another size"),
    "simulated": (RatingRow, {"simulated": True}, "of simulated people"),
}
KEPT = ("sound_gaps", "sound_out_of_step", "frames_missing", "wrong_size")


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def rated_study(folder, *settings):
    """Two classes of six clips, each with three ratings of 3."""
    study = new_study(folder, *SCALED, *settings)
    clips = [
        candidate(f"{c}/yt-{c}{i}_{i}.mp4", c) for c in ("barking", "diving") for i in range(6)
    ]
    fill(study, clips, lambda _place: (3, 3, 3))
    return study


def plant(study, reason):
    """Give the ratings of P03, one third of all, a fault."""
    row, values, _ = FAULTS[reason]
    with store_transaction(study.store_url) as db:
        where = {
            SessionRow: SessionRow.participant_id == "P03",
            RatingRow: RatingRow.participant_id == "P03",
            PresentationRow: PresentationRow.trial_id % 3 == 0,
        }[row]
        db.execute(update(row).where(where).values(**values))


@pytest.mark.parametrize("reason", FAULTS)
def test_no_table_is_made_of_ratings_that_do_not_count(tmp_path, reason):
    study = rated_study(tmp_path)
    plant(study, reason)
    done = run("export-ratings", "--study", tmp_path, "--with-participant")
    assert done.exit_code == 0, done.output
    assert f"12 ratings {'' if reason != 'not_played' else 'of clips that were '}" in done.output
    assert FAULTS[reason][2] in done.output
    raw = pd.read_csv(tmp_path / "release/raw_video_ratings.csv")
    assert (len(raw), set(raw["participant"])) == (24, {"P01", "P02"})
    counts = json.loads((tmp_path / "release/video_ratings.json").read_text())["provenance"][
        "counts"
    ]
    assert counts["ratings_left_out"] == {reason: 12}
    assert counts["clips_with_too_few_ratings_left_out"] == 12


@pytest.mark.parametrize("reason", ["other_clip", "ungraded_rig"])
def test_what_is_made_of_ratings_in_the_store_leaves_out_the_same_ones(tmp_path, reason):
    study = rated_study(tmp_path)
    plant(study, reason)
    for command in ("agreement", "sensitivity", "figures"):
        refused = run(command, "--study", tmp_path)
        assert "no clip with enough ratings" in str(refused.exception), (command, refused.output)
    told = run("raters", "--study", tmp_path)
    assert FAULTS[reason][2] in told.output, told.output
    table = pd.read_csv(tmp_path / "release/raters.csv")
    assert table["n_ratings"].tolist() == [12, 12]
    sidecar = json.loads((tmp_path / "release/raters.json").read_text())
    assert sidecar["provenance"]["counts"]["ratings_left_out"] == {reason: 12}


@pytest.mark.parametrize("reason", FAULTS)
def test_a_rehearsal_lets_through_what_rigs_and_simulated_people_did_and_says_so(tmp_path, reason):
    study = rated_study(tmp_path, "rehearsal=true")
    plant(study, reason)
    done = run("export-ratings", "--study", tmp_path)
    sidecar = json.loads((tmp_path / "release/video_ratings.json").read_text())
    counts = sidecar["provenance"]["counts"]
    assert sidecar["rehearsal"] is True
    if reason in ("other_clip", "not_played"):
        assert (counts["ratings_left_out"], counts["ratings"]) == ({reason: 12}, 24)
        return
    # Nobody asks what a simulated person heard; all else of a rig is counted.
    assert counts["ratings_left_out"] == {}
    assert counts["ratings_let_through"] == {reason: 12}
    assert (counts["ratings"], counts["clips"]) == (36, 12)
    assert ": kept" in done.output


@pytest.mark.parametrize("reason", KEPT)
def test_a_study_without_the_new_keys_keeps_its_ratings_and_counts_them(tmp_path, reason):
    settings = [f'evidence.{key}="keep"' for key in KEPT]
    study = rated_study(tmp_path, *settings)
    plant(study, reason)
    done = run("export-ratings", "--study", tmp_path)
    counts = json.loads((tmp_path / "release/video_ratings.json").read_text())["provenance"][
        "counts"
    ]
    assert (counts["ratings"], counts["ratings_left_out"]) == (36, {})
    assert counts["ratings_let_through"] == {reason: 12}
    assert f"{FAULTS[reason][2]}" in done.output


def test_a_study_all_of_whose_ratings_do_not_count_says_why_and_writes_nothing(tmp_path):
    study = rated_study(tmp_path)
    with store_transaction(study.store_url) as db:
        db.execute(update(CandidateRow).values(sha256="a" * 64))
    refused = run("export-ratings", "--study", tmp_path)
    assert refused.exit_code == 1
    assert str(refused.exception).startswith(
        "no rating counts yet; 36 ratings of another clip than the one that was admitted: left out"
    )
    assert not (tmp_path / "release").exists() or not list((tmp_path / "release").iterdir())


def test_response_times_come_with_their_interruptions_and_old_ones_say_that_they_may_have_some(
    tmp_path,
):
    study = rated_study(tmp_path)
    with store_transaction(study.store_url) as db:
        is_old, is_paused = RatingRow.trial_id <= 5, RatingRow.trial_id == 7
        nothing = {"interrupted_s": None, "n_interruptions": None}
        db.execute(update(RatingRow).where(is_old).values(rt_s=151.0, **nothing))
        db.execute(
            update(RatingRow).where(is_paused).values(interrupted_s=150.0, n_interruptions=2)
        )
    done = run("export-ratings", "--study", tmp_path, "--with-times")
    assert done.exit_code == 0, done.output
    raw = pd.read_csv(tmp_path / "release/raw_video_ratings.csv", dtype=str, keep_default_na=False)
    assert raw.columns.tolist()[-3:] == ["rt_s", "interrupted_s", "n_interruptions"]
    rows = raw[["rt_s", "interrupted_s", "n_interruptions"]].value_counts().to_dict()
    assert rows == {
        ("0.5", "0.0", "0"): 30, ("151.0", "", ""): 5, ("0.5", "150.0", "2"): 1,
    }  # fmt: skip
    sidecar = json.loads((tmp_path / "release/raw_video_ratings.json").read_text())
    assert sidecar["provenance"]["counts"]["ratings_whose_times_may_contain_pauses"] == 5
    assert "may be in it" in sidecar["columns"]["rt_s"]["description"]
    assert "empty where" in sidecar["columns"]["interrupted_s"]["description"]


@pytest.mark.parametrize("command", ["export-ratings", "export-trials"])
def test_no_table_is_made_by_rules_other_than_the_frozen_ones(tmp_path, command):
    study = rated_study(tmp_path)
    with store_transaction(study.store_url) as db:
        studies.freeze(db, config=study.config, amend_reason=None, at=AT)
    text = (tmp_path / "study.toml").read_text()
    edited = text.replace('# majority = "strict"', 'majority = "at_least_two"')
    assert edited != text
    (tmp_path / "study.toml").write_text(edited)
    done = run(command, "--study", tmp_path)
    assert done.exit_code == 1
    assert "study.toml differs from the frozen configuration in protocol.majority" in str(
        done.exception
    )
    assert not (tmp_path / "release").exists()
