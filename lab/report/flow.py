"""What became of the clips, from Moments in Time to the test set, as a diagram."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from curation.selection.filters import accepted_classes, filter_clips, prominent_by_class
from curation.tally import is_prominent
from study.config.protocol import Protocol


@dataclass(frozen=True, slots=True)
class FlowStep:
    """A box of the diagram.

    Parameters
    ----------
    n : int
        Clips that came so far.
    left : tuple of (str, int)
        Why clips left on the way here, and how many.
    """

    title: str
    n: int
    left: tuple[tuple[str, int], ...] = ()

    @property
    def n_left(self) -> int:
        """Clips that left on the way here."""
        return sum(n for _, n in self.left)


def stages(
    counts: pd.DataFrame,
    n_planned: int,
    clips: pd.DataFrame | None,
    protocol: Protocol,
    lists: Mapping[str, pd.DataFrame],
) -> list[FlowStep]:
    """Return the boxes that a study has come to.

    Parameters
    ----------
    counts : DataFrame
        From `study.store.clips.candidates.counts`.
    n_planned : int
        Clips that somebody rates or rated.
    clips : DataFrame or None
        Rated clips with the facts of their pictures; None where no rating counts yet.
    lists : dict of str to DataFrame
        The tables that were written, by name.
    """
    found = list(_before_rating(counts, n_planned))
    if clips is None or clips.empty:
        return found
    if n_planned:
        found.append(
            FlowStep(
                "rated often enough", len(clips), _left(("ratings missing", n_planned - len(clips)))
            )
        )
    else:
        found.append(FlowStep("rated often enough", len(clips)))
    return [*found, *_after_rating(clips, protocol, lists)]


def _before_rating(counts: pd.DataFrame, n_planned: int) -> Iterator[FlowStep]:
    rejected = counts[counts["reason"] != ""].groupby("reason")["n"].sum().sort_values()
    reasons = [(str(reason).replace("_", " "), int(n)) for reason, n in rejected[::-1].items()]
    n_all = int(counts["n"].sum())
    n_candidates = n_all - sum(n for _, n in reasons)
    yield FlowStep("clips of the study's classes", n_all)
    yield FlowStep("candidates", n_candidates, _left(*reasons))
    if n_planned:
        yield FlowStep(
            "planned for rating",
            n_planned,
            _left(("for exercises, or not planned", n_candidates - n_planned)),
        )


def _after_rating(
    clips: pd.DataFrame, protocol: Protocol, lists: Mapping[str, pd.DataFrame]
) -> Iterator[FlowStep]:
    prominent = is_prominent(clips, protocol.majority)
    n_prominent = int(prominent.sum())
    otherwise = "the likelier answer is no" if "posterior" in clips else "no majority for 3"
    yield FlowStep("prominent", n_prominent, _left((otherwise, len(clips) - n_prominent)))
    accepted = accepted_classes(clips, protocol.majority, protocol.class_min_prominent)
    by_class = prominent_by_class(clips, protocol.majority)
    n_accepted = int(by_class.reindex(list(accepted)).sum())
    fewer = f"classes with fewer than {protocol.class_min_prominent}"
    yield FlowStep(
        f"in {len(accepted)} accepted classes", n_accepted, _left((fewer, n_prominent - n_accepted))
    )
    pool, left = filter_clips(clips, accepted, protocol)
    # Of clips that are not prominent the diagram has told before.
    del left["class not accepted"]
    doubt = next(iter(left))  # not unanimous, or not certain enough
    left[doubt] = n_accepted - len(pool) - sum(left.values()) + left[doubt]
    yield FlowStep("fit for the test set", len(pool), _left(*left.items()))
    if "test_set" in lists:
        n_test = len(lists["test_set"])
        yield FlowStep("test set", n_test, _left(("not drawn", len(pool) - n_test)))


def _left(*reasons: tuple[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((reason, n) for reason, n in reasons if n > 0)
