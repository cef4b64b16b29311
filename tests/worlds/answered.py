"""Studies whose recognition experiment was done in a window: alone, and beside ratings."""

import csv
import hashlib
import uuid
from datetime import datetime, timedelta
from pathlib import Path

from lab.release.writing import Wishes, release
from sessions.recognition.planning import plan_recognition
from sessions.recognition.session import stimulus_of
from study.config.study import Study, find_study
from study.init import init_study
from study.store import store_transaction, studies
from study.store.desk import Desk
from study.store.engine import Db
from study.store.ratings import trials
from study.store.recognition import slots
from study.store.tables import ParticipantRow, SessionRow
from study.vocabulary import Choice, KeyPress, Phase, Presentation, TrialRecord
from tests.worlds.recognition import stimuli_folder
from tests.worlds.releases import FIRST_DAY, HOST, PEOPLE, SETTINGS, ReleasedStudy, finished_study
from tests.worlds.studies import enrol

CLASSES = ("barking", "diving", "frying")
CONDITIONS = ("plain", "late")
MADE = {
    "edge": "silence", "noise": "pink", "snr_db": "0.0", "format": "lossless", "seed": "1",
    "incongruent": "False", "duration_s": "3.0", "snr_measured_db": "0.04",
    "asynchrony_peak": "one peak", "note_of_the_lab": "made by Mueller",
}  # fmt: skip
_EXPERIMENT = {
    "recognition.practice": "1",
    "release.clips_url": '"http://moments.csail.mit.edu/"',
}


def answered_study(folder: Path) -> Study:
    """Make a study that is a recognition experiment alone, which everybody has done."""
    settings = SETTINGS | _EXPERIMENT | {"recognition.alone": "true"} | _stimuli(folder)
    lines = [f"{key}={value}" for key, value in settings.items()]
    study = init_study(folder / "study", lines, FIRST_DAY)
    with store_transaction(study.store_url) as db:
        enrol(db, *PEOPLE)
    return let_all_answer(study)


def rated_and_answered_study(folder: Path) -> Study:
    """Make a study with ratings, whose raters have done the recognition experiment as well."""
    study = finished_study(folder / "study", settings=_EXPERIMENT | _stimuli(folder))
    return let_all_answer(study)


def let_all_answer(study: Study, people: tuple[str, ...] = PEOPLE) -> Study:
    """Plan the experiment and let people answer; every third answer is wrong."""
    with store_transaction(study.store_url) as db:
        db.query(ParticipantRow).update({"closed_at": None})  # who is closed takes no part
        plan_recognition(Desk(db, study, "AB", FIRST_DAY), PEOPLE)
        for person in people:
            answer_all(db, study, person, FIRST_DAY + timedelta(days=1))
    return find_study(study.folder)


def released_answers(study: Study, out: Path, **wishes) -> ReleasedStudy:
    """Release a study without embeddings."""
    return ReleasedStudy(study, release(study, out, Wishes(**wishes), at=FIRST_DAY))


def answer_all(db: Db, study: Study, who: str, at: datetime, *, grade: str = "A") -> None:
    """Let somebody answer all that is left for them, in one session in a window."""
    session_id = _begin(db, study, who, at, grade)
    for number, to_come in enumerate(slots.remaining(db, who)):
        stimulus = stimulus_of(study, to_come)
        right = to_come.stimulus.label or to_come.stimulus.picture_label
        said = right if number % 3 else CLASSES[(CLASSES.index(right) + 1) % len(CLASSES)]
        onset_s, rt_s = 10.0 * number, 0.5 + 0.01 * number
        shown = Presentation(
            onset_s, onset_s + 3, clip_sha256=stimulus.sha256, sound_requested_s=onset_s,
            sound_started_s=onset_s + 0.002, n_frames_shown=90, width_px=320, height_px=240,
        )  # fmt: skip
        press = KeyPress(str(CLASSES.index(said) + 1), onset_s + 3 + rt_s)
        record = TrialRecord(stimulus, None, (shown,), (press,), choice=Choice(said, rt_s))
        trials.add(
            db, session_id=session_id, record=record, bonus_pence=0, simulated=False,
            at=at + timedelta(seconds=10 * number),
        )  # fmt: skip


def _begin(db: Db, study: Study, who: str, at: datetime, grade: str) -> str:
    session_id = uuid.uuid4().hex
    version = studies.protocol_version(db, config=study.config, at=at)
    db.add(
        SessionRow(
            id=session_id, participant_id=who, phase=str(Phase.RECOGNITION), attempt=1,
            stage="window", started_at=at, heartbeat_at=at, ended_at=at + timedelta(hours=1),
            end_reason="ended", host=HOST, pid=1, protocol_version_id=version,
            rig={"grade": grade, "versions": {"psychopy": "1"}},
        )
    )  # fmt: skip
    db.flush()
    return session_id


def _stimuli(folder: Path) -> dict[str, str]:
    made = stimuli_folder(folder / "stimuli", classes=CLASSES, n_per_class=4, conditions=CONDITIONS)
    path = made / "manifest.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = [
            row | MADE | {"source_sha256": hashlib.sha256(row["source"].encode()).hexdigest()}
            for row in csv.DictReader(file)
        ]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return {"recognition.stimuli": f'"{made}"'}
