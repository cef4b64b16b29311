from pathlib import Path

import pytest

from annotator.commands.options import SIMULATE_HELP
from annotator.simulated.key_presses import READING_S
from annotator.simulated.stage import SimulatedStage
from annotator.task.actor import Actor
from annotator.task.pages import Pages
from annotator.task.problems import Code
from annotator.task.run import Ending, run_session
from annotator.task.run_trial import run_trial
from annotator.task.session_progress import Limits
from annotator.task.trial import (
    KeyPressed,
    LeaveAsked,
    LeaveOrdered,
    PlaybackDisturbed,
    PlaybackFailed,
    SoundLost,
)
from sessions.running.session_plan import PlannedTrial, SessionPlan
from study.config.keys import Keys
from study.config.protocol import Protocol
from study.config.study import Study, StudyConfig
from study.errors import StageError, StoreError
from study.rehearsal.simulated_people import PROFILES
from study.vocabulary import Phase, Rating, Response, Stimulus

BARK = Stimulus(1, Path("bark.mp4"), "barking")
CLIP_S, WARNING_S = 3.0, 2.0


class Script:
    """A person who does what is written, then rates 3 after half a second."""

    def __init__(self, during=(), after=()):
        self.during, self.after = list(during), list(after)

    def on_play(self, stimulus):
        return self.during.pop(0) if self.during else None

    def on_prompt(self, stimulus):
        return self.after.pop(0) if self.after else ("3", 0.5)


class ScriptedStage(SimulatedStage):
    """A simulated stage that logs its screens and lets a test press keys on pages."""

    def __init__(self, person=None, on_page=None, failing=(), **options):
        super().__init__(person or Script(), clip_s=CLIP_S, warning_s=WARNING_S, **options)
        self.on_page, self.failing = on_page or {}, failing
        self.log, self.bonuses, self.prepared, self.offered = [], [], [], []

    def play(self, stimulus, asked_s=None):
        self.log.append(f"play {stimulus.candidate_id}")
        super().play(stimulus, asked_s)
        if stimulus.candidate_id in self.failing:
            self._agenda = [PlaybackFailed(self.now_s, "unreadable")]

    def warn(self):
        self.log.append("warn")
        super().warn()

    def prompt(self, *, offers_slip=False):
        self.log.append("prompt")
        self.offered.append(offers_slip)
        super().prompt(offers_slip=offers_slip)

    def show_page(self, page):
        self.log.append(page.name)
        super().show_page(page)
        answers = self.on_page.get(page.name)
        if answers:
            self._agenda = [answers.pop(0)(self.now_s + page.at_least_s)]

    def show_bonus(self, total_pence):
        self.bonuses.append(total_pence)

    def prepare(self, stimuli):
        self.prepared.append([s.candidate_id for s in stimuli])


def press(key):
    return lambda t_s: KeyPressed(key, t_s)


def plan_of(n, *, n_done=0, phase=Phase.ANNOTATION, **training):
    trials = [
        PlannedTrial(Stimulus(i, Path(f"{i}.mp4"), "barking"), **training)
        for i in range(n_done + 1, n_done + n + 1)
    ]
    return SessionPlan("P03", phase, 1, trials, n_done, shows_bonus=phase is Phase.ANNOTATION)


def pages_of(plan, config=None):
    return Pages(Study(Path(), config or StudyConfig()), plan, n_classes=41, rest_s=30)


def perform(stage, plan, keep=None, **options):
    kept = []

    def keep_all(record):
        kept.append(record)
        return 10 * len(kept)

    pages = pages_of(plan, options.pop("config", StudyConfig()))
    options = {"trials_per_block": 100} | options
    return run_session(stage, plan, pages, keep or keep_all, **options), kept


def test_reaction_time_counts_from_the_end_of_the_last_playback():
    stage = ScriptedStage(Script(after=[("space", 0.5), ("3", 0.75)]))
    record = run_trial(stage, BARK, pages_of(plan_of(1)))
    assert record.response == Response(Rating.VERY_CLEAN, pytest.approx(0.75), n_replays=1)
    assert stage.log == ["play 1", "prompt", "play 1", "prompt"]
    assert [p.interrupted for p in record.presentations] == [False, False]
    assert [p.offset_s - p.onset_s for p in record.presentations] == pytest.approx([3.0, 3.0])


def test_early_key_warns_and_does_not_rate():
    stage = ScriptedStage(Script(during=[("3", 1.2), None], after=[("1", 0.4)]))
    record = run_trial(stage, BARK, pages_of(plan_of(1)))
    assert record.response.rating is Rating.UNCLEAN
    assert record.response.n_early_presses == 1
    assert stage.log == ["play 1", "warn", "play 1", "prompt"]
    first, second = record.presentations
    assert (first.interrupted, second.interrupted) == (True, False)
    assert first.offset_s - first.onset_s == pytest.approx(1.2)


def test_a_session_shows_welcome_trials_and_thanks_and_pays_after_every_trial():
    stage = ScriptedStage()
    summary, kept = perform(stage, plan_of(2))
    assert stage.log == ["welcome", "play 1", "prompt", "play 2", "prompt", "finished"]
    assert (summary.ending, summary.n_rated) == (Ending.FINISHED, 2)
    assert stage.bonuses == [10, 20]
    assert [r.stimulus.candidate_id for r in kept] == [1, 2]


def test_a_clip_knows_which_press_asked_for_it_unless_a_page_came_between():
    stage = ScriptedStage(Script(after=[("3", 0.5), ("space", 0.25), ("1", 0.5)]))
    _, kept = perform(stage, plan_of(3), trials_per_block=2)
    asked = [[p.asked_s for p in record.presentations] for record in kept]
    rated_s = [record.key_presses[-1].t_s for record in kept]
    space_s = kept[1].key_presses[0].t_s
    assert asked == [[None], [rated_s[0], space_s], [None]]


def test_a_clip_after_a_technical_failure_or_a_call_was_asked_for_by_no_key():
    stage = ScriptedStage(failing={2})
    _, kept = perform(stage, plan_of(3))
    assert [p.asked_s for record in kept for p in record.presentations] == [None, None]
    tries = []

    def keep(record):
        tries.append(record)
        if len(tries) == 1:
            raise StoreError("store: disk full")
        return 10

    perform(ScriptedStage(), plan_of(2), keep)
    assert tries[-1].presentations[0].asked_s is None


def test_the_next_clips_are_prepared_before_their_turn():
    stage = ScriptedStage()
    perform(stage, plan_of(4))
    assert stage.prepared == [[1, 2, 3], [1, 2, 3], [2, 3, 4], [3, 4], [4]]


def test_the_first_clips_are_prepared_while_the_instructions_are_read():
    stage = ScriptedStage(on_page={"welcome": [LeaveAsked], "leave": [press("y")]})
    perform(stage, plan_of(4))
    assert (stage.log, stage.prepared) == (["welcome", "leave"], [[1, 2, 3]])


def test_breaks_come_at_the_same_places_after_a_resume():
    stage = ScriptedStage()
    perform(stage, plan_of(5, n_done=3), trials_per_block=4)
    assert [x for x in stage.log if x.startswith(("play", "break"))] == [
        "play 4", "break", "play 5", "play 6", "play 7", "play 8",
    ]  # fmt: skip


def test_a_break_lasts_as_long_as_it_must():
    stage = ScriptedStage(on_page={"break": [lambda t: KeyPressed("space", t - 1)]})
    # The scripted press comes a second too soon and leaves the agenda empty: it did not count.
    with pytest.raises(RuntimeError, match="wait for ever"):
        perform(stage, plan_of(2), trials_per_block=1)


def test_who_leaves_the_thanks_has_finished_all_the_same():
    stage = ScriptedStage(on_page={"finished": [LeaveAsked], "leave": [press("y")]})
    summary, _ = perform(stage, plan_of(1))
    assert (summary.ending, summary.n_rated) == (Ending.FINISHED, 1)


def test_a_limit_ends_the_session_and_says_that_only_the_session_is_over():
    stage = ScriptedStage()
    summary, _ = perform(stage, plan_of(5), limits=Limits(2))
    assert (summary.ending, summary.n_rated) == (Ending.LIMIT, 2)
    assert stage.log[-1] == "session_over"


def test_the_last_clip_ends_before_the_time_is_over():
    stage = ScriptedStage()
    summary, _ = perform(stage, plan_of(50), limits=Limits(lasts_s=60.0))
    assert (summary.ending, stage.log[-1]) == (Ending.TIME, "session_over")
    assert 10 < summary.n_rated < 17  # of four seconds each, after a page
    assert stage.now_s < 60 + READING_S + 0.1


def test_no_break_begins_that_leaves_no_time_for_clips_worth_it():
    stage = ScriptedStage()
    summary, _ = perform(stage, plan_of(50), trials_per_block=10, limits=Limits(lasts_s=100.0))
    assert (summary.ending, summary.n_rated) == (Ending.TIME, 10)
    assert "break" not in stage.log


class Counts(ScriptedStage):
    """A stage on which a second goes by each time that nothing happens, as at a window."""

    def __init__(self, **options):
        super().__init__(**options)
        self.said = []

    def change_page(self, text):
        self.said.append(text)

    def poll(self):
        next_s = min(event.t_s for event in self._agenda)
        if next_s > self._now_s + 1:
            self._now_s += 1
            return []
        return super().poll()


def test_a_break_counts_down_and_then_says_which_key_goes_on():
    stage = Counts()
    perform(stage, plan_of(2), trials_per_block=1)
    assert len(stage.said) == 30
    assert ["any key" in text for text in stage.said] == [False] * 29 + [True]
    assert "another **29** s" in stage.said[0]


SLIPS = Keys(slip="f8")


def flagging(key, config, *, n=3, after=(), **options):
    """Rate with a key pressed after the second clip; return the records and the stage."""
    stage = ScriptedStage(Script(after=[("3", 0.5), *after]), **options)
    noticed, stage.notice = [], lambda name: noticed.append(name)
    prompt = stage.prompt

    def with_key(**options):
        prompt(**options)
        if stage._stimulus.candidate_id == 2:
            stage._agenda.append(KeyPressed(key, stage.now_s + 0.1))

    stage.prompt = with_key
    _, kept = perform(stage, plan_of(n), config=config)
    return kept, noticed


def test_the_slip_key_flags_the_rating_before_and_changes_nothing_else():
    kept, noticed = flagging("f8", StudyConfig(keys=SLIPS))
    assert [record.slip_before for record in kept] == [False, True, False]
    assert [record.response.rating for record in kept] == [Rating.VERY_CLEAN] * 3
    assert noticed == ["slip_noted"]
    assert kept[1].response.rt_s == pytest.approx(0.5)


def test_without_a_slip_key_there_is_none():
    kept, noticed = flagging("f8", StudyConfig())
    assert [record.slip_before for record in kept] == [False] * 3
    assert noticed == []


def test_no_more_slips_count_in_a_block_than_the_study_allows():
    config = StudyConfig(keys=SLIPS, protocol=Protocol(slips_per_block=1))
    stage = ScriptedStage()
    noticed, stage.notice = [], lambda name: noticed.append(name)
    prompt = stage.prompt

    def with_key(**options):
        prompt(**options)
        stage._agenda.append(KeyPressed("f8", stage.now_s + 0.1))

    stage.prompt = with_key
    _, kept = perform(stage, plan_of(6), config=config, trials_per_block=4)
    flagged = [record.slip_before for record in kept]
    assert flagged == [False, True, False, False, True, False]
    assert noticed == ["slip_noted", *["slip_refused"] * 2, "slip_noted", "slip_refused"]


def test_the_slip_key_is_offered_only_while_there_is_a_rating_that_it_may_flag():
    config = StudyConfig(keys=SLIPS, protocol=Protocol(slips_per_block=1))
    stage = ScriptedStage(failing=(1,))
    noticed, stage.notice = [], lambda name: noticed.append(name)
    prompt = stage.prompt

    def with_key(**options):
        prompt(**options)
        stage._agenda.append(KeyPressed("f8", stage.now_s + 0.1))

    stage.prompt = with_key
    perform(stage, plan_of(4), config=config)
    assert stage.offered == [False, True, False]  # the first clip could not be shown
    assert noticed == ["slip_noted", "slip_refused"]
    pages = pages_of(plan_of(1), config)
    assert pages.reminder(offers_slip=True) == pages.reminder() + (
        "   **F8** = the rating before was a slip"
    )


def test_the_last_rating_of_all_may_be_a_slip_too():
    slips = []
    stage = ScriptedStage(on_page={"finished": [press("f8"), press("space")]})
    config = StudyConfig(keys=SLIPS)
    perform(stage, plan_of(1), config=config, flag_slip=lambda: slips.append(1))
    assert (slips, stage.log[-2:]) == ([1], ["finished", "finished"])


def test_the_experimenter_flags_the_trial_on_the_screen():
    kept, noticed = flagging("f9", StudyConfig())
    assert [record.disturbed for record in kept] == [False, True, False]
    assert noticed == ["disturbed_noted"]


def test_a_clip_that_cannot_be_shown_is_told_and_the_next_one_comes():
    stage = ScriptedStage(failing={1})
    summary, kept = perform(stage, plan_of(2))
    assert stage.log[1:4] == ["play 1", "technical_failure", "play 2"]
    assert (summary.n_rated, summary.n_failed) == (1, 1)
    assert (kept[0].failure, kept[0].response, kept[0].presentations) == ("unreadable", None, ())


def test_leaving_in_the_welcome_asks_first():
    stage = ScriptedStage(on_page={"welcome": [LeaveAsked], "leave": [press("y")]})
    summary, kept = perform(stage, plan_of(2))
    assert stage.log == ["welcome", "leave"]
    assert (summary.ending, kept) == (Ending.LEFT, [])


def test_who_does_not_leave_after_all_comes_back_to_the_same_page():
    stage = ScriptedStage(on_page={"welcome": [LeaveAsked], "leave": [press("n")]})
    summary, _ = perform(stage, plan_of(1))
    assert stage.log[:3] == ["welcome", "leave", "welcome"]
    assert summary.ending is Ending.FINISHED


def test_the_experimenters_pause_ends_by_its_key_alone():
    stage = ScriptedStage(on_page={"welcome": [press("f10")], "pause": [LeaveAsked, press("f10")],
                                   "leave": [press("n")]})  # fmt: skip
    summary, _ = perform(stage, plan_of(1))
    assert stage.log[:5] == ["welcome", "pause", "leave", "pause", "welcome"]
    assert summary.ending is Ending.FINISHED


class LosesSound(ScriptedStage):
    """A stage whose headphones are gone for the first `n_lost` playings."""

    def __init__(self, n_lost, **options):
        super().__init__(**options)
        self.n_lost = n_lost

    def play(self, stimulus, asked_s=None):
        super().play(stimulus, asked_s)
        self.n_lost -= 1
        if self.n_lost >= 0:
            self._agenda = [SoundLost(self.now_s, "unplugged")]


def test_headphones_that_are_gone_call_the_experimenter_and_the_clip_plays_again():
    stage = LosesSound(2)
    summary, kept = perform(stage, plan_of(1))
    assert stage.log[1:] == [
        "play 1", "call_experimenter", "play 1", "call_experimenter", "play 1", "prompt",
        "finished",
    ]  # fmt: skip
    assert (summary.n_rated, summary.n_failed, kept[0].failure) == (1, 0, None)


def test_who_leaves_without_headphones_loses_nothing():
    stage = LosesSound(9, on_page={"call_experimenter": [LeaveAsked], "leave": [press("y")]})
    summary, kept = perform(stage, plan_of(2))
    assert (summary.ending, summary.n_rated) == (Ending.LEFT, 0)
    assert [(record.response, record.failure) for record in kept] == [(None, None)]


def test_a_simulated_person_without_headphones_ends_the_session():
    with pytest.raises(StageError, match="unplugged"):
        perform(LosesSound(1), plan_of(1), actor=Actor("good"))


def test_another_key_map_is_pressed_by_simulated_people_and_told_on_the_screen():
    config = StudyConfig(keys=Keys(unclean="j", moderately_clean="k", very_clean="l", go_on="x"))
    stage = ScriptedStage(keys=config.keys)
    summary, kept = perform(stage, plan_of(2), config=config)
    assert (summary.n_rated, kept[0].key_presses[-1].key) == (2, "l")
    assert "**j** = unclean" in pages_of(plan_of(1), config).reminder()
    assert pages_of(plan_of(1), config).call_experimenter("disk full", Code.STORE).keys == ("x",)


def test_a_trial_that_was_left_is_kept_without_a_rating():
    class Leaves(ScriptedStage):
        def prompt(self, *, offers_slip=False):
            super().prompt(offers_slip=offers_slip)
            self._agenda = [LeaveOrdered(self.now_s)]

    summary, kept = perform(Leaves(), plan_of(3))
    assert (summary.ending, summary.n_rated) == (Ending.LEFT, 0)
    assert (kept[0].response, kept[0].failure, len(kept[0].presentations)) == (None, None, 1)


def test_training_tells_what_the_expert_thought_and_space_plays_the_clip_again():
    stage = ScriptedStage(on_page={"feedback": [press("space"), press("return")]})
    plan = plan_of(1, phase=Phase.TRAINING, reasoning="Only heard.", expert_rating=Rating.UNCLEAN)
    summary, kept = perform(stage, plan)
    assert stage.log == [
        "welcome", "play 1", "prompt", "feedback", "play 1", "feedback", "finished",
    ]  # fmt: skip
    assert summary.n_rated == 1
    assert len(kept[0].presentations) == 1


def test_a_disturbed_playing_of_a_training_clip_begins_again_and_nobody_waits_for_ever():
    class Disturbed(ScriptedStage):
        def play(self, stimulus, asked_s=None):
            super().play(stimulus, asked_s)
            if len(self.log) == 5:
                self._agenda = [PlaybackDisturbed(self.now_s)]

    stage = Disturbed(on_page={"feedback": [press("space"), press("return")]})
    plan = plan_of(1, phase=Phase.TRAINING, reasoning="Only heard.", expert_rating=Rating.UNCLEAN)
    perform(stage, plan)
    assert stage.log[3:] == ["feedback", "play 1", "play 1", "feedback", "finished"]


def test_a_store_that_refuses_calls_the_experimenter_and_the_same_rating_is_tried_again():
    tries = []

    def keep(record):
        tries.append(record)
        if len(tries) < 3:
            raise StoreError("store: disk full")
        return 30

    stage = ScriptedStage()
    summary, _ = perform(stage, plan_of(1), keep)
    assert stage.log.count("call_experimenter") == 2
    assert tries[0] == tries[1] == tries[2]
    assert (summary.n_rated, stage.bonuses) == (1, [30])


def refusing(n):
    """Return a store that refuses `n` times, and the ratings it has been given."""
    tries = []

    def keep(record):
        tries.append(record)
        if len(tries) <= n:
            raise StoreError("store: disk full")
        return 30

    return keep, tries


def test_who_leaves_a_store_that_refuses_is_told_that_the_rating_is_not_saved():
    keep, tries = refusing(9)
    stage = ScriptedStage(on_page={"call_experimenter": [LeaveAsked, LeaveAsked],
                                   "leave": [press("n"), press("y")]})  # fmt: skip
    summary, _ = perform(stage, plan_of(2), keep)
    assert stage.log[-4:] == ["call_experimenter", "leave", "call_experimenter", "leave"]
    assert (summary.ending, summary.n_rated, len(tries)) == (Ending.LEFT, 0, 2)


def test_a_rating_that_waits_for_room_is_tried_a_last_time_when_the_machine_goes_down():
    keep, tries = refusing(1)
    stage = ScriptedStage(on_page={"call_experimenter": [LeaveOrdered]})
    summary, _ = perform(stage, plan_of(2), keep)
    assert (summary.ending, summary.n_rated, len(tries)) == (Ending.LEFT, 1, 2)


def test_a_simulated_person_cannot_call_the_experimenter():
    def keep(record):
        raise StoreError("store: disk full")

    with pytest.raises(StoreError, match="disk full"):
        perform(ScriptedStage(), plan_of(1), keep, actor=Actor("good"))


def test_the_help_names_every_simulated_person():
    named = SIMULATE_HELP.split(": ")[1].split(" (")[0].replace(" or ", ", ").split(", ")
    assert named == list(PROFILES)
