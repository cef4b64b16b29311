"""Studies with made-up candidates and ratings, for tests of curation."""

from datetime import UTC, datetime

import numpy as np
from sqlalchemy import insert, select

from curation.clips.record_names import give_names
from study.config.study import find_study
from study.init import init_study
from study.store import store_transaction, studies
from study.store.clips import candidates
from study.store.clips.candidates import Candidate
from study.store.tables import (
    CandidateRow,
    ParticipantRow,
    PresentationRow,
    RatingRow,
    SessionRow,
    TrialRow,
)
from tests.worlds.studies import good_playing

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def new_study(folder, *settings):
    """Make a study in a folder and return it."""
    init_study(folder, settings, AT)
    return find_study(folder)


def candidate(filename, avmit_label, *, location="training", frame_rate_hz=30.0):
    return Candidate(
        filename=filename,
        video_location=location,
        mit_label=filename.partition("/")[0],
        avmit_label=avmit_label,
        sha256="0" * 64,
        duration_s=3.0,
        frame_rate_hz=frame_rate_hz,
        width_px=320,
        height_px=240,
        peak=0.5,
    )


def admit_clips(db, clips):
    """Admit made-up clips as `curation candidates` would, with the names of their records."""
    candidates.add_many(db, clips, AT)
    give_names(db, [(c.video_location, c.filename, c.avmit_label) for c in clips], AT)


def fill(study, clips, ratings_of, *, kind="human", n_participants=3):
    """Admit clips and give each the ratings that a function of its place returns."""
    people = [f"P{number:02d}" for number in range(1, n_participants + 1)]
    with store_transaction(study.store_url) as db:
        admit_clips(db, clips)
        add_people(db, study, people, kind)
        ids = candidates.frame(db).set_index(["video_location", "filename"])["candidate_id"]
        triples = [
            (int(ids[clip.video_location, clip.filename]), people[slot], int(rating))
            for place, clip in enumerate(clips)
            for slot, rating in enumerate(ratings_of(place))
        ]
        add_ratings(db, triples, simulated=kind == "simulated")


def add_people(db, study, people, kind):
    version = studies.protocol_version(db, config=study.config, at=AT)
    db.execute(insert(ParticipantRow), [{"id": p, "kind": kind, "enrolled_at": AT} for p in people])
    sessions = [
        {
            "id": f"s-{person}",
            "participant_id": person,
            "phase": "annotation",
            "attempt": 1,
            "stage": "window",
            "started_at": AT,
            "heartbeat_at": AT,
            "ended_at": AT,
            "host": "test",
            "pid": 1,
            "protocol_version_id": version,
            "rig": {"grade": "A"},
        }
        for person in people
    ]
    db.execute(insert(SessionRow), sessions)


def add_ratings(db, triples, *, simulated=False, phase="annotation"):
    """Add (candidate, participant, rating) with a trial each."""
    trials = [
        {
            "id": number,
            "session_id": f"s-{participant}",
            "number": number,
            "candidate_id": candidate_id,
            "outcome": "rated",
            "recorded_at": AT,
        }
        for number, (candidate_id, participant, _) in enumerate(triples, start=1)
    ]
    rated = [
        {
            "trial_id": number,
            "participant_id": participant,
            "candidate_id": candidate_id,
            "phase": phase,
            "attempt": 1,
            "rating": rating,
            "rt_s": 0.5,
            "interrupted_s": 0.0,
            "n_interruptions": 0,
            "n_replays": 0,
            "n_early_presses": 0,
            "bonus_pence": 0,
            "simulated": simulated,
            "rated_at": AT,
        }
        for number, (candidate_id, participant, rating) in enumerate(triples, start=1)
    ]
    if trials:
        db.execute(insert(TrialRow), trials)
        db.execute(insert(RatingRow), rated)
        sha256 = dict(db.execute(select(CandidateRow.id, CandidateRow.sha256)).all())
        played = [good_playing(trial["id"], sha256[trial["candidate_id"]]) for trial in trials]
        db.execute(insert(PresentationRow), played)


def tallies(rng, n_clips, classes=("barking", "diving")):
    """Return random tallies of three ratings each, as `video_ratings.csv` has them."""
    import pandas as pd

    counts = rng.multinomial(3, [0.3, 0.2, 0.5], size=n_clips)
    labels = np.resize(np.array(classes, dtype=object), n_clips)
    return pd.DataFrame(
        {
            "filename": [f"{label}/yt-{i}_1.mp4" for i, label in enumerate(labels)],
            "r1": counts[:, 0],
            "r2": counts[:, 1],
            "r3": counts[:, 2],
            "avmit_label": labels,
            "mit_label": labels,
            "video_location": "training",
        }
    )
