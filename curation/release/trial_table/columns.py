"""The columns of the table of trials: those of the phases that it holds."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from curation.release.tables import AVMIT_LABEL, FILENAME, LOCATION, MIT_LABEL, Column, Schema
from study.vocabulary import Phase

FILE_NAME = "trials.csv"
_RATED, _ANSWERED = "rated", "answered"
_EVERY = frozenset({_RATED, _ANSWERED})


def of(name: str, means: str, kind: str = "text", *, optional: bool = False) -> Column:
    """Return a column that the program calls as the table does."""
    return Column(name, name, means, kind, optional)


STIMULUS = of("stimulus", "the clip that was shown, within the folder of stimuli")
# What is known of a stimulus before anybody answers.
OF_STIMULUS = (
    of("condition", "how the clip was manipulated"),
    of("source", "the clip that its picture is of; of a black picture, that of its sound"),
    of("sound_source", "the clip that its sound is of; empty where it is silent", optional=True),
    of("label", "the right answer; empty where none is", optional=True),
    of("picture_label", "class of the picture; empty where it is black", optional=True),
    of("sound_label", "class of the sound; empty where it is silent", optional=True),
    Column("modality", "modality", "what is left of the clip",
           values=("audiovisual", "audio", "visual")),
    of("asynchrony_ms", "milliseconds by which the sound is late; empty where there is only one "
       "of picture and sound", "number", optional=True),
    Column("attend", "attend", "what was asked for", values=("both", "picture", "sound")),
)  # fmt: skip
SQUARE_ROW = of("square_row", "row of the balanced square, from 1; people of one row met the same "
                "clips", "count")  # fmt: skip
ANSWER = (
    of("response", "the class that was answered"),
    of("correct", "whether it is the right one; empty where none is", "flag", optional=True),
)
CONFIDENCE = of("confidence", "how sure, from 1; empty where it was not asked", "count",
                optional=True)  # fmt: skip

_OF_EVERY = {
    each.name: each
    for each in (
        of("row_id", "number of the row", "count"),
        of("participant", "pseudonym of who rated or answered; the same in every release of the "
           "study"),
        Column("phase", "phase", "what the session was for", values=tuple(map(str, Phase))),
        of("attempt", "which time the exercise was done, from 1; empty where fewer than three "
           "participants had so many", "count", optional=True),
        of("day", "days since the study's first day, by UTC; empty where fewer than three "
           "participants came that day, or one of them had less than three clips", "count",
           optional=True),
        of("session", "the participant's sessions of the phase in their order, from 1; empty where "
           "fewer than three participants had so many, or the session has fewer than three trials",
           "count", optional=True),
        of("trial_number", "number of the trial in its session, from 1; clips that were not rated "
           "or answered are counted", "count"),
        of("position", "number of the row among the participant's of the phase, from 1, in the "
           "order in which they were given", "count"),
        of("rt_s", "seconds from the end of the last playing to the key, without interruptions; "
           "where interrupted_s is empty they may be in it", "seconds"),
        of("rt_with_interruptions_s", "the same by the clock, with interruptions; empty where they "
           "are not known", "seconds", optional=True),
        of("interrupted_s", "seconds of pauses and of the question whether to leave, before the "
           "key; empty where they are not known", "seconds", optional=True),
        of("n_interruptions", "how many interruptions; empty as interrupted_s is", "count",
           optional=True),
        of("n_early_presses", "how often a key of the task came while the clip was playing; in a "
           "rating the clip then starts again", "count"),
        of("n_presentations", "how often the clip was played, in part or whole", "count"),
        of("av_offset_s", "start of the sound minus first frame of the last playing, in seconds; "
           "negative where the sound leads, empty where the driver did not say", "number",
           optional=True),
        of("n_frames_shown", "frames of the last playing that were shown", "count", optional=True),
        of("n_frames_dropped", "frames of the last playing that were never shown", "count",
           optional=True),
        of("n_frames_late", "flips that came late, in all playings", "count"),
        of("n_sound_gaps", "gaps in the sound of the last playing that the driver reported",
           "count", optional=True),
        of("bonus_pence", "what the participant was promised for the trial, in the smallest unit "
           "of the currency", "count"),
        Column("rig_grade", "rig_grade", "grade of the machine's timing when the session began; "
               "empty where fewer than three participants had it", optional=True,
               values=("A", "B", "C", "ungraded")),
        of("simulated", "whether a simulated person was at the keys; in rehearsals only", "flag"),
        of("flags", "what speaks against the trial and was let through, by name, with ; between; "
           "empty where nothing does", optional=True),
    )
}  # fmt: skip
_OF_RATING = (
    FILENAME, LOCATION, AVMIT_LABEL, MIT_LABEL,
    Column("rating", "rating", "1 unclean, 2 moderately clean, 3 very clean", "count",
           values=("1", "2", "3")),
)  # fmt: skip
_REPLAYS = of("n_replays", "how often the clip was played again on request", "count")
_TRUTH = Column("ground_truth", "ground_truth", "the expert's rating of the clip; empty where the "
                "expert did not rate it", "count", optional=True,
                values=("1", "2", "3"))  # fmt: skip

# In the order of the table, each with the kinds of trials that have it.
_COLUMNS: tuple[tuple[Column, frozenset[str]], ...] = (
    *((_OF_EVERY[name], _EVERY) for name in
      ("row_id", "participant", "phase", "attempt", "day", "session", "trial_number", "position")),
    *((each, frozenset({_RATED})) for each in _OF_RATING),
    *((each, frozenset({_ANSWERED}))
      for each in (SQUARE_ROW, STIMULUS, *OF_STIMULUS, *ANSWER, CONFIDENCE)),
    *((_OF_EVERY[name], _EVERY) for name in
      ("rt_s", "rt_with_interruptions_s", "interrupted_s", "n_interruptions")),
    (_REPLAYS, frozenset({_RATED})),
    *((_OF_EVERY[name], _EVERY) for name in
      ("n_early_presses", "n_presentations", "av_offset_s", "n_frames_shown", "n_frames_dropped",
       "n_frames_late", "n_sound_gaps")),
    (_TRUTH, frozenset({_RATED})),
    *((_OF_EVERY[name], _EVERY) for name in ("bonus_pence", "rig_grade", "simulated", "flags")),
)  # fmt: skip


def with_classes(
    columns: Iterable[Column], name: str, classes: Sequence[str]
) -> tuple[Column, ...]:
    """Return columns of which one, where it is among them, holds what could be answered."""
    return tuple(
        replace(column, values=tuple(classes)) if column.name == name else column
        for column in columns
    )


def common(name: str) -> Column:
    """Return a column that all trials have."""
    return _OF_EVERY[name]


def schema_of(phases: Collection[str], classes: Sequence[str] = ()) -> Schema:
    """Return the table's columns for some phases.

    Columns that only some of its trials have are empty in the others; a table of ratings alone has
    none of those of recognition, and the other way round.

    `classes`: what could be answered in the recognition experiment; empty where not known.
    """
    kinds = {_ANSWERED if phase == Phase.RECOGNITION else _RATED for phase in phases}
    columns = tuple(
        column if kinds <= own else replace(column, optional=True)
        for column, own in _COLUMNS
        if kinds & own
    )
    columns = with_classes(columns, ANSWER[0].name, classes)
    refers: dict[str, tuple[str, ...]] = {}
    refers |= {"clips.csv": ("video_location", "filename")} if _RATED in kinds else {}
    refers |= {"stimuli.csv": ("stimulus",)} if _ANSWERED in kinds else {}
    return Schema(
        "One row per trial in which a rating or an answer was given that counts",
        columns,
        is_one_row_per_clip=False,
        key=("row_id",),
        refers=refers,
    )
