import itertools
import re
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from lab.entries import begin_journal
from lab.report.flow import FlowStep, stages
from lab.report.page import ShownClips, write_report
from lab.report.places import places_of
from study.config.protocol import Protocol
from study.errors import ConfigError, StudyError
from tests.worlds.curated import candidate, fill, new_study, tallies

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def page_of(study, **settings):
    out = study.folder / "report.html"
    shown = ShownClips(n_pictures=1, n_resamples=50)
    places = places_of(study.folder)
    return write_report(study, places, out, at=AT, shown=shown, **settings).read_text()


def rated_study(folder, rating=lambda place: [3, 3, 2]):
    study = new_study(folder, "protocol.class_min_prominent=2")
    fill(study, [candidate(f"barking/clip_{i}.mp4", "barking") for i in range(4)], rating)
    return study


def test_a_study_in_which_nothing_has_happened_has_a_page_that_says_so(tmp_path):
    page = page_of(new_study(tmp_path / "study"))
    for sentence in (
        "Nobody is enrolled yet",
        "There is no plan yet",
        "Figure 2 needs clips with all their ratings",
        "No test set has been drawn",
        "No embeddings have been extracted",
        "No network has been trained",
        "no network has been evaluated",
        "Nothing has happened yet that could be told",
    ):
        assert sentence in page
    assert "What ran" not in page


def test_a_page_needs_no_other_file_and_no_network(tmp_path):
    page = page_of(rated_study(tmp_path / "study"))
    assert "<script" not in page
    leads_outside = re.compile(r"""(?:src|href)=["']?(?:https?:)?//|url\(["']?http|@import""")
    assert leads_outside.findall(page) == []


def test_a_demo_is_the_same_page_with_what_ran_and_its_files(tmp_path):
    study = new_study(tmp_path / "demo", "rehearsal=true")
    begin_journal(study.folder)
    page = page_of(study)
    for sentence in ("No screenshots were taken", "0 commands", "study.toml</a>", "Go on"):
        assert sentence in page
    assert "rehearsal: simulated people" in page


def test_rated_clips_bring_agreement_figure_2_and_methods(tmp_path):
    study = rated_study(tmp_path / "study", lambda place: [3, 3, 2] if place else [1, 1, 1])
    page = page_of(study)
    assert "<b>3</b>prominent" in page
    assert "(a) Was the labelled audiovisual event present?" in page
    assert "more than half of its ratings were 3: 3 of 4 clips" in page
    assert "12 ratings entered the analysis; 4 clips had at least 3." in page
    assert "dawid_skene" in page
    assert "3 to 3" not in page


def test_what_cannot_be_read_is_told_and_the_rest_is_shown(tmp_path):
    study = rated_study(tmp_path / "study")
    (tmp_path / "study/release").mkdir()
    (tmp_path / "study/release/test_set.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "study/models/net/evaluations").mkdir(parents=True)
    (tmp_path / "study/models/net/evaluations/x.json").write_text("{}")
    (tmp_path / "study/models/net/model_card.json").write_text("[]")
    page = page_of(study)
    assert page.count("Could not be read: ") == 3
    assert "Agreement" in page


def test_a_test_clip_that_is_not_at_hand_is_named_without_a_picture(tmp_path):
    study = rated_study(tmp_path / "study")
    (tmp_path / "study/release").mkdir()
    (tmp_path / "study/release/test_set.csv").write_text(
        "filename,AVMIT_label,MIT_label,video_location,new_filename,tfrecord_filename\n"
        "barking/clip_0.mp4,barking,barking,training,barking/barking_1.mp4,barking/clip_0.tfrecord\n"
    )
    page = page_of(study)
    assert "clip not at hand" in page
    assert "<figcaption>barking_1.mp4" in page


def test_a_page_that_is_there_is_not_replaced_unasked(tmp_path):
    study = new_study(tmp_path / "study")
    page_of(study)
    with pytest.raises(StudyError, match=r"report\.html exists already.*--overwrite"):
        page_of(study)
    page_of(study, overwrite=True)


def test_a_report_needs_a_store(tmp_path):
    study = new_study(tmp_path / "study")
    (tmp_path / "study/store.sqlite").unlink()
    with pytest.raises((ConfigError, StudyError), match="store"):
        page_of(study)
    assert not (tmp_path / "study/report.html").exists()


def test_the_flow_of_a_study_that_was_rated_until_certain_takes_answers_and_not_majorities():
    rng = np.random.default_rng(2)
    clips = tallies(rng, 200).assign(
        frame_rate_hz=30.0, is_vfr=False, has_two_streams=False, is_excluded=False,
        posterior=rng.random(200),
    )  # fmt: skip
    counts = pd.DataFrame([("barking", "", 200)], columns=["mit_label", "reason", "n"])
    protocol = Protocol(rating_rule="until_certain", class_min_prominent=1, test_certainty=0.9)
    found = {step.title: step for step in stages(counts, 200, clips, protocol, {})}
    n_yes, n_sure = int((clips["posterior"] > 0.5).sum()), int((clips["posterior"] >= 0.9).sum())
    assert found["prominent"].n == n_yes
    assert found["prominent"].left == (("the likelier answer is no", 200 - n_yes),)
    assert found["fit for the test set"].n == n_sure
    assert found["fit for the test set"].left == (("posterior below 0.9", n_yes - n_sure),)


def test_every_clip_that_leaves_the_flow_is_told_and_the_numbers_add_up():
    clips = tallies(np.random.default_rng(1), 200).assign(
        frame_rate_hz=30.0, is_vfr=False, has_two_streams=False, is_excluded=False
    )
    clips.loc[::7, "frame_rate_hz"] = 25.0
    clips.loc[::11, "is_excluded"] = True
    counts = pd.DataFrame(
        [("barking", "", 150), ("diving", "", 70), ("barking", "silent", 8)],
        columns=["mit_label", "reason", "n"],
    )
    protocol = Protocol(class_min_prominent=10)
    found = stages(counts, 210, clips, protocol, {"test_set": clips.head(5)})
    assert found[0] == FlowStep("clips of the study's classes", 228)
    assert found[-1].n == 5
    for before, after in itertools.pairwise(found):
        assert before.n - after.n_left == after.n, after


def test_the_command_writes_the_page_of_the_study_that_is_named(tmp_path):
    from typer.testing import CliRunner

    from lab.__main__ import app

    rated_study(tmp_path / "study")
    done = CliRunner().invoke(app, ["report", "--study", str(tmp_path / "study")])
    assert done.exit_code == 0, done.output
    assert done.output == f"report: {tmp_path / 'study/report.html'}\n"
    assert (tmp_path / "study/report.html").stat().st_mode & 0o077 == 0
