"""From the plan to the comparison: the rule that is planted in observers is found again."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from annotator.request import Request, StageOptions
from annotator.session import perform
from annotator.task.actor import Actor
from curation.__main__ import app as curation
from lab.__main__ import app as lab
from sessions.recognition.planning import plan_recognition
from study.rehearsal.observers import RULES, combined, confusions
from study.store import transaction
from study.store.desk import Desk
from study.vocabulary import Phase
from tests.worlds.recognition import recognition_study, write_manifest
from tests.worlds.studies import AT

CLASSES = [f"action {i:02}" for i in range(8)]
N_PER_CLASS, N_PEOPLE = 21, 6
CONDITIONS = {"both": "audiovisual", "ear": "audio", "eye": "visual"}


def unimodal_stimuli(folder):
    """Make stimuli of all sources with both, with sound only and with the picture only."""
    rows = []
    for label in CLASSES:
        for k in range(N_PER_CLASS):
            for condition, modality in CONDITIONS.items():
                name = f"{condition}/{label}/{k}.mp4"
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(name.encode())
                rows.append({
                    "filename": name, "condition": condition, "source": f"{label}/{k}.mp4",
                    "sound_source": "" if modality == "visual" else f"{label}/{k}.mp4",
                    "label": label, "attend": "both", "modality": modality, "asynchrony_ms": "",
                    "picture_label": "" if modality == "audio" else label,
                    "sound_label": "" if modality == "visual" else label,
                })  # fmt: skip
    write_manifest(folder, rows)
    return folder


@pytest.fixture(scope="module", params=["combining", "independent"])
def answered(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    study, engine = recognition_study(
        folder, n_people=N_PEOPLE, stimuli=unimodal_stimuli(folder / "stimuli")
    )
    with transaction(engine) as db:
        plan_recognition(Desk(db, study, "AB", AT))
    for i in range(1, N_PEOPLE + 1):
        asked = Request(
            f"S{i:02}", Phase.RECOGNITION, Actor(request.param), StageOptions(in_window=False)
        )
        perform(asked, study_dir=study.folder, store=None)
    engine.dispose()
    table = folder / "tables" / "recognition_trials.csv"
    run(curation, "export-recognition", "--study", study.folder, "--out", table.parent,
        "--model-vs-human", folder / "mvh")  # fmt: skip
    return request.param, table, folder


def run(app, *arguments):
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_table_has_every_answer_and_no_name(answered):
    _, table, folder = answered
    rows = pd.read_csv(table)
    assert len(rows) == N_PEOPLE * len(CLASSES) * N_PER_CLASS
    assert rows["participant"].nunique() == N_PEOPLE
    assert not rows["participant"].str.match(r"S\d").any()
    assert not rows.duplicated(["participant", "source"]).any()
    assert rows.groupby("square_row")["participant"].nunique().eq(2).all()
    own = rows[rows["square_row"] == 1].groupby("participant")["filename"].agg(frozenset)
    assert own.nunique() == 1  # who shares a row met the same clips
    assert (rows["correct"] == (rows["response"] == rows["label"])).all()
    files = sorted((folder / "mvh").iterdir())
    assert len(files) == N_PEOPLE
    assert list(pd.read_csv(files[0])) == [
        "subj", "session", "trial", "rt", "object_response", "category", "condition", "imagename",
    ]  # fmt: skip


@pytest.mark.parametrize("source", ["ours", "model-vs-human"])
def test_the_comparison_finds_what_was_planted(answered, source):
    name, table, folder = answered
    people = table if source == "ours" else folder / "mvh"
    out = folder / f"compared-{source}"
    run(lab, "compare", "--people", people, "--out", out, "--resamples", 50,
        "--benefit", "audio=ear,visual=eye,audiovisual=both")  # fmt: skip
    found = pd.read_csv(out / "comparison.csv")
    accuracy = found[(found["measure"] == "accuracy") & (found["group"] == "people")]
    by_condition = accuracy.groupby("condition")["value"].mean()
    eye, ear = (confusions(p, 8, i) for i, p in enumerate((RULES[name].by_eye, RULES[name].by_ear)))
    planted = {
        "eye": eye.diagonal().mean(),
        "ear": ear.diagonal().mean(),
        "both": sum(combined(RULES[name], eye, ear, i, i)[i] for i in range(8)) / 8,
    }
    # 336 answers a condition: two standard errors are .055 at most.
    for condition, truth in planted.items():
        assert abs(by_condition[condition] - truth) < 0.08, condition
    # The right prediction is kept and the other one rejected.
    right, wrong = "product rule", "independent channels"
    if name == "independent":
        right, wrong = wrong, right
    low, high = interval_of(found, right)
    assert low <= 0 <= high
    low, high = interval_of(found, wrong)
    assert not low <= 0 <= high


def interval_of(found, prediction):
    row = found[(found["measure"] == f"observed less {prediction}") & (found["group"] == "people")]
    return tuple(row[["low", "high"]].iloc[0])
