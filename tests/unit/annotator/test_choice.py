import itertools

import pytest

from annotator.recognition.choice import OVER, ChoiceCommand, ChoiceState, ChoiceTrial, step
from annotator.recognition.question import Entry
from annotator.task.trial import (
    KeyPressed,
    LeaveAsked,
    LeaveOrdered,
    PageEnded,
    PlaybackBegan,
    PlaybackDisturbed,
    PlaybackEnded,
    PlaybackFailed,
    SoundLost,
    WarningBegan,
    WarningEnded,
)
from study.vocabulary import Choice, KeyPress

CLASSES = tuple(f"class {i:02}" for i in range(1, 17))
FEW = Entry(("barking", "frying", "sawing"))
MANY = Entry(CLASSES)
LETTERS = Entry(("barking", "frying"), own_keys=("b", "f"))
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
    "2": KeyPressed("2", T_S),
    "9": KeyPressed("9", T_S),
    "click": KeyPressed("click_0", T_S),
    "2 before the offset": KeyPressed("2", 3.9),
    "2 before the onset": KeyPressed("2", 0.9),
    "pause": KeyPressed("f10", T_S),
    "return": KeyPressed("return", T_S),
    "y": KeyPressed("y", T_S),
    "leave": LeaveAsked(T_S),
    "leave at once": LeaveOrdered(T_S),
}
TRIAL = (
    ChoiceState.FIXATING,
    ChoiceState.LOADING,
    ChoiceState.PLAYING,
    ChoiceState.CHOOSING,
    ChoiceState.JUDGING,
)
LIVE = (*TRIAL, ChoiceState.PAUSED, ChoiceState.ASKED, ChoiceState.HELD)
KEYS = ("2", "9", "click", "2 before the offset", "2 before the onset", "pause", "return")
# What happens in each state; every pair that is not named changes nothing.
EXPECTED = {
    **{(state, "leave at once"): (ChoiceState.LEFT, None) for state in LIVE},
    **{(state, "failed"): (ChoiceState.FAILED, None) for state in LIVE},
    **{(state, "pause"): (ChoiceState.PAUSED, ChoiceCommand.PAUSE) for state in TRIAL},
    **{
        (state, "leave"): (ChoiceState.ASKED, ChoiceCommand.ASK)
        for state in (*TRIAL, ChoiceState.PAUSED, ChoiceState.HELD)
    },
    **{
        (s, "no sound"): (ChoiceState.HELD, ChoiceCommand.CALL)
        for s in (ChoiceState.LOADING, ChoiceState.PLAYING)
    },
    (ChoiceState.FIXATING, "page ended"): (ChoiceState.LOADING, ChoiceCommand.PLAY),
    (ChoiceState.LOADING, "began"): (ChoiceState.PLAYING, None),
    (ChoiceState.PLAYING, "ended"): (ChoiceState.CHOOSING, ChoiceCommand.CHOOSE),
    (ChoiceState.PLAYING, "disturbed"): (ChoiceState.LOADING, ChoiceCommand.PLAY),
    (ChoiceState.CHOOSING, "2"): (ChoiceState.JUDGING, ChoiceCommand.JUDGE),
    (ChoiceState.CHOOSING, "click"): (ChoiceState.JUDGING, ChoiceCommand.JUDGE),
    (ChoiceState.JUDGING, "2"): (ChoiceState.ANSWERED, None),
    (ChoiceState.JUDGING, "click"): (ChoiceState.ANSWERED, None),
    # A trial that was interrupted before its clip had ended begins again.
    (ChoiceState.PAUSED, "pause"): (ChoiceState.FIXATING, ChoiceCommand.FIXATE),
    (ChoiceState.HELD, "return"): (ChoiceState.FIXATING, ChoiceCommand.FIXATE),
    (ChoiceState.ASKED, "y"): (ChoiceState.LEFT, None),
    **{(ChoiceState.ASKED, key): (ChoiceState.FIXATING, ChoiceCommand.FIXATE) for key in KEYS},
}


def trial_in(state: ChoiceState) -> ChoiceTrial:
    choice = Choice("barking", 0.5) if state is ChoiceState.JUDGING else None
    return ChoiceTrial(
        FEW, n_levels=4, state=state, onset_s=ONSET_S, offset_s=OFFSET_S, choice=choice
    )


@pytest.mark.parametrize(("state", "name"), list(itertools.product(ChoiceState, EVENTS)))
def test_every_state_answers_every_event(state, name):
    after, command = step(trial_in(state), EVENTS[name])
    assert (after.state, command) == EXPECTED.get((state, name), (state, None))


@pytest.mark.parametrize(("state", "name"), list(itertools.product(sorted(OVER), EVENTS)))
def test_nothing_changes_a_trial_that_is_over(state, name):
    assert step(trial_in(state), EVENTS[name]) == (trial_in(state), None)


def run(*events, entry=FEW, n_levels=0):
    trial, commands = ChoiceTrial(entry, n_levels=n_levels), []
    for event in events:
        trial, command = step(trial, event)
        commands += [command] if command else []
    return trial, commands


SHOWN = (PageEnded(0.9), PlaybackBegan(1.0), PlaybackEnded(4.0))


def test_a_trial_fixates_plays_and_asks_and_its_time_counts_from_the_end_of_the_clip():
    trial, commands = run(*SHOWN, KeyPressed("2", 4.75))
    assert commands == [ChoiceCommand.PLAY, ChoiceCommand.CHOOSE]
    assert trial.choice == Choice("frying", rt_s=0.75)


def test_a_number_of_two_digits_is_typed_and_mended_and_answers_with_its_last_digit():
    trial, _ = run(
        *SHOWN, KeyPressed("0", 4.5), KeyPressed("backspace", 4.6), KeyPressed("1", 4.7),
        KeyPressed("2", 5.0), entry=MANY,
    )  # fmt: skip
    assert trial.choice == Choice("class 12", rt_s=1.0)
    assert [press.key for press in trial.key_presses] == ["0", "backspace", "1", "2"]


def test_a_number_that_no_class_has_is_as_if_it_had_not_been_typed():
    typed, _ = run(*SHOWN, KeyPressed("9", 4.5), KeyPressed("9", 4.6), entry=MANY)
    assert (typed.state, typed.typed, typed.choice) == (ChoiceState.CHOOSING, "", None)
    trial, _ = run(*SHOWN, KeyPressed("0", 4.5), KeyPressed("0", 4.6), KeyPressed("0", 4.7),
                   KeyPressed("7", 4.8), entry=MANY)  # fmt: skip
    assert trial.choice.answer == "class 07"


def test_letters_answer_where_the_study_gives_each_class_one():
    trial, _ = run(*SHOWN, KeyPressed("1", 4.2), KeyPressed("f", 4.5), entry=LETTERS)
    assert trial.choice == Choice("frying", rt_s=0.5)


@pytest.mark.parametrize("entry", [FEW, MANY, LETTERS])
def test_every_option_is_chosen_by_its_own_keys_and_by_its_tile(entry):
    for option, name in enumerate(entry.options):
        for keys in (entry.keys_of(option), (f"click_{option}",)):
            presses = [KeyPressed(key, 5.0 + i) for i, key in enumerate(keys)]
            assert run(*SHOWN, *presses, entry=entry)[0].choice.answer == name
    beyond, _ = run(*SHOWN, KeyPressed(f"click_{len(entry.options)}", 5.0), entry=entry)
    assert beyond.choice is None


def test_confidence_is_asked_after_the_answer_and_leaves_its_time_alone():
    trial, commands = run(*SHOWN, KeyPressed("1", 4.5), KeyPressed("7", 5.0), KeyPressed("4", 6.0),
                          n_levels=4)  # fmt: skip
    assert commands[-1] is ChoiceCommand.JUDGE
    assert trial.choice == Choice("barking", rt_s=0.5, confidence=4)


def test_a_press_during_the_clip_is_kept_counted_and_answers_nothing():
    trial, commands = run(
        PageEnded(0.9), PlaybackBegan(1.0), KeyPressed("2", 2.0), KeyPressed("q", 2.5),
        PlaybackEnded(4.0), KeyPressed("1", 3.99), KeyPressed("3", 4.5),
    )  # fmt: skip
    assert commands == [ChoiceCommand.PLAY, ChoiceCommand.CHOOSE]
    assert trial.choice == Choice("sawing", rt_s=0.5, n_early_presses=2)
    assert trial.key_presses == (
        KeyPress("2", 2.0, early=True), KeyPress("q", 2.5), KeyPress("1", 3.99, early=True),
        KeyPress("3", 4.5),
    )  # fmt: skip


def test_a_press_before_the_first_frame_belongs_to_no_trial():
    trial, _ = run(KeyPressed("2", 0.5), PageEnded(0.9), KeyPressed("2", 0.95), PlaybackBegan(1.0))
    assert (trial.key_presses, trial.n_early_presses) == ((), 0)


def test_a_pause_while_choosing_shows_the_question_again_and_takes_no_time():
    trial, commands = run(
        *SHOWN, KeyPressed("f10", 4.5), KeyPressed("2", 5.0), KeyPressed("f10", 64.5),
        LeaveAsked(64.75), KeyPressed("n", 66.75), KeyPressed("2", 67.0),
    )  # fmt: skip
    assert commands[1:] == [
        ChoiceCommand.CHOOSE, ChoiceCommand.PAUSE, ChoiceCommand.CHOOSE,
        ChoiceCommand.ASK, ChoiceCommand.CHOOSE,
    ]  # fmt: skip
    assert trial.choice == Choice("frying", rt_s=1.0, interrupted_s=62.0, n_interruptions=2)


def test_a_pause_during_the_clip_begins_the_trial_again():
    _, commands = run(PageEnded(0.9), PlaybackBegan(1.0), KeyPressed("f10", 2.0),
                      KeyPressed("f10", 9.0))  # fmt: skip
    assert commands == [ChoiceCommand.PLAY, ChoiceCommand.PAUSE, ChoiceCommand.FIXATE]


def test_who_is_interrupted_while_saying_how_sure_they_are_is_asked_that_again():
    trial, commands = run(*SHOWN, KeyPressed("1", 4.5), LeaveAsked(5.0), KeyPressed("n", 6.0),
                          KeyPressed("2", 6.5), n_levels=4)  # fmt: skip
    assert commands[-2:] == [ChoiceCommand.ASK, ChoiceCommand.JUDGE]
    assert trial.choice == Choice("barking", rt_s=0.5, confidence=2)


def test_a_number_that_was_begun_before_a_pause_is_typed_anew():
    trial, _ = run(*SHOWN, KeyPressed("1", 4.5), KeyPressed("f10", 4.6), KeyPressed("f10", 5.0),
                   KeyPressed("0", 5.2), KeyPressed("3", 5.4), entry=MANY)  # fmt: skip
    assert trial.choice.answer == "class 03"
