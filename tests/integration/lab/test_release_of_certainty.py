"""A release of a study that was rated until it was certain: worked out again, and traced."""

import shutil

import pandas as pd
import pytest
from typer.testing import CliRunner

from curation.release.export import export_ratings
from curation.selection.lists import make_test_set, make_training_lists
from lab.__main__ import app as lab
from lab.checking.all_checks import check_release
from lab.checking.opened import open_release
from lab.checking.together.fitting import check_fitting
from lab.checking.together.posterior import check_answers
from lab.release.writing import Wishes, release
from lab.report.places import places_of
from lab.trace.chain import faults_of, lines
from lab.trace.follow import follow
from lab.trace.kept import Kept
from lab.trace.release.rows import follow_in_release
from lab.trace.traceable import wanted
from study.store import transaction
from tests.integration.sessions.test_until_certain import planned, rate_until_certain
from tests.worlds.studies import AT


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A study of 54 clips, all of its tables, and its release."""
    folder = tmp_path_factory.mktemp("certain")
    study, engine = planned(
        folder / "study", "protocol.certainty=0.9", "protocol.class_min_prominent=3", n_per_class=9
    )
    rate_until_certain(study, engine)
    with transaction(engine) as db:
        lists = study.folder / "release"
        rated, test = lists / "video_ratings.csv", lists / "test_set.csv"
        export_ratings(db, study, lists, at=AT, overwrite=False)
        make_test_set(db, study, rated, test, at=AT)
        make_training_lists(db, study, rated, test, lists, at=AT)
    engine.dispose()
    release(study, folder / "release", Wishes(), at=AT)
    return study, folder / "release"


def test_a_release_has_answers_with_their_numbers_and_nothing_breaks(made):
    _, folder = made
    assert [str(one) for one in check_release(folder) if one.breaks] == []
    table = pd.read_csv(folder / "label_posterior.csv")
    ratings = pd.read_csv(folder / "video_ratings.csv")
    assert len(table) == len(ratings) == 54
    assert table["n_ratings"].between(1, 5).all()
    assert table["n_ratings"].nunique() > 1
    audit = pd.read_csv(folder / "label_audit.csv").set_index("measure")
    assert audit["value"]["promised_error"] == pytest.approx(0.1)
    assert audit["low"]["measured_error"] <= audit["value"]["measured_error"]
    assert audit["value"]["n_audited"] == table["audit_n_ratings"].notna().sum() > 0
    sample = pd.read_csv(folder / "sample_ratings.csv")
    assert (sample[["r1", "r2", "r3"]].sum(axis=1) == 3).all()
    described = set(pd.read_csv(folder / "data_dictionary.csv")["table"])
    assert {"label_posterior.csv", "rater_confusion.csv", "label_audit.csv"} <= described
    assert "estimate from" in (folder / "figures/figure_2.svg").read_text()
    assert "the likelier answer" in (folder / "DATASHEET.md").read_text()


def test_the_report_says_by_what_clips_are_prominent_and_that_figures_are_estimates(made):
    study, _ = made
    written = CliRunner().invoke(lab, ["report", "--study", str(study.folder)])
    assert written.exit_code == 0, written.output
    page = (study.folder / "report.html").read_text()
    for told in ("that was the likelier answer", "estimated from", "estimate: the rating rule",
                 "certain or more", "Other rules need ratings"):  # fmt: skip
        assert told in page
    assert "more than half of its ratings were 3" not in page


def cell(table, row, column, value):
    def plant(folder):
        rows = pd.read_csv(folder / table, dtype=str, keep_default_na=False)
        place = row if isinstance(row, int) else rows.index[rows[row[0]] == row[1]][0]
        before = rows.loc[place, column]
        rows.loc[place, column] = value(before) if callable(value) else value
        assert rows.loc[place, column] != before
        rows.to_csv(folder / table, index=False, lineterminator="\n")

    return plant


def no_yes(folder):
    test = pd.read_csv(folder / "test_set.csv", dtype=str)
    path = folder / "label_posterior.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    lost = rows.index[rows["answer"] == "no"][0]
    test.loc[0, "filename"] = rows.loc[lost, "filename"]
    test.to_csv(folder / "test_set.csv", index=False)


POSTERIOR, CONFUSION, AUDIT = "label_posterior.csv", "rater_confusion.csv", "label_audit.csv"
FAULTS = {
    "another posterior": cell(POSTERIOR, 3, "posterior", "0.6"),
    "the other answer": cell(POSTERIOR, 3, "answer", lambda was: "no" if was == "yes" else "yes"),
    "more ratings than there are": cell(POSTERIOR, 3, "n_ratings", "4"),
    "a lower difficulty": cell(POSTERIOR, 3, "difficulty", "0.0"),
    "an interval beside its number": cell(POSTERIOR, 3, "low", "1.0"),
    "another prior": cell(POSTERIOR, 3, "prior_3", "0.999"),
    "another expert": cell(POSTERIOR, ("expert_rating", "3"), "expert_rating", "1"),
    "ended for another reason": cell(POSTERIOR, ("stopped_by", "certain"), "stopped_by",
                                     "most_ratings"),
    "an answer of the audit turned": cell(
        POSTERIOR, ("audit_answer", "yes"), "audit_answer", "no"),
    "a better rater": cell(CONFUSION, 0, "probability", "0.99999"),
    "a rater's interval": cell(CONFUSION, 0, "high", "0.1"),
    "a rater renamed": cell(CONFUSION, 0, "participant", "nobody"),
    "a lower error": cell(AUDIT, ("measure", "measured_error"), "value", "0.0"),
    "a narrower interval": cell(AUDIT, ("measure", "measured_error"), "high", "0.0001"),
    "more audited": cell(AUDIT, ("measure", "n_audited"), "value", "99"),
    "a better promise": cell(AUDIT, ("measure", "promised_error"), "value", "0.01"),
    "fewer hard clips": cell(AUDIT, ("measure", "hard_share"), "value", "0.01"),
    "a test clip without a yes": no_yes,
    "another rating": cell("trials.csv", ("phase", "annotation"), "rating",
                           lambda was: "1" if was != "1" else "3"),
    "a sample of other ratings": cell("sample_ratings.csv", 0, "r1", "7"),
    "another estimate": cell("figure_2_estimate.csv", 0, "estimate", "5.5"),
    "another agreement": cell("agreement.csv", 0, "value", "0.5"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_although_every_file_is_well_formed(fault, made, tmp_path):
    folder = shutil.copytree(made[1], tmp_path / "release")
    FAULTS[fault](folder)
    opened = open_release(folder)
    found = [*check_answers(opened), *check_fitting(opened)]
    assert any(one.breaks for one in found), found


def test_a_posterior_is_traced_to_its_ratings_in_the_study_and_in_the_release(made):
    study, folder = made
    row = pd.read_csv(folder / POSTERIOR).iloc[5]
    what = wanted(f"label_posterior.csv:{row['filename']}")
    kept = Kept(study, places_of(study.folder))
    for chain in (follow(kept, what), follow_in_release(folder, what, kept)):
        told = "\n".join(lines(chain))
        assert f"posterior {row['posterior']:g}" in told.replace(": ", " ").replace("=", " ")
        assert sum(link.kind == "rating" for link in chain.every()) >= row["n_ratings"]
        assert not [one for one in faults_of(chain) if "posterior" in one or "rests" in one]


def test_a_posterior_that_its_ratings_do_not_make_is_a_fault_of_its_chain(made, tmp_path):
    folder = shutil.copytree(made[1], tmp_path / "release")
    cell(POSTERIOR, 5, "posterior", "0.61")(folder)
    row = pd.read_csv(folder / POSTERIOR).iloc[5]
    chain = follow_in_release(folder, wanted(f"label_posterior.csv:{row['filename']}"))
    assert any("make the posterior" in one for one in faults_of(chain))


def test_a_bar_of_figure_2_is_told_as_the_estimate_that_it_is(made):
    study, folder = made
    bar = wanted("figure2:prominent/barking/3")
    sample = pd.read_csv(folder / "sample_ratings.csv")
    n = int(((sample["AVMIT_label"] == "barking") & (sample["r3"] == 3)).sum())
    for chain in (
        follow(Kept(study, places_of(study.folder)), bar),
        follow_in_release(folder, bar),
    ):
        said = dict(chain.facts)
        assert said["clips"] == str(n)
        assert f"{len(sample)} of 54 clips" in said["estimate"]
        assert not [one for one in faults_of(chain) if "holds" in one or "the store" in one]
