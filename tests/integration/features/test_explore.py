"""Embeddings are looked at: mislabelled clips, near-duplicates, agreement of sound and picture."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from features.__main__ import app
from features.explore.neighbours import (
    Clips,
    near_duplicates,
    nearest,
    neighbourhoods,
    project,
    unit_vectors,
)
from features.records.manifest import ManifestRow, NetworkNote, Recipe, write_manifest
from features.records.records import Record, write_record
from tests.references.clips import write_colourful_clip

LABELS = ("barking", "raining", "tapping")


def make_clips(n_per_class=12, seed=0):
    """Return three clear classes, one clip of which carries the wrong label."""
    rng = np.random.default_rng(seed)
    rows, audio, visual = [], [], []
    for index, label in enumerate(LABELS):
        for number in range(n_per_class):
            event = rng.normal(size=20)  # what sound and picture of a clip share
            event[6 * index : 6 * index + 6] += 8
            audio.append(event + 0.3 * rng.normal(size=20))
            visual.append(event + 0.3 * rng.normal(size=20))
            rows.append({"filename": f"{label}/{number}.mp4", "label": label,
                         "tfrecord_filename": f"{label}/{number}.tfrecord"})  # fmt: skip
    rows[0]["label"] = "raining"
    about = pd.DataFrame(rows)
    means = [np.stack(x).astype(np.float32) for x in (audio, visual)]
    return Clips(about, unit_vectors(means[0]), unit_vectors(means[1]))


def test_neighbours_are_those_of_a_plain_sort():
    vectors = make_clips().joint
    expected = []
    for index, vector in enumerate(vectors):
        distances = np.linalg.norm(vectors - vector, axis=1)
        distances[index] = np.inf
        expected.append(np.argsort(distances)[:5])
    assert [set(row) for row in nearest(vectors, 5)] == [set(row) for row in expected]


def test_a_clip_with_the_wrong_label_stands_out():
    table = neighbourhoods(make_clips())
    suspects = table[table["suggested_label"] != table["label"]]
    assert suspects["tfrecord_filename"].tolist() == ["barking/0.tfrecord"]
    assert suspects["suggested_label"].tolist() == ["barking"]
    assert table["agreement"].iloc[0] < 0.2


def test_a_clip_unlike_all_others_is_the_most_isolated():
    clips = make_clips()
    audio, visual = (-vectors.mean(axis=0) + 0 * vectors for vectors in (clips.audio, clips.visual))
    odd = Clips(clips.about, clips.audio.copy(), clips.visual.copy())
    odd.audio[7], odd.visual[7] = (rows[7] / np.linalg.norm(rows[7]) for rows in (audio, visual))
    table = neighbourhoods(odd)
    assert table["isolation"].idxmax() == 7
    distances = 1 - odd.joint @ odd.joint[7]
    distances[7] = np.inf
    assert table["isolation"][7] == pytest.approx(np.sort(distances)[:10].mean(), rel=1e-4)


def test_correspondence_is_high_where_sound_and_picture_agree_and_chance_where_they_do_not():
    clips = make_clips()
    rng = np.random.default_rng(1)
    shuffled = Clips(clips.about, clips.audio, clips.visual[rng.permutation(len(clips.visual))])
    same = Clips(clips.about, clips.audio, clips.audio)
    means = [neighbourhoods(c)["correspondence"].mean() for c in (same, clips, shuffled)]
    assert means[0] == 1.0
    assert means[0] > means[1] > means[2] + 0.2


def test_near_duplicates_must_sound_and_look_the_same():
    clips = make_clips()
    audio, visual = clips.audio.copy(), clips.visual.copy()
    audio[20], visual[20] = audio[3], visual[3]
    audio[21] = audio[5]  # sounds the same and looks different
    pairs = near_duplicates(Clips(clips.about, audio, visual))
    assert pairs[["first", "second", "same_label"]].to_numpy().tolist() == [
        ["barking/3.tfrecord", "raining/8.tfrecord", False]
    ]


def test_the_map_keeps_classes_together_and_is_the_same_for_the_same_seed():
    clips = make_clips()
    places = project(clips.joint, seed=1)
    assert places.shape == (36, 2)
    assert (places >= 0).all()
    assert (places <= 1).all()
    np.testing.assert_array_equal(places, project(clips.joint, seed=1))
    centres = [places[index * 12 + 1 : index * 12 + 12].mean(axis=0) for index in range(3)]
    spread = np.mean([places[i * 12 + 1 : i * 12 + 12].std() for i in range(3)])
    assert np.linalg.norm(centres[0] - centres[1]) > spread


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "VGGish_VGG16"
    rows = []
    for label in LABELS:
        for number in range(4):
            name = f"{label}/clip<{number}>"
            record = Record(f"{name}.mp4", label, rng.normal(size=(3, 128)).astype("f4"),
                            rng.normal(size=(4, 512)).astype("f4"))  # fmt: skip
            write_record(folder / f"{name}.tfrecord", record)
            rows.append(ManifestRow(f"{name}.mp4", label, "training", f"{name}.tfrecord", "", "",
                                    3, 4, (0.0,) * 3, (0.0,) * 4, 44100, 2, ()))  # fmt: skip
    note = NetworkNote("vggish", "untrained", "", 1)
    write_manifest(folder, Recipe("vggish_vgg16", "paper", None, "float32", False, note, note), {},
                   rows)  # fmt: skip
    clip = tmp_path / "mit" / "training" / "barking" / "clip<0>.mp4"
    clip.parent.mkdir(parents=True)
    write_colourful_clip(clip, n_frames=5)
    return folder


def test_the_page_shows_clips_escapes_their_names_and_needs_no_other_file(folder, tmp_path):
    page = tmp_path / "page.html"
    command = ["explore", str(folder), "--out", str(page), "--mit-root", str(tmp_path / "mit")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "12 clips" in result.stdout
    text = page.read_text()
    assert text.count("<circle cx") == 12 + 3
    assert "clip&lt;0&gt;" in text
    assert text.count("mean distance") == 12
    assert "clip<0>" not in text
    assert "untrained networks: a rehearsal" in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    again = CliRunner().invoke(app, command)
    assert "--overwrite" in str(again.exception)


def test_records_that_others_made_are_shown_without_pictures(folder, tmp_path):
    (folder / "manifest.parquet").unlink()
    page = tmp_path / "page.html"
    command = ["explore", str(folder), "--out", str(page), "--mit-root", str(tmp_path / "mit")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    text = page.read_text()
    assert text.count("<circle cx") == 12 + 3
    assert "<img" not in text
    assert "rehearsal" not in text
