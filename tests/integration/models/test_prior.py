"""A classifier's word on clips: learnt out of fold by source, from embeddings and ratings alone."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from features.extraction.clip_list import read_clip_list
from features.records.records import Record, write_record
from models.__main__ import app
from models.data.prior import auc, folds, out_of_fold
from study.deciding.prior import of_clips, read_prior
from study.init import init_study
from study.naming import source_of
from study.store import store_transaction
from study.store.clips import candidates
from study.vocabulary import ParticipantKind
from tests.worlds.commands import run_command
from tests.worlds.first_study import make_tree
from tests.worlds.studies import AT, enrol, rate


def test_no_clip_is_told_by_a_classifier_that_has_seen_its_source():
    rng = np.random.default_rng(1)
    sources = [f"source{i // 4}" for i in range(800)]
    own = folds(sources)
    assert all(len(set(own[i : i + 4])) == 1 for i in range(0, 800, 4))
    # Each source has features and an answer of its own: only who has seen it can know.
    features = np.repeat(rng.standard_normal((200, 300)), 4, axis=0)
    yes = np.repeat(rng.integers(0, 2, 200), 4).astype(float)
    assert abs(auc(out_of_fold(features, yes, own, 1.0), yes) - 0.5) < 0.1
    leaking = out_of_fold(features, yes, np.arange(800) % 5, 1.0)
    assert auc(leaking, yes) > 0.95


def test_what_embeddings_tell_is_learnt_and_unrated_clips_are_told_as_well():
    rng = np.random.default_rng(2)
    yes = rng.integers(0, 2, 1000).astype(float)
    features = rng.standard_normal((1000, 20)) + 0.6 * yes[:, None]
    known = np.where(rng.random(1000) < 0.4, yes, np.nan)
    told = out_of_fold(features, known, folds([f"s{i}" for i in range(1000)]), 1.0)
    assert auc(told, yes) > 0.9
    assert told.mean() == pytest.approx(0.5, abs=0.05)


@pytest.fixture
def rated(tmp_path):
    """Records of two classes from many sources, and ratings of which one class is prominent."""
    rng = np.random.default_rng(3)
    sizes = (128, 512)
    rows = []
    for label, share in (("barking", 0.9), ("diving", 0.2)):
        means = [rng.standard_normal(size) for size in sizes]
        for i in range(60):
            stem = f"{label}{i // 2}_{i}"
            audio, visual = (mean + rng.standard_normal((4, len(mean))) for mean in means)
            record = Record(
                f"{label}/{stem}.mp4", label, audio.astype(np.float32), visual.astype(np.float32)
            )
            write_record(tmp_path / "embeddings" / label / f"{stem}.tfrecord", record)
            n = 3 if rng.random() < share else 0
            rows.append((f"{label}/{stem}.mp4", 3 - n, 0, n, label, label, "training",
                         f"{label}/{stem}.tfrecord"))  # fmt: skip
    columns = ["filename", "r1", "r2", "r3", "AVMIT_label", "MIT_label", "video_location",
               "tfrecord_filename"]  # fmt: skip
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "video_ratings.csv", index=False)
    return tmp_path


def run(folder, *more):
    command = ["prior", "--embeddings", str(folder / "embeddings"), "--set", "vggish_vgg16",
               "--ratings", str(folder / "video_ratings.csv"),
               "--out", str(folder / "prior.csv"), *more]  # fmt: skip
    return CliRunner().invoke(app, command)


def test_the_command_writes_a_table_that_sessions_reads(rated):
    folder = rated
    result = run(folder, "--cache", str(folder))
    assert result.exit_code == 0, result.output
    table = pd.read_csv(folder / "prior.csv")
    assert list(table) == ["filename", "video_location", "probability", "fold"]
    assert table.groupby(table["filename"].map(source_of))["fold"].nunique().eq(1).all()
    means = table.groupby(table["filename"].str.startswith("barking"))["probability"].mean()
    assert means[True] > means[False] + 0.4
    assert len(read_prior(folder / "prior.csv")) == len(table)
    assert run(folder).exit_code == 1  # it is there already


def test_too_few_ratings_to_learn_from_are_refused(rated):
    folder = rated
    path = folder / "video_ratings.csv"
    pd.read_csv(path).assign(r1=3, r3=0).to_csv(path, index=False)
    result = run(folder)
    assert result.exit_code == 1
    assert "0 prominent clips" in str(result.exception)


def test_a_list_of_four_columns_tells_clips_that_nobody_has_rated(rated):
    path = rated / "video_ratings.csv"
    every = pd.read_csv(path)
    four = ["filename", "AVMIT_label", "video_location", "tfrecord_filename"]
    every[four].to_csv(rated / "candidates.csv", index=False)
    every[every.index % 3 > 0].to_csv(path, index=False)
    result = run(rated, "--clips", str(rated / "candidates.csv"), "--cache", str(rated))
    assert result.exit_code == 0, result.output
    assert list(pd.read_csv(rated / "prior.csv")["filename"]) == list(every["filename"])


def test_a_study_goes_from_candidates_to_a_prior_that_its_desk_reads(tmp_path, monkeypatch):
    monkeypatch.setattr("models.data.prior.LEAST", 2)
    tree = make_tree(tmp_path, 12)
    settings = [f'mit_root="{tree}"', f'classes="{tmp_path / "classes.csv"}"', "rehearsal=true",
                'protocol.rating_rule="until_certain"', 'protocol.prior="prior.csv"']  # fmt: skip
    study = init_study(tmp_path / "study", settings, AT)
    lists, here = study.folder / "release", ("--study", study.folder)
    assert run_command("curation", "candidates", *here).returncode == 0
    rng = np.random.default_rng(4)
    listed = read_clip_list(lists / "candidates.csv", tree)
    labels = sorted({clip.label for clip in listed})
    assert len(listed) == 12 * len(labels)
    for clip in listed:
        mean = float(labels.index(clip.label) % 2)
        audio, visual = (rng.normal(mean, 1, (3, size)).astype(np.float32) for size in (128, 512))
        record = Record(clip.filename, clip.label, audio, visual)
        write_record(tmp_path / "embeddings" / clip.tfrecord_filename, record)
    with store_transaction(study.store_url) as db:
        known = candidates.frame(db).iloc[::2]
        enrol(db, "S01", "S02", "S03", kind=ParticipantKind.SIMULATED)
        for person in ("S01", "S02", "S03"):
            said = [3 if labels.index(label) % 2 else 1 for label in known["avmit_label"]]
            rate(db, person, dict(zip(known["candidate_id"].tolist(), said, strict=True)))
    assert "without a classifier" in run_command("sessions", "status", *here).stdout
    assert run_command("curation", "export-ratings", *here).returncode == 0
    done = run_command(
        "models", "prior", "--embeddings", tmp_path / "embeddings", "--set", "vggish_vgg16",
        "--ratings", lists / "video_ratings.csv", "--clips", lists / "candidates.csv",
        "--out", study.folder / "prior.csv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = read_prior(study.folder / "prior.csv")
    assert len(told) == len(listed)
    told_of = of_clips(told, known.assign()).groupby(known["avmit_label"]).mean()
    assert told_of[labels[1]] > told_of[labels[0]]
    status = run_command("sessions", "status", *here)
    assert status.returncode == 0, status.stderr
    assert "certain from" in status.stdout
