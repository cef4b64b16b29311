"""A recognition answer leads from a release, a table or an accuracy to its clip and key press."""

import shutil

import pandas as pd
import pytest
from typer.testing import CliRunner

from curation.__main__ import app as curation
from lab.__main__ import app
from lab.report.places import places_of
from lab.trace.chain import faults_of
from lab.trace.kept import Kept
from lab.trace.release.rows import follow_in_release
from lab.trace.traceable import wanted
from study.config.study import find_study
from study.store import store_transaction
from study.store.tables import AnswerRow
from tests.worlds.sealing import cell, edit_table, seal

VIEWS = ("recognition_trials.csv", "model_vs_human.csv")


@pytest.fixture
def alone(answers_alone):
    return answers_alone


@pytest.fixture
def study(alone, tmp_path):
    """Return a copy of the study, to be changed."""
    shutil.copytree(alone.study.folder, tmp_path / "study")
    return find_study(tmp_path / "study")


@pytest.fixture
def release(alone, tmp_path):
    return shutil.copytree(alone.folder, tmp_path / "release")


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def kept_of(study):
    return Kept(study, places_of(study.folder))


@pytest.mark.parametrize(
    "what", ["trials.csv:7", f"{VIEWS[0]}:7", "stimuli.csv:plain/diving/2.mp4"]
)
def test_a_released_row_leads_to_its_clip_and_to_the_key_press(alone, what):
    chain = follow_in_release(alone.folder, wanted(what), kept_of(alone.study))
    assert faults_of(chain) == []
    kinds = [link.kind for link in chain.every()]
    assert {"file", "stimulus", "answer", "session", "presentation", "key press"} <= set(kinds)
    without = [link.kind for link in follow_in_release(alone.folder, wanted(what)).every()]
    assert {"stimulus", "answer"} <= set(without)
    assert "key press" not in without


def test_a_row_of_the_toolboxs_view_leads_to_its_trial(alone):
    row = read(alone.folder / VIEWS[1]).iloc[4]
    what = wanted(f"{VIEWS[1]}:{row['subj']}/{row['session']}/{row['trial']}")
    chain = follow_in_release(alone.folder, what)
    assert faults_of(chain) == []
    (answer,) = (link for link in chain.every() if link.kind == "answer")
    assert answer.name == f"{row['object_response']} by {row['subj'].removeprefix('subject-')}"


def test_a_released_answer_that_the_store_does_not_have_breaks_the_chain(study, alone):
    with store_transaction(study.store_url) as db:
        last = db.query(AnswerRow).order_by(AnswerRow.trial_id.desc()).first()
        who, last.answer = last.participant_id, "singing"
    kept = kept_of(study)
    pseudonym = {person: name for name, person in kept.pseudonyms.items()}[who]
    rows = read(alone.folder / "trials.csv")
    own = rows[rows["participant"] == pseudonym]["row_id"]
    faults = faults_of(follow_in_release(alone.folder, wanted(f"trials.csv:{own.iloc[-1]}"), kept))
    assert any("the table says response" in fault for fault in faults)
    with store_transaction(study.store_url) as db:
        db.query(AnswerRow).delete()
    chain = follow_in_release(alone.folder, wanted("trials.csv:7"), kept_of(study))
    assert any("the store has no such answer" in fault for fault in faults_of(chain))


def test_a_released_digest_that_is_not_the_stores_breaks_the_chain(alone, release):
    cell("stimuli.csv", "sha256", "0" * 64, row=2)(release)
    seal(release)
    name = read(release / "stimuli.csv")["stimulus"][1]
    faults = faults_of(
        follow_in_release(release, wanted(f"stimuli.csv:{name}"), kept_of(alone.study))
    )
    assert any("says another digest of the clip than the store" in fault for fault in faults)


def test_an_accuracy_of_a_comparison_leads_to_the_answers_that_it_counts(study):
    run = CliRunner()
    tables = study.folder / "release"
    here = ["--study", str(study.folder)]
    assert run.invoke(curation, ["export-recognition", *here]).exit_code == 0
    compared = ["compare", "--people", str(tables / VIEWS[0]), "--resamples", "10"]
    done = run.invoke(app, [*compared, "--out", str(study.folder / "comparison")])
    assert done.exit_code == 0, done.output
    asked = ["trace", "comparison.csv:accuracy/people/plain", *here]
    done = run.invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "answers 22, shown 5" in done.output
    table = tables / VIEWS[0]
    table.write_text(table.read_text().replace(",True,", ",False,", 1))
    done = run.invoke(app, asked)
    assert done.exit_code == 1
    assert "is not the file that recognition_trials.json describes" in done.output


def test_a_view_that_was_changed_breaks_the_chain_of_its_row(release):
    edit_table(VIEWS[0], lambda rows: rows[7].__setitem__(rows[0].index("rt_s"), "0.1"))(release)
    seal(release)
    faults = faults_of(follow_in_release(release, wanted(f"{VIEWS[0]}:7")))
    assert any("trials.csv has another rt_s for it" in fault for fault in faults)
