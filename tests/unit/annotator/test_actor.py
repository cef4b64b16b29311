"""Who sits at the stage, and what only simulated people may do."""

from pathlib import Path

import pytest

from annotator.request import Request, StageOptions
from annotator.task.actor import PERSON, Actor
from annotator.task.session_progress import Limits
from study.config.desk import DeskFiles
from study.config.protocol import Protocol
from study.config.study import Study, StudyConfig
from study.errors import ConfigError
from study.vocabulary import Phase


def test_a_person_waits_for_clips_to_end():
    with pytest.raises(ConfigError, match="--speed max needs a simulated person"):
        Actor(hurry=True)
    assert (PERSON.profile, PERSON.hurry, PERSON.is_simulated) == (None, False, False)


def test_a_simulated_person_may_be_in_a_hurry_and_cannot_help():
    actor = Actor("good", hurry=True)
    assert (actor.profile, actor.hurry, actor.is_simulated) == ("good", True, True)


def test_a_person_sees_clips_in_the_window_only():
    off_screen = StageOptions(in_window=False)
    with pytest.raises(ConfigError, match="--stage simulated needs a simulated person"):
        Request("P03", Phase.ANNOTATION, options=off_screen)
    request = Request("S01", actor=Actor("good"), options=off_screen)
    assert not request.options.in_window


@pytest.mark.parametrize(
    ("n_blocks", "n_trials", "expected"),
    [(None, None, None), (2, None, 20), (None, 7, 7), (2, 7, 7), (1, 30, 10)],
)
def test_a_session_ends_at_the_first_limit_that_was_asked_for(n_blocks, n_trials, expected):
    study = Study(Path(), StudyConfig(protocol=Protocol(trials_per_block=10)))
    request = Request("P03", n_blocks=n_blocks, n_trials=n_trials)
    assert request.limits(study) == Limits(expected)


@pytest.mark.parametrize(
    ("asked", "of_the_desk", "expected_s"),
    [(None, None, None), (30, None, 1800), (None, 45, 2700), (30, 45, 1800), (60, 45, 2700)],
)
def test_a_session_takes_no_longer_than_the_shorter_of_two_limits(asked, of_the_desk, expected_s):
    study = Study(Path(), StudyConfig(desk=DeskFiles(session_minutes=of_the_desk)))
    assert Request("P03", minutes=asked).limits(study) == Limits(None, expected_s)
