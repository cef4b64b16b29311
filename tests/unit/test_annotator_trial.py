import itertools

import pytest

from annotator.trial import (
    OVER,
    PAUSE_KEY,
    Command,
    KeyPressed,
    LeaveAsked,
    LeaveOrdered,
    PlaybackBegan,
    PlaybackDisturbed,
    PlaybackEnded,
    PlaybackFailed,
    State,
    Trial,
    WarningEnded,
    step,
)
from study.vocabulary import KeyPress, Rating, Response

ONSET_S, OFFSET_S, T_S = 1.0, 4.0, 5.0
EVENTS = {
    "began": PlaybackBegan(T_S),
    "ended": PlaybackEnded(T_S),
    "failed": PlaybackFailed(T_S, "unreadable"),
    "disturbed": PlaybackDisturbed(T_S),
    "warning ended": WarningEnded(T_S),
    "1": KeyPressed("1", T_S),
    "2": KeyPressed("2", T_S),
    "3": KeyPressed("3", T_S),
    "space": KeyPressed("space", T_S),
    "3 before the offset": KeyPressed("3", 3.9),
    "space before the offset": KeyPressed("space", 3.9),
    "3 before the onset": KeyPressed("3", 0.9),
    "pause": KeyPressed(PAUSE_KEY, T_S),
    "y": KeyPressed("y", T_S),
    "x": KeyPressed("x", T_S),
    "leave": LeaveAsked(T_S),
    "leave at once": LeaveOrdered(T_S),
}
LIVE = (State.LOADING, State.PLAYING, State.WARNED, State.WAITING, State.PAUSED)
TASK = ("1", "2", "3", "space", "3 before the offset", "space before the offset")
# What happens in each state; every pair that is not named changes nothing.
EXPECTED = {
    **{(state, "leave at once"): (State.LEFT, None) for state in LIVE},
    **{(state, "failed"): (State.FAILED, None) for state in LIVE},
    **{(state, "pause"): (State.PAUSED, Command.PAUSE) for state in LIVE[:-1]},
    **{(state, "leave"): (State.PAUSED, Command.PAUSE) for state in LIVE[:-1]},
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
    (State.PAUSED, "y"): (State.LEFT, None),
    # Any other key goes on; a trial that was interrupted while loading loads again.
    **{
        (State.PAUSED, key): (State.LOADING, Command.PLAY)
        for key in (*TASK, "3 before the onset", "pause", "x")
    },
}


def trial_in(state: State) -> Trial:
    return Trial(state=state, onset_s=ONSET_S, offset_s=OFFSET_S)


@pytest.mark.parametrize(("state", "name"), list(itertools.product(State, EVENTS)))
def test_every_state_answers_every_event(state, name):
    before = trial_in(state)
    after, command = step(before, EVENTS[name])
    assert (after.state, command) == EXPECTED.get((state, name), (state, None))


@pytest.mark.parametrize(("state", "name"), list(itertools.product(sorted(OVER), EVENTS)))
def test_nothing_changes_a_trial_that_is_over(state, name):
    assert step(trial_in(state), EVENTS[name]) == (trial_in(state), None)


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


def test_an_early_press_is_kept_and_the_clip_starts_again():
    trial, commands = run(
        PlaybackBegan(1.0), KeyPressed("3", 2.2), KeyPressed("3", 2.5), WarningEnded(4.2),
        PlaybackBegan(4.3), PlaybackEnded(7.3), KeyPressed("1", 7.7),
    )  # fmt: skip
    assert commands == [Command.WARN, Command.PLAY, Command.PROMPT]
    assert trial.response == Response(Rating.UNCLEAN, pytest.approx(0.4), n_early_presses=1)
    assert trial.key_presses == (
        KeyPress("3", 2.2, early=True),
        KeyPress("3", 2.5),
        KeyPress("1", 7.7),
    )


def test_a_press_before_the_first_frame_belongs_to_no_trial():
    trial, commands = run(KeyPressed("3", 0.5), PlaybackBegan(1.0), KeyPressed("2", 0.99))
    assert (trial.state, trial.key_presses, commands) == (State.PLAYING, (), [])


def test_a_pause_while_waiting_goes_back_to_waiting_and_not_to_the_clip():
    waiting = trial_in(State.WAITING)
    trial, commands = run(LeaveAsked(5.0), LeaveAsked(5.5), KeyPressed("n", 6.0), trial=waiting)
    assert (trial.state, commands) == (State.WAITING, [Command.PAUSE, Command.PROMPT])


def test_a_pause_during_the_clip_plays_it_again_and_is_no_replay():
    playing = trial_in(State.PLAYING)
    trial, commands = run(KeyPressed(PAUSE_KEY, 2.0), KeyPressed("x", 9.0), trial=playing)
    assert (trial.state, trial.n_replays) == (State.LOADING, 0)
    assert commands == [Command.PAUSE, Command.PLAY]


def test_a_failure_says_why():
    trial, _ = run(PlaybackFailed(1.0, "no_audio"))
    assert (trial.failure, trial.response) == ("no_audio", None)
