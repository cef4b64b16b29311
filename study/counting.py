"""Which ratings count, and why others do not: decided from the evidence, before anything leaves.

Pure: tidy frames in, tidy frames out. `study.store.ratings.counted` brings the evidence.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from study.config.evidence import EvidenceRules

GRADES_THAT_COUNT = ("A", "B")
# What half of all people notice, sound leading or following (ITU-R BT.1359-1).
NOTICED_S = (-0.045, 0.125)
# A picture that stood still for a tenth of the clip is not the clip that was admitted.
MIN_SHARE_SHOWN = 0.9
SCALE_TOLERANCE = 0.02  # sizes on the screen are whole pixels


class Reason(StrEnum):
    """Why a rating does not count; the first one that holds is told."""

    NOT_RATED = "not_rated"
    OTHER_CLIP = "other_clip"
    NOT_PLAYED = "not_played"
    WITHDRAWN = "withdrawn"
    SIMULATED = "simulated"
    UNGRADED_RIG = "ungraded_rig"
    SOUND_GAPS = "sound_gaps"
    SOUND_OUT_OF_STEP = "sound_out_of_step"
    FRAMES_MISSING = "frames_missing"
    WRONG_SIZE = "wrong_size"
    MIS_KEY = "mis_key"
    SLIP = "slip"
    TRIAL_DISTURBED = "trial_disturbed"
    RATED_AGAIN = "rated_again"


IN_WORDS: Mapping[Reason, str] = {
    Reason.NOT_RATED: "of trials that ended without a rating",
    Reason.OTHER_CLIP: "of another clip than the one that was admitted",
    Reason.NOT_PLAYED: "of clips that were not played to their end",
    Reason.WITHDRAWN: "of people who withdrew them",
    Reason.SIMULATED: "of simulated people",
    Reason.UNGRADED_RIG: "on ungraded rigs",
    Reason.SOUND_GAPS: "after gaps in the sound",
    Reason.SOUND_OUT_OF_STEP: "after sound noticeably out of step with the picture",
    Reason.FRAMES_MISSING: "after pictures of which a tenth was not shown",
    Reason.WRONG_SIZE: "of clips in another size than the study asks for",
    Reason.MIS_KEY: "that the experimenter flagged as a mis-key",
    Reason.SLIP: "that the participant flagged as a slip",
    Reason.TRIAL_DISTURBED: "of trials that the experimenter flagged as disturbed",
    Reason.RATED_AGAIN: "in whose place others were given",
}
# These say how a rig plays, which no rehearsal has to prove: let through there, and counted.
LET_THROUGH_IN_REHEARSALS = frozenset(
    {
        Reason.SIMULATED,
        Reason.UNGRADED_RIG,
        Reason.SOUND_GAPS,
        Reason.SOUND_OUT_OF_STEP,
        Reason.FRAMES_MISSING,
        Reason.WRONG_SIZE,
    }
)
# What people say against a rating, each reason by the name of its flag.
_FLAGGED = (Reason.MIS_KEY, Reason.SLIP, Reason.TRIAL_DISTURBED)
# What was on the screen was not the clip: no agreement can be read from such a rating.
SHOWN_WRONG = frozenset({Reason.NOT_RATED, Reason.OTHER_CLIP, Reason.NOT_PLAYED})


@dataclass(frozen=True)
class Counted:
    """Ratings that count, and the others in numbers.

    Parameters
    ----------
    ratings : DataFrame
        One row per rating that counts.
    left_out : dict of str to int
        How many do not count, by `Reason`; none that is 0.
    let_through : dict of str to int
        How many count although something speaks against them, by `Reason`: in a rehearsal, or
        because the study keeps them. A rating with two reasons is in both.
    n_without_interruptions : int
        How many of those that count do not say how long they were interrupted, so that their
        response times may contain pauses.
    waiting : frozenset of str
        The reasons of those that do not count and in whose place no others were asked for yet.
    """

    ratings: pd.DataFrame
    left_out: Mapping[str, int]
    let_through: Mapping[str, int]
    n_without_interruptions: int = 0
    waiting: frozenset[str] = frozenset()

    @property
    def n_left_out(self) -> int:
        """Ratings that do not count."""
        return sum(self.left_out.values())

    def as_counts(self) -> dict[str, object]:
        """Return the numbers as the provenance of a table carries them."""
        return {
            "ratings_left_out": dict(self.left_out),
            "ratings_let_through": dict(self.let_through),
            "ratings_whose_times_may_contain_pauses": self.n_without_interruptions,
        }

    def lines(self) -> list[str]:
        """Return in words what was left out, and what was let through."""
        kept = [f"{_ratings(n)} {IN_WORDS[Reason(r)]}: kept" for r, n in self.let_through.items()]
        return [*self.losses(), *kept, *_advice(self.waiting)]

    def losses(self, what: str = "rating") -> list[str]:
        """Return in words what was left out; `what` names one of them."""
        return [
            f"{n} {what}{'s' * (n != 1)} {IN_WORDS[Reason(r)]}: left out"
            for r, n in self.left_out.items()
        ]


@dataclass(frozen=True)
class Truths:
    """Ground truths, without the ratings of those that the expert gave on what was not the clip.

    Parameters
    ----------
    rows : DataFrame
        As `study.store.plan.ground_truths.frame` has them; one that does not count has no rating.
    left_out : DataFrame
        The expert's ratings behind those, with ``reason`` as `judged` says it.
    first_wrong : frozenset of int
        Candidates whose first version does not count, corrected since or not.
    """

    rows: pd.DataFrame
    left_out: pd.DataFrame
    first_wrong: frozenset[int]

    def by_clip(self) -> dict[int, int]:
        """Return the ground truths that count, by candidate."""
        rated = self.rows.dropna(subset=["rating"])
        return dict(zip(rated["candidate_id"], rated["rating"].astype(int), strict=True))

    def as_counts(self) -> dict[str, int]:
        """Return how many do not count, by `Reason`."""
        found = self.left_out["reason"].value_counts()
        return {str(reason): int(found[reason]) for reason in Reason if reason in found.index}

    def lines(self) -> list[str]:
        """Return in words how many do not count, and what to do."""
        said = [
            f"{n} ground truth{'s' * (n != 1)} {IN_WORDS[Reason(reason)]}: not used"
            for reason, n in self.as_counts().items()
        ]
        return [*said, *([_CORRECT] if said else [])]


def truths_that_count(rows: pd.DataFrame, given: pd.DataFrame) -> Truths:
    """Take the rating from ground truths that were given on what was not the clip.

    Parameters
    ----------
    rows : DataFrame
        From `study.store.plan.ground_truths.frame`.
    given : DataFrame
        The ratings of phase ``ground_truth``, from `judged`.
    """
    # A second rating measures the expert, and makes no ground truth.
    first = given[given["attempt"].eq(1) & given["reason"].isin(SHOWN_WRONG)]
    # What was corrected since does not rest on that playing any more.
    is_first = rows["version"].eq(1).fillna(False).astype(bool)
    is_wrong = is_first & rows["candidate_id"].isin(first["candidate_id"])
    return Truths(
        rows.assign(rating=rows["rating"].mask(is_wrong)),
        first[first["candidate_id"].isin(rows.loc[is_wrong, "candidate_id"])],
        frozenset(map(int, first["candidate_id"])),
    )


_CORRECT = "to say what these clips deserve: python -m sessions correct-ground-truth"
_ACCEPT = "to let ratings of an ungraded rig count: python -m annotator accept-rig --reason WHY"
_AGAIN = "to have clips rated again that lost ratings: python -m sessions plan --again"
_NOTHING_TO_DO = frozenset({Reason.SIMULATED, Reason.RATED_AGAIN})


def _advice(reasons: Iterable[str]) -> list[str]:
    lost = [Reason(reason) for reason in reasons if Reason(reason) not in _NOTHING_TO_DO]
    accept = [_ACCEPT] if Reason.UNGRADED_RIG in lost else []
    return [*accept, _AGAIN] if lost else []


def judged(ratings: pd.DataFrame, rules: EvidenceRules, *, rehearsal: bool) -> pd.DataFrame:
    """Say of each rating whether it counts.

    Parameters
    ----------
    ratings : DataFrame
        One row per rating with its evidence: ``outcome, stage, is_simulated, grade, is_accepted,
        is_withdrawn, is_replaced, n_other_clips, played_to_end, n_xruns, av_offset_s,
        n_frames_shown, n_frames_dropped, playing_s, period_s, width_px, height_px, scale,
        box_width_px, box_height_px, clip_scale``, those of the playing that was rated, and
        ``flags``: kinds (`study.vocabulary.FlagKind`) with ; between.

    Returns
    -------
    DataFrame
        The ratings with ``reason`` (a `Reason`; empty where the rating counts) and ``doubts``
        (a tuple of the reasons that hold and are let through).
    """
    holds = _what_holds(ratings)
    leaves_out = {reason: _leaves_out(reason, rules, rehearsal=rehearsal) for reason in Reason}
    reason = np.full(len(ratings), "", dtype=object)
    doubts: list[tuple[str, ...]] = [()] * len(ratings)
    for each in reversed(Reason):
        flags = holds[each].to_numpy(bool)
        if leaves_out[each]:
            reason[flags] = each.value
        else:
            for row in np.flatnonzero(flags).tolist():
                doubts[row] = (each.value, *doubts[row])
    return ratings.assign(
        reason=reason, doubts=pd.Series(doubts, index=ratings.index, dtype=object)
    )


def counted(found: pd.DataFrame) -> Counted:
    """Part ratings into those that count, and numbers of the others.

    Parameters
    ----------
    found : DataFrame
        From `judged`.

    Returns
    -------
    Counted
        The ratings keep their order and their columns.
    """
    counts = found["reason"].eq("")
    kept = found[counts]
    through = kept["doubts"].explode().dropna().value_counts()
    lost = found[~counts]
    out = lost["reason"].value_counts()
    return Counted(
        ratings=kept.reset_index(drop=True),
        left_out={str(r): int(out[r]) for r in Reason if r in out.index},
        let_through={str(r): int(through[r]) for r in Reason if r in through.index},
        n_without_interruptions=int(kept["interrupted_s"].isna().sum()),
        waiting=frozenset(lost.loc[~lost["is_replaced"].astype(bool), "reason"]),
    )


def _leaves_out(reason: Reason, rules: EvidenceRules, *, rehearsal: bool) -> bool:
    if rehearsal and reason in LET_THROUGH_IN_REHEARSALS:
        return False
    return getattr(rules, reason.value, "leave_out") == "leave_out"


def _what_holds(found: pd.DataFrame) -> dict[Reason, "pd.Series[bool]"]:
    in_window = found["stage"] != "simulated"
    simulated = found["is_simulated"].astype(bool)
    # A simulated person in a hurry hears nothing and sees first frames only.
    watched = in_window & ~simulated
    shown = found["n_frames_shown"].astype(float)
    due = shown + found["n_frames_dropped"].astype(float)
    flips = found["playing_s"].astype(float) / found["period_s"].astype(float)
    offset_s = found["av_offset_s"].astype(float)
    return {
        Reason.NOT_RATED: found["outcome"] != "rated",
        Reason.OTHER_CLIP: in_window & (found["n_other_clips"] > 0),
        Reason.NOT_PLAYED: in_window & ~found["played_to_end"].astype(bool),
        Reason.WITHDRAWN: found["is_withdrawn"].astype(bool),
        Reason.SIMULATED: simulated,
        Reason.UNGRADED_RIG: in_window
        & ~found["grade"].isin(GRADES_THAT_COUNT)
        & ~found["is_accepted"].astype(bool),
        Reason.SOUND_GAPS: watched & (found["n_xruns"].astype(float) > 0),
        Reason.SOUND_OUT_OF_STEP: watched & ~offset_s.between(*NOTICED_S),
        Reason.FRAMES_MISSING: watched
        & ~(shown >= MIN_SHARE_SHOWN * np.minimum(due, np.floor(flips))),
        Reason.WRONG_SIZE: watched & ~_has_right_size(found),
        **{reason: _is_flagged(found, reason) for reason in _FLAGGED},
        Reason.RATED_AGAIN: found["is_replaced"].astype(bool),
    }


def _is_flagged(found: pd.DataFrame, reason: Reason) -> "pd.Series[bool]":
    said = [reason.value in kinds.split(";") for kinds in found["flags"]]
    return pd.Series(said, index=found.index, dtype=bool)


def _has_right_size(found: pd.DataFrame) -> "pd.Series[bool]":
    scale = found["scale"].astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        # The clip's own size, upright and with square pixels, follows from what was shown.
        widest = found["box_width_px"] / (found["width_px"].astype(float) / scale)
        highest = found["box_height_px"] / (found["height_px"].astype(float) / scale)
        asked = np.minimum(found["clip_scale"], np.minimum(widest, highest))
    return pd.Series((scale - asked).abs() < SCALE_TOLERANCE * asked)


def _ratings(n: int) -> str:
    return f"{n} rating{'s' * (n != 1)}"


def grade_of(rig: object) -> str:
    """Return the grade that a session's rig had when the session began.

    Parameters
    ----------
    rig : object
        `session.rig`, out of a store that may have been on a laptop.
    """
    grade = rig.get("grade") if isinstance(rig, dict) else None
    return grade if isinstance(grade, str) else ""
