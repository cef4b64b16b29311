"""Recognition answers leave with a release: as trials, as views of them, and checked."""

import json
import shutil
from dataclasses import replace

import pandas as pd
import pytest
from typer.testing import CliRunner

from curation.__main__ import app as curation
from curation.release.trial_table.columns import schema_of
from curation.release.trial_table.views import model_vs_human, recognition_trials
from lab.__main__ import app
from lab.checking.all_checks import check_release
from lab.checking.descriptions.folders import BIDS
from lab.compare.reading import read_responses
from lab.release.descriptions.huggingface import head
from lab.report.recognition import recognised, sentences
from study.config.study import find_study
from study.errors import StudyError
from study.store import store_transaction
from study.store.people import participants, removals
from study.store.tables import AnswerRow
from study.vocabulary import Phase
from tests.worlds.answered import released_answers
from tests.worlds.releases import FIRST_DAY, PEOPLE, SECRETS
from tests.worlds.sealing import cell, edit_table, seal

VIEWS = ("recognition_trials.csv", "model_vs_human.csv")


@pytest.fixture
def alone(answers_alone):
    return answers_alone


@pytest.fixture
def both(answers_beside_ratings):
    return answers_beside_ratings


@pytest.fixture
def study(alone, tmp_path):
    """Return a copy of the study that is a recognition experiment alone, to be changed."""
    shutil.copytree(alone.study.folder, tmp_path / "study")
    return find_study(tmp_path / "study")


@pytest.fixture
def release(alone, tmp_path):
    return shutil.copytree(alone.folder, tmp_path / "release")


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def breaking(folder):
    return {one.code for one in check_release(folder) if one.breaks}


def test_a_recognition_study_alone_has_its_answers_and_no_table_of_ratings(alone):
    assert {path.name for path in alone.folder.glob("*.csv")} == {
        "trials.csv", *VIEWS, "stimuli.csv", "left_out.csv", "data_dictionary.csv",
    }  # fmt: skip
    trials = read(alone.folder / "trials.csv")
    assert list(trials) == schema_of([Phase.RECOGNITION]).names
    told = read(alone.folder / "data_dictionary.csv").query("column == 'response'")["values"]
    assert set(told) == {"barking;diving;frying"}
    assert set(trials["phase"]) == {"recognition"}
    assert (len(trials), trials["participant"].nunique()) == (44, 4)
    assert not check_release(alone.folder)


def test_both_kinds_of_trials_stand_in_one_table_each_with_its_own_columns(both):
    trials = read(both.folder / "trials.csv")
    assert list(trials) == schema_of(["annotation", "recognition"]).names
    rated = trials["phase"] == "annotation"
    own = {each.name for each in schema_of(["annotation"]).columns}
    of_answers = {each.name for each in schema_of(["recognition"]).columns}
    assert (trials.loc[rated, sorted(of_answers - own)] == "").all(axis=None)
    assert (trials.loc[~rated, sorted(own - of_answers)] == "").all(axis=None)
    assert set(trials["rating"]) == {"1", "3", ""}
    assert trials.groupby("phase").size().to_dict() == {"annotation": 72, "recognition": 44}
    assert not {one.code for one in check_release(both.folder) if one.breaks}


def test_the_views_are_the_rows_of_the_table_and_are_read_by_a_comparison(both):
    trials = read(both.folder / "trials.csv")
    for name, view in zip(VIEWS, (recognition_trials, model_vs_human), strict=True):
        table = read(both.folder / name)
        expected = view(trials).astype(str).rename(columns={"stimulus": "filename"})
        assert table.to_dict("records") == expected.to_dict("records")
        found = read_responses([both.folder / name], [])
        assert found.is_correct.sum() == (trials["correct"] == "True").sum() == 32
    subjects = set(read(both.folder / VIEWS[1])["subj"])
    answered = trials.loc[trials["phase"] == "recognition", "participant"]
    assert subjects == {f"subject-{name}" for name in answered}


def test_stimuli_say_how_they_were_made_and_nothing_that_no_column_is_for(both):
    stimuli = read(both.folder / "stimuli.csv")
    assert len(stimuli) == 24
    assert set(stimuli["snr_measured_db"]) == {"0.04"}
    assert "note_of_the_lab" not in stimuli
    assert b"Mueller" not in (both.folder / "stimuli.csv").read_bytes()


def test_every_column_is_in_the_dictionary_and_nobody_is_named(alone, both):
    for folder in (alone.folder, both.folder):
        told = read(folder / "data_dictionary.csv").groupby("table")["column"].agg(list)
        for name in ("trials.csv", *VIEWS, "stimuli.csv"):
            assert told[name] == list(read(folder / name))
        for path in folder.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            assert not [word for word in SECRETS if word.encode() in content], path


def test_the_exports_write_the_same_table_and_views(alone, tmp_path):
    asked = ["export-trials", "--study", str(alone.study.folder), "--out", str(tmp_path)]
    assert CliRunner().invoke(curation, asked).exit_code == 0
    own, theirs = (folder / "trials.csv" for folder in (tmp_path, alone.folder))
    assert own.read_bytes() == theirs.read_bytes()
    asked = ["export-recognition", "--study", str(alone.study.folder), "--out", str(tmp_path)]
    done = CliRunner().invoke(curation, [*asked, "--model-vs-human", str(tmp_path / "mvh")])
    assert done.exit_code == 0, done.output
    own, theirs = (folder / VIEWS[0] for folder in (tmp_path, alone.folder))
    assert own.read_bytes() == theirs.read_bytes()
    parts = [read(path) for path in sorted((tmp_path / "mvh").glob("*.csv"))]
    assert len(parts) == 4
    assert pd.concat(parts).to_dict("records") == read(alone.folder / VIEWS[1]).to_dict("records")


def other_answer(rows):
    """Change an answer, and whether it is right, as somebody would who knows the table."""
    response, label, correct = (rows[0].index(one) for one in ("response", "label", "correct"))
    row = next(row for row in rows[1:] if row[correct] == "True")
    others = {one[label] for one in rows[1:]} - {row[label]}
    row[response], row[correct] = min(others), "False"


def again(rows):
    rows.append([str(len(rows)), *rows[-1][1:]])


TAMPERINGS = {
    "answer": (edit_table("trials.csv", other_answer), "view_differs"),
    "answer without its verdict": (
        cell("trials.csv", "response", "singing", row=2),
        "answer_differs",
    ),
    "removed row": (edit_table("trials.csv", lambda rows: rows.pop()), "view_differs"),
    "extra row": (edit_table("trials.csv", again), "met_twice"),
    "row that a view lacks": (edit_table(VIEWS[0], lambda rows: rows.pop(3)), "view_differs"),
    "row that only a view has": (
        edit_table(VIEWS[1], lambda rows: rows.append(rows[1])),
        "view_differs",
    ),
    "answer of a view": (cell(VIEWS[1], "object_response", "singing", row=2), "view_differs"),
    "condition of a clip": (cell("trials.csv", "condition", "early", row=2), "tables_differ"),
    "clip of nowhere": (cell("trials.csv", "stimulus", "plain/none.mp4", row=2), "foreign_key"),
    "answer that nobody could give": (
        cell("trials.csv", "response", "singing", row=2),
        "unknown_value",
    ),
    "measure of a clip": (cell("stimuli.csv", "snr_measured_db", "9.0", row=2), "measure_differs"),
    "digest of a source": (cell("stimuli.csv", "source_sha256", "0" * 64, row=2), "tables_differ"),
    "no answer": (cell("trials.csv", "response", "", row=2), "empty_cell"),
    "no view": (lambda folder: (folder / VIEWS[0]).unlink(), "missing_file"),
    "number of answers": (
        lambda folder: (folder / "release.json").write_text(
            (folder / "release.json").read_text().replace('"answers": 44', '"answers": 43')
        ),
        "count_differs",
    ),
    "answers in a sentence": (
        lambda folder: (folder / "README.md").write_text(
            (folder / "README.md").read_text().replace("44 answers of 4", "45 answers of 4")
        ),
        "count_differs",
    ),
    "a person's id": (cell(VIEWS[1], "subj", "subject-P03", row=2), "personal_data"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_tampering_that_was_sealed_again_is_found(release, name):
    plant, code = TAMPERINGS[name]
    plant(release)
    seal(release)
    assert code in breaking(release)


def test_a_rating_that_lost_its_clip_is_found_among_answers(both, tmp_path):
    folder = shutil.copytree(both.folder, tmp_path / "release")

    def forget(rows):
        for column in ("filename", "video_location"):
            rows[1][rows[0].index(column)] = ""

    edit_table("trials.csv", forget)(folder)
    seal(folder)
    assert "columns_of_another_phase" in breaking(folder)


def test_who_withdrew_answers_or_was_erased_is_not_in_the_next_release(study, tmp_path):
    with store_transaction(study.store_url) as db:
        removals.remove_ratings(db, PEOPLE[0])
        participants.close(db, PEOPLE[0], reason="withdrew", at=FIRST_DAY)
    done = released_answers(study, tmp_path / "release")
    trials = read(done.folder / "trials.csv")
    assert (len(trials), trials["participant"].nunique()) == (33, 3)
    assert not breaking(done.folder)
    with store_transaction(study.store_url) as db:
        removals.remove_person(db, PEOPLE[1], payee="erased-1")
    with pytest.raises(StudyError, match="answers of 2 people count, and 3 are needed"):
        released_answers(study, tmp_path / "again", allow_unfinished=True)
    assert not (tmp_path / "again").exists()


def test_answers_of_two_people_stay_inside_a_release_of_ratings(both, tmp_path):
    shutil.copytree(both.study.folder, tmp_path / "study")
    study = find_study(tmp_path / "study")
    with store_transaction(study.store_url) as db:
        db.query(AnswerRow).filter(AnswerRow.participant_id.in_(PEOPLE[:2])).delete()
    with pytest.raises(StudyError, match="2 of 4 participants have clips left to recognise"):
        released_answers(study, tmp_path / "no")
    done = released_answers(study, tmp_path / "release", allow_unfinished=True)
    assert set(read(done.folder / "trials.csv")["phase"]) == {"annotation"}
    assert not list(done.folder.glob("*recognition*"))
    assert "answers,recognition,few_people,22," in (done.folder / "left_out.csv").read_text()
    assert "clips left to recognise" in (done.folder / "README.md").read_text()


def test_pseudonyms_are_the_same_in_every_release(study, alone, tmp_path):
    done = released_answers(study, tmp_path / "release")
    own, before = (read(folder / "trials.csv") for folder in (done.folder, alone.folder))
    assert own.equals(before)


def test_a_manifest_that_is_gone_or_of_other_clips_stops_the_release(study, tmp_path):
    manifest = study.stimuli_path / "manifest.csv"
    text = manifest.read_text()
    try:
        manifest.write_text(text.replace("lossless", "made by hand", 1))
        with pytest.raises(StudyError, match="line 2: format is 'made by hand'"):
            released_answers(study, tmp_path / "no")
        manifest.write_text("\n".join(text.splitlines()[:-1]))
        with pytest.raises(StudyError, match=r"does not have late/frying/3\.mp4"):
            released_answers(study, tmp_path / "no")
        manifest.unlink()
        with pytest.raises(StudyError, match=r"there is no manifest.csv .* Put the folder"):
            released_answers(study, tmp_path / "no")
        done = released_answers(study, tmp_path / "release", allow_unfinished=True)
    finally:
        manifest.write_text(text)
    assert "Not finished: there is no manifest.csv" in (done.folder / "README.md").read_text()
    assert not breaking(done.folder)


def test_clips_that_were_answered_go_along_if_they_are_asked_for(study, tmp_path):
    done = released_answers(study, tmp_path / "release", with_clips=True)
    shown = set(read(done.folder / "trials.csv")["stimulus"])
    placed = done.folder / BIDS / "stimuli/recognition"
    assert {path.relative_to(placed).as_posix() for path in placed.rglob("*.mp4")} == shown
    assert not breaking(done.folder)
    clip = placed / min(shown)
    clip.write_bytes(b"another")
    seal(done.folder)
    assert "other_stimulus" in breaking(done.folder)


def test_embeddings_of_a_recognition_study_are_refused_in_one_line(alone, tmp_path):
    asked = ["release", "--study", str(alone.study.folder), "--out", str(tmp_path / "no")]
    done = CliRunner().invoke(app, [*asked, "--embeddings", str(tmp_path)])
    assert done.exit_code == 1
    assert not (tmp_path / "no").exists()
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "22 recognised clips, 44 trials, 5 tables" in done.output


def test_the_methods_of_a_report_tell_of_the_experiment(alone):
    said = " ".join(sentences(alone.study, recognised(alone.study)))
    assert said == (
        "4 participants saw or heard 22 clips under 2 conditions (late, plain), said of each which "
        "action it was, out of 3 classes, and were paid £6.00 per hour; nobody met a "
        "source clip twice. 4 practice trials did not count. 44 answers entered the analysis."
    )


def test_a_table_without_rows_has_no_configuration_because_none_would_load(release):
    (release / "left_out.csv").write_text("what,phase,reason,n,means\n")
    before, after = (release / "README.md").read_text().split("  - config_name: left_out\n", 1)
    (release / "README.md").write_text(before + after.split("\n", 1)[1])
    assert "undescribed_table" not in breaking(release)


def test_the_head_names_only_tables_with_rows(alone):
    facts = alone.released.facts
    empty = replace(facts.table("left_out.csv"), n_rows=0)
    tables = tuple(empty if one.path == empty.path else one for one in facts.tables)
    assert "left_out" in head(facts)
    assert "left_out" not in head(replace(facts, tables=tables))


def test_facts_count_what_was_recognised(both):
    counts = json.loads((both.folder / "release.json").read_text())["counts"]
    assert {name: counts[name] for name in ("answers", "observers", "stimuli", "conditions")} == {
        "answers": 44, "observers": 4, "stimuli": 22, "conditions": 2,
    }  # fmt: skip
    assert (counts["raters"], counts["ratings"], counts["trials"]) == (4, 72, 116)
