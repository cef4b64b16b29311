"""Check that money in the store follows from ratings, ground truths, protocol and log."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from sessions.laptops.away import parts_given
from study.config.money import Money
from study.config.study import Study
from study.store import Db, audit
from study.store.people import payments
from study.store.plan import ground_truths
from study.store.ratings import trials
from study.store.ratings.counted import ground_truths_that_count
from study.vocabulary import Phase

_SHOWN = 5


def findings(db: Db, study: Study) -> Iterator[str]:
    """Yield what is wrong with bonuses and payments, one sentence each.

    `study`: its protocol gives the bonus where a version of the configuration names none.
    """
    earned = trials.earnings(db)
    yield from _bonuses(db, earned, study)
    yield from _payments(db, earned, study.config.money)


def _bonuses(db: Db, earned: pd.DataFrame, study: Study) -> Iterator[str]:
    said = {
        clip: own.sort_values("version").to_dict("records")
        for clip, own in ground_truths.versions(db).groupby("candidate_id")
    }
    amounts = payments.match_pence(db)
    were_away = {person for part in parts_given(db) for person in part["participants"]}
    # Who matched one of these before it was found to be of another clip keeps the bonus.
    first_wrong = ground_truths_that_count(db, study).first_wrong
    wrong = [
        row
        for row in earned.to_dict("records")
        if row["bonus_pence"]
        not in _possible(
            row,
            said.get(row["candidate_id"], []),
            amounts.get(row["protocol_version_id"], study.config.protocol.bonus_pence),
            may_be_none=row["candidate_id"] in first_wrong,
            was_away=row["participant_id"] in were_away,
        )
    ]
    if wrong:
        named = ", ".join(f"{w['participant_id']} trial {w['trial_id']}" for w in wrong[:_SHOWN])
        more = ", ..." if len(wrong) > _SHOWN else ""
        count = "1 bonus does" if len(wrong) == 1 else f"{len(wrong)} bonuses do"
        yield (
            f"{count} not follow from rating, ground truth and protocol ({named}{more}). Compare "
            "with a back-up before anything is paid"
        )


def _possible(
    row: Mapping[Hashable, Any],
    versions: list[dict[Hashable, Any]],
    amount: int,
    *,
    may_be_none: bool,
    was_away: bool,
) -> set[int]:
    if row["phase"] != Phase.ANNOTATION:
        return {0}
    before = [v for v in versions if v["given_at"] <= row["rated_at"]]
    at_once = [v for v in versions if v["given_at"] == row["rated_at"]]
    # A laptop has the versions that there were when it was given its part, whenever it is rated on.
    valid = before if was_away else before[-1:] + at_once
    earns = {amount if version["rating"] == row["rating"] else 0 for version in valid}
    is_sure = bool(before) and len(at_once) < len(before) and not was_away and not may_be_none
    return earns if is_sure else earns | {0}


def _payments(db: Db, earned: pd.DataFrame, money: Money) -> Iterator[str]:
    table = payments.frame(db).set_index("payment_id")
    logged = audit.own(db, "pay")
    total = int(table["hours_pence"].sum() + table["bonus_pence"].sum())
    in_log = sum(event["hours_pence"] + event["bonus_pence"] for event in logged)
    if in_log != total:
        yield (
            f"payments sum up to {money(total)} and to {money(in_log)} in the audit log. "
            "Somebody changed the table by hand; compare with the signed statements"
        )
    for payment, paid, of_sessions in payments.wrong_sums(db):
        yield (
            f"payment {payment} is {paid} pence, and its sessions sum up to {of_sessions}. Compare "
            "with the signed statement"
        )
    shown = earned.groupby("session_id")["bonus_pence"].sum()
    for event in logged:
        number, sessions = event.get("payment"), event.get("sessions", [])
        if number not in table.index:
            continue
        kept = table.loc[number]
        if (kept["hours_pence"], kept["bonus_pence"]) != (
            event["hours_pence"], event["bonus_pence"],
        ):  # fmt: skip
            yield (
                f"payment {number} is {money(kept['hours_pence'])} + {money(kept['bonus_pence'])}, "
                f"and the audit log says {money(event['hours_pence'])} + "
                f"{money(event['bonus_pence'])}. Compare with the signed statement"
            )
        # Ratings may have been removed since, with their bonus: never the other way round.
        due = int(shown.reindex(sessions).fillna(0).sum())
        if due > kept["bonus_pence"]:
            yield (
                f"payment {number} covers sessions whose bonuses sum up to {money(due)}, and "
                f"{money(kept['bonus_pence'])} was paid. Compare with the signed statement"
            )
