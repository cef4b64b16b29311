"""One page that shows what a demo did; it carries its pictures along and links to the files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from features.records.manifest import MANIFEST_NAME, read_manifest
from instructions import pence
from lab.evidence import DATASET, EMBEDDINGS, MODELS, RELEASE
from lab.journal import JOURNAL_NAME, Entry, read_entries
from lab.steps import PROFILES, SCREENSHOTS, TITLES, next_steps
from models.evaluation.results import (
    TABLE_5_COLUMNS,
    Evaluation,
    in_order_of_paper,
    read_evaluations,
    table_5_row,
)
from sessions.plan import again
from study.config.study import Study, find_study
from study.errors import ConfigError
from study.reports.html import image_to_data_uri, render
from study.store import Db, store_snapshot
from study.store.clips import candidates
from study.store.people import participants as people
from study.store.people import payments
from study.store.plan import assignments
from study.store.ratings.counted import counted
from study.tools.access import Readers
from study.tools.files import written_atomically

REPORT_NAME = "report.html"
SCREENS = {
    "welcome": "The welcome",
    "task": "The task: label, clip and bonus",
    "prompt": "After the clip",
    "warning": "The warning after a key that came too early",
}


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A picture of the task."""

    caption: str
    data_uri: str
    href: str


@dataclass(frozen=True, slots=True)
class Link:
    """A file that the page points to."""

    name: str
    href: str
    size: str


def write_report(folder: Path) -> Path:
    """Write `report.html` from what a demo has left behind.

    Raises
    ------
    ConfigError
        If there is no demo in the folder.
    """
    study = find_study(folder)
    with store_snapshot(study.store_url) as db:
        standing = _standing(db, study)
    untrained = _untrained(folder)
    screens = _screens(folder)
    evaluations = _evaluations(folder)
    page = render(
        "lab",
        "report.html",
        title="Demo of a study",
        stamp=_stamp(study, untrained),
        counts=standing.counts,
        people=standing.people,
        rejects=standing.rejects,
        untrained=untrained,
        screens=list(screens.values()),
        missing_screens=[name for name in ("task", "warning") if name not in screens],
        figure_2=_figure_2(folder),
        n_classes=len(evaluations[0].classes) if evaluations else 0,
        table_5_columns=(*TABLE_5_COLUMNS, "Test clips"),
        table_5=[(*table_5_row(each).values(), each.test.n_clips) for each in evaluations],
        entries=_entries(folder),
        titles=TITLES,
        links=_links(folder),
        next_steps=next_steps(folder),
    )
    path = folder / REPORT_NAME
    with written_atomically(path, readers=Readers.OWNER) as part:
        part.write_text(page, encoding="utf-8")
    return path


@dataclass(frozen=True, slots=True)
class _Standing:
    """What the store knows."""

    counts: str
    people: list[tuple[object, ...]]
    rejects: list[tuple[object, ...]]


def _stamp(study: Study, untrained: Sequence[str]) -> str:
    words = ["rehearsal: simulated people"] if study.config.rehearsal else []
    words += ["untrained networks"] if untrained else []
    return ", ".join(words)


def _standing(db: Db, study: Study) -> _Standing:
    found = counted(db, study)
    given = found.ratings
    per_clip = given.groupby("candidate_id").size()
    clips = again.standing(again.judged_slots(db, study), study)
    n_complete = again.n_complete(clips, study.config.protocol.ratings_per_clip)
    rejects = candidates.rejects(db)
    counts = assignments.counts(db)
    rows: list[tuple[object, ...]] = []
    for person in people.listed(db):
        own = given[given["participant_id"] == person.id]
        count = counts.get(person.id)
        rows.append(
            (
                person.id,
                f"{person.kind} ({PROFILES[person.id]})" if person.id in PROFILES else person.kind,
                len(own),
                None if count is None else count.n_assigned,
                None if own.empty else f"{own['rt_s'].median():.2f} s",
                int(own["n_replays"].sum()),
                int(own["n_early_presses"].sum()),
                pence(payments.bonus_pence(db, person.id)),
            )
        )
    reasons = rejects["reason"].value_counts()
    return _Standing(
        f"{len(given)} ratings of {len(per_clip)} clips; {n_complete} of {len(clips)} clips have "
        "all the ratings that they need."
        + "".join(f" {line[0].upper()}{line[1:]}." for line in found.lines()),
        rows,
        [(reason, int(n)) for reason, n in reasons.items()],
    )


def _untrained(folder: Path) -> list[str]:
    sentences = []
    for manifest in sorted((folder / EMBEDDINGS).glob(f"*/{MANIFEST_NAME}")):
        recipe = read_manifest(manifest.parent).recipe
        drawn = [
            f"{note.network} (seed {note.untrained_seed})"
            for note in (recipe.audio, recipe.visual)
            if note.untrained_seed is not None
        ]
        if drawn:
            sentences.append(f"{manifest.parent.name}: {' and '.join(drawn)} had no weights.")
    return sentences


def _screens(folder: Path) -> dict[str, Screenshot]:
    found: dict[str, Screenshot] = {}
    for name, caption in SCREENS.items():
        shots = sorted((folder / SCREENSHOTS).glob(f"*/{name}.png"))
        if shots:
            href = quote(shots[0].relative_to(folder).as_posix())
            found[name] = Screenshot(caption, image_to_data_uri(shots[0]), href)
    return found


def _figure_2(folder: Path) -> str:
    path = folder / RELEASE / "figure_2.svg"
    return image_to_data_uri(path) if path.is_file() else ""


def _evaluations(folder: Path) -> list[Evaluation]:
    try:
        return in_order_of_paper(read_evaluations([folder / MODELS]))
    except ConfigError:
        return []


def _entries(folder: Path) -> list[Entry]:
    # A command that ran twice stands where it ran last.
    latest: dict[str, Entry] = {}
    for entry in read_entries(folder):
        latest.pop(entry.command, None)
        latest[entry.command] = entry
    return sorted(latest.values(), key=lambda entry: entry.part)


def _links(folder: Path) -> list[tuple[str, list[Link]]]:
    groups = {
        "Study": [folder / "study.toml", folder / "store.sqlite", folder / JOURNAL_NAME],
        "Clips": [folder / "mit/scenes.csv", folder / "mit/classes.csv"],
        "Tables": sorted((folder / RELEASE).glob("*")),
        "Release": sorted((folder / DATASET).glob("*")),
        "Embeddings": sorted((folder / EMBEDDINGS).glob("*/manifest.parquet")),
        "Networks": sorted(p for p in (folder / MODELS).glob("**/*") if p.is_file()),
        "Screenshots": sorted((folder / SCREENSHOTS).glob("*/*.png")),
    }
    links = {
        name: [_link(folder, path) for path in paths if path.is_file()]
        for name, paths in groups.items()
    }
    return [(name, files) for name, files in links.items() if files]


def _link(folder: Path, path: Path) -> Link:
    name = path.relative_to(folder).as_posix()
    return Link(name, quote(name), f"{max(1, round(path.stat().st_size / 1024))} kB")
