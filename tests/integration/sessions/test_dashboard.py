import shutil
from datetime import timedelta

import pytest

from sessions.monitor import dashboard
from sessions.monitor.dashboard import dashboard_app
from sessions.monitor.progress import forecast, progress, sentence
from sessions.plan import schedule
from study.reports.web import open_site
from study.store import transaction
from study.store.desk import Desk
from study.store.plan import assignments, ground_truths
from study.vocabulary import Rating
from tests.worlds.local_server import running
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

CHROMIUM = shutil.which("chromium")


@pytest.fixture
def going(tmp_path):
    """A study of 60 clips on its third day."""
    study, engine = new_study(tmp_path)
    with transaction(engine) as db:
        clips = add_candidates(db, 10)
        ground_truths.add_sample(db, clips[::4], AT)
        for clip in clips[::4]:
            ground_truths.add_version(
                db, candidate_id=clip, rating=Rating.VERY_CLEAN, given_by="EXPERT", at=AT
            )
        enrol(db, "P01", "P02", "P03")
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        for day in range(3):
            for person in ("P01", "P02", "P03"):
                left = assignments.remaining(db, person)[:10]
                ratings = {clip.candidate_id: 3 for clip in left}
                rate(db, person, ratings, at=AT + timedelta(days=day), minutes=1)
    yield study, engine
    engine.dispose()


def test_the_forecast_follows_the_last_days(going):
    study, engine = going
    with transaction(engine) as db:
        found = progress(db, study)
    today = AT.date() + timedelta(days=2)
    assert forecast(found.days, found.n_left, today) == (30.0, today + timedelta(days=3))
    assert sentence(found, AT + timedelta(days=2)) == (
        "90 ratings to come, 30 a day recently: done about 2026-01-10."
    )
    later = AT.date() + timedelta(days=60)
    assert forecast(found.days, found.n_left, later) == (0.0, None)


def test_people_and_classes_are_counted(going):
    study, engine = going
    with transaction(engine) as db:
        found = progress(db, study)
    assert found.people["n_rated"].tolist() == [30, 30, 30]
    assert set(found.people["truth_agreement"]) == {1.0}
    assert found.people["owed_pence"].tolist() == [30, 30, 30]
    assert found.classes[["n_slots", "n_done"]].sum().tolist() == [180, 90]
    assert found.days.to_numpy().tolist() == [[10, 10, 10]] * 3


def test_a_study_without_a_plan_has_a_page_too(tmp_path):
    study, engine = new_study(tmp_path)
    site, listener = open_site()
    app = dashboard_app(study, site, lambda: AT)
    listener.close()
    (page,) = [route.endpoint for route in app.routes if getattr(route, "path", "") == "/"]
    said = page().body.decode()
    assert "No ratings are planned yet." in said
    assert said.count("Nobody is in the plan yet.") == 3
    assert "Nobody has rated a clip of the plan yet." in said
    assert "<svg" not in said
    engine.dispose()


@pytest.mark.parametrize(("n_ratings", "n_drawn"), [(9, 3), (10, 6)])
def test_a_plot_in_which_nothing_would_be_drawn_says_so(tmp_path, n_ratings, n_drawn):
    study, engine = new_study(tmp_path)
    with transaction(engine) as db:
        add_candidates(db, 4)
        enrol(db, "P01", "P02", "P03")
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        first = assignments.remaining(db, "P01")[:n_ratings]
        rate(db, "P01", {clip.candidate_id: 3 for clip in first}, minutes=1)
        said = dashboard.page(progress(db, study), study, AT)
    assert said.count("<svg") == n_drawn
    assert said.count("a line begins with the 10th such trial") == 6 - n_drawn
    engine.dispose()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")
def test_the_dashboard_shows_numbers_and_plots_in_a_browser(going):
    from playwright.sync_api import sync_playwright

    study, _ = going
    site, listener = open_site()
    app = dashboard_app(study, site, lambda: AT + timedelta(days=2))
    with running(app, listener), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        problems, asked = [], []
        page.on("console", lambda line: problems.append(line.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(site.url)
        assert page.locator("h1").inner_text() == study.config.title
        assert "90 of 180 ratings (50.0 %)" in page.locator(".lead").inner_text()
        assert page.locator("tbody tr").count() == 3
        assert page.locator("svg.figure").count() == 7  # too few ground truths for a line
        box = page.locator("svg.figure").first.bounding_box()
        assert box is not None
        assert box["width"] > 400
        assert problems == []
        assert all(url.startswith((f"http://127.0.0.1:{site.port}/", "data:")) for url in asked)
        stranger = browser.new_page().goto(f"http://127.0.0.1:{site.port}/")
        assert stranger is not None
        assert stranger.status in {401, 403}
        browser.close()
