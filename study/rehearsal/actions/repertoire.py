"""The actions that scenes are made of, each with its rhythm, its picture and its sound."""

from dataclasses import dataclass

from study.rehearsal.actions.beats import Rhythm, bursts, steady, stream
from study.rehearsal.actions.pictures import DRAWINGS, Colour, Draw
from study.rehearsal.actions.voices import Voice, cry, glug, hiss, knock


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be seen and heard.

    Parameters
    ----------
    rhythm : callable
        Makes the beats that drive both picture and sound.
    draw : callable
        Draws the picture of a moment.
    voice : callable
        What one beat sounds like.
    main, second : (int, int, int)
        Typical colours, RGB; every event varies them.
    """

    rhythm: Rhythm
    draw: Draw
    voice: Voice
    main: Colour
    second: Colour


# Classes of a rehearsal: names of Paper: Test Set.
CLASSES: dict[str, Action] = {
    "barking": Action(
        bursts((1, 3), 0.30, 0.45, 0.20),
        DRAWINGS["dog"],
        cry(520, 300, 9, breath=0.5),
        (150, 100, 55),
        (100, 65, 35),
    ),
    "drumming": Action(
        steady((0.16, 0.30), 0.14),
        DRAWINGS["drum"],
        knock(130, 0.07, click=0.8),
        (180, 35, 40),
        (225, 215, 190),
    ),
    "frying": Action(
        stream((45, 80), 0.16),
        DRAWINGS["pan"],
        hiss(4500, 11_000),
        (215, 170, 60),
        (245, 225, 140),
    ),
    "giggling": Action(
        bursts((4, 7), 0.15, 0.30, 0.12),
        DRAWINGS["laughing_face"],
        cry(330, 420, 6, breath=0.15),
        (240, 200, 170),
        (95, 55, 30),
    ),
    "howling": Action(
        steady((1.0, 1.6), 1.1),
        DRAWINGS["wolf"],
        cry(420, 620, 4, breath=0.02),
        (45, 50, 80),
        (200, 200, 170),
    ),
    "inflating": Action(
        steady((0.5, 0.8), 0.42),
        DRAWINGS["balloon"],
        hiss(500, 1800),
        (230, 60, 160),
        (160, 30, 110),
    ),
    "pouring": Action(
        stream((14, 24), 0.28),
        DRAWINGS["jug"],
        glug(260, 700),
        (50, 125, 220),
        (170, 120, 90),
    ),
    "raining": Action(
        stream((90, 140), 0.30),
        DRAWINGS["rain"],
        hiss(1200, 3800),
        (90, 115, 150),
        (125, 130, 145),
    ),
    "tapping": Action(
        steady((0.30, 0.55), 0.16),
        DRAWINGS["stick"],
        knock(1050, 0.02, click=0.5),
        (190, 145, 95),
        (60, 60, 70),
    ),
    "whistling": Action(
        steady((0.55, 0.9), 0.48),
        DRAWINGS["kettle"],
        cry(2300, 2500, 2, breath=0.05),
        (60, 165, 90),
        (35, 80, 50),
    ),
}

# Nothing that a participant is asked about.
BYSTANDERS: dict[str, Action] = {
    "siren": Action(
        steady((0.5, 0.7), 0.5),
        DRAWINGS["lamp"],
        cry(650, 950, 5),
        (40, 80, 235),
        (130, 180, 255),
    ),
    "bouncing": Action(
        steady((0.4, 0.7), 0.12),
        DRAWINGS["ball"],
        knock(75, 0.05, click=0.2),
        (240, 130, 30),
        (255, 220, 160),
    ),
    "ringing": Action(
        steady((0.35, 0.6), 0.45),
        DRAWINGS["bell"],
        knock(880, 0.3, click=0.1),
        (215, 180, 50),
        (120, 95, 20),
    ),
}

ACTIONS = CLASSES | BYSTANDERS

DEFAULT_CLASSES = (
    "barking",
    "drumming",
    "frying",
    "giggling",
    "pouring",
    "raining",
    "tapping",
    "whistling",
)
