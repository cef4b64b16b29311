"""The pages around the headphones: their level, and whether they are worn."""

import math

from annotator.task.page import Page, Sound
from annotator.task.pages import Pages


def level(pages: Pages, gain_db: float, noise: Sound) -> Page:
    """Return the page on which the level is set; `noise` is heard at `gain_db`."""
    headphones, keys = pages.study.config.headphones, pages.keys
    n_steps = math.ceil((headphones.max_gain_db - headphones.min_gain_db) / headphones.gain_step_db)
    n_lit = round((gain_db - headphones.min_gain_db) / headphones.gain_step_db)
    return Page(
        "level",
        pages.text("level", scale="■" * n_lit + "□" * (n_steps - n_lit)),
        keys=(keys.go_on, keys.louder, keys.softer),
        sound=noise,
        lasts_s=_lasts_s(pages, noise),
        answer=keys.go_on,
    )


def explanation(pages: Pages, stimulus: str) -> Page:
    """Return the page that explains a headphone check with these sounds."""
    return Page("headphones", pages.text(f"headphones_{stimulus}"), keys=(pages.keys.go_on,))


def example(pages: Pages, stimulus: str, sound: Sound) -> Page:
    """Return the page on which the sound to listen for is heard by itself."""
    keys = pages.keys
    return Page(
        "headphones_example",
        pages.text(f"headphones_example_{stimulus}"),
        keys=(keys.go_on, keys.replay),
        sound=sound,
    )


def example_answer(pages: Pages, target: int, answer: str) -> Page:
    """Return what the example round would have been, beside the participant's answer."""
    text = pages.text("headphones_example_answer", target=target, rating=answer)
    return Page("headphones_example_answer", text, keys=(pages.keys.go_on,))


def listen(pages: Pages, number: int, n_sounds: int, sound: Sound, *, gap_s: float) -> Page:
    """Return the page that is shown while `sound` is heard, the `number` of `n_sounds`."""
    text = pages.text("headphones_listen", number=number, n_sounds=n_sounds)
    lasts_s = _lasts_s(pages, sound) + gap_s
    return Page("headphones_listen", text, keys=(), sound=sound, lasts_s=lasts_s)


def which(pages: Pages, stimulus: str, trial: int, n_trials: int, target: int) -> Page:
    """Return the page that asks which sound it was; simulated people know the `target`.

    Parameters
    ----------
    trial : int
        From 1; 0 for the example.
    """
    words = {"trial": trial, "n_trials": n_trials}
    now = (
        pages.text("headphones_round", **words) if trial else pages.text("headphones_example_round")
    )
    text = pages.text(f"headphones_which_{stimulus}", round=now.strip(), **words)
    return Page("headphones_which", text, keys=("1", "2", "3"), answer=str(target))


def result(pages: Pages, *, passed: bool) -> Page:
    """Return the last page of a headphone check."""
    name = "headphones_passed" if passed else "headphones_failed"
    return Page(name, pages.text(name), keys=(pages.keys.go_on,))


def _lasts_s(pages: Pages, sound: Sound) -> float:
    return len(sound) / pages.study.config.screen.sample_rate_hz
