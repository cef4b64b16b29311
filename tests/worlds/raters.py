"""Processes that rate at once, as machines on a network do, and two ways of doing it wrong."""

import multiprocessing
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from sessions.running.recording import open_session
from study.config.study import Study, StudyConfig
from study.store import open_store
from study.vocabulary import Phase, Presentation, Rating, Response, TrialRecord


def at_once(target, arguments) -> None:
    """Run a function in one process per argument tuple, all let go at the same moment."""
    # Not forked from here: other tests leave threads in this process.
    context = multiprocessing.get_context("forkserver")
    barrier = context.Barrier(len(arguments))
    processes = [context.Process(target=target, args=(barrier, *args)) for args in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=240)
        assert process.exitcode == 0


def rate_everything(barrier, url: str, participant_id: str) -> None:
    """Rate all that is assigned to a participant through the recorder, without a pause."""
    study = Study(Path(), StudyConfig(rehearsal=True, store=url))
    engine = open_store(url)
    rng = np.random.default_rng(int(participant_id[1:]))
    barrier.wait()
    with open_session(
        engine, study, participant_id, Phase.ANNOTATION, stage="simulated", profile="good", rig={}
    ) as recorder:
        for trial in recorder.plan.trials:
            response = Response(Rating(int(rng.integers(1, 4))), 0.5)
            recorder.save(TrialRecord(trial.stimulus, response, (Presentation(0.0, 3.0),)))


def make_claims(url: str, n_clips: int) -> None:
    """Make the tables of the naive schemes: clips, and who has claimed them."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE clip (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE claim (clip INTEGER, rater VARCHAR(8))"))
        for clip in range(n_clips):
            connection.execute(text(f"INSERT INTO clip VALUES ({clip})"))
    engine.dispose()


def claim_naively(barrier, url: str, rater: str) -> None:
    """Look for a clip with fewer than three raters, then take it: a defect, on any database.

    On SQLite this is what SQLAlchemy does unless told otherwise: no BEGIN before the SELECT. On
    PostgreSQL it is READ COMMITTED. Between the two statements somebody else takes the same slot.
    """
    engine = create_engine(url)
    barrier.wait()
    while True:
        try:
            with engine.begin() as connection:
                free = connection.execute(
                    text(
                        "SELECT id FROM clip WHERE (SELECT COUNT(*) FROM claim WHERE clip = id) "
                        "< 3 AND NOT EXISTS (SELECT 1 FROM claim WHERE clip = id AND rater = :me) "
                        "ORDER BY id LIMIT 1"
                    ),
                    {"me": rater},
                ).first()
                if free is None:
                    break
                time.sleep(0.001)
                connection.execute(
                    text("INSERT INTO claim VALUES (:clip, :me)"), {"clip": free[0], "me": rater}
                )
        except DBAPIError:
            continue
    engine.dispose()


def claims(url: str) -> pd.DataFrame:
    """Return what the naive schemes came to, as the checks read ratings."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT clip, rater FROM claim")).all()
    engine.dispose()
    return pd.DataFrame(rows, columns=["candidate_id", "participant_id"])
