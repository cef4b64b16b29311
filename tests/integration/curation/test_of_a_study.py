"""From a tree of clips and a store of ratings to the released tables, through the commands."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from curation.__main__ import app
from curation.clips import admission, batches
from study.clips.probe import is_silent, probe
from study.errors import ClipError, StoreError, StudyError
from study.rehearsal.odd import make_odd_clip
from study.store import open_store, transaction
from study.store.clips import candidates
from study.store.plan import ground_truths
from study.vocabulary import Rating
from tests.worlds.curated import (
    AT,
    add_people,
    add_ratings,
    admit_clips,
    candidate,
    fill,
    new_study,
)

SCALED = ("protocol.class_min_prominent=4", "protocol.test_size_per_class=2")
TREE = {
    "training/barking/plain_1.mp4": "plain",
    "training/barking/ntsc_2.mp4": "ntsc",
    "training/barking/mute_3.mp4": "no_audio",
    "training/barking/quiet_4.mp4": "silent",
    "training/swimming/cut_5.mp4": "truncated",
    "training/swimming/none_6.mp4": "empty",
    "training/swimming/sound_7.mp4": "audio_only",
    "training/swimming/note_8.mp4": "not_media",
    'training/swimming/faint, "a" é_9.mp4': "faint",
    "validation/diving/phone_10.mp4": "vfr",
    "validation/knitting/other_11.mp4": "plain",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("mit")
    for name, kind in TREE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        make_odd_clip(kind, root / name)
    (root / "training/barking/link_12.mp4").symlink_to(make_odd_clip("plain", root / "away.mp4"))
    outside = make_odd_clip("plain", tmp_path_factory.mktemp("elsewhere") / "secret.mp4")
    (root / "training/barking/leak_13.mp4").symlink_to(outside)
    (root / "training/barking/.hidden").touch()
    return root


def _run(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args], catch_exceptions=True)


def _read(path):
    return pd.read_csv(path)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("plain", {"frame_rate_hz": 30.0, "is_vfr": False, "n_frames": 90, "n_channels": 2}),
        ("vfr", {"nominal_frame_rate_hz": 30.0, "is_vfr": True, "n_frames": 75}),
        ("rotated", {"width_px": 240, "height_px": 320, "rotation_deg": 90}),
        ("anamorphic", {"pixel_aspect": 4 / 3, "width_px": 256}),
        ("fps60", {"frame_rate_hz": 60.0, "n_frames": 180}),
        ("no_audio", {"n_audio_streams": 0, "sample_rate_hz": None, "av_start_offset_s": 0.0}),
        ("two_tracks", {"n_audio_streams": 2}),
        ("picture_late", {"av_start_offset_s": -0.4}),
        ("sound_long", {"duration_s": 4.5}),
        ("low_sample_rate", {"sample_rate_hz": 8000}),
    ],
)
def test_a_probe_tells_what_is_odd_about_a_clip(tmp_path, kind, expected):
    found = probe(make_odd_clip(kind, tmp_path / "clip.mp4"))
    assert {name: getattr(found, name) for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("empty", "empty"), ("not_media", "unreadable"), ("audio_only", "no_video")],
)
def test_what_cannot_be_a_clip_is_refused_with_a_reason(tmp_path, kind, reason):
    path = make_odd_clip(kind, tmp_path / "clip.mp4")
    with pytest.raises(ClipError) as caught:
        probe(path)
    assert caught.value.reason == reason
    assert str(path) in str(caught.value)


def test_a_clip_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(ClipError, match="no clip at") as caught:
        probe(tmp_path / "gone.mp4")
    assert caught.value.reason == "missing"


def test_silence_is_a_peak_of_exactly_0_and_one_loud_channel_is_none(tmp_path):
    silent = make_odd_clip("silent", tmp_path / "silent.mp4")
    right = make_odd_clip("right_only", tmp_path / "right.mp4")
    faint = make_odd_clip("faint", tmp_path / "faint.mp4")
    assert is_silent(silent)
    assert not is_silent(right)
    assert not is_silent(faint)
    with pytest.raises(ClipError) as caught:
        is_silent(make_odd_clip("no_audio", tmp_path / "mute.mp4"))
    assert caught.value.reason == "no_audio"


def test_names_that_look_like_options_or_addresses_are_files(tmp_path):
    for name in ("-i.mp4", "concat:a.mp4", 'a b,c\n"d" é.mp4'):
        assert probe(make_odd_clip("plain", tmp_path / name)).n_frames == 90


def test_every_clip_of_the_classes_is_admitted_or_rejected_with_a_reason(tree, tmp_path):
    study = new_study(tmp_path, f'mit_root="{tree}"')
    result = _run("candidates", "--study", tmp_path)
    assert result.exit_code == 0, result.output
    assert "12 clips = 5 candidates + 7 rejected (0 decided on before)" in result.output
    assert "no folder for" in result.output
    rejects = _read(tmp_path / "release/rejects.csv")
    assert dict(zip(rejects["filename"], rejects["reason"], strict=True)) == {
        "barking/mute_3.mp4": "no_audio",
        "barking/quiet_4.mp4": "silent",
        "barking/leak_13.mp4": "outside_root",
        "swimming/cut_5.mp4": "unreadable",
        "swimming/none_6.mp4": "empty",
        "swimming/sound_7.mp4": "no_video",
        "swimming/note_8.mp4": "unreadable",
    }
    with transaction(open_store(study.store_url)) as db:
        admitted = candidates.frame(db).set_index("filename")
    assert admitted["avmit_label"].to_dict() == {
        "barking/link_12.mp4": "barking",
        "barking/ntsc_2.mp4": "barking",
        "barking/plain_1.mp4": "barking",
        'swimming/faint, "a" é_9.mp4': "diving",
        "diving/phone_10.mp4": "diving",
    }
    assert admitted["video_location"]["diving/phone_10.mp4"] == "validation"
    assert admitted["peak"].between(0, 1).all()


def test_a_second_run_decides_on_new_clips_only(tree, tmp_path):
    new_study(tmp_path, f'mit_root="{tree}"')
    assert _run("candidates", "--study", tmp_path).exit_code == 0
    before = (tmp_path / "release/rejects.csv").read_bytes()
    result = _run("candidates", "--study", tmp_path)
    assert "12 clips = 5 candidates + 7 rejected (12 decided on before)" in result.output
    assert (tmp_path / "release/rejects.csv").read_bytes() == before
    again = _run("candidates", "--again", "--study", tmp_path)
    assert "12 clips = 5 candidates + 7 rejected (5 decided on before)" in again.output


def test_several_processes_decide_as_one_does(tree, tmp_path, monkeypatch):
    monkeypatch.setattr(admission, "_WORTH_A_POOL", 1)
    monkeypatch.setattr(batches, "BATCH_SIZE", 5)
    study = new_study(tmp_path, f'mit_root="{tree}"')
    steps = []
    counts = admission.admit(
        study, at=AT, n_processes=2, on_progress=lambda done, total: steps.append((done, total))
    )
    assert (counts.n_clips, counts.n_admitted, counts.n_rejected) == (12, 5, 7)
    assert steps == [(0, 12), (5, 12), (10, 12), (12, 12)]


def test_a_tree_without_the_classes_is_said_in_one_line(tmp_path):
    study = new_study(tmp_path)
    with pytest.raises(StudyError, match=r"no folder of the study's classes under .*mit"):
        admission.admit(study, at=AT)


def test_ground_truths_are_sampled_once_and_never_from_exercise_clips(tmp_path):
    from study.store.tables import ExerciseClipRow

    study = new_study(tmp_path, "protocol.n_ground_truths=5")
    fill(study, [candidate(f"barking/c_{i}.mp4", "barking") for i in range(9)], lambda place: ())
    with transaction(open_store(study.store_url)) as db:
        for place in range(4):
            db.add(
                ExerciseClipRow(
                    candidate_id=place + 1,
                    phase="training",
                    exercise_set=1,
                    position=place,
                    rating=3,
                    reasoning="",
                )
            )
    first = _run("sample-ground-truths", "--study", tmp_path)
    assert first.stdout == "5 ground truths to rate, 5 of them new\n", first.output
    assert (
        "5 ground truths to rate, 0 of them new"
        in _run("sample-ground-truths", "--study", tmp_path).output
    )
    with transaction(open_store(study.store_url)) as db:
        assert set(ground_truths.sampled(db)) == {5, 6, 7, 8, 9}
    refused = _run("sample-ground-truths", "--n", 7, "--study", tmp_path)
    assert isinstance(refused.exception, StudyError)


def test_a_corrected_ground_truth_is_a_new_version(tmp_path):
    study = new_study(tmp_path)
    fill(study, [candidate("barking/c_1.mp4", "barking")], lambda place: ())
    with transaction(open_store(study.store_url)) as db:
        ground_truths.add_sample(db, [1], AT)
        assert ground_truths.current(db, 1) is None
        assert ground_truths.frame(db)["rating"].isna().all()
        common = {"candidate_id": 1, "given_by": "EXPERT", "at": AT}
        assert ground_truths.add_version(db, rating=Rating.VERY_CLEAN, **common) == 1
        assert ground_truths.add_version(db, rating=Rating.UNCLEAN, reason="slip", **common) == 2
        assert ground_truths.current(db, 1) is Rating.UNCLEAN
        assert ground_truths.frame(db)[["rating", "version"]].to_numpy().tolist() == [[1, 2]]
        with pytest.raises(StoreError, match="not among the sampled"):
            ground_truths.add_version(
                db, candidate_id=2, rating=Rating.UNCLEAN, given_by="EXPERT", at=AT
            )


def _rated_study(folder, *settings, kind="human"):
    study = new_study(folder, *SCALED, *settings)
    clips = [
        candidate(f"{mit}/yt-{mit}{i}_{i}.mp4", avmit, frame_rate_hz=25.0 if i == 0 else 30.0)
        for mit, avmit in (("barking", "barking"), ("swimming", "diving"), ("knocking", "knocking"))
        for i in range(12)
    ]

    def ratings_of(place):
        if place >= 24:
            return (1, 1, 2)
        return (3, 3, 3) if place % 12 < 8 else ((3, 3, 1) if place % 12 < 11 else (3, 3))

    fill(study, clips, ratings_of, kind=kind)
    return study


def test_the_whole_way_from_ratings_to_lists(tmp_path):
    _rated_study(tmp_path)
    out = tmp_path / "release"
    result = _run("export-ratings", "--study", tmp_path)
    assert result.exit_code == 0, result.output
    assert "34 clips, 106 ratings; 2 clips with too few ratings left out" in result.output
    table = _read(out / "video_ratings.csv")
    assert table.columns.tolist() == [
        "filename", "r1", "r2", "r3", "AVMIT_label", "MIT_label", "video_location",
        "tfrecord_filename",
    ]  # fmt: skip
    assert table.iloc[0].tolist() == [
        "barking/yt-barking0_0.mp4", 0, 0, 3, "barking", "barking", "training",
        "barking/yt-barking0_0.tfrecord",
    ]  # fmt: skip
    raw = _read(out / "raw_video_ratings.csv")
    assert raw.columns.tolist() == [
        "filename", "AVMIT_label", "MIT_label", "video_location", "rating",
    ]  # fmt: skip
    assert len(raw) == 106

    result = _run("test-set", "--study", tmp_path)
    assert "4 clips of 2 classes, drawn from 14" in result.output, result.output
    assert "left out, frame rate: 2" in result.output
    test = _read(out / "test_set.csv")
    assert test.columns.tolist() == [
        "filename", "AVMIT_label", "MIT_label", "video_location", "new_filename",
        "tfrecord_filename",
    ]  # fmt: skip
    assert test["new_filename"].tolist() == [
        "barking/barking_1.mp4", "barking/barking_2.mp4", "diving/diving_1.mp4",
        "diving/diving_2.mp4",
    ]  # fmt: skip

    result = _run("training-lists", "--study", tmp_path)
    assert result.exit_code == 0, result.output
    lists = {name: _read(out / f"{name}.csv") for name in (
        "AVMIT_train", "AVMIT_validation", "MIT16_train", "MIT16_validation")}  # fmt: skip
    assert {name: len(rows) for name, rows in lists.items()} == {
        "AVMIT_train": 16, "AVMIT_validation": 2, "MIT16_train": 18, "MIT16_validation": 2,
    }  # fmt: skip
    for rows in lists.values():
        assert not set(rows["filename"]) & set(test["filename"])
        assert set(rows["AVMIT_label"]) == {"barking", "diving"}

    result = _run("figures", "--study", tmp_path)
    assert result.exit_code == 0, result.output
    assert (out / "figure_2.svg").read_text().count("<svg") == 1
    assert (out / "figure_2.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "figure_2.pdf").read_bytes().startswith(b"%PDF")


def test_figure_2_of_the_store_and_of_the_published_table_are_the_same(tmp_path):
    _rated_study(tmp_path)
    _run("export-ratings", "--study", tmp_path)
    published = tmp_path / "release/video_ratings.csv"
    assert _run("figures", "--study", tmp_path, "--out", tmp_path / "a").exit_code == 0
    assert _run("figures", "--ratings", published, "--out", tmp_path / "b").exit_code == 0
    for name in ("figure_2.svg", "figure_2.png", "figure_2.pdf"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_the_same_store_gives_the_same_bytes_and_old_tables_stay(tmp_path):
    _rated_study(tmp_path)
    for out in ("a", "b"):
        assert _run("export-ratings", "--study", tmp_path, "--out", tmp_path / out).exit_code == 0
    for name in ("video_ratings.csv", "raw_video_ratings.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    refused = _run("export-ratings", "--study", tmp_path, "--out", tmp_path / "a")
    assert isinstance(refused.exception, StudyError)
    assert "--overwrite" in str(refused.exception)
    assert not [path for path in (tmp_path / "a").iterdir() if "part" in path.name]


def test_a_table_carries_its_dictionary_and_where_it_comes_from(tmp_path):
    import hashlib

    _rated_study(tmp_path)
    _run("export-ratings", "--study", tmp_path, "--with-participant")
    path = tmp_path / "release/video_ratings.csv"
    sidecar = json.loads(path.with_suffix(".json").read_text())
    assert sidecar["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert sidecar["rehearsal"] is False
    assert list(sidecar["columns"]) == path.read_text().splitlines()[0].split(",")
    assert sidecar["provenance"]["counts"] == {
        "clips": 34,
        "ratings": 106,
        "clips_with_too_few_ratings_left_out": 2,
        "ratings_of_those_clips": 4,
        "clips_with_more_ratings_than_asked": 0,
        "ratings_left_out": {},
        "ratings_let_through": {},
        "ratings_whose_times_may_contain_pauses": 0,
    }
    raw = _read(tmp_path / "release/raw_video_ratings.csv")
    assert set(raw["participant"]) == {"P01", "P02", "P03"}


def test_simulated_ratings_leave_a_rehearsal_only_and_stamped(tmp_path):
    real, rehearsal = tmp_path / "real", tmp_path / "rehearsal"
    _rated_study(real, kind="simulated")
    _rated_study(rehearsal, "rehearsal=true", kind="simulated")
    refused = _run("export-ratings", "--study", real)
    assert "106 ratings of simulated people: left out" in str(refused.exception)
    result = _run("export-ratings", "--study", rehearsal)
    assert result.exit_code == 0, result.output
    assert "rehearsal: simulated ratings are included" in result.output
    assert "106 ratings of simulated people: kept" in result.output
    sidecar = json.loads((rehearsal / "release/video_ratings.json").read_text())
    assert sidecar["rehearsal"] is True
    assert sidecar["provenance"]["counts"]["ratings_let_through"] == {"simulated": 106}


def test_only_the_annotation_phase_is_tallied(tmp_path):
    study = new_study(tmp_path)
    clips = [candidate("barking/c_1.mp4", "barking")]
    with transaction(open_store(study.store_url)) as db:
        admit_clips(db, clips)
        add_people(db, study, ["P01", "P02", "P03"], "human")
        add_ratings(db, [(1, f"P0{i}", 3) for i in (1, 2, 3)], phase="screening")
    refused = _run("export-ratings", "--study", tmp_path)
    assert "the store has no rating yet" in str(refused.exception)


def test_a_table_of_another_study_is_refused_by_the_test_set(tmp_path):
    _rated_study(tmp_path)
    _run("export-ratings", "--study", tmp_path)
    path = tmp_path / "release/video_ratings.csv"
    path.write_text(path.read_text().replace("yt-barking3_3", "yt-stranger_3"))
    refused = _run("test-set", "--study", tmp_path)
    assert "is not a clip of this store, and 1 of 34 clips are not" in str(refused.exception)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("AVMIT_label", "class", "lacks avmit_label (AVMIT_label or"),
        (",0,0,3,", ",0,x,3,", "line 2: r2 is not a count (x)"),
        (",0,0,3,", ",-1,0,3,", "line 2: r1 is not a count (-1)"),
    ],
)
def test_a_broken_table_is_refused_with_line_and_value(tmp_path, old, new, message):
    _rated_study(tmp_path)
    _run("export-ratings", "--study", tmp_path)
    path = tmp_path / "release/video_ratings.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    assert message in str(_run("test-set", "--study", tmp_path).exception)


def test_clips_without_sound_stand_in_the_large_list_unless_switched_off(tree, tmp_path):
    from curation.release.export import all_clips

    study = new_study(tmp_path, f'mit_root="{tree}"')
    admission.admit(study, at=AT)
    with transaction(open_store(study.store_url)) as db:
        clips = all_clips(db, study)
    assert clips.loc[~clips["has_sound"], "filename"].tolist() == [
        "barking/mute_3.mp4",
        "barking/quiet_4.mp4",
    ]


@pytest.mark.parametrize("command", ["agreement", "sensitivity", "raters", "figures"])
def test_a_store_without_ratings_is_said_in_one_line_and_nothing_is_written(tmp_path, command):
    fill(new_study(tmp_path, *SCALED), [candidate("barking/a_1.mp4", "barking")], lambda _: ())
    error = _run(command, "--study", tmp_path).exception
    assert isinstance(error, StudyError)
    assert str(error) == "the store has no rating yet. Rate clips: python -m annotator"
    assert not (tmp_path / "release").exists()


@pytest.mark.parametrize("command", ["agreement", "sensitivity", "figures"])
def test_a_study_whose_clips_lack_ratings_is_said_in_one_line(tmp_path, command):
    fill(new_study(tmp_path, *SCALED), [candidate("barking/a_1.mp4", "barking")], lambda _: (3, 1))
    error = _run(command, "--study", tmp_path).exception
    assert "no clip with enough ratings yet" in str(error)
    assert _run("raters", "--study", tmp_path).exit_code == 0  # they can be told all the same


def test_a_study_without_an_accepted_class_is_told_how_far_its_classes_are(tmp_path):
    clips = [
        candidate(f"{label}/a_{i}.mp4", label) for label in ("barking", "diving") for i in "12"
    ]
    study = new_study(tmp_path, *SCALED)
    fill(study, clips, lambda place: (3, 3, 1) if place < 3 else (1, 1, 1))
    _run("export-ratings", "--study", tmp_path)
    said = str(_run("test-set", "--study", tmp_path).exception)
    assert "no class has the 4 prominent clips" in said
    assert "most have: barking 2, diving 1." in said
