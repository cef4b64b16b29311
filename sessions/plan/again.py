"""Clips that lost a rating: who rates them again, and which rating counts in the end."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sessions.laptops.away import on_laptops
from sessions.plan.planning import Change, able_raters, audited, n_changes
from sessions.plan.slots import fill_slots
from sessions.streams import Stream
from study.config.study import Study
from study.counting import IN_WORDS, Reason
from study.deciding.audited import first_wanted
from study.errors import StudyError
from study.store import Db
from study.store.desk import Desk
from study.store.plan import assignments
from study.store.ratings import sessions, trials
from study.store.ratings.counted import judged
from study.tools.seeding import generator
from study.tools.wording import counted


@dataclass(frozen=True, slots=True)
class Again:
    """What `plan_again` did.

    Parameters
    ----------
    reasons : dict of str to int
        Ratings that others are given for, by `study.counting.Reason`.
    given : dict of str to int
        How many of them each participant was given.
    n_without : int
        Clips that go without, because everybody who can rate has seen them.
    """

    change: Change
    reasons: Mapping[str, int]
    given: Mapping[str, int]
    n_without: int

    def lines(self) -> list[str]:
        """Return in words whose place is taken, and what cannot be done."""
        lost = [
            f"lost: {counted(n, 'rating')} {IN_WORDS[Reason(reason)]}"
            for reason, n in self.reasons.items()
        ]
        if self.n_without:
            lost.append(
                f"{counted(self.n_without, 'clip')} without another rater: everybody who can rate "
                "has seen them. Enrol somebody, then run this again"
            )
        return lost


def judged_slots(db: Db, study: Study, given: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the plan with what became of each slot.

    Returns the columns of `study.store.plan.assignments.frame` with ``reason`` (why the rating does
    not count; empty where it does or there is none), ``n_wanted`` (what the clip gets before a rule
    asks for more), and truth values ``is_good`` (rated, and it
    counts), ``is_lost`` (rated, it does not count, and nothing was given in its place).

    Parameters
    ----------
    given : DataFrame or None
        From `study.store.ratings.counted.judged`, for who has it already.
    """
    plan = assignments.frame(db)
    keys = ["candidate_id", "participant_id"]
    said = (judged(db, study) if given is None else given)[[*keys, "reason"]]
    plan = plan.merge(said, on=keys, how="left") if len(plan) else plan.assign(reason="")
    plan["reason"] = plan["reason"].fillna("")
    done, replaced = plan["done"].astype(bool), plan["replaced"].astype(bool)
    wanted = first_wanted(db, study, plan["candidate_id"])
    is_good = done & ~replaced & plan["reason"].eq("")
    is_lost = done & ~replaced & plan["reason"].ne("")
    return plan.assign(
        done=done, replaced=replaced, is_good=is_good, is_lost=is_lost, n_wanted=wanted
    )


def standing(slots: pd.DataFrame) -> pd.DataFrame:
    """Return how each planned clip stands.

    Returns columns ``n_slots, n_good, n_open, n_lost, n_wanted, n_again`` by ``candidate_id``, in
    ascending order; ``n_again`` ratings are missing because others do not count.

    Parameters
    ----------
    slots : DataFrame
        From `judged_slots`.
    """
    table = slots.assign(is_open=~slots["done"]).groupby("candidate_id", sort=True)
    found = table[["is_good", "is_open", "is_lost"]].sum().astype("int64")
    found = found.set_axis(["n_good", "n_open", "n_lost"], axis=1)
    found.insert(0, "n_slots", table.size())
    found["n_wanted"] = table["n_wanted"].max().astype("int64")
    n_missing = found["n_wanted"] - found["n_good"] - found["n_open"]
    return found.assign(n_again=np.clip(n_missing, 0, found["n_lost"]))


def n_complete(clips: pd.DataFrame, *, is_whole: bool = True) -> int:
    """Return how many planned clips have all their ratings, those that count.

    Returns clips of which nobody has a rating to give any more, and as many count as are wanted.

    Parameters
    ----------
    clips : DataFrame
        From `standing`.
    is_whole : bool
        False for a laptop's part, which may hold one rater of a clip.
    """
    return int((clips["n_open"].eq(0) & clips["n_good"].ge(_wanted(clips, is_whole))).sum())


def n_without_rater(clips: pd.DataFrame, *, is_whole: bool = True) -> int:
    """Return how many ratings of planned clips are wanted that nobody is asked for.

    Returns more than none after somebody has left whose clips nobody else could take. A rating that
    does not count and that nobody was asked to give again is not among them.

    Parameters
    ----------
    clips : DataFrame
        From `standing`.
    is_whole : bool
        False for a laptop's part, which may hold one rater of a clip.
    """
    n_asked = clips[["n_good", "n_open", "n_lost"]].sum(axis=1)
    return int((_wanted(clips, is_whole) - n_asked).clip(lower=0).sum())


def sentence(clips: pd.DataFrame) -> str:
    """Return in words that clips lost ratings.

    Returns a sentence that says what to do; empty where none did.

    Parameters
    ----------
    clips : DataFrame
        From `standing`.
    """
    n_clips, n_ratings = int(clips["n_again"].gt(0).sum()), int(clips["n_again"].sum())
    if not n_clips:
        return ""
    return (
        f"{counted(n_ratings, 'rating')} of {counted(n_clips, 'clip')} "
        f"{'does' if n_ratings == 1 else 'do'} not count (why: python -m sessions check). "
        "To have them rated again: python -m sessions plan --again"
    )


def plan_again(desk: Desk) -> Again:
    """Give clips that lost a rating to somebody else, so that all their ratings count in the end.

    Nobody gets a clip that they have seen. A rating that was given up stays in the store, and does
    not count even if its rig is accepted once the other one is there.

    Returns what was planned; nothing where no clip lost a rating that has not been planned again.
    Raises StudyError if there is no plan.
    """
    db, study = desk.db, desk.study
    if not assignments.exist(db):
        raise StudyError("there is no plan to add to. Run: python -m sessions plan")
    slots = judged_slots(db, study)
    clips = standing(slots)
    short = clips[clips["n_again"] > 0]
    people = able_raters(db, study)
    if short.empty:
        return Again(Change(0, 0, {}), {}, {}, 0)
    rows = fill_slots(
        db,
        short.index.to_numpy(np.int64),
        people,
        generator(study.config.seed, Stream.AGAIN, n_changes(db)),
        n_wanted=(short["n_slots"] + short["n_again"]).to_numpy(np.int64),
        seen=trials.seen(db),
        strict=False,
    )
    n_given = rows["candidate_id"].value_counts().reindex(short.index, fill_value=0)
    given_up = _first(slots[slots["is_lost"]], n_given)
    assignments.set_replaced(db, given_up["id"].tolist(), replaced=True)
    reasons = {str(reason): int(n) for reason, n in given_up["reason"].value_counts().items()}
    n_without = int((n_given < short["n_again"]).sum())
    if rows.empty:
        return Again(Change(0, 0, {}), {}, {}, n_without)
    change = audited(desk, "plan_again", rows, people, reasons=reasons, n_without=n_without)
    given = {str(who): int(n) for who, n in rows["participant_id"].value_counts().items()}
    return Again(change, reasons, dict(sorted(given.items())), n_without)


def take_back(db: Db, study: Study) -> int:
    """Let ratings that were given up stand where they count now and nobody has rated again yet.

    Returns how many; as many slots without a rating are taken back, but for those of people who are
    rating at this moment or on a laptop.
    """
    slots = judged_slots(db, study)
    counts_now = slots[slots["replaced"] & slots["reason"].eq(Reason.RATED_AGAIN)]
    if counts_now.empty:
        return 0
    busy = {s.participant_id for s in sessions.open_sessions(db)} | set(on_laptops(db))
    free = slots[~slots["done"] & ~slots["participant_id"].isin(busy)]
    clips = standing(slots).loc[counts_now["candidate_id"].unique()]
    n_unfilled = clips["n_wanted"] - clips["n_good"] - clips["n_open"]
    n_unfilled = n_unfilled.clip(lower=0)
    n_free = free["candidate_id"].value_counts().reindex(clips.index, fill_value=0)
    n_back = counts_now["candidate_id"].value_counts().reindex(clips.index)
    restored = _first(counts_now, n_unfilled + n_free)
    n_needless = (n_back.clip(upper=n_unfilled + n_free) - n_unfilled).clip(lower=0)
    assignments.set_replaced(db, restored["id"].tolist(), replaced=False)
    # The slots that were given last go first: they stand in for what counts again.
    latest = free.sort_values(["candidate_id", "slot"], ascending=[True, False])
    assignments.remove_open(db, _first(latest, n_needless)["id"].tolist())
    return len(restored)


def _wanted(clips: pd.DataFrame, is_whole: bool) -> "pd.Series[int]":
    return clips["n_wanted"] if is_whole else clips["n_wanted"].clip(upper=1)


def _first(slots: pd.DataFrame, n_of: "pd.Series[int]") -> pd.DataFrame:
    """Return of each clip its first slots, as many as are said."""
    rank = slots.groupby("candidate_id").cumcount()
    wanted = slots["candidate_id"].map(n_of).fillna(0)
    return slots[rank < wanted]
