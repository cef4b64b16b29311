"""The expert's ratings: ground truths, their corrections, and blind second ratings."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from typer.testing import CliRunner

from sessions.__main__ import app
from sessions.expert import ground_truths as truths
from sessions.expert import reratings
from sessions.expert.reratings import drawn, reliability, weighted_kappa
from sessions.laptops.deal import deal_part
from sessions.laptops.merge import merge_part
from sessions.monitor.progress import progress
from sessions.pay import bonus
from sessions.pay import statement as pay
from sessions.running.session_plan import plan_session
from study.store import audit, transaction
from study.store.desk import Desk
from study.store.plan import ground_truths
from study.store.ratings import trials
from study.vocabulary import ParticipantKind, Phase, Rating
from tests.worlds.rating_studies import EXPERT, PERSON, annotate, ratable_study
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

N_CLIPS = 8


def run(study, *arguments, code=0):
    result = CliRunner().invoke(app, [*map(str, arguments), "--study", str(study.folder)])
    assert result.exit_code == code, result.output
    return result.output if not code or result.exception is None else str(result.exception)


@pytest.fixture
def lab(tmp_path):
    """A rehearsal of eight clips that all are sampled; half of them are to be rated again."""
    study, engine = ratable_study(
        tmp_path,
        kinds=("missing",) * N_CLIPS,
        n_ground_truths=0,
        settings={"protocol.rerating_share": "0.5"},
    )
    with transaction(engine) as db:
        ground_truths.add_sample(db, range(1, N_CLIPS + 1), AT)
    yield study, engine
    engine.dispose()


def sit(study, *options):
    done = annotate(
        study, "--participant", EXPERT, "--phase", "ground_truth",
        "--simulate", "perfect", "--stage", "simulated", *options,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_first_ratings_are_ground_truths_and_leave_an_audit_event_each(lab):
    study, engine = lab
    assert sit(study, "--trials", "3") == (
        "EXPERT: 3 ground truth ratings; 3 of 8 clips are rated (limit)"
    )
    with transaction(engine) as db:
        events = audit.frame(db).query("action == 'ground_truth'")
        assert events["actor"].tolist() == [EXPERT] * 3
        assert events["subject"].tolist() == [f"candidate {i}" for i in (1, 2, 3)]
        assert [detail["version"] for detail in events["detail"]] == [1, 1, 1]


def test_a_part_is_rated_again_after_all_first_ratings_and_changes_no_ground_truth(lab):
    study, engine = lab
    sit(study, "--trials", "7")
    with transaction(engine) as db:
        plan = plan_session(db, study, EXPERT, Phase.GROUND_TRUTH)
        assert (plan.attempt, len(plan.trials), plan.n_done) == (1, 1, 7)
    sit(study)
    with transaction(engine) as db:
        before = ground_truths.versions(db)
        plan = plan_session(db, study, EXPERT, Phase.GROUND_TRUTH)
        chosen = drawn(study, list(range(1, N_CLIPS + 1)))
        assert (plan.attempt, plan.n_done, len(chosen)) == (2, 8, 4)
        assert [trial.stimulus.candidate_id for trial in plan.trials] == chosen
    assert sit(study, "--trials", "1").endswith("9 of 12 clips are rated (limit)")
    assert sit(study).endswith("12 of 12 clips are rated (finished)")
    assert sit(study) == "EXPERT: all 12 ground_truth clips are rated"
    with transaction(engine) as db:
        assert ground_truths.versions(db).equals(before)
        given = trials.rated(db, Phase.GROUND_TRUTH)
        assert sorted(given.query("attempt == 2")["candidate_id"]) == chosen
        assert given["bonus_pence"].sum() == 0
        assert reliability(db, study) == reratings.Reliability(4, 4, 1.0, 0)
    line = "intra-rater reliability: 100 % of 4 clips rated alike, weighted kappa 1.00"
    assert line in run(study, "status")
    assert line in run(study, "show", EXPERT)
    page = study.folder / "page.html"
    run(study, "dashboard", "--out", page)
    assert line in page.read_text(encoding="utf-8")


def test_what_an_expert_reads_is_the_same_before_clips_that_were_seen(lab):
    from annotator.task.pages import Pages

    study, engine = lab
    with transaction(engine) as db:
        first = plan_session(db, study, EXPERT, Phase.GROUND_TRUTH)
    sit(study)
    with transaction(engine) as db:
        second = plan_session(db, study, EXPERT, Phase.GROUND_TRUTH)
    texts = [
        Pages(study, plan, 1).welcome().text.replace(f"{done} of {total}", "")
        for plan, done, total in ((first, 0, 8), (second, 8, 12))
    ]
    assert texts[0] == texts[1]
    assert "again" not in texts[0].replace("plays it again", "")


def test_the_draw_follows_from_the_seed_and_keeps_what_was_drawn_when_the_sample_grows(tmp_path):
    study, _ = new_study(tmp_path)
    hundred, more = drawn(study, list(range(1, 2001))), drawn(study, list(range(1, 2101)))
    assert len(hundred) == 100
    assert hundred == drawn(study, list(range(1, 2001)))
    assert len(set(hundred) - set(more)) <= 10
    assert 800 < np.mean(hundred) < 1200


def test_an_expert_rates_again_what_they_rated_themselves(tmp_path):
    study, engine = new_study(tmp_path, rerating_share=1.0)
    with transaction(engine) as db:
        clips = add_candidates(db, 1)
        enrol(db, "EXPERT", "EXPERT2", kind=ParticipantKind.EXPERT)
        ground_truths.add_sample(db, clips, AT)
        for expert, own in (("EXPERT", clips[:4]), ("EXPERT2", clips[4:])):
            rate(db, expert, dict.fromkeys(own, 2), phase=Phase.GROUND_TRUTH)
            for clip in own:
                truths.ground_truth_rated(
                    db, candidate_id=clip, rating=Rating(2), participant_id=expert, at=AT
                )
        rate(db, "EXPERT2", {clips[4]: 3}, phase=Phase.GROUND_TRUTH, attempt=2)
        assert reratings.of_expert(db, study, "EXPERT").to_come == tuple(clips[:4])
        assert reratings.of_expert(db, study, "EXPERT2") == reratings.Reratings((clips[5],), 1)
        assert reliability(db, study) == reratings.Reliability(1, 0, 0.0, 5)
    engine.dispose()


@pytest.mark.parametrize("seed", range(5))
def test_weighted_kappa_is_the_usual_one(seed):
    rng = np.random.default_rng(seed)
    first = rng.integers(1, 4, 60)
    second = np.where(rng.random(60) < 0.8, first, rng.integers(1, 4, 60))
    usual = cohen_kappa_score(first, second, weights="quadratic")
    assert weighted_kappa(first, second) == pytest.approx(usual)
    assert weighted_kappa(first[:0], second[:0]) is None


@pytest.fixture(params=["sqlite", "postgresql"])
def paid(request, tmp_path):
    """A study in which P01 matched two ground truths, and was paid for one of them."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    study, engine = new_study(tmp_path / "study", url=url)
    (study.folder / "study.toml").write_text("" if url is None else f'store = "{url}"\n')
    with transaction(engine) as db:
        clips = add_candidates(db, 1)
        enrol(db, "P01", "P02")
        enrol(db, "EXPERT", kind=ParticipantKind.EXPERT)
        ground_truths.add_sample(db, clips[:3], AT)
        for clip in clips[:2]:
            truths.ground_truth_rated(
                db, candidate_id=clip, rating=Rating(3), participant_id="EXPERT", at=AT
            )
        rate(db, "P01", {clips[0]: 3}, bonus_pence=10, minutes=1)
        pay.settle(db, "P01", study.config.protocol, paid_by="AB", at=AT)
        rate(db, "P01", {clips[1]: 3}, bonus_pence=10, minutes=1)
    yield study, engine, clips
    engine.dispose()


def correct(study, clip="barking/clip_0.mp4", rating=1, code=0, reason="a dog is only seen"):
    return run(
        study, "correct-ground-truth", clip, "--rating", rating, "--by", "AB",
        "--reason", reason, code=code,
    )  # fmt: skip


def test_a_correction_is_a_new_version_with_who_and_why_and_takes_no_bonus_away(paid):
    study, engine, clips = paid
    with transaction(engine) as db:
        protocol = study.config.protocol
        before = pay.statement(db, "P01", protocol)
    assert correct(study).strip() == (
        "barking/clip_0.mp4: 3 became 1 (version 2); 1 bonus shown before stay (10p)"
    )
    assert "diving/clip_0.mp4: 3 became 2" in correct(study, "training/diving/clip_0.mp4", 2)
    with transaction(engine) as db:
        assert pay.statement(db, "P01", protocol) == before
        assert bonus.total_pence(db, "P01") == 20
        assert pay.statement(db, "P01", protocol, unpaid_only=True).bonus_pence == 10
        versions = ground_truths.versions(db).query(f"candidate_id == {clips[0]}")
        assert versions[["version", "rating", "given_by", "reason"]].to_numpy().tolist() == [
            [1, 3, "EXPERT", ""],
            [2, 1, "AB", "a dog is only seen"],
        ]
        event = audit.frame(db).query("action == 'correct_ground_truth'").iloc[0]
        assert (event["actor"], event["subject"]) == ("AB", f"candidate {clips[0]}")
        assert event["detail"] == {
            "filename": "barking/clip_0.mp4", "before": 3, "rating": 1, "version": 2,
            "reason": "a dog is only seen",
        }  # fmt: skip
        assert ground_truths.current(db, clips[0]) is Rating.UNCLEAN
        shares = progress(db, study).evidence
        assert shares["agrees"].tolist() == [False, False]
    assert "2 of 3 ground truths (2 corrections)" in run(study, "status")
    assert "barking/clip_0.mp4: 3 became 1 on" in run(study, "show", "EXPERT")


def test_ratings_after_a_correction_earn_by_the_new_version(tmp_path):
    study, engine = ratable_study(tmp_path, kinds=("missing",) * 3, n_ground_truths=3)
    correct(study, "barking/1-missing.mp4", 1)
    done = annotate(study, "--participant", PERSON, "--simulate", "perfect", "--stage", "simulated")
    assert done.returncode == 0, done.stderr
    with transaction(engine) as db:
        given = trials.rated(db).set_index("candidate_id")
        assert given["bonus_pence"].to_dict() == {1: 10, 2: 0, 3: 10}
    engine.dispose()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"clip": "barking/none.mp4"}, "not among the 3 sampled ground truths"),
        ({"clip": "clip_0.mp4"}, "not among the 3 sampled ground truths"),
        ({"clip": "tapping/clip_0.mp4"}, "not among the 3 sampled ground truths"),
        ({"clip": "frying/clip_0.mp4"}, "has not rated frying/clip_0.mp4 yet"),
        ({"rating": 3}, "is 3 already"),
        ({"reason": " "}, "--reason is empty"),
    ],
)
def test_a_correction_that_corrects_nothing_is_one_line(paid, arguments, message):
    study, engine, _ = paid
    error = correct(study, **arguments, code=1)
    assert message in error
    assert len(error.splitlines()) == 1
    with transaction(engine) as db:
        assert ground_truths.versions(db)["version"].tolist() == [1, 1]


@pytest.mark.parametrize("rating", ["0", "4", "-1", "three"])
def test_a_rating_that_is_none_is_refused(paid, rating):
    study, _, _ = paid
    result = CliRunner().invoke(
        app,
        ["correct-ground-truth", "barking/clip_0.mp4", "--rating", rating, "--by", "AB",
         "--reason", "x", "--study", str(study.folder)],
    )  # fmt: skip
    assert result.exit_code == 2


def test_an_expert_on_a_laptop_brings_both_ratings_back(lab, tmp_path):
    study, engine = lab
    path = tmp_path / "laptop.sqlite"
    with transaction(engine) as db:
        deal_part(Desk(db, study, "AB", AT), [EXPERT], path)
    for _ in range(2):
        assert "finished" in sit(study, "--store", f"sqlite:///{path}")
    with transaction(engine) as db:
        came = merge_part(Desk(db, study, "AB", AT), path, final=True)
        assert (came.n_ratings, came.n_sessions) == (12, 2)
        assert reliability(db, study).n == 4
        assert len(ground_truths.versions(db)) == 8
        assert audit.frame(db)["action"].tolist().count("ground_truth") == 8
