"""What is finished is known after any end."""

import errno
from dataclasses import replace

import pytest

from features.extraction.clip_list import ListedClip
from features.extraction.record_journal import (
    JOURNAL_NAME,
    RecordJournal,
    open_journal,
    read_finished,
    require_same_clips,
)
from features.records.manifest import (
    ManifestRow,
    NetworkNote,
    Recipe,
    read_manifest,
    write_manifest,
)
from study.errors import RecordError

NOTE = NetworkNote("vggish", "vggish.h5", "a" * 64, None)
RECIPE = Recipe("vggish_vgg16", "paper", None, "float32", False, NOTE, NOTE)


def row(name, **changes):
    values = {
        "filename": f"{name}.mp4",
        "label": "x",
        "video_location": "training",
        "tfrecord_filename": f"x/{name}.tfrecord",
        "clip_sha256": "c",
        "record_sha256": "r",
        "audio_timesteps": 3,
        "visual_timesteps": 2,
        "audio_times_s": (0.0, 0.96, 1.92),
        "visual_times_s": (0.0, 1.0),
        "sample_rate_hz": 44100,
        "n_channels": 2,
        "warnings": (),
        **changes,
    }
    return ManifestRow(**values)


def touch(folder, *names):
    (folder / "x").mkdir(exist_ok=True)
    for name in names:
        (folder / "x" / f"{name}.tfrecord").touch()


def test_rows_survive_the_manifest_as_they_were(tmp_path):
    rows = [row("a"), row("b", sample_rate_hz=None, n_channels=None, warnings=("no sound",))]
    touch(tmp_path, "a", "b")
    write_manifest(tmp_path, RECIPE, {"av": "1"}, rows)
    manifest = read_manifest(tmp_path)
    assert (manifest.recipe, manifest.software) == (RECIPE, {"av": "1"})
    assert not manifest.recipe.is_untrained
    assert list(read_finished(tmp_path, RECIPE).values()) == rows


def test_what_was_noted_counts_if_its_file_is_there_and_a_cut_line_does_not(tmp_path):
    touch(tmp_path, "a", "c")
    with open_journal(tmp_path, RECIPE) as journal:
        journal.add(row("a"))
        journal.add(row("b"))
    with (tmp_path / JOURNAL_NAME).open("a") as file:
        file.write('{"filename": "c.m')
    with open_journal(tmp_path, RECIPE) as journal:
        journal.add(row("c"))
    assert list(read_finished(tmp_path, RECIPE)) == ["x/a.tfrecord", "x/c.tfrecord"]


def test_a_journal_of_another_recipe_is_refused(tmp_path):
    with open_journal(tmp_path, RECIPE) as journal:
        journal.add(row("a"))
    with pytest.raises(RecordError, match="grid was paper, now released"):
        read_finished(tmp_path, replace(RECIPE, grid="released"))


def test_a_record_of_another_clip_or_label_is_not_kept_for_this_one(tmp_path):
    touch(tmp_path, "a")
    with open_journal(tmp_path, RECIPE) as journal:
        journal.add(row("a"))
    finished = read_finished(tmp_path, RECIPE)
    same = ListedClip("a.mp4", "x", "training", "x/a.tfrecord", tmp_path / "a.mp4")
    require_same_clips([same, replace(same, video_location="validation")], finished, tmp_path)
    require_same_clips([replace(same, tfrecord_filename="x/b.tfrecord")], finished, tmp_path)
    for other in ({"filename": "z/a.mp4"}, {"label": "y"}):
        with pytest.raises(RecordError, match=r"x/a\.tfrecord is of a\.mp4, labelled x; the list"):
            require_same_clips([replace(same, **other)], finished, tmp_path)


def test_what_is_noted_behind_a_cut_first_line_is_found(tmp_path):
    touch(tmp_path, "a")
    (tmp_path / JOURNAL_NAME).write_bytes(b'{"embedding_set": "vgg\0\xff')
    with open_journal(tmp_path, RECIPE) as journal:
        journal.add(row("a"))
    assert list(read_finished(tmp_path, RECIPE)) == ["x/a.tfrecord"]


def test_a_run_that_ends_leaves_the_journal_of_the_next_one_alone(tmp_path):
    with open_journal(tmp_path, RECIPE) as ending:
        ending.remove()
        following = RecordJournal(tmp_path / JOURNAL_NAME, RECIPE)
    assert (tmp_path / JOURNAL_NAME).is_file()
    following.close()


def test_a_folder_that_cannot_be_locked_is_refused(tmp_path, monkeypatch):
    def flock(file, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(RecordError, match="cannot be locked: No locks available"):
        RecordJournal(tmp_path / JOURNAL_NAME, RECIPE)


def test_a_journal_in_which_nothing_was_noted_leaves_nothing(tmp_path):
    with open_journal(tmp_path, RECIPE):
        assert (tmp_path / JOURNAL_NAME).is_file()
    assert list(tmp_path.iterdir()) == []


def test_beginning_again_leaves_a_running_extraction_alone(tmp_path):
    touch(tmp_path, "a", "b")
    write_manifest(tmp_path, RECIPE, {}, [row("a")])
    with open_journal(tmp_path, RECIPE) as journal:
        journal.add(row("b"))
        with (
            pytest.raises(RecordError, match="another extraction is writing"),
            open_journal(tmp_path, RECIPE, again={"x/a.tfrecord", "x/b.tfrecord"}),
        ):
            pass
        assert len(read_finished(tmp_path, RECIPE)) == 2
    with open_journal(tmp_path, RECIPE, again={"x/a.tfrecord", "x/b.tfrecord"}):
        assert read_finished(tmp_path, RECIPE) == {}


def test_beginning_again_with_another_list_keeps_the_records_of_the_first(tmp_path):
    touch(tmp_path, "a", "b", "c")
    write_manifest(tmp_path, RECIPE, {}, [row("a"), row("b")])
    with open_journal(tmp_path, RECIPE) as journal:
        journal.add(row("c"))
    with open_journal(tmp_path, RECIPE, again={"x/b.tfrecord"}):
        assert set(read_finished(tmp_path, RECIPE)) == {"x/a.tfrecord", "x/c.tfrecord"}


def test_beginning_again_in_another_way_does_not_forget_the_records_of_another_list(tmp_path):
    touch(tmp_path, "a", "b")
    write_manifest(tmp_path, RECIPE, {}, [row("a"), row("b")])
    other = replace(RECIPE, grid="released")
    with (
        pytest.raises(RecordError, match=r"1 record that the list lacks .* such as x/a\.tfrecord"),
        open_journal(tmp_path, other, again={"x/b.tfrecord"}),
    ):
        pass
    assert len(read_finished(tmp_path, RECIPE)) == 2
    with open_journal(tmp_path, other, again={"x/a.tfrecord", "x/b.tfrecord"}):
        assert read_finished(tmp_path, other) == {}


def test_untrained_networks_are_told_from_the_manifest(tmp_path):
    untrained = replace(NOTE, untrained_seed=0, weights="untrained")
    write_manifest(tmp_path, replace(RECIPE, visual=untrained), {}, [])
    assert read_manifest(tmp_path).recipe.is_untrained


def test_a_missing_and_a_foreign_manifest_are_refused(tmp_path):
    with pytest.raises(RecordError, match="python -m features extract"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.parquet").write_bytes(b"something")
    with pytest.raises(RecordError, match="cannot be read"):
        read_manifest(tmp_path)
