"""A participant's whole way through the commands, with nobody typing a phase."""

import subprocess
import sys

from study.store import transaction
from study.store.plan import exercises
from study.store.plan.exercises import ExerciseClip
from study.vocabulary import Phase
from tests.worlds.rating_studies import ROBOT, annotate, ratable_study, table, truth

NEXT = ("--participant", ROBOT, "--simulate", "perfect", "--stage", "simulated")


def desk(study, *arguments):
    command = [sys.executable, "-m", "sessions", *arguments, "--study", str(study.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_simulated_participant_goes_from_the_headphones_to_payment_one_step_after_the_other(
    tmp_path,
):
    study, engine = ratable_study(
        tmp_path, kinds=("missing",) * 6, settings={"headphones.check": '"huggins"'}
    )
    with transaction(engine) as db:
        sets = ((Phase.TRAINING, (5,)), (Phase.SCREENING, (6,)))
        clips = [
            ExerciseClip(i, phase, 1, i, truth(i), "It barks.") for phase, ids in sets for i in ids
        ]
        exercises.add_many(db, clips)
    said = [annotate(study, *NEXT) for _ in range(5)]
    assert [run.returncode for run in said] == [0] * 5
    lines = [run.stdout.strip() for run in said]
    assert lines[0] == "S01: headphone check, 6 of 6 found: passed"
    assert lines[1].startswith("S01: 1 training rating; 1 of 1 clip is rated (finished)")
    assert lines[2].startswith("S01: 1 screening rating; 1 of 1 clip is rated (finished)")
    assert lines[3] == "S01: 6 annotation ratings; 6 of 6 clips are rated (finished)"
    assert lines[4] == "all 6 clips of S01 are rated: nothing is left to do"
    assert "paid now: " in desk(study, "pay", ROBOT, "--settle", "--by", "AB")
    phases = table(engine, "session")["phase"].tolist()
    assert phases == ["training", "screening", "annotation"]
