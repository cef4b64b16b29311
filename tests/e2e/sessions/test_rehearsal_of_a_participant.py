"""A simulated participant goes from enrolment to payment, and nobody types a phase."""

import pytest

from study.config.study import find_study
from study.rehearsal.scene_table import SceneRow, write_scenes
from study.store import open_store, transaction
from study.store.people import payments
from study.store.ratings import sessions as stored
from tests.worlds.commands import run_command
from tests.worlds.first_study import LABELS, SETTINGS, make_tree

SIMULATED = ("--simulate", "perfect", "--stage", "simulated", "--speed", "max")
CONSENT = ("--form-version", "1.0", "--ethics-approval", "ERN-18-1", "--experimenter", "AB")


@pytest.fixture
def typed(tmp_path):
    """A rehearsal with clips whose truth is known, and what runs a line in it."""
    tree, study = make_tree(tmp_path), tmp_path / "study"
    scenes = [
        SceneRow("training", f"{label}/yt-{label}{n}_{n}.mp4", label, label, 3, label, True, True,
                 True, "", "sound", 320, 240, 30.0, 3.0, 1, "0" * 64)
        for label in LABELS
        for n in range(8)
    ]  # fmt: skip
    write_scenes(scenes, tree / "scenes.csv")
    environment = {"AVMIT_STUDY": str(study), "AVMIT_EXPERIMENTER": "AB"}

    def run(package, *words):
        done = run_command(package, *words, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    keys = {**SETTINGS, "protocol.ratings_per_clip": "1", "headphones.check": '"antiphase"'}
    named = [part for key, value in keys.items() for part in ("--set", f"{key}={value}")]
    run("study", "init", str(study), "--rehearsal", "--mit-root", str(tree),
        "--classes", str(tree.parent / "classes.csv"), *named)  # fmt: skip
    return run, study


def test_from_enrolment_to_payment_without_a_phase(typed):
    run, folder = typed
    for line in (
        ("curation", "candidates"),
        ("curation", "sample-ground-truths"),
        ("sessions", "enrol", "EXPERT", "--kind", "expert"),
        ("sessions", "enrol", "P01", *CONSENT),
        ("sessions", "set-exercise", "--sample", "--screening-sets", "1"),
        ("sessions", "plan", "--participant", "P01"),
    ):
        run(*line)
    run("annotator", "--participant", "EXPERT", *SIMULATED)
    shown, steps = run("sessions", "show", "P01"), []
    while "to start it: python -m annotator --participant P01" in shown:
        steps.append(shown.partition("next: ")[2].partition(":")[0].splitlines()[0])
        assert len(steps) < 10, shown
        run("annotator", "--participant", "P01", *SIMULATED)
        shown = run("sessions", "show", "P01")
    assert steps == ["headphone check", "training", "screening", "annotation"]
    assert "next: all 18 clips of P01 are rated: nothing is left to do" in shown
    assert "passed" in run("sessions", "screening", "P01")
    told = run("sessions", "pay", "P01", "--settle", "--print")
    assert "paid now: " in told
    assert (folder / "pay" / "P01-1.pdf").read_bytes().startswith(b"%PDF")
    assert "no findings" in run("sessions", "check")
    study = find_study(folder)
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        (paid,) = payments.received(db, "P01")
        assert paid.bonus_pence == 2 * study.config.protocol.bonus_pence
        assert stored.open_sessions(db) == []
    engine.dispose()
