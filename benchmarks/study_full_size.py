"""A simulated study at the paper's size, without a window: plan, rate, leave, join, pay, check.

57,177 candidates, 2,000 ground truths, eleven people of different quality; S04 leaves after a
third, S12 joins after that, S07 is sloppy from the middle on. Ratings are written session by
session, not one commit each; what one commit costs is measured apart.

Run: python -m benchmarks.study_full_size FOLDER [--clips N] [--plot FILE.png]
"""

import argparse
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, insert, text, update

from sessions.maintenance.store_check import findings, wrong_rater_counts
from sessions.monitor import figures
from sessions.monitor.progress import progress, sentence
from sessions.pay import statement
from sessions.pay.bonus import bonus_pence, total_pence
from sessions.plan import changes, schedule
from study.config.study import Study, StudyConfig
from study.rehearsal.simulated_people import PROFILES
from study.reports.figures import figure_of, save_figure
from study.store import Db, audit, create_store, studies, transaction
from study.store.desk import Desk
from study.store.people import participants
from study.store.plan import assignments, ground_truths
from study.store.ratings import trials
from study.store.tables import (
    AssignmentRow,
    CandidateRow,
    GroundTruthVersionRow,
    RatingRow,
    SessionRow,
    TrialRow,
)
from study.vocabulary import ParticipantKind, Phase, Rating

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
N_CLASSES, TRIALS_PER_SESSION, TRIAL_S = 41, 780, 5.5
TRUTH_SHARES = (0.45, 0.20, 0.35)
PEOPLE = tuple(f"S{number:02d}" for number in range(1, 12))
SLOPPY, LEAVER, JOINER = "S07", "S04", "S12"


@dataclass
class World:
    """The simulated study: what is true, and what was shown to whom."""

    study: Study
    truth: dict[int, int]
    expert: dict[int, int]
    version: int
    rng: np.random.Generator
    shown_pence: dict[str, int] = field(default_factory=dict)
    n_rated: dict[str, int] = field(default_factory=dict)


def timed(what: str, function: Callable[..., Any], *args: object, **options: object) -> Any:  # noqa: ANN401
    """Run a function, print how long it took, return what it returns."""
    start = time.perf_counter()
    result = function(*args, **options)
    print(f"{what}: {time.perf_counter() - start:.1f} s", flush=True)
    return result


def fill_store(
    db: Db, study: Study, n_clips: int, n_truths: int, rng: np.random.Generator
) -> World:
    """Add candidates, ground truths and people."""
    rows = [
        {"filename": f"class{i % N_CLASSES:02d}/clip_{i}.mp4", "video_location": "training",
         "mit_label": f"class{i % N_CLASSES:02d}", "avmit_label": f"class{i % N_CLASSES:02d}",
         "sha256": f"{i:064x}", "duration_s": 3.0, "frame_rate_hz": 30.0, "width_px": 340,
         "height_px": 256, "peak": 0.5, "admitted_at": START}
        for i in range(n_clips)
    ]  # fmt: skip
    db.execute(insert(CandidateRow), rows)
    ids = np.array(db.scalars(text("SELECT id FROM candidate ORDER BY id")).all())
    drawn = rng.choice((1, 2, 3), n_clips, p=TRUTH_SHARES).tolist()
    truth = dict(zip(ids.tolist(), drawn, strict=True))
    sampled = np.sort(rng.choice(ids, n_truths, replace=False)).tolist()
    ground_truths.add_sample(db, sampled, START)
    db.execute(
        insert(GroundTruthVersionRow),
        [{"candidate_id": clip, "version": 1, "rating": truth[clip], "given_by": "EXPERT",
          "given_at": START, "reason": ""} for clip in sampled],
    )  # fmt: skip
    for person in PEOPLE:
        participants.add(db, participant_id=person, kind=ParticipantKind.SIMULATED, at=START)
    version = studies.protocol_version(db, config=study.config, at=START)
    return World(study, truth, {clip: truth[clip] for clip in sampled}, version, rng)


def profile_of(world: World, person: str, n_part: int) -> str:
    """Return how a person rates now."""
    sloppy = person == SLOPPY and world.n_rated.get(person, 0) > n_part / 2
    return "sloppy" if sloppy else "good"


def sit(db: Db, world: World, person: str, at: datetime, n_part: int) -> int:
    """Write one session of a person; return how many clips they rated."""
    left = assignments.remaining(db, person)[:TRIALS_PER_SESSION]
    if not left:
        return 0
    profile = PROFILES[profile_of(world, person, n_part)]
    first = (db.scalar(text("SELECT MAX(id) FROM trial")) or 0) + 1
    session_id = uuid.uuid4().hex
    trials, given = [], []
    for number, clip in enumerate(left):
        truth = world.truth[clip.candidate_id]
        chances = profile.press_probabilities(Rating(truth), number)
        rating = Rating(1 + int(np.searchsorted(np.cumsum(chances), world.rng.random())))
        expert = world.expert.get(clip.candidate_id)
        bonus = bonus_pence(rating, expert and Rating(expert), world.study.config.protocol)
        when = at + timedelta(seconds=TRIAL_S * (number + 1))
        trials.append(
            {"id": first + number, "session_id": session_id, "number": number + 1,
             "candidate_id": clip.candidate_id, "outcome": "rated", "recorded_at": when}
        )  # fmt: skip
        given.append(
            {"trial_id": first + number, "participant_id": person, "phase": "annotation",
             "candidate_id": clip.candidate_id, "attempt": 1, "rating": int(rating),
             "rt_s": float(world.rng.lognormal(np.log(profile.median_rt_s), profile.rt_spread)),
             "n_replays": int(world.rng.random() < profile.replay_rate),
             "n_early_presses": int(world.rng.random() < profile.early_rate),
             "bonus_pence": bonus, "simulated": True, "rated_at": when}
        )  # fmt: skip
    db.execute(
        insert(SessionRow),
        [{"id": session_id, "participant_id": person, "phase": "annotation", "attempt": 1,
          "stage": "simulated", "simulated_profile": "good", "started_at": at,
          "heartbeat_at": when, "ended_at": when, "end_reason": "ended", "host": "simulated",
          "pid": 1, "protocol_version_id": world.version, "rig": {}}],
    )  # fmt: skip
    db.execute(insert(TrialRow), trials)
    db.execute(insert(RatingRow), given)
    db.execute(
        update(AssignmentRow)
        .where(
            AssignmentRow.participant_id == person,
            AssignmentRow.candidate_id.in_([clip.candidate_id for clip in left]),
        )
        .values(done=True)
        .execution_options(synchronize_session=False)
    )
    earned = sum(row["bonus_pence"] for row in given)
    world.shown_pence[person] = world.shown_pence.get(person, 0) + earned
    world.n_rated[person] = world.n_rated.get(person, 0) + len(left)
    return len(left)


def leave(db: Db, study: Study, at: datetime) -> None:
    """S04 leaves; the others take over."""
    participants.close(db, LEAVER, reason="moved away", at=at)
    change = changes.reassign(Desk(db, study, "AB", at), [LEAVER])
    loads = list(change.loads.values())
    print(f"  {LEAVER} leaves: {change.n_slots} slots moved, loads {min(loads)} to {max(loads)}")


def join(db: Db, study: Study, at: datetime) -> None:
    """S12 joins and takes an equal part of what is left."""
    participants.add(db, participant_id=JOINER, kind=ParticipantKind.SIMULATED, at=at)
    change = changes.extend(Desk(db, study, "AB", at), JOINER, n_clips=None)
    loads = list(change.loads.values())
    print(f"  {JOINER} joins: {change.n_slots} slots moved, loads {min(loads)} to {max(loads)}")


def rate_all(engine: Engine, world: World, n_part: int) -> int:
    """Let everybody rate, a session a day, until nothing is left; return the number of days."""
    people = list(PEOPLE)
    for day in range(1000):
        at = START + timedelta(days=day)
        done = sum(world.n_rated.values())
        total = n_part * len(PEOPLE)
        with transaction(engine) as db:
            if LEAVER in people and done > total / 3:
                people.remove(LEAVER)
                timed("  reassign", leave, db, world.study, at)
                people.append(JOINER)
                timed("  extend", join, db, world.study, at)
            n = sum(sit(db, world, person, at, n_part) for person in people)
        if not n:
            return day
    raise RuntimeError("the study does not end")


def time_single_steps(engine: Engine, person: str) -> None:
    """Print what the next clip and one commit cost."""
    query = text(
        "SELECT candidate_id FROM assignment WHERE participant_id = :p AND NOT done "
        "ORDER BY position LIMIT 1"
    )
    steps = {"next clip": [], "mark done and commit": [], "bonus total": []}
    for _ in range(300):
        with transaction(engine) as db:
            start = time.perf_counter()
            clip = db.scalar(query, {"p": person})
            steps["next clip"].append(time.perf_counter() - start)
        start = time.perf_counter()
        with transaction(engine) as db:
            assignments.mark_done(db, person, clip)
        steps["mark done and commit"].append(time.perf_counter() - start)
        with transaction(engine) as db:
            start = time.perf_counter()
            total_pence(db, person)
            steps["bonus total"].append(time.perf_counter() - start)
            db.execute(
                update(AssignmentRow)
                .where(AssignmentRow.candidate_id == clip, AssignmentRow.participant_id == person)
                .values(done=False)
            )
    for step, durations in steps.items():
        p50, p95 = 1000 * np.quantile(durations, (0.5, 0.95))
        print(f"  {step}: median {p50:.2f} ms, 95 % within {p95:.2f} ms")


def main() -> None:
    """Run the study and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=57_177)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    n_truths = round(options.clips * 2000 / 57_177)
    study = Study(options.folder, StudyConfig(rehearsal=True, title="Full size"))
    engine = create_store(study.store_url)
    rng = np.random.default_rng(1)
    with transaction(engine) as db:
        studies.add(db, study=study, store_id=uuid.uuid4().hex, at=START)
        world = timed("candidates", fill_store, db, study, options.clips, n_truths, rng)
    with transaction(engine) as db:
        change = timed("plan", schedule.make_plan, Desk(db, study, "AB", START), ids=None)
        loads = list(change.loads.values())
        print(f"  {change.n_slots} slots, loads {min(loads)} to {max(loads)}")
    n_part = options.clips * 3 // len(PEOPLE)
    time_single_steps(engine, "S01")
    n_days = timed("rating", rate_all, engine, world, n_part)
    report(engine, world, n_days, options.plot)


def report(engine: Engine, world: World, n_days: int, plot: Path | None) -> None:
    """Print and check what came of it."""
    now = START + timedelta(days=n_days)
    with transaction(engine) as db:
        given = trials.rated(db, phase=Phase.ANNOTATION)
        assert wrong_rater_counts(given, 3) == {}
        assert given["candidate_id"].nunique() == len(world.truth)
        print(f"{len(given)} ratings in {n_days} days, every clip with exactly 3 raters")
        found = timed("check", lambda: list(findings(db, world.study, clips=False, hashes=False)))
        assert found == [], found
        for person, shown in world.shown_pence.items():
            assert total_pence(db, person) == shown
            paid = statement.settle(db, person, world.study.config.protocol, paid_by="AB", at=now)
            assert paid.bonus_pence == shown
        total = sum(world.shown_pence.values())
        print(f"bonus paid is the bonus shown: {total} pence over {len(world.shown_pence)} people")
        current = timed("status", progress, db, world.study)
        print(f"{sentence(current, now)} {len(audit.frame(db))} audit events")
        for alarm in current.alarms:
            print(f"alarm: {alarm.participant_id} at trial {alarm.n_trial}: {alarm.detail}")
    if plot is not None:
        axes = figures.plot_agreement(current.evidence, [SLOPPY])
        save_figure(figure_of(axes), plot)


if __name__ == "__main__":
    main()
