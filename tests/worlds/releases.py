"""A finished study with much in it that must not leave, and its release."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import insert

from curation.release.export import export_ratings
from curation.selection.lists import make_test_set, make_training_lists
from features.embedding_set import EMBEDDING_SETS
from features.records.manifest import ManifestRow, NetworkNote, Recipe, write_manifest
from features.records.records import Record, write_record
from lab.release.writing import Released, Wishes, release
from study.config.release import Release
from study.config.study import Study
from study.init import init_study
from study.store import store_snapshot, store_transaction
from study.store.clips import candidates, record_names
from study.store.clips.candidates import RejectedClip
from study.store.plan import assignments
from study.store.ratings import notes
from study.store.tables import ParticipantRow, SessionRow, TrialRow, VettingRow
from study.vocabulary import ParticipantKind, Phase
from tests.worlds.studies import add_candidates, add_truths, enrol, rate

LABELS = ("barking", "diving")
PEOPLE = ("QQ07", "QQ11", "QQ12", "QQ19")
LONELY_DAY = 9  # on which only one person rated
HOST, SERIAL, INITIALS = "station-mueller", "SN-4711-0815", "XYZ"
REMARKS = (
    "moved to another city in spring",
    "the neighbour's child can be recognised",
    "the projector made a noise that day",
    "the fire alarm was tested next door",
)
SECRETS = (*PEOPLE, HOST, SERIAL, *REMARKS)
SETTINGS = {
    "title": '"Actions that are seen and heard"',
    "protocol.class_min_prominent": "3",
    "protocol.test_size_per_class": "2",
    "protocol.test_max_odd_steps": "5",
    "release.published_on": '"2026-11-30"',
    "release.creators": '["Doe, Jane", "Roe, Richard"]',
    "release.institution": '"University of Somewhere"',
    "release.institution_url": '"https://www.example.org/"',
    "release.institution_address": '"1 High Street, Somewhere"',
    "release.department": '"Psychology"',
    "release.cognitive_atlas": '"https://www.cognitiveatlas.org/task/id/trm_4f244f46ebf58/"',
    "release.cogpo": '"http://www.cogpo.org/ontologies/CogPOver1.owl#COGPO_00049"',
}
FIRST_DAY = datetime.fromisoformat("2026-03-02T09:00:00+00:00")


@dataclass(frozen=True)
class ReleasedStudy:
    """A study and a release of it."""

    study: Study
    released: Released

    @property
    def folder(self) -> Path:
        return self.released.folder


def finished_study(
    folder: Path, *, url: str | None = None, settings: dict[str, str] | None = None, **release_keys
) -> Study:
    """Make a study of 24 clips with three ratings each, its lists and its embeddings."""
    lines = [f"{key}={value}" for key, value in (SETTINGS | (settings or {})).items()]
    lines += [] if url is None else [f'store="{url}"']
    study = init_study(folder, lines, FIRST_DAY)
    with store_transaction(study.store_url) as db:
        clips = add_candidates(db, 12, LABELS)
        enrol(db, *PEOPLE)
        enrol(db, "EXPERT", kind=ParticipantKind.EXPERT)
        add_truths(db, clips[:4])
        candidates.add_rejects(
            db,
            [
                RejectedClip(
                    "barking/mute.mp4", "training", "barking", "no_video", f"seen on {HOST}"
                )
            ],
        )
        _plan_and_rate(db, clips)
        _hide(db, clips)
    _draw_lists(study)
    _extract(study)
    return changed(study, **release_keys) if release_keys else study


def changed(study: Study, **release_keys) -> Study:
    """Return a study whose `[release]` says something else."""
    said = Release(**{**study.config.release.model_dump(), **release_keys})
    return replace(study, config=study.config.model_copy(update={"release": said}))


def released(study: Study, out: Path, **wishes) -> Released:
    """Release a study with its embeddings."""
    wishes = {"embeddings": study.folder / "embeddings", **wishes}
    return release(study, out, Wishes(**wishes), at=FIRST_DAY)


def make_released(folder: Path, **wishes) -> ReleasedStudy:
    """Make a study and release it."""
    study = finished_study(folder / "study")
    return ReleasedStudy(study, released(study, folder / "release", **wishes))


def _plan_and_rate(db, clips) -> None:
    raters = {clip: [PEOPLE[(place + k) % 4] for k in range(3)] for place, clip in enumerate(clips)}
    rows = [
        {"candidate_id": clip, "slot": slot, "participant_id": who, "position": place}
        for place, clip in enumerate(clips)
        for slot, who in enumerate(raters[clip], start=1)
    ]
    assignments.add_many(db, pd.DataFrame(rows))
    for person in PEOPLE:
        own = [clip for clip in clips if person in raters[clip]]
        parts = [own[: len(own) // 2], own[len(own) // 2 :]]
        for day, part in enumerate(parts):
            # The last one sat down again on a day on which nobody else did.
            late = LONELY_DAY if person == PEOPLE[-1] and day else day
            given = {clip: 1 if clip % 7 == 0 else 3 for clip in part}
            at = FIRST_DAY + timedelta(days=late, minutes=PEOPLE.index(person))
            rate(db, person, given, at=at, host=HOST)
    rate(db, PEOPLE[0], {clips[0]: 3, clips[1]: 3}, phase=Phase.TRAINING, at=FIRST_DAY, host=HOST)


def _hide(db, clips) -> None:
    for row in db.query(SessionRow):
        row.rig = {**row.rig, "host": HOST, "sound": {"device": "usb", "serial": SERIAL}}
    row = db.get_one(ParticipantRow, PEOPLE[1])
    notes.add(db, participant_id=PEOPLE[0], text=REMARKS[3], written_by=INITIALS, at=FIRST_DAY)
    row.closed_at, row.close_reason = FIRST_DAY + timedelta(days=20), REMARKS[0]
    db.execute(
        insert(VettingRow),
        [{"candidate_id": clips[0], "curator": INITIALS, "verdict": "note", "reasons": "",
          "note": REMARKS[1], "given_at": FIRST_DAY}],
    )  # fmt: skip
    in_order = db.query(SessionRow).filter_by(phase="annotation").order_by(SessionRow.started_at)
    first = in_order.first()
    db.add(
        TrialRow(session_id=first.id, number=900, candidate_id=clips[0],
                 outcome="failed", failure=REMARKS[2], recorded_at=FIRST_DAY)
    )  # fmt: skip


def _draw_lists(study: Study) -> None:
    folder = study.folder / "release"
    with store_snapshot(study.store_url) as db:
        export_ratings(db, study, folder, at=FIRST_DAY, overwrite=False)
        rated, test = folder / "video_ratings.csv", folder / "test_set.csv"
        make_test_set(db, study, rated, test, at=FIRST_DAY)
        make_training_lists(db, study, rated, test, folder, at=FIRST_DAY)


def _extract(study: Study) -> None:
    with store_snapshot(study.store_url) as db:
        clips = candidates.frame(db)
        names = record_names.frame(db).set_index("filename")["tfrecord_filename"]
    rng = np.random.default_rng(1)
    for each in EMBEDDING_SETS.values():
        folder = study.folder / "embeddings" / each.folder
        rows = []
        for clip in clips.itertuples():
            record = Record(
                filename=clip.filename,
                label=clip.avmit_label,
                audio=rng.random((3, each.audio_size), dtype=np.float32),
                visual=rng.random((3, each.visual_size), dtype=np.float32),
            )
            path = folder / names[clip.filename]
            write_record(path, record)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            rows.append(
                ManifestRow(
                    clip.filename, clip.avmit_label, clip.video_location, names[clip.filename],
                    clip.sha256, digest, 3, 3, (0.0, 1.0, 2.0), (0.0, 1.0, 2.0), 44100, 1, (),
                )
            )  # fmt: skip
        note = NetworkNote("yamnet", "yamnet.h5", "0" * 64, None)
        norm = "keras3" if each.name == "yamnet_effnet" else None
        recipe = Recipe(each.name, "paper", norm, "float32", True, note, note)
        write_manifest(folder, recipe, {"python": "3.11"}, rows)
