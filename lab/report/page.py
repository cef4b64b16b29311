"""The page itself: what was read, as tables and figures of one template."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from annotator.timing.measures import OFFSET_LIMIT_MS
from annotator.timing.tables import rig_facts, rig_table, verdicts
from curation.analysis.agreement import DEFINED
from lab.report import figures
from lab.report.demo_part import DemoPart, demo_part
from lab.report.flow import stages
from lab.report.lists import lists_of, pictures
from lab.report.methods import paragraphs
from lab.report.networks import CARD_COLUMNS, SET_COLUMNS, TABLE_5, Networks, networks_of
from lab.report.places import Places
from lab.report.rating import Ratings, ratings_of
from lab.report.recognition import Recognised, recognised
from sessions.monitor.alarms import KINDS
from sessions.monitor.progress import sentence
from study.config.money import Money
from study.config.study import Study
from study.reports.html import render
from study.tools.access import Readers
from study.tools.files import refuse_existing, written_atomically
from study.tools.local_time import local_time

N_PICTURES = 4
N_RESAMPLES = 1000
_MEASURES = {
    "percent": "percent agreement",
    "fleiss_kappa": "Fleiss' kappa",
    "alpha_nominal": "Krippendorff's alpha, nominal",
    "alpha_ordinal": "Krippendorff's alpha, ordinal",
    "gwet_ac1": "Gwet's AC1",
}
Table = tuple[Sequence[str], Sequence[Sequence[object]]]


@dataclass(frozen=True, slots=True)
class ShownClips:
    """How much the page shows.

    Parameters
    ----------
    n_pictures : int
        Test clips of each class.
    n_resamples : int
        For each interval of agreement.
    """

    n_pictures: int = N_PICTURES
    n_resamples: int = N_RESAMPLES


def write_report(
    study: Study,
    places: Places,
    out: Path,
    *,
    at: datetime,
    overwrite: bool = False,
    shown: ShownClips | None = None,
) -> Path:
    """Write the page of a study, whatever stage it has come to.

    Parameters
    ----------
    places : Places
        Where its tables, embeddings and networks are.
    out : Path
        The page; only its owner can read it, for it names raters and machines.

    Raises
    ------
    StudyError
        If there is no store, or a page is there that must not be replaced.
    """
    refuse_existing(out, overwrite=overwrite)
    # The links of a demo's page are seen from its folder.
    is_beside = out.parent.resolve() == study.folder.resolve()
    demo = demo_part(study.folder) if is_beside else None
    page = report_page(study, places, at=at, shown=shown or ShownClips(), demo=demo)
    with written_atomically(out, overwrite=overwrite, readers=Readers.OWNER) as part:
        part.write_text(page, encoding="utf-8")
    return out


def report_page(
    study: Study, places: Places, *, at: datetime, shown: ShownClips, demo: DemoPart | None = None
) -> str:
    """Return the page as HTML that needs no other file."""
    found = ratings_of(study, at, n_resamples=shown.n_resamples)
    answers = recognised(study)
    networks = networks_of(places)
    faults = list(networks.faults)
    lists = lists_of(places.tables, faults)
    clips = None if found.rated is None else found.rated.clips
    rigs = found.rigs
    return render(
        "lab",
        "report.html",
        title=study.config.title,
        stamp=_stamp(study, networks),
        at=local_time(at),
        faults=faults,
        glance=_glance(found, lists, networks, answers),
        stages=stages(found.counts, found.status.n_clips, clips, study.config.protocol, lists),
        lists=[(name, len(rows), rows["avmit_label"].nunique()) for name, rows in lists.items()],
        sentence=sentence(found.progress, at),
        progress_figures=figures.progress_figures(found),
        counted=[] if found.rated is None else found.rated.lines(),
        why_none=found.why_none,
        agreement=_agreement(found),
        estimate=found.note,
        agreement_figures=figures.agreement_figures(found),
        people=_people(found, study.config.money),
        raters=_raters(found),
        verdicts=[] if rigs.timing is None else verdicts(rigs.timing.overall),
        rigs=None if rigs.timing is None else rig_table(rigs.timing.rigs),
        rig_facts=None if rigs.timing is None else rig_facts(rigs.timing.sessions, rigs.checks),
        offset_limit_ms=OFFSET_LIMIT_MS,
        timing_figures=figures.timing_figures(found),
        n_elsewhere=rigs.n_elsewhere,
        alarms=[
            (one.participant_id, KINDS[one.kind], one.n_trial, one.detail)
            for one in found.progress.alarms
        ],
        figure_2=figures.rated_figures(found),
        pictures=pictures(study, lists["test_set"], shown.n_pictures)
        if "test_set" in lists
        else [],
        networks=networks,
        set_columns=SET_COLUMNS,
        card_columns=CARD_COLUMNS,
        table_4=(list(networks.table_4), networks.table_4.to_numpy().tolist()),
        table_5_columns=TABLE_5,
        n_classes=len(networks.evaluations[0].classes) if networks.evaluations else 0,
        sensitivity=_sensitivity(found),
        methods=paragraphs(study, found, networks, lists, answers),
        demo=demo,
    )


def _stamp(study: Study, networks: Networks) -> str:
    words = ["rehearsal: simulated people"] if study.config.rehearsal else []
    words += ["untrained networks"] if networks.untrained else []
    return ", ".join(words)


def _glance(
    found: Ratings,
    lists: dict[str, pd.DataFrame],
    networks: Networks,
    answers: Recognised | None,
) -> list[tuple[str, str]]:
    status = found.status
    n_raters = sum(1 for one in status.participants if one.n_done)
    cells = []
    if status.n_wanted or answers is None:
        cells += [
            (f"{status.n_ratings:,} of {status.n_wanted:,}", "ratings given"),
            (f"{status.n_complete:,} of {status.n_clips:,}", "clips with all their ratings"),
            (f"{n_raters:,}", "raters"),
        ]
    if answers is not None:
        cells += [
            (f"{answers.n_answers:,}", "recognition answers"),
            (f"{answers.n_people:,}", "people who answered"),
        ]
    cells.append((f"{len(found.progress.alarms):,}", "alarms"))
    if "test_set" in lists:
        cells.append((f"{len(lists['test_set']):,}", "test clips"))
    if networks.evaluations:
        best = max(each.top_1 for each in networks.evaluations)
        cells.append((f"{100 * best:.1f} %", "top 1 of the best network"))
    return cells


def _agreement(found: Ratings) -> list[tuple[object, ...]]:
    if found.agreement is None:
        return []
    table = found.agreement[found.agreement["avmit_label"] == "all"]
    return [
        (
            row["scale"],
            _MEASURES[row["measure"]],
            None if pd.isna(row["value"]) else f"{row['value']:.3f}",
            f"{row['low']:.3f} to {row['high']:.3f}"
            if row["defined"] == DEFINED
            else row["defined"],
        )
        for row in table.to_dict("records")
    ]


def _people(found: Ratings, money: Money) -> list[tuple[object, ...]]:
    progress = found.progress.people.set_index("participant_id")
    rows: list[tuple[object, ...]] = []
    for one in found.status.participants:
        who = one.participant.id
        # A participant without clips has no progress.
        seen = progress.loc[who] if who in progress.index else pd.Series(dtype=object)
        median = seen.get("median_rt_s")
        rows.append(
            (
                who + (" (closed)" if one.participant.closed_at else ""),
                one.participant.kind.value,
                one.screening,
                one.n_done,
                one.n_assigned,
                None if pd.isna(median) else f"{median:.2f}\N{NO-BREAK SPACE}s",
                _percent(seen.get("replayed_share")),
                _percent(seen.get("early_press_share")),
                money(one.bonus_pence),
            )
        )
    return rows


def _raters(found: Ratings) -> list[tuple[object, ...]]:
    if found.raters is None:
        return []
    return [
        (
            row["participant_id"],
            int(row["n_ratings"]),
            *(_percent(row[f"share_{rating}"]) for rating in (1, 2, 3)),
            int(row["n_catch"]),
            _percent(row["accuracy"]),
            _range(row["accuracy_low"], row["accuracy_high"]),
            _percent(row["agreement_with_others"]),
            None if pd.isna(row["drift"]) else f"{100 * row['drift']:+.1f}",
        )
        for row in found.raters.to_dict("records")
    ]


def _sensitivity(found: Ratings) -> list[tuple[object, ...]]:
    if found.sensitivity is None:
        return []
    columns = ("rule", "n_prominent", "n_changed", "n_classes", "classes_gained", "classes_lost",
               "n_test_pool", "n_test", "n_train_per_class")  # fmt: skip
    return [
        tuple(value if value != "" else None for value in map(row.get, columns))
        for row in found.sensitivity.to_dict("records")
    ]


def _range(low: float, high: float) -> str | None:
    return None if pd.isna(low) else f"{100 * low:.0f} to {100 * high:.0f}\N{NO-BREAK SPACE}%"


def _percent(share: object) -> str | None:
    return None if pd.isna(share) else f"{100 * float(str(share)):.1f}\N{NO-BREAK SPACE}%"  # type: ignore[call-overload]
