"""The desk in the browser: a participant's whole first day, and what it refuses."""

import json
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import pytest

from sessions.desk.page import desk_app
from sessions.exercises import choosing
from sessions.plan import schedule
from study.config.desk import DeskFiles
from study.config.study import Study
from study.reports.web import open_site
from study.store import audit, transaction
from study.store.desk import Desk
from study.store.people import demographics, payments
from study.store.plan import assignments, exercises, ground_truths
from study.store.plan.exercises import ExerciseClip
from study.store.ratings import flags, notes
from study.vocabulary import Phase, Rating
from tests.worlds.local_server import running
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

CHROMIUM = shutil.which("chromium")
NOW = AT + timedelta(hours=8)


@dataclass
class World:
    study: Study
    engine: object

    def sit(self, who, phase, attempt=1, wrong=()):
        """Let somebody rate an exercise as the expert did, but for some clips."""
        with transaction(self.engine) as db:
            clips = exercises.frame(db, phase, attempt if phase is Phase.SCREENING else 1)
            given = {
                row["candidate_id"]: 1 if row["position"] in wrong else row["expert_rating"]
                for row in clips.to_dict("records")
            }
            rate(db, who, given, phase=phase, attempt=attempt, minutes=20)

    def annotate(self, who, n):
        with transaction(self.engine) as db:
            left = assignments.remaining(db, who)[:n]
            rate(db, who, {clip.candidate_id: 3 for clip in left}, minutes=30)


@pytest.fixture
def world(tmp_path):
    """A real study whose exercise clips are chosen, and whose plan waits for its people."""
    study, engine = new_study(tmp_path / "study", screening_pass_mark=5)
    with transaction(engine) as db:
        clips = add_candidates(db, 8)
        desk = Desk(db, study, "AB", AT)
        by_class = choosing.free_candidates(db).groupby("avmit_label")["candidate_id"]
        rows = [
            ExerciseClip(int(own.iloc[number]), phase, each, place, Rating(3), f"Reason {place}.")
            for place, (_, own) in enumerate(by_class)
            for number, (phase, each) in enumerate(
                [(Phase.TRAINING, 1), (Phase.SCREENING, 1), (Phase.SCREENING, 2)]
            )
        ]
        choosing.set_exercise(desk, rows)
        ground_truths.add_sample(db, clips[-2:], AT)
        enrol(db, "P01", "P02")
    yield World(study, engine)
    engine.dispose()


@pytest.fixture
def served(world):
    site, listener = open_site()
    with running(desk_app(world.study, "AB", site, lambda: NOW), listener):
        yield world, site


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.fixture(params=[1280, 390], ids=["desktop", "phone"])
def page(request, browser):
    context = browser.new_context(
        viewport={"width": request.param, "height": 844},
        permissions=["clipboard-read", "clipboard-write"],
    )
    opened = context.new_page()
    opened.on("dialog", lambda dialog: dialog.accept())
    yield opened
    context.close()


def said(page, words):
    page.locator("#said", has_text=words).wait_for()
    page.wait_for_load_state("load")  # after which the browser scrolls to where it was
    from playwright.sync_api import expect  # not everybody has it

    expect(page.locator("#said")).to_be_in_viewport()
    return page.locator("#said").inner_text()


def press(page, form, **fields):
    for name, value in fields.items():
        field = page.locator(f"{form} [name='{name}']")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.locator(f"{form} button").click()


def is_within(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_participants_first_day_at_the_desk(served, page):
    world, site = served
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(site.url)
    # Enrolled, with a consent.
    press(
        page, "#enrol", participant_id="P03",
        **{"consent.form_version": "1.0", "consent.ethics_approval": "ERN-18-1"},
    )  # fmt: skip
    said(page, "Enrolled P03.")
    with transaction(world.engine) as db:
        schedule.make_plan(Desk(db, world.study, "AB", AT), ids=None)
    # Who they are.
    page.locator("#P03 a").click()
    page.get_by_text("Not complete yet.").wait_for()
    press(page, "#demographics", age="24", sex="female", hearing_normal="yes",
          vision_normal="silent")  # fmt: skip
    said(page, "Recorded age, hearing_normal, sex, vision_normal of P03.")
    with transaction(world.engine) as db:
        assert demographics.answers(db)["P03"] == {
            "age": 24, "sex": "female", "hearing_normal": True, "vision_normal": None,
        }  # fmt: skip
    assert "Recorded. What is entered again replaces it." in page.locator("main").inner_text()
    # The training is next; one button copies the line that starts it.
    assert "training: 0 of 6 clips are rated" in page.locator(".next").inner_text()
    page.locator("[data-copy]").click()
    page.get_by_role("button", name="Copied").wait_for()
    line = page.evaluate("navigator.clipboard.readText()")
    assert re.search(rf"-m annotator --participant P03 --study \S*{world.study.folder.name}", line)
    world.sit("P03", Phase.TRAINING)
    # A screening that is not passed: which clips were missed, and the training again.
    world.sit("P03", Phase.SCREENING, wrong=(0, 1))
    page.reload()
    assert "failed, 4 of 6 right, 5 needed" in page.locator("#screening").inner_text()
    assert "rated 1, expert 3. Reason 0." in page.locator("#screening").inner_text()
    assert "training (attempt 2)" in page.locator(".next").inner_text()
    world.sit("P03", Phase.TRAINING, attempt=2)
    world.sit("P03", Phase.SCREENING, attempt=2)
    page.reload()
    assert "passed, 6 of 6 right" in page.locator("#screening").inner_text()
    assert "annotation: 0 of" in page.locator(".next").inner_text()
    # They rate; somebody remarks on it, and flags a mis-key.
    world.annotate("P03", 4)
    page.reload()
    with transaction(world.engine) as db:
        clip = assignments.frame(db).query("participant_id == 'P03' and done")["candidate_id"]
        name = choosing.standing(db).set_index("candidate_id").loc[clip.iloc[0], "filename"]
    press(page, "#note", text="The alarm rang <b>twice</b>.")
    said(page, "Noted on P03.")
    assert "The alarm rang <b>twice</b>." in page.locator("main").inner_text()
    press(page, "#flag", clip=name, kind="mis_key")
    said(page, "rating and bonus stay")
    # Pay, and the statement to sign.
    assert "£" in page.locator("#pay b").inner_text()
    page.locator("#pay button").click()
    said(page, "To sign:")
    assert page.locator("#pay b").inner_text() == "0p"
    paper = page.request.get(f"http://127.0.0.1:{site.port}/pay/P03-1.pdf")
    assert paper.body().startswith(b"%PDF")
    assert is_within(page)
    # Everything is in the store, and in its log under the experimenter's initials.
    with transaction(world.engine) as db:
        assert len(payments.received(db, "P03")) == 1
        assert notes.frame(db)["text"].tolist() == ["The alarm rang <b>twice</b>."]
        assert flags.frame(db)["kind"].tolist() == ["mis_key"]
        log = audit.frame(db).query("subject == 'P03'")
    assert log["action"].tolist() == ["enrol", "consent", "demographics", "note", "flag", "pay"]
    assert set(log["actor"]) == {"AB"}
    page.goto(f"http://127.0.0.1:{site.port}/")
    page.get_by_text("No alarms.").wait_for()
    assert is_within(page)
    assert problems == []


def test_who_rates_is_shown_and_what_is_refused_is_said_in_one_line(served, page):
    world, site = served
    page.goto(site.url)
    page.locator("[name='has_consent']").uncheck()
    press(page, "#enrol", participant_id="Maria")
    assert "'Maria' cannot be an id" in said(page, "cannot be an id")
    with transaction(world.engine) as db:
        session = rate(db, "P01", {})
        db.connection().exec_driver_sql(
            "UPDATE session SET ended_at = NULL, end_reason = NULL, heartbeat_at = started_at "
            f"WHERE id = '{session}'"
        )
    page.reload()
    assert "rating on laptop since" in page.locator("#P01 .next").inner_text()
    assert "has the program crashed?" in page.locator("#P01 .next").inner_text()
    assert page.locator("#P01 [data-copy]").count() == 0
    page.goto(f"http://127.0.0.1:{site.port}/people/P01")
    page.get_by_role("button", name="End the session").click()
    said(page, "Ended the session of P01")


@contextmanager
def client_of(site, **headers):
    base, given = f"http://127.0.0.1:{site.port}", {"x-study-token": site.token, **headers}
    with httpx.Client(base_url=base, headers=given) as client:
        yield client


@pytest.fixture
def client(served):
    with client_of(served[1]) as opened:
        yield opened


def test_a_stranger_changes_nothing(served):
    world, site = served
    body = {"participant_id": "P09"}
    with client_of(site, **{"x-study-token": "guessed"}) as stranger:
        assert stranger.post("/enrol", json=body).status_code in {401, 403}
        assert stranger.get("/people/P01").status_code in {401, 403}
    with client_of(site, Origin="http://evil.example") as other_page:
        assert other_page.post("/enrol", json=body).status_code == 403
    with transaction(world.engine) as db:
        assert len(audit.frame(db).query("action == 'enrol'")) == 0


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/people/P01/pay", {}, 409, "has been paid for everything"),
        ("/people/P09/note", {"text": "x"}, 409, "P09 is not enrolled"),
        ("/people/P01/note", {"text": " "}, 409, "--text is empty"),
        ("/people/P01/note", {"text": "a\u0000b"}, 422, "text"),
        ("/people/P01/note", {"text": "x" * 1001}, 422, "text"),
        ("/people/P01/note", {"text": "x", "by": "ZZ"}, 422, "by"),
        ("/people/P01/flag", {"clip": "a/b.mp4", "kind": "mis_key"}, 409, "has not rated"),
        ("/people/P01/flag", {"clip": "a/b.mp4", "kind": "worst"}, 422, "kind"),
        ("/people/P01/demographics", {"answers": {"age": 300}}, 409, "300 is not an age"),
        ("/people/P01/demographics", {"answers": {"name": "x"}}, 409, "name"),
        ("/people/P01/demographics", {"answers": {}}, 409, "no answer was given"),
        ("/people/P01/close", {"reason": ""}, 409, "--reason is empty"),
        ("/people/P01/end-session", {}, 409, "no open session"),
        ("/enrol", {"participant_id": "P01"}, 409, "enrolled already"),
        ("/enrol", {"consent": {"form_version": "1"}}, 422, "consent"),
        ("/people/..%2f..%2fstore.sqlite/pay", {}, 404, ""),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(
    served, client, path, body, status, words
):
    world, _ = served
    with transaction(world.engine) as db:
        before = len(audit.frame(db))
    answer = client.post(path, json=body)
    assert answer.status_code == status
    assert words in answer.text
    assert "Traceback" not in answer.text
    with transaction(world.engine) as db:
        assert len(audit.frame(db)) == before


@pytest.mark.parametrize("path", ["/people/P09", "/people/%3Cscript%3E", "/pay/..%2fstore.sqlite"])
def test_a_page_that_is_not_there_says_so(client, path):
    answer = client.get(path)
    assert answer.status_code in {403, 404}
    assert "html" not in answer.headers["content-type"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_person_without_an_id_gets_one_at_random_and_the_expert_is_enrolled_as_one(
    served, client
):
    world, _ = served
    told = client.post("/enrol", json={}).json()["said"]
    assert re.fullmatch(r"Enrolled [A-Z]{2}\d{3}\.", told)
    assert client.post("/enrol", json={"participant_id": "EXPERT", "is_expert": True}).is_success
    assert "ground truths: 0 of 2 clips are rated" in client.get("/people").text
    assert json.loads(client.post("/people/P01/close", json={"reason": "moved"}).text)["said"]
    assert "1 closed" in client.get("/people").text
    with transaction(world.engine) as db:
        assert audit.own(db, "close")[0]["reason"] == "moved"


def test_a_study_in_another_currency_pays_in_it(world):
    euros = world.study.config.model_copy(update={"currency": "EUR"})
    study = replace(world.study, config=euros)
    world.sit("P01", Phase.TRAINING)
    site, listener = open_site()
    with running(desk_app(study, "AB", site, lambda: NOW), listener), client_of(site) as client:
        told = client.post("/people/P01/pay", json={}).json()["said"]
    assert told.startswith("Paid €")


def test_who_had_a_session_just_now_is_pointed_out(world):
    arrangements = DeskFiles(sessions_per_day=1, rest_minutes=60)
    study = replace(
        world.study, config=world.study.config.model_copy(update={"desk": arrangements})
    )
    world.sit("P01", Phase.TRAINING)
    site, listener = open_site()
    soon = AT + timedelta(minutes=50)
    with running(desk_app(study, "AB", site, lambda: soon), listener), client_of(site) as client:
        page = client.get("/people").text
    assert "would be session 2 of today (1 planned)" in page
    assert "30\xa0min since the last session (1\xa0h planned)" in page
