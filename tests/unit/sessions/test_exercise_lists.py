import re

import pandas as pd
import pytest
from sqlalchemy import update

from sessions.exercises import choosing
from sessions.exercises.lists import COLUMNS, read_list, write_draft
from study.errors import ConfigError, TableError
from study.store import audit, transaction
from study.store.desk import Desk
from study.store.plan import exercises
from study.store.plan.exercises import ExerciseClip
from study.store.tables import SessionRow
from study.vocabulary import ParticipantKind, Phase, Rating
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

LABELS = ["barking", "frying"]
REASON = 'The dog is loud, and "large": é'
FREE = pd.DataFrame(
    [
        (number, label, "training", f"{label}/{i}.mp4")
        for number, (label, i) in enumerate([(label, i) for label in LABELS for i in range(3)])
    ],
    columns=["candidate_id", "avmit_label", "video_location", "filename"],
).assign(taken="")


def filled(**changes) -> pd.DataFrame:
    """Return a list with a training and two screenings; change its third row."""
    table = FREE.assign(
        phase=["training", "screening", "screening"] * 2,
        exercise_set=["1", "1", "2"] * 2,
        rating="3",
        reasoning=REASON,
    )[list(COLUMNS)]
    for column, value in changes.items():
        table.loc[2, column] = value
    return table


def test_a_draft_that_was_filled_in_comes_back(tmp_path):
    path = tmp_path / "list.csv"
    write_draft(filled(), path, overwrite=False)
    assert pd.read_csv(path, keep_default_na=False)["rating"].tolist() == [""] * 6
    filled().to_csv(path, index=False)
    clips = read_list(path, FREE, LABELS).clips
    assert clips[2] == ExerciseClip(2, Phase.SCREENING, 2, 0, Rating.VERY_CLEAN, REASON)
    assert [clip.position for clip in clips] == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(("separator", "encoding"), [(";", "utf-8"), (",", "utf-8-sig")])
def test_spreadsheets_of_other_countries_are_read(tmp_path, separator, encoding):
    path = tmp_path / "list.csv"
    filled().to_csv(path, index=False, sep=separator, encoding=encoding)
    assert read_list(path, FREE, LABELS).clips[0].reasoning == REASON


@pytest.mark.parametrize("odd", ["MIT_training", "Training", " training "])
def test_a_place_is_understood_in_every_spelling(tmp_path, odd):
    path = tmp_path / "list.csv"
    filled(video_location=odd, filename="barking\\2.mp4").to_csv(path, index=False)
    assert len(read_list(path, FREE, LABELS).clips) == 6


def test_a_draft_with_a_clip_twice_is_not_written(tmp_path):
    with pytest.raises(TableError, match=r"barking/0.mp4 .* would stand twice in list.csv"):
        write_draft(filled(filename="barking/0.mp4"), tmp_path / "list.csv", overwrite=False)
    assert not (tmp_path / "list.csv").exists()


def test_rows_that_were_emptied_are_passed_over(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(filled().to_csv(index=False) + "\n,,,,,,\n,,,,,,\n")
    assert len(read_list(path, FREE, LABELS).clips) == 6


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"filename": "barking/9.mp4"}, "line 4: training/barking/9.mp4 is not a candidate of"),
        ({"filename": "barking/0.mp4"}, "line 4: training/barking/0.mp4 is on line 2 already"),
        ({"avmit_label": "frying"}, "is of class barking and the row says 'frying'"),
        ({"phase": "test"}, "phase 'test'"),
        ({"exercise_set": "0"}, "set '0'"),
        ({"exercise_set": "²"}, "set '²'"),
        ({"rating": "4"}, "rating '4'"),
        ({"rating": ""}, "rating ''"),
        ({"reasoning": " "}, "says why"),
        ({"phase": "training", "exercise_set": "1"}, r"training set 1 .*\(barking 2\)"),
        ({"exercise_set": "3"}, r"screening set 3 has not one clip of each class \(frying 0\)"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path, changes, message):
    path = tmp_path / "list.csv"
    filled(**changes).to_csv(path, index=False)
    assert re.search(message, "\n".join(read_list(path, FREE, LABELS).faults))


@pytest.mark.parametrize(
    "taken",
    ["is in the plan", "was sampled for ground truths", "is in training set 1 already",
     "was not admitted (no audio)"],
)  # fmt: skip
def test_it_is_said_why_a_clip_cannot_be_taken(tmp_path, taken):
    path, known = tmp_path / "list.csv", FREE.copy()
    filled().to_csv(path, index=False)
    known.loc[2, "taken"] = taken
    assert read_list(path, known, LABELS).faults == (
        f"line 4: training/barking/2.mp4 {taken}. Choose another clip of class barking",
    )


def test_all_wrong_lines_are_named_at_once(tmp_path):
    path, table = tmp_path / "list.csv", filled(rating="4")
    table.loc[4, "reasoning"] = ""
    table.loc[5, "filename"] = "frying/7.mp4"
    table.to_csv(path, index=False)
    faults = read_list(path, FREE, LABELS).faults
    assert [fault.split(":")[0] for fault in faults] == ["line 4", "line 6", "line 7"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "lacks the columns phase, .* it has none"),
        (b"phase,filename\n", "lacks the columns exercise_set, .* it has phase, filename"),
        (",".join(COLUMNS).encode(), "has no rows"),
        (b"\xff\xfep\x00", "is UTF-16 text. Save it as UTF-8"),
        (f"{','.join(COLUMNS)}\ntraining,1".encode(), "line 2 has 2 cells and the heading has 7"),
        (
            f"{','.join(COLUMNS)}\ntraining,1,barking,training,barking/0.mp4,3,a,b".encode(),
            "line 2 has 8 cells and the heading has 7. .* in double quotes",
        ),
    ],
)
def test_a_file_that_is_no_list_is_named(tmp_path, content, message):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_list(path, FREE, LABELS)


def test_a_set_may_be_replaced_until_somebody_but_the_expert_has_met_it(tmp_path):
    study, engine = new_study(tmp_path)
    with transaction(engine) as db:
        first, second, *_ = add_candidates(db, 2, ("barking",))
        enrol(db, "P01", "P02")
        enrol(db, "EXPERT", kind=ParticipantKind.EXPERT)
        desk = Desk(db, study, "AB", AT)

        def chosen(clip):
            made = [ExerciseClip(clip, Phase.TRAINING, 1, 0, Rating.UNCLEAN, "Only heard.")]
            return choosing.set_exercise(desk, made)

        assert chosen(first) == []
        rate(db, "EXPERT", {first: 1}, phase=Phase.TRAINING)
        assert chosen(second) == [(Phase.TRAINING, 1)]
        assert exercises.frame(db)["candidate_id"].tolist() == [second]
        assert audit.frame(db).iloc[-1]["detail"]["replaced"] == [["training", 1]]
        rate(db, "P01", {}, phase=Phase.TRAINING)
        db.execute(update(SessionRow).values(ended_at=None))
        with pytest.raises(ConfigError, match="a training of EXPERT, P01 is open at the moment"):
            chosen(first)
        rate(db, "P02", {second: 1}, phase=Phase.TRAINING)
        with pytest.raises(ConfigError, match=r"changed: P02 rated clips of it\. Nothing was chan"):
            chosen(first)
        assert exercises.frame(db)["candidate_id"].tolist() == [second]
    engine.dispose()
