import itertools
from dataclasses import FrozenInstanceError
from typing import get_args

import pytest

from annotator.task.trial import (
    OVER,
    Command,
    Event,
    KeyPressed,
    LeaveAsked,
    LeaveOrdered,
    PageEnded,
    PlaybackBegan,
    PlaybackDisturbed,
    PlaybackEnded,
    PlaybackFailed,
    SoundLost,
    State,
    Trial,
    WarningBegan,
    WarningEnded,
    step,
)
from study.config.keys import Keys
from study.vocabulary import KeyPress, Rating, Response

ONSET_S, OFFSET_S, T_S = 1.0, 4.0, 5.0
EVENTS = {
    "began": PlaybackBegan(T_S),
    "ended": PlaybackEnded(T_S),
    "failed": PlaybackFailed(T_S, "unreadable"),
    "disturbed": PlaybackDisturbed(T_S),
    "no sound": SoundLost(T_S, "unplugged"),
    "page ended": PageEnded(T_S),
    "warning began": WarningBegan(T_S),
    "warning ended": WarningEnded(T_S),
    "1": KeyPressed("1", T_S),
    "2": KeyPressed("2", T_S),
    "3": KeyPressed("3", T_S),
    "space": KeyPressed("space", T_S),
    "3 before the offset": KeyPressed("3", 3.9),
    "space before the offset": KeyPressed("space", 3.9),
    "3 before the onset": KeyPressed("3", 0.9),
    "pause": KeyPressed("f10", T_S),
    "return": KeyPressed("return", T_S),
    "y": KeyPressed("y", T_S),
    "x": KeyPressed("x", T_S),
    "z": KeyPressed("z", T_S),
    "leave": LeaveAsked(T_S),
    "leave at once": LeaveOrdered(T_S),
}
TRIAL = (State.LOADING, State.PLAYING, State.WARNED, State.WAITING)
LIVE = (*TRIAL, State.PAUSED, State.ASKED, State.HELD)
TASK = ("1", "2", "3", "space", "3 before the offset", "space before the offset")
# What happens in each state; every pair that is not named changes nothing.
EXPECTED = {
    **{(state, "leave at once"): (State.LEFT, None) for state in LIVE},
    **{(state, "failed"): (State.FAILED, None) for state in LIVE},
    **{(state, "pause"): (State.PAUSED, Command.PAUSE) for state in TRIAL},
    **{
        (state, "leave"): (State.ASKED, Command.ASK) for state in (*TRIAL, State.PAUSED, State.HELD)
    },
    **{(state, "no sound"): (State.HELD, Command.CALL) for state in TRIAL[:2]},
    (State.LOADING, "began"): (State.PLAYING, None),
    (State.PLAYING, "ended"): (State.WAITING, Command.PROMPT),
    (State.PLAYING, "disturbed"): (State.LOADING, Command.PLAY),
    **{(State.PLAYING, key): (State.WARNED, Command.WARN) for key in TASK},
    (State.WARNED, "warning ended"): (State.LOADING, Command.PLAY),
    **{(State.WAITING, key): (State.RATED, None) for key in ("1", "2", "3")},
    (State.WAITING, "space"): (State.LOADING, Command.PLAY),
    (State.WAITING, "3 before the offset"): (State.WARNED, Command.WARN),
    (State.WAITING, "space before the offset"): (State.WARNED, Command.WARN),
    (State.WAITING, "3 before the onset"): (State.WARNED, Command.WARN),
    # A pause ends by its key, a call by the experimenter's; a question takes any key for a no. A
    # trial that was interrupted while loading loads again.
    (State.PAUSED, "pause"): (State.LOADING, Command.PLAY),
    (State.HELD, "return"): (State.LOADING, Command.PLAY),
    (State.ASKED, "y"): (State.LEFT, None),
    **{
        (State.ASKED, key): (State.LOADING, Command.PLAY)
        for key in (*TASK, "3 before the onset", "pause", "return", "x", "z")
    },
}


def trial_in(state: State) -> Trial:
    presses = (KeyPress("3", 2.0, early=True),) if state is State.WARNED else ()
    return Trial(state=state, onset_s=ONSET_S, offset_s=OFFSET_S, key_presses=presses)


@pytest.mark.parametrize(("state", "name"), list(itertools.product(State, EVENTS)))
def test_every_state_answers_every_event(state, name):
    before = trial_in(state)
    after, command = step(before, EVENTS[name])
    assert (after.state, command) == EXPECTED.get((state, name), (state, None))


@pytest.mark.parametrize(("state", "name"), list(itertools.product(sorted(OVER), EVENTS)))
def test_nothing_changes_a_trial_that_is_over(state, name):
    assert step(trial_in(state), EVENTS[name]) == (trial_in(state), None)


def test_what_happened_cannot_be_changed():
    happened = {type(event): event for event in EVENTS.values()}
    assert set(happened) == set(get_args(Event))
    for event in happened.values():
        with pytest.raises(FrozenInstanceError):
            event.t_s = 0.0
    with pytest.raises(FrozenInstanceError):
        Trial().state = State.RATED


def run(*events, trial=None):
    trial, commands = trial or Trial(), []
    for event in events:
        trial, command = step(trial, event)
        commands += [command] if command else []
    return trial, commands


def test_reaction_time_counts_from_the_end_of_the_last_playback():
    trial, commands = run(
        PlaybackBegan(1.0), PlaybackEnded(4.0), KeyPressed("space", 4.5),
        PlaybackBegan(4.6), PlaybackEnded(7.6), KeyPressed("3", 8.35),
    )  # fmt: skip
    assert trial.response == Response(Rating.VERY_CLEAN, rt_s=pytest.approx(0.75), n_replays=1)
    assert commands == [Command.PROMPT, Command.PLAY, Command.PROMPT]


def test_every_replay_and_every_early_press_is_counted():
    trial, _ = run(
        PlaybackBegan(1.0), KeyPressed("3", 2.0), WarningEnded(3.0),
        PlaybackBegan(4.0), KeyPressed("1", 5.0), WarningEnded(6.0),
        PlaybackBegan(7.0), PlaybackEnded(10.0), KeyPressed("space", 10.5),
        PlaybackBegan(11.0), PlaybackEnded(14.0), KeyPressed("space", 14.5),
        PlaybackBegan(15.0), PlaybackEnded(18.0), KeyPressed("2", 18.5),
    )  # fmt: skip
    assert trial.response == Response(
        Rating.MODERATELY_CLEAN, rt_s=0.5, n_replays=2, n_early_presses=2
    )


def test_a_press_at_the_first_frame_is_early_and_one_at_the_end_of_the_clip_rates():
    early, _ = run(PlaybackBegan(1.0), KeyPressed("3", 1.0))
    assert (early.state, early.key_presses) == (State.WARNED, (KeyPress("3", 1.0, early=True),))
    other, _ = run(PlaybackBegan(1.0), KeyPressed("q", 1.0))
    assert (other.state, other.key_presses) == (State.PLAYING, (KeyPress("q", 1.0),))
    rated, _ = run(PlaybackBegan(1.0), PlaybackEnded(4.0), KeyPressed("3", 4.0))
    assert rated.response == Response(Rating.VERY_CLEAN, rt_s=0.0)


def test_an_early_press_is_kept_and_the_clip_starts_again():
    trial, commands = run(
        PlaybackBegan(1.0), KeyPressed("3", 2.2), WarningBegan(2.23), KeyPressed("3", 2.5),
        WarningEnded(4.2),
        PlaybackBegan(4.3), PlaybackEnded(7.3), KeyPressed("1", 7.7),
    )  # fmt: skip
    assert commands == [Command.WARN, Command.PLAY, Command.PROMPT]
    assert trial.response == Response(Rating.UNCLEAN, pytest.approx(0.4), n_early_presses=1)
    assert trial.key_presses == (
        KeyPress("3", 2.2, early=True, warned_s=2.23),
        KeyPress("3", 2.5),
        KeyPress("1", 7.7),
    )


def test_every_early_press_knows_its_own_warning():
    trial, _ = run(
        PlaybackBegan(1.0), KeyPressed("3", 2.0), WarningBegan(2.02), WarningEnded(4.0),
        PlaybackBegan(4.1), KeyPressed("1", 5.0), WarningBegan(5.03), KeyPressed("2", 5.5),
    )  # fmt: skip
    assert [press.warned_s for press in trial.key_presses] == [2.02, 5.03, None]


def test_a_replay_knows_which_press_asked_for_it_and_a_playing_after_a_warning_has_none():
    asked, _ = run(PlaybackBegan(1.0), PlaybackEnded(4.0), KeyPressed("space", 4.5))
    assert asked.asked_s == 4.5
    warned, _ = run(
        PlaybackBegan(4.6), KeyPressed("3", 5.0), WarningBegan(5.02), WarningEnded(7.0), trial=asked
    )
    assert (warned.state, warned.asked_s) == (State.LOADING, None)


def test_a_press_before_the_first_frame_belongs_to_no_trial():
    trial, commands = run(
        KeyPressed("3", 0.4), KeyPressed("space", 0.5), PlaybackBegan(1.0), KeyPressed("2", 0.99)
    )
    assert (trial.state, trial.key_presses, commands) == (State.PLAYING, (), [])


def test_a_pause_while_waiting_goes_back_to_waiting_and_not_to_the_clip():
    waiting = trial_in(State.WAITING)
    trial, commands = run(KeyPressed("f10", 5.0), KeyPressed("f10", 6.0), trial=waiting)
    assert (trial.state, commands) == (State.WAITING, [Command.PAUSE, Command.PROMPT])


def test_a_participant_cannot_end_the_experimenters_pause():
    trial, commands = run(KeyPressed("f10", 2.0), KeyPressed("3", 3.0), trial=Trial())
    assert (trial.state, commands) == (State.PAUSED, [Command.PAUSE])
    assert trial.key_presses == (KeyPress("f10", 2.0), KeyPress("3", 3.0))


def test_who_does_not_leave_comes_back_to_where_they_were():
    waiting = trial_in(State.WAITING)
    trial, commands = run(LeaveAsked(5.0), LeaveAsked(5.5), KeyPressed("n", 6.0), trial=waiting)
    assert (trial.state, commands) == (State.WAITING, [Command.ASK, Command.PROMPT])
    trial, commands = run(
        KeyPressed("f10", 5.0), LeaveAsked(5.5), KeyPressed("n", 6.0), KeyPressed("f10", 7.0),
        trial=waiting,
    )  # fmt: skip
    assert trial.state is State.WAITING
    assert commands == [Command.PAUSE, Command.ASK, Command.PAUSE, Command.PROMPT]


def test_a_pause_during_the_clip_plays_it_again_and_is_no_replay():
    playing = trial_in(State.PLAYING)
    trial, commands = run(KeyPressed("f10", 2.0), KeyPressed("f10", 9.0), trial=playing)
    assert (trial.state, trial.n_replays) == (State.LOADING, 0)
    assert commands == [Command.PAUSE, Command.PLAY]


def test_a_clip_without_sound_waits_for_the_experimenter_and_plays_again():
    trial, commands = run(
        PlaybackBegan(1.0), SoundLost(2.0, "unplugged"), KeyPressed("3", 3.0), LeaveAsked(3.5),
        KeyPressed("n", 3.6), KeyPressed("return", 4.0), SoundLost(5.0, "still unplugged"),
        KeyPressed("return", 6.0), PlaybackBegan(6.1),
    )  # fmt: skip
    assert commands == [
        Command.CALL, Command.ASK, Command.CALL, Command.PLAY, Command.CALL, Command.PLAY,
    ]  # fmt: skip
    assert (trial.state, trial.problem) == (State.PLAYING, "still unplugged")
    assert (trial.n_replays, trial.n_early_presses) == (0, 0)
    assert [(press.key, press.early) for press in trial.key_presses] == [
        ("3", False), ("escape", False), ("n", False), ("return", False), ("return", False),
    ]  # fmt: skip


def test_a_response_time_is_without_pauses_and_the_leave_page():
    trial, _ = run(
        PlaybackBegan(1.0), PlaybackEnded(4.0), KeyPressed("f10", 4.5), KeyPressed("f10", 154.5),
        LeaveAsked(154.75), KeyPressed("n", 156.75), KeyPressed("3", 157.0),
    )  # fmt: skip
    assert trial.response == Response(
        Rating.VERY_CLEAN, rt_s=1.0, interrupted_s=152.0, n_interruptions=2
    )
    assert trial.response.rt_s + trial.response.interrupted_s == 153.0  # by the clock on the wall


def test_a_question_during_a_pause_is_one_interruption_with_it():
    trial, _ = run(
        PlaybackBegan(1.0), PlaybackEnded(4.0), KeyPressed("f10", 5.0), LeaveAsked(6.0),
        KeyPressed("n", 8.0), KeyPressed("f10", 9.0), KeyPressed("1", 9.5),
    )  # fmt: skip
    assert trial.response == Response(
        Rating.UNCLEAN, rt_s=1.5, interrupted_s=4.0, n_interruptions=1
    )


def test_interruptions_of_a_clip_that_plays_again_are_not_those_of_its_rating():
    trial, _ = run(
        PlaybackBegan(1.0), KeyPressed("f10", 2.0), KeyPressed("f10", 50.0), PlaybackBegan(50.1),
        PlaybackEnded(53.1), LeaveAsked(54.0), KeyPressed("n", 60.0), KeyPressed("space", 61.0),
        PlaybackBegan(61.1), PlaybackEnded(64.1), KeyPressed("2", 64.6),
    )  # fmt: skip
    assert trial.response == Response(Rating.MODERATELY_CLEAN, pytest.approx(0.5), n_replays=1)


def test_a_pause_that_the_driver_delivers_late_takes_nothing_from_before_the_offset():
    trial, _ = run(
        PlaybackBegan(1.0), PlaybackEnded(4.0), KeyPressed("f10", 3.5), KeyPressed("f10", 10.0),
        KeyPressed("3", 10.25),
    )  # fmt: skip
    assert trial.response == Response(
        Rating.VERY_CLEAN, rt_s=0.25, interrupted_s=6.0, n_interruptions=1
    )


def test_escape_and_its_answer_are_kept_but_no_key_goes_down_where_a_window_is_closed():
    waiting = trial_in(State.WAITING)
    stayed, _ = run(LeaveAsked(5.0), KeyPressed("n", 6.0), trial=waiting)
    assert stayed.key_presses == (KeyPress("escape", 5.0), KeyPress("n", 6.0))
    left, _ = run(LeaveAsked(5.0), LeaveAsked(5.5), KeyPressed("y", 6.0), trial=waiting)
    assert left.key_presses == (
        KeyPress("escape", 5.0), KeyPress("escape", 5.5), KeyPress("y", 6.0),
    )  # fmt: skip
    closed, _ = run(LeaveAsked(5.0, key=None), KeyPressed("y", 6.0), trial=Trial())
    assert (closed.state, closed.key_presses) == (State.LEFT, (KeyPress("y", 6.0),))


def test_a_pause_that_ends_before_the_clip_did_takes_no_time():
    trial, _ = run(
        PlaybackBegan(1.0), PlaybackEnded(4.0), KeyPressed("f10", 3.5), KeyPressed("f10", 3.75),
        KeyPressed("3", 4.25),
    )  # fmt: skip
    assert trial.response == Response(Rating.VERY_CLEAN, rt_s=0.25, n_interruptions=1)


@pytest.mark.parametrize("state", TRIAL)
def test_the_clock_of_a_response_is_stopped_only_while_a_rating_is_waited_for(state):
    for interruption in (KeyPressed("f10", T_S), LeaveAsked(T_S)):
        after, _ = step(trial_in(state), interruption)
        stopped = (T_S, 1) if state is State.WAITING else (None, 0)
        assert (after.interrupted_at_s, after.n_interruptions) == stopped


@pytest.mark.parametrize("name", EVENTS)
def test_only_a_rating_or_an_end_leaves_a_pause_without_the_clock_going_on(name):
    paused, _ = run(KeyPressed("f10", 4.5), trial=trial_in(State.WAITING))
    after, _ = step(paused, EVENTS[name])
    goes_on = (State.WAITING, None, 0.5)
    stands = (after.state, 4.5, 0.0)
    expected = goes_on if name == "pause" else stands
    assert (after.state, after.interrupted_at_s, after.interrupted_s) == expected


def test_every_key_of_a_trial_is_kept_but_only_those_of_the_task_are_early():
    trial, _ = run(
        PlaybackBegan(1.0), KeyPressed("q", 2.0), PlaybackEnded(4.0), KeyPressed("9", 4.5),
        KeyPressed("2", 5.0),
    )  # fmt: skip
    assert trial.key_presses == (KeyPress("q", 2.0), KeyPress("9", 4.5), KeyPress("2", 5.0))
    assert (trial.n_early_presses, trial.response.rating) == (0, Rating.MODERATELY_CLEAN)


def test_another_key_map_rates_replays_warns_and_pauses():
    keys = Keys(unclean="j", moderately_clean="k", very_clean="l", replay="r", pause="f1")
    trial, commands = run(
        PlaybackBegan(1.0), KeyPressed("3", 1.5), KeyPressed("l", 2.0), WarningEnded(3.0),
        PlaybackBegan(3.1), PlaybackEnded(6.1), KeyPressed("space", 6.2), KeyPressed("r", 6.3),
        PlaybackBegan(6.4), PlaybackEnded(9.4), KeyPressed("f10", 9.5), KeyPressed("f1", 9.6),
        KeyPressed("f1", 9.7), KeyPressed("k", 10.0), trial=Trial(keys),
    )  # fmt: skip
    assert commands == [
        Command.WARN, Command.PLAY, Command.PROMPT, Command.PLAY, Command.PROMPT, Command.PAUSE,
        Command.PROMPT,
    ]  # fmt: skip
    assert trial.response == Response(
        Rating.MODERATELY_CLEAN,
        rt_s=pytest.approx(0.5),
        n_replays=1,
        n_early_presses=1,
        interrupted_s=pytest.approx(0.1),
        n_interruptions=1,
    )


def test_a_failure_says_why():
    trial, _ = run(PlaybackFailed(1.0, "no_audio"))
    assert (trial.failure, trial.response) == ("no_audio", None)
    # It was never on the screen, and nobody waited for anything.
    assert (trial.onset_s, trial.offset_s, trial.n_interruptions) == (0.0, 0.0, 0)
