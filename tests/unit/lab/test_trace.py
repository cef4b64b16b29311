import json
import shutil
import unicodedata

import pytest
from sqlalchemy import delete, update
from typer.testing import CliRunner

from lab.__main__ import app
from lab.release.writing import Wishes, release
from lab.trace.chain import faults_of, lines
from lab.trace.follow import follow
from lab.trace.release.rows import follow_in_release
from lab.trace.traceable import Bar, Cell5, RecordOf, Row, wanted
from study.config.study import find_study
from study.errors import ConfigError
from study.reading.clip_keys import key_of
from study.store import store_transaction
from study.store.ratings.counted import judged
from study.store.tables import (
    CandidateRow,
    KeyPressRow,
    PresentationRow,
    RatingRow,
    RecordNameRow,
    SessionRow,
)
from tests.worlds.traced import AT, kept_of, make_traced

CLIP = "barking/clip_0.mp4"
RECORD = "barking/clip_0.tfrecord"
ROW = f"video_ratings.csv:{CLIP}"
BAR = "figure2:prominent/barking/3"
CELL = "table5:AVMIT/yamnet_effnet/gru"
CELL_4 = "table4:yamnet_effnet/gru"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return make_traced(tmp_path_factory.mktemp("traced") / "study")


@pytest.fixture
def study(whole, tmp_path):
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


@pytest.mark.parametrize(
    "what",
    [ROW, f"raw_video_ratings.csv:{CLIP}", RECORD, BAR, CELL, CELL_4, f"{CELL_4}/dropout"],
)
def test_a_whole_study_has_no_broken_link(whole, what):
    assert broken(whole, what) == []


def test_a_cell_of_table_5_leads_to_key_presses(whole):
    assert kinds(whole, CELL) == {
        "number", "evaluation", "network", "train list", "test list", "clip", "record", "rating",
        "session", "presentation", "key press",
    }  # fmt: skip


def test_a_cell_of_table_4_leads_from_the_best_surrogate_to_key_presses(whole):
    assert kinds(whole, CELL_4) == {
        "number", "surrogate", "train list", "validation list", "clip", "record", "rating",
        "session", "presentation", "key press",
    }  # fmt: skip
    chain = follow(kept_of(whole), wanted(f"{CELL_4}/val_loss"))
    assert (chain.name, chain.facts) == (
        "Table 4, YamNet + EffNetB0, GRU, Validation Loss", (("Validation Loss", "0.7000"),)
    )  # fmt: skip
    (surrogate,) = chain.below
    assert surrogate.name == "search/yamnet_effnet-gru 1"
    assert dict(surrogate.facts)["the best of"] == "2"


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
    "records behind a network": (
        in_file("models/AVMIT/model_card.json", '"records_sha256": "', '"records_sha256": "f'),
        CELL, "the records in YamNet_EffNetB0 are not those that were used",
    ),
    "key behind a cell": (in_store(delete(KeyPressRow).where(KeyPressRow.trial_id == 5)), CELL,
                          "it has no key press"),
    "records of a search": (
        lambda study: [
            in_file(f"models/search/yamnet_effnet-gru/00{one}.json", '":["', '":["f')(study)
            for one in (0, 1)
        ],
        CELL_4, "are not those that were used",
    ),
    "list of a search": (
        in_file("models/search/search.json", '"lists": [\n    "', '"lists": [\n    "f'), CELL_4,
        "is not the list that was used",
    ),
    "epochs of a surrogate": (
        in_file("models/search/yamnet_effnet-gru/001.json", '"val_loss":0.7,', '"val_loss":0.6,'),
        CELL_4, "not the lowest of its epochs",
    ),
    "chosen hyperparameters": (
        in_file("models/search/best.json", '"dropout": 0.', '"dropout": 0.0'), CELL_4,
        "has other hyperparameters",
    ),
    "record behind a cell": (gone(f"embeddings/YamNet_EffNetB0/{RECORD}"), CELL_4, "is not there"),
    "key behind a surrogate": (
        in_store(delete(KeyPressRow).where(KeyPressRow.trial_id == 5)), CELL_4,
        "it has no key press",
    ),
    "key behind a bar": (in_store(delete(KeyPressRow).where(KeyPressRow.trial_id == 1)), BAR,
                         "it has no key press"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_link_is_found_and_named(kind, study):
    plant, what, says = BROKEN[kind]
    plant(study)
    assert any(says in fault for fault in broken(study, what)), broken(study, what)


def test_rows_of_released_tables_that_the_store_can_answer_are_followed_there(whole):
    assert broken(whole, f"clips.csv:{CLIP}") == []
    assert "key press" in kinds(whole, f"clips.csv:{CLIP}")
    with pytest.raises(ConfigError, match="the store has no clip"):
        broken(whole, f"rejects.csv:{CLIP}")


def test_a_list_of_single_ratings_is_held_against_the_store(study):
    path = study.folder / "release/raw_video_ratings.csv"
    rows = path.read_text().splitlines()
    path.write_text("\n".join([rows[0], rows[1].removesuffix("3") + "2", *rows[2:], ""]))
    faults = broken(study, f"raw_video_ratings.csv:{CLIP}")
    assert any("the ratings [2, 3, 3], and the store [3, 3, 3]" in fault for fault in faults)


def test_of_a_large_store_only_the_clips_that_are_asked_for_are_read(study, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "lab.trace.stored.judged",
        lambda db, study, phase, clips: asked.append(clips) or judged(db, study, phase, clips),
    )
    assert broken(study, ROW) == []
    assert [list(ids) for ids in asked] == [[1]]
    monkeypatch.setattr("lab.trace.stored.MOST_NAMED", 2)
    assert broken(study, BAR) == []  # three clips, which are more than are asked for by name
    assert asked[1:] == [None]


def test_a_name_with_an_accent_is_found_however_the_store_spells_it(study):
    decomposed = unicodedata.normalize("NFD", "barking/caf\u00e9.mp4")
    with store_transaction(study.store_url) as db:
        db.execute(update(CandidateRow).where(CandidateRow.id == 1).values(filename=decomposed))
    stored = kept_of(study).clip(key_of("training", decomposed))
    assert stored.candidate["candidate_id"] == 1
    assert len(stored.ratings) == 3


@pytest.fixture(scope="module")
def with_release(whole, tmp_path_factory):
    out = tmp_path_factory.mktemp("traced") / "release"
    release(whole, out, Wishes(allow_unfinished=True), at=AT)
    return whole, out


def test_a_released_trial_goes_on_into_the_store_to_its_own_key_press(with_release):
    study, folder = with_release
    chain = follow_in_release(folder, wanted("trials.csv:2"), kept_of(study))
    assert faults_of(chain) == []
    of_kind = [link.kind for link in chain.every()]
    assert of_kind.count("rating") == 2  # what was released, and what the store has
    assert of_kind[-2:] == ["presentation", "key press"]
    alone = follow_in_release(folder, wanted("trials.csv:2"))
    assert "key press" not in {link.kind for link in alone.every()}


def test_a_released_trial_that_the_store_does_not_have_breaks_the_chain(with_release, tmp_path):
    study, folder = with_release
    other = shutil.copytree(study.folder, tmp_path / "study")
    found = find_study(other)
    in_store(update(RatingRow).values(rt_s=0.3))(found)
    faults = faults_of(follow_in_release(folder, wanted("trials.csv:2"), kept_of(found)))
    assert any("the store has no such rating" in fault for fault in faults)


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
                 "table5:MIT16/yamnet_effnet/gru", "table4:yamnet_effnet/lstm", "a/b.tfrecord",
                 "trials.csv:3"):  # fmt: skip
        with pytest.raises(ConfigError):
            broken(whole, what)
