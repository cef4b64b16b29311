"""A small study with all that a chain passes: clips on disk, key presses, records, a network."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import insert, select, update

from curation.release.export import export_ratings
from features.embedding_set import find_embedding_set
from features.records.manifest import ManifestRow, NetworkNote, Recipe, write_manifest
from features.records.records import Record, write_record
from lab.report.places import places_of
from lab.trace.kept import Kept
from models.data.dataset import records_digest
from models.data.labelled_clips import read_list, write_list
from models.evaluation.results import ClassScore, Evaluation, write_evaluation
from models.network.spec import Epoch, Hyperparameters, Schedule, cell_of
from models.saving.card import Card, DataCard, write_card
from models.search.space import draw_surrogate
from models.search.surrogates import (
    BEST_NAME,
    SearchPlan,
    SurrogateResult,
    Task,
    best_of,
    result_path,
    write_best,
    write_plan,
)
from study.store import store_snapshot, store_transaction
from study.store.clips import candidates, record_names
from study.store.tables import KeyPressRow, RatingRow, SessionRow
from tests.worlds.curated import new_study
from tests.worlds.studies import add_candidates, enrol, rate

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
LABELS, PEOPLE = ("barking", "diving"), ("P01", "P02", "P03")
N_PER_CLASS = 3
_SET = find_embedding_set("yamnet_effnet")
_NOTE = NetworkNote("yamnet", "yamnet.h5", "0" * 64, None)
_RECIPE = Recipe("yamnet_effnet", "paper", "keras3", "float32", False, _NOTE, _NOTE)


def make_traced(folder: Path):
    """Make the study; every link of every chain is whole."""
    study = new_study(folder)
    with store_transaction(study.store_url) as db:
        clips = add_candidates(db, N_PER_CLASS, LABELS)
        enrol(db, *PEOPLE)
        for person in PEOPLE:
            rate(db, person, dict.fromkeys(clips, 3), at=AT)
        db.execute(update(SessionRow).values(rig={"grade": "A", "versions": {"psychopy": "1.0"}}))
        for row in db.scalars(select(RatingRow)):
            # Played from 1 s to 4 s; the response time is 0.8 s.
            press = {"trial_id": row.trial_id, "key": str(row.rating), "t_s": 4.8, "early": False}
            db.execute(insert(KeyPressRow), [press])
    for label in LABELS:
        for number in range(N_PER_CLASS):
            path = study.clip_path("training", f"{label}/clip_{number}.mp4")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{label}{number}")
    with store_snapshot(study.store_url) as db:
        export_ratings(db, study, study.folder / "release", at=AT, overwrite=False)
        _extract(study, candidates.frame(db), record_names.frame(db))
    _train(study)
    return study


def kept_of(study) -> Kept:
    """Return what the study keeps, read anew."""
    return Kept(study, places_of(study.folder))


def _extract(study, clips, names) -> None:
    folder = study.folder / "embeddings" / _SET.folder
    of_clip = names.set_index("filename")["tfrecord_filename"]
    rng, rows = np.random.default_rng(1), []
    for clip in clips.itertuples():
        record = Record(
            filename=clip.filename,
            label=clip.avmit_label,
            audio=rng.random((3, _SET.audio_size), dtype=np.float32),
            visual=rng.random((3, _SET.visual_size), dtype=np.float32),
        )
        path = folder / of_clip[clip.filename]
        write_record(path, record)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        times = (0.0, 1.0, 2.0)
        rows.append(
            ManifestRow(
                clip.filename, clip.avmit_label, "training", of_clip[clip.filename], clip.sha256,
                digest, 3, 3, times, times, 44100, 1, (),
            )
        )  # fmt: skip
    write_manifest(folder, _RECIPE, {"python": "3.11"}, rows)


def _train(study) -> None:
    folder, tables = study.folder / "models/AVMIT", study.folder / "release"
    clips = read_list(tables / "video_ratings.csv")
    embeddings = study.folder / "embeddings" / _SET.folder
    digests = [hashlib.sha256((embeddings / one).read_bytes()).hexdigest() for one in clips.records]
    records = records_digest(digests, _SET)
    data = DataCard(
        name="video_ratings", n_clips=len(clips), list_sha256=clips.sha256, records_sha256=records
    )
    _search(study, data)
    (folder / "lists").mkdir(parents=True)
    write_list(clips, folder / "lists/train.csv")
    (folder / "model.keras").write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    card = Card(
        embedding_set="yamnet_effnet", rnn="gru", audio_size=_SET.audio_size,
        visual_size=_SET.visual_size, classes=LABELS,
        hyperparameters=Hyperparameters(100, 100, "relu", 0.1, 1e-4), training_set="AVMIT",
        train=data, seed=1, embeddings=_RECIPE, model_sha256=digest, software={"jax": "0.10"},
        made_at=AT,
    )  # fmt: skip
    write_card(card, folder)
    n = len(clips)
    half = n // 2
    found = Evaluation(
        training_set="AVMIT", embedding_set="yamnet_effnet", rnn="gru", seed=1,
        model_sha256=digest, test=data, loss=0.5, top_1=0.5, top_5=1.0, calibration_error=0.1,
        classes=tuple(ClassScore(label=one, n_clips=half, loss=0.5, top_1=0.5) for one in LABELS),
        confusion=((half, 0), (half, 0)), calibration=(), correct=(True,) * half + (False,) * half,
        losses=(0.5,) * n,
    )  # fmt: skip
    write_evaluation(found, folder / "evaluations/test_set.json")


def _search(study, data: DataCard) -> None:
    folder, cell = study.folder / "models/search", cell_of("yamnet_effnet", "gru")
    path = study.folder / "release/video_ratings.csv"
    plan = SearchPlan(
        seed=1, cells=(cell.name,), n_surrogates=2, schedule=Schedule(n_epochs=2, patience=1),
        embeddings=study.folder / "embeddings", train=path, validation=path,
        lists=(data.list_sha256,) * 2,
    )  # fmt: skip
    folder.mkdir(parents=True)
    write_plan(plan, folder)
    results = []
    for number, losses in enumerate(((0.9, 0.8), (0.7, 0.75))):
        history = tuple(
            Epoch(place, 1e-4, loss, 0.5, loss, 0.5) for place, loss in enumerate(losses, 1)
        )
        result = SurrogateResult(
            cell=cell.name, number=number, seed=1,
            hyperparameters=draw_surrogate(1, cell, number), best_epoch=2 - number,
            val_loss=min(losses), val_accuracy=0.5, diverged=False, history=history, seconds=1.0,
            records=(data.records_sha256,) * 2,
        )  # fmt: skip
        at = result_path(folder, Task(cell, number))
        at.parent.mkdir(exist_ok=True)
        at.write_text(result.model_dump_json())
        results.append(result)
    write_best(best_of(results), folder / BEST_NAME)
