"""A release alone is traced as far as it goes, and a change in it is a broken link."""

import csv
import io
import shutil
import tarfile

import pytest

from lab.trace.chain import faults_of, lines
from lab.trace.release.rows import follow_in_release
from lab.trace.traceable import wanted
from study.errors import ConfigError
from tests.worlds.sealing import seal

pytestmark = pytest.mark.filterwarnings("error::ResourceWarning")


@pytest.fixture
def release(released_study, tmp_path):
    return shutil.copytree(released_study.folder, tmp_path / "release")


def rows_of(folder, name):
    return list(csv.DictReader(io.StringIO((folder / name).read_text())))


def write_rows(folder, name, rows):
    with (folder / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def traced(folder, what):
    return follow_in_release(folder, wanted(what))


def test_every_row_of_every_list_has_a_whole_chain(released_study):
    folder = released_study.folder
    asked = [
        f"{name}:{row['filename']}"
        for name in ("video_ratings.csv", "test_set.csv", "AVMIT_train.csv", "clips.csv")
        for row in rows_of(folder, name)
    ]
    assert len(asked) > 40
    assert {what: faults_of(traced(folder, what)) for what in asked} == {what: [] for what in asked}


def test_a_row_leads_to_its_command_its_ratings_and_its_record_in_each_archive(released_study):
    folder = released_study.folder
    row = rows_of(folder, "video_ratings.csv")[0]
    chain = traced(folder, f"video_ratings.csv:{row['filename']}")
    of_kind = {}
    for link in chain.every():
        of_kind.setdefault(link.kind, []).append(link)
    (file,) = of_kind["file"]
    assert dict(file.facts)["made by"] == "python -m curation export-ratings"
    own = [
        one
        for one in rows_of(folder, "trials.csv")
        if (one["video_location"], one["filename"]) == (row["video_location"], row["filename"])
    ]
    assert len(of_kind["rating"]) == len(own) > 0
    assert len(of_kind["record"]) == len(list(folder.glob("AVMIT_*.tar"))) == 2


def test_a_test_clip_a_record_and_a_bar_are_found_by_name(released_study):
    folder = released_study.folder
    test_clip = rows_of(folder, "test_set.csv")[0]
    rated = rows_of(folder, "video_ratings.csv")[0]
    for what, name in (
        (test_clip["new_filename"], f"test_set.csv:{test_clip['filename']}"),
        (rated["tfrecord_filename"], f"clips.csv:{rated['filename']}"),
    ):
        chain = traced(folder, what)
        assert (chain.name, faults_of(chain)) == (name, [])
    label, votes = rated["AVMIT_label"], int(rated["r3"])
    bar = traced(folder, f"figure2:prominent/{label}/{votes}")
    assert faults_of(bar) == []
    assert any("video_ratings.csv:" in line for line in lines(bar))


@pytest.mark.parametrize(
    "what",
    [
        "trials.csv:7", "rejects.csv:barking/mute.mp4", "agreement.csv:all/present/percent",
        "left_out.csv:trials/annotation/failed", "data_dictionary.csv:video_ratings.csv/r1",
    ],
)  # fmt: skip
def test_a_row_of_every_other_table_leads_to_the_command_that_made_it(released_study, what):
    chain = traced(released_study.folder, what)
    assert faults_of(chain) == []
    (file,) = (link for link in chain.every() if link.kind == "file")
    assert dict(file.facts)["made by"].startswith("python -m ")


def test_a_row_of_the_trials_shows_its_own_rating_alone(released_study):
    chain = traced(released_study.folder, "trials.csv:7")
    (rating,) = (link for link in chain.every() if link.kind == "rating")
    assert dict(rating.facts)["row id"] == "7"


def test_a_record_of_an_archive_is_held_against_its_manifest(release):
    row = rows_of(release, "video_ratings.csv")[0]
    path = release / "AVMIT_VGGish_VGG16.tar"
    with tarfile.open(path) as archive:
        members = [(one, archive.extractfile(one).read()) for one in archive]
    with tarfile.open(path, "w") as archive:
        for member, content in members:
            is_it = member.name.endswith(row["tfrecord_filename"])
            archive.addfile(member, io.BytesIO(content[::-1] if is_it else content))
    faults = faults_of(traced(release, f"video_ratings.csv:{row['filename']}"))
    assert faults == [
        f"record {path.name}/{row['tfrecord_filename']}: it is not the file that the manifest of "
        "the archive lists"
    ]


@pytest.mark.parametrize("is_sealed", [False, True], ids=["changed", "changed and sealed"])
def test_counts_that_do_not_follow_from_the_trials_break_the_chain(release, is_sealed):
    rows = rows_of(release, "video_ratings.csv")
    rows[0]["r1"], rows[0]["r3"] = "9", "0"
    write_rows(release, "video_ratings.csv", rows)
    if is_sealed:
        seal(release)
    faults = faults_of(traced(release, f"video_ratings.csv:{rows[0]['filename']}"))
    assert any("trials.csv holds" in fault for fault in faults)
    assert any("was changed" in fault for fault in faults) is not is_sealed


def test_a_clip_or_a_record_that_is_gone_breaks_the_chain(release):
    rows = rows_of(release, "video_ratings.csv")
    gone, kept = rows[0]["filename"], rows[1]["filename"]
    clips = [row for row in rows_of(release, "clips.csv") if row["filename"] != gone]
    write_rows(release, "clips.csv", clips)
    archive = next(release.glob("AVMIT_*.tar"))
    archive.write_bytes(archive.read_bytes()[:1500])
    of_gone = faults_of(traced(release, f"video_ratings.csv:{gone}"))
    of_kept = faults_of(traced(release, f"video_ratings.csv:{kept}"))
    assert any("clips.csv does not have it" in fault for fault in of_gone)
    assert any(archive.name in fault for fault in of_kept)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("video_ratings.csv:barking/nobody.mp4", "has no row 'barking/nobody.mp4'"),
        ("table5:AVMIT/yamnet_effnet/gru", "a release has no networks"),
        ("barking/nobody.tfrecord", "barking/nobody.tfrecord"),
        ("figure2:prominent/whistling/3", "whistling"),
    ],
)
def test_what_a_release_does_not_have_is_said_in_one_line(released_study, what, said):
    with pytest.raises(ConfigError, match=said) as raised:
        traced(released_study.folder, what)
    assert "\n" not in str(raised.value)
