"""What several descriptions say in words of how a dataset came about."""

from collections.abc import Mapping

from study.tools.wording import counted

Counts = Mapping[str, int]


def description(counts: Counts) -> str:
    """Return what the dataset is, for a study that does not say it itself."""
    said = []
    if "ratings" in counts:
        said.append(
            f"Ratings of {counts['clips']} three-second clips of Moments in Time in "
            f"{counts['classes']} classes: whether the labelled audiovisual event is there, and "
            "whether it is the most prominent feature."
        )
    if "answers" in counts:
        said.append(f"Answers of {_observers(counts)}: which action they saw or heard.")
    return " ".join(said)


def collected(counts: Counts) -> str:
    """Return how the dataset came about."""
    said = []
    if "ratings" in counts:
        said.append(
            f"{counts['raters']} participants rated {counts['clips']} clips of Moments in "
            f"Time, each shown with the label of an action; {counts['ratings']} ratings count."
        )
    if "answers" in counts:
        said.append(f"{counts['answers']} answers of {_observers(counts)} count.")
    return " ".join(said)


def _observers(counts: Counts) -> str:
    return (
        f"{counts['observers']} participants to {counted(counts['stimuli'], 'clip')} of actions "
        f"under {counted(counts['conditions'], 'condition')}"
    )
