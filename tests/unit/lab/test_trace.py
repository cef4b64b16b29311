import json
import shutil

import pytest
from sqlalchemy import delete, update
from typer.testing import CliRunner

from lab.__main__ import app
from lab.trace.chain import faults_of, lines
from lab.trace.follow import follow
from lab.trace.wanted import Bar, Cell5, RecordOf, Row, wanted
from study.errors import ConfigError
from study.store import store_transaction
from study.store.tables import (
    CandidateRow,
    KeyPressRow,
    PresentationRow,
    RatingRow,
    RecordNameRow,
    SessionRow,
)
from tests.worlds.traced import kept_of, make_traced

CLIP = "barking/clip_0.mp4"
RECORD = "barking/clip_0.tfrecord"
ROW = f"video_ratings.csv:{CLIP}"
BAR = "figure2:prominent/barking/3"
CELL = "table5:AVMIT/yamnet_effnet/gru"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return make_traced(tmp_path_factory.mktemp("traced") / "study")


@pytest.fixture
def study(whole, tmp_path):
    from study.config.study import find_study

    shutil.copytree(whole.folder, tmp_path / "study")
    return find_study(tmp_path / "study")


def broken(study, what=ROW):
    return faults_of(follow(kept_of(study), wanted(what)))


def kinds(study, what):
    return {link.kind for link in follow(kept_of(study), wanted(what)).every()}


def test_what_can_be_traced_is_spelt_as_the_files_spell_it():
    assert wanted(ROW) == Row("video_ratings", CLIP)
    assert wanted("barking/barking_1.mp4") == Row("test_set", "barking/barking_1.mp4")
    assert wanted(f"YamNet_EffNetB0/{RECORD}") == RecordOf(f"YamNet_EffNetB0/{RECORD}")
    assert wanted(BAR) == Bar("prominent", "barking", 3)
    assert wanted(f"{CELL}/loss") == Cell5("AVMIT", "yamnet_effnet", "gru", "loss")


@pytest.mark.parametrize("what", ["", "x", "table5:AVMIT/none/gru", "../x.csv:a", "figure2:a/b/c"])
def test_what_cannot_be_traced_is_refused_with_what_can(what):
    with pytest.raises(ConfigError, match=r"(cannot be traced|not a cell)"):
        wanted(what)


@pytest.mark.parametrize("what", [ROW, f"raw_video_ratings.csv:{CLIP}", RECORD, BAR, CELL])
def test_a_whole_study_has_no_broken_link(whole, what):
    assert broken(whole, what) == []


def test_a_cell_of_table_5_leads_to_key_presses(whole):
    assert kinds(whole, CELL) == {
        "number", "evaluation", "network", "train list", "test list", "clip", "record", "rating",
        "session", "presentation", "key press",
    }  # fmt: skip


def test_a_row_leads_to_rig_software_and_configuration(whole):
    text = "\n".join(lines(follow(kept_of(whole), wanted(ROW))))
    assert "rating 3 by P01: trial 1, response time s 0.8" in text
    assert "rig grade A" in text
    assert "sound minus picture ms -2" in text
    assert "key press '3': at s 4.8" in text


def in_store(statement):
    def plant(study):
        with store_transaction(study.store_url) as db:
            db.execute(statement)

    return plant


def in_file(name, old, new):
    def plant(study):
        path = study.folder / name
        said = path.read_text()
        assert old in said
        path.write_text(said.replace(old, new, 1))

    return plant


def in_json(name, **values):
    def plant(study):
        path = study.folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return plant


def gone(name):
    return lambda study: (study.folder / name).unlink()


OF_FIRST = RatingRow.trial_id == 1
BROKEN = {
    "tally": (
        in_store(update(RatingRow).where(OF_FIRST).values(rating=1)), ROW, "ratings of 1, 2 and 3",
    ),
    "key": (
        in_store(update(KeyPressRow).where(KeyPressRow.trial_id == 1).values(key="1")), ROW,
        "the key that was pressed is '1'",
    ),
    "no key": (in_store(delete(KeyPressRow).where(KeyPressRow.trial_id == 1)), ROW,
               "it has no key press"),
    "early": (in_store(update(RatingRow).where(OF_FIRST).values(n_early_presses=2)), ROW,
              "2 early presses"),
    "time": (in_store(update(RatingRow).where(OF_FIRST).values(rt_s=0.3)), ROW,
             "times add up to 0.300000 s"),
    "presentation": (
        in_store(delete(PresentationRow).where(PresentationRow.trial_id == 1)), ROW,
        "it has no presentation",
    ),
    "other clip shown": (
        in_store(
            update(PresentationRow)
            .where(PresentationRow.trial_id == 1)
            .values(clip_sha256="f" * 64)
        ),
        ROW, "it played another file",
    ),
    "label": (in_store(update(CandidateRow).where(CandidateRow.id == 1).values(avmit_label="x")),
              ROW, "the store 'x'"),
    "name of the record": (
        in_store(update(RecordNameRow).where(RecordNameRow.id == 1)
                 .values(tfrecord_filename="a/b.tfrecord", folded="a/b.tfrecord")),
        ROW, "the store 'a/b.tfrecord'",
    ),
    "table": (in_file("release/video_ratings.csv", ",0,0,3,", ",0,1,2,"), ROW, "it was changed"),
    "origin of the table": (gone("release/video_ratings.json"), ROW, "says where it comes from"),
    "software": (in_store(update(SessionRow).values(rig={"grade": "A"})), ROW,
                 "does not say which software it ran"),
    "clip changed": (lambda study: study.clip_path("training", CLIP).write_text("other"), ROW,
                     "is not the file that was admitted"),
    "clip gone": (lambda study: study.clip_path("training", CLIP).unlink(), ROW, "is not there"),
    "record gone": (gone(f"embeddings/YamNet_EffNetB0/{RECORD}"), RECORD, "is not there"),
    "record changed": (
        lambda study: (study.folder / f"embeddings/YamNet_EffNetB0/{RECORD}").write_bytes(b"x"),
        RECORD, "not the file that its manifest lists",
    ),
    "clip of the record": (
        in_store(update(CandidateRow).where(CandidateRow.id == 1).values(sha256="e" * 64)), RECORD,
        "made of another file",
    ),
    "network gone": (gone("models/AVMIT/model.keras"), CELL, "is not there"),
    "network changed": (lambda study: (study.folder / "models/AVMIT/model.keras").write_bytes(b"x"),
                        CELL, "not the file that its card describes"),
    "network of the evaluation": (
        in_json("models/AVMIT/evaluations/test_set.json", model_sha256="2" * 64), CELL,
        "of another network",
    ),
    "number": (in_json("models/AVMIT/evaluations/test_set.json", top_1=0.9), CELL,
               "its top 1 is not that of its clips"),
    "loss": (in_json("models/AVMIT/evaluations/test_set.json", loss=0.1), CELL,
             "not the mean of its clips'"),
    "training list": (in_file("models/AVMIT/lists/train.csv", "clip_0.mp4", "clip_9.mp4"), CELL,
                      "not the list that was used"),
    "key behind a cell": (in_store(delete(KeyPressRow).where(KeyPressRow.trial_id == 5)), CELL,
                          "it has no key press"),
    "key behind a bar": (in_store(delete(KeyPressRow).where(KeyPressRow.trial_id == 1)), BAR,
                         "it has no key press"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_link_is_found_and_named(kind, study):
    plant, what, says = BROKEN[kind]
    plant(study)
    assert any(says in fault for fault in broken(study, what)), broken(study, what)


def test_the_command_draws_the_chain_and_ends_with_1_where_a_link_is_broken(study, tmp_path):
    page = tmp_path / "trace.html"
    asked = ["trace", ROW, "--study", str(study.folder), "--html", str(page)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "No link is broken" in page.read_text()
    assert "<script" not in page.read_text()
    study.clip_path("training", CLIP).unlink()
    again = CliRunner().invoke(app, [*asked, "--overwrite"])
    assert again.exit_code == 1
    assert "1 broken link:" in page.read_text()


def test_a_number_that_is_not_there_is_refused_in_one_line(whole):
    for what in ("video_ratings.csv:barking/none.mp4", "figure2:prominent/singing/3",
                 "table5:MIT16/yamnet_effnet/gru", "table4:yamnet_effnet/gru", "a/b.tfrecord",
                 "trials.csv:3"):  # fmt: skip
        with pytest.raises(ConfigError):
            broken(whole, what)
