"""Set the level of the headphones, and check them, before clips are rated."""

from collections.abc import Sequence

import numpy as np

from annotator.headphones import headphone_pages as shown
from annotator.headphones.sounds import GAP_S, HeadphoneTrial, calibration_noise
from annotator.task.actor import PERSON, Actor
from annotator.task.pages import Pages
from annotator.task.stage import Stage
from annotator.task.turning import perform_page


def set_level(stage: Stage, pages: Pages, actor: Actor = PERSON) -> float:
    """Let the participant set how loud the headphones are.

    Returns the level in dB, 0 being as loud as the clips are in their files. Raises LeftError if
    somebody leaves. Raises StageError if the sound device is gone and a simulated person cannot
    help.
    """
    config = pages.study.config
    limits, keys = config.headphones, config.keys
    if not limits.set_level:
        stage.set_gain_db(limits.max_gain_db)
        return limits.max_gain_db
    noise = calibration_noise(config.screen.sample_rate_hz, np.random.default_rng(config.seed))
    gain_db = limits.start_gain_db
    while True:
        stage.set_gain_db(gain_db)
        key = perform_page(stage, shown.level(pages, gain_db, noise), pages, actor)
        if key == keys.go_on:
            return gain_db
        if key == keys.louder:
            gain_db = min(limits.max_gain_db, gain_db + limits.gain_step_db)
        elif key == keys.softer:
            gain_db = max(limits.min_gain_db, gain_db - limits.gain_step_db)


def check_headphones(
    stage: Stage,
    pages: Pages,
    stimulus: str,
    trials: Sequence[HeadphoneTrial],
    example: HeadphoneTrial,
    actor: Actor = PERSON,
) -> list[int]:
    """Play the sounds of a headphone check, and ask which one it was.

    The `example` comes first: its sound to listen for by itself, then as a round that does not
    count and whose answer is told.

    Returns which sound was named in each trial, from 1. Raises LeftError if somebody leaves. Raises
    StageError if the sound device is gone and a simulated person cannot help.

    Parameters
    ----------
    stimulus : {"huggins", "antiphase"}
        Which sounds.
    """
    perform_page(stage, shown.explanation(pages, stimulus), pages, actor)
    first = shown.example(pages, stimulus, example.sounds[example.target - 1])
    while perform_page(stage, first, pages, actor) == pages.keys.replay:
        pass  # the page plays it again
    answer = _asked(stage, pages, stimulus, example, 0, len(trials), actor)
    answered = shown.example_answer(pages, example.target, str(answer))
    perform_page(stage, answered, pages, actor)
    return [
        _asked(stage, pages, stimulus, trial, number, len(trials), actor)
        for number, trial in enumerate(trials, start=1)
    ]


def _asked(
    stage: Stage,
    pages: Pages,
    stimulus: str,
    trial: HeadphoneTrial,
    number: int,
    n_trials: int,
    actor: Actor,
) -> int:
    for i, sound in enumerate(trial.sounds, start=1):
        page = shown.listen(pages, i, len(trial.sounds), sound, gap_s=GAP_S)
        perform_page(stage, page, pages, actor)
    page = shown.which(pages, stimulus, number, n_trials, trial.target)
    return int(perform_page(stage, page, pages, actor) or 0)
