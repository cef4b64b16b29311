"""Ground truths that the expert gave of another clip are used nowhere, and that is said."""

import pytest
from typer.testing import CliRunner

from curation.__main__ import app as curation
from sessions.expert import ground_truths as expert
from sessions.expert.reratings import reliability
from sessions.laptops.deal import deal_part
from sessions.maintenance import money_check
from sessions.monitor.progress import progress, sentence
from sessions.monitor.running_agreement import GROUND_TRUTH
from sessions.plan import schedule
from sessions.running.recording import open_session
from study.errors import StudyError
from study.init import init_study
from study.store import open_store, transaction
from study.store.addresses import sqlite_url
from study.store.desk import Desk
from study.store.people import participants
from study.store.plan import assignments, ground_truths
from study.store.ratings import trials
from study.store.ratings.counted import ground_truths_that_count
from study.vocabulary import ParticipantKind, Phase, Presentation, Rating, Response, TrialRecord
from tests.worlds.studies import AT, add_candidates, enrol, rate

SWAPPED = "f" * 64
PEOPLE = ("P01", "P02", "P03")


@pytest.fixture
def lab(tmp_path):
    """Six clips for three people; two are ground truths, of which the first is another clip's."""
    study = init_study(tmp_path / "lab", ["rehearsal=true"], AT)
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        clips = add_candidates(db, 1)
        enrol(db, *PEOPLE)
        enrol(db, "EXPERT", kind=ParticipantKind.EXPERT)
        ground_truths.add_sample(db, clips[:2], AT)
        for clip, playing in ((clips[0], {"clip_sha256": SWAPPED}), (clips[1], {})):
            for attempt in (1, 2):
                options = {"phase": Phase.GROUND_TRUTH, "attempt": attempt, **playing}
                rate(db, "EXPERT", {clip: 3}, **options)
            ground_truths.add_version(
                db, candidate_id=clip, rating=Rating(3), given_by="EXPERT", at=AT
            )
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        for person in PEOPLE:
            for phase in (Phase.TRAINING, Phase.SCREENING, Phase.ANNOTATION):
                participants.clear(db, person, phase, granted_by="AB", reason="r", at=AT)
    yield study, engine, clips
    engine.dispose()


def rate_everything(engine, study, person):
    """Rate all clips 3, as the annotator does; return the bonus by candidate."""
    options = {
        "stage": "simulated",
        "profile": "good",
        "rig": {},
        "now": lambda: AT.replace(hour=12),
    }
    with open_session(engine, study, person, Phase.ANNOTATION, **options) as recorder:
        for trial in recorder.plan.trials:
            playing = (Presentation(0.0, 3.0),)
            recorder.save(TrialRecord(trial.stimulus, Response(Rating(3), 0.5), playing))
    with transaction(engine) as db:
        earned = trials.earnings(db)
    own = earned[(earned["participant_id"] == person) & (earned["phase"] == Phase.ANNOTATION)]
    return dict(zip(own["candidate_id"], own["bonus_pence"], strict=True))


def test_it_earns_nobody_anything_until_somebody_says_what_the_clip_deserves(lab):
    study, engine, clips = lab
    of_another, good = clips[:2]
    assert {of_another: 0, good: 10}.items() <= rate_everything(engine, study, "P01").items()
    with transaction(engine) as db:
        desk = Desk(db, study, "AB", AT.replace(hour=13))
        done = expert.correct(desk, clip="barking/clip_0.mp4", rating=Rating(3), reason="seen now")
        assert (done.before, done.after, done.version) == (3, 3, 2)
        with pytest.raises(StudyError, match="is 3 already"):
            expert.correct(desk, clip="barking/clip_0.mp4", rating=Rating(3), reason="again")
        assert ground_truths_that_count(db, study).by_clip() == {of_another: 3, good: 3}
        (line,) = expert.corrections(db)
        assert line.startswith("barking/clip_0.mp4: 3 confirmed on ")
    assert {of_another: 10, good: 10}.items() <= rate_everything(engine, study, "P02").items()
    with transaction(engine) as db:
        assert list(money_check.findings(db, study)) == []


def test_a_bonus_that_was_shown_for_it_stays_and_is_not_called_wrong(lab):
    study, engine, clips = lab
    with transaction(engine) as db:
        rate(db, "P03", {clips[0]: 3, clips[1]: 3}, bonus_pence=10, at=AT.replace(hour=12))
        assert list(money_check.findings(db, study)) == []


def test_status_compares_nobody_with_it_and_says_so(lab):
    study, engine, clips = lab
    rate_everything(engine, study, "P01")
    with transaction(engine) as db:
        truths = ground_truths_that_count(db, study)
        found = progress(db, study)
        assert truths.by_clip() == {clips[1]: 3}
        assert truths.as_counts() == {"other_clip": 1}
        assert found.evidence.query(f"source == '{GROUND_TRUTH}'")["agrees"].tolist() == [True]
        assert "1 ground truth of another clip than the one that was admitted" in sentence(
            found, AT
        )
        assert (reliability(db, study).n, reliability(db, study).n_to_come) == (1, 0)


def test_a_laptop_is_not_given_it(lab, tmp_path):
    study, engine, clips = lab
    with transaction(engine) as db:
        deal_part(Desk(db, study, "AB", AT), ["P02"], tmp_path / "laptop.sqlite")
    laptop = open_store(sqlite_url(tmp_path / "laptop.sqlite"))
    with transaction(laptop) as db:
        assert [ground_truths.current(db, clip) for clip in clips[:2]] == [None, Rating(3)]
        assert len(assignments.frame(db)) > 0
    laptop.dispose()


def test_raters_are_not_judged_by_it(lab):
    study, engine, _ = lab
    rate_everything(engine, study, "P01")
    run = CliRunner().invoke(curation, ["raters", "--study", str(study.folder)])
    assert run.exit_code == 0, run.output
    said = " ".join(run.output.split())
    assert "1 ground truth of another clip than the one that was admitted: not used" in said
    assert "sessions correct-ground-truth" in said
    (line,) = (line for line in run.output.splitlines() if line.strip().startswith("P01"))
    assert line.split()[:3] == ["P01", "6", "1"]
