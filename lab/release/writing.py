"""Write a release: tables, figures, archives, texts, descriptions, checksums; all or nothing."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from rich.progress import Progress

from curation.analysis.estimates import SAMPLE_NAME
from curation.figures import figure_2, plot_agreement, plot_test_set, save_figure
from curation.release.left_out import RELEASED
from curation.release.list_check import refuse_breaking
from curation.release.published import read_release
from curation.release.tables import write_rows
from curation.release.trial_table.columns import FILE_NAME as TRIALS_NAME
from curation.release.trial_table.table import write_parquet
from curation.release.whole import RatedPart, Whole
from lab.release import archives, datasheet, privacy, texts
from lab.release.descriptions import (
    bids,
    croissant,
    datacite,
    frictionless,
    huggingface,
    psychds,
    rocrate,
)
from lab.release.descriptions.folders import read_rows, rows_sha256
from lab.release.facts import (
    CHECKSUMS_NAME,
    FACTS_NAME,
    MEDIA_TYPES,
    Facts,
    FileFact,
    StepFact,
    as_json,
)
from lab.release.gathering import OWN_COMMAND, gather, places
from lab.release.staging import refuse_full, staged
from study.config.study import Study
from study.reports.figures import default_style, figure_of
from study.store import audit, is_read_only, store_snapshot, store_transaction
from study.tools.files import sha256_of
from study.tools.progress_bars import progress_bar

_N_STEPS = 8
_SUFFIXES = (".png", ".svg")
_MEANS = {
    "trials.parquet": "the rows of trials.csv with their types",
    "data_dictionary.csv": "every column of every table",
    "DATASHEET.md": "questions and answers about the dataset",
    "README.md": "what is in the release",
    "LICENSE": "the licence",
    "CITATION.cff": "how to cite the release, in the Citation File Format",
    ".zenodo.json": "what an upload to Zenodo takes its form from",
    FACTS_NAME: "what every description says, once",
    croissant.NAME: "description in Croissant 1.1 with the fields of RAI 1.0",
    frictionless.NAME: "description as a Frictionless Data Package, version 2",
    datacite.NAME: "description in DataCite 4.5",
    rocrate.NAME: "description as an RO-Crate, Process Run Crate 0.5",
    "figures/figure_2": "ratings and votes for prominence of each class (Figure 2)",
    "figures/test_set": "clips of the test set by class",
    "figures/agreement": "how well raters agree",
}


@dataclass(frozen=True, slots=True)
class Released:
    """What a release came to.

    Parameters
    ----------
    is_other : bool
        Whether a release of the same version had other rows.
    """

    folder: Path
    facts: Facts
    n_files: int
    n_bytes: int
    is_other: bool


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a release is to have."""

    allow_unfinished: bool = False
    embeddings: Path | None = None  # folder with both sets; None to leave them out
    with_clips: bool = False


def release(study: Study, out: Path, wishes: Wishes, *, at: datetime) -> Released:
    """Write a release of a study; the same store and configuration give the same bytes.

    Parameters
    ----------
    out : Path
        A new folder, or an empty one.
    at : datetime
        Now; for the store's own log, and in no file.

    Raises
    ------
    StudyError
        If the study is not finished, something cannot be believed or would tell who or where, or
        the folder is not empty. Nothing is written then.
    """
    refuse_full(out)
    answers = datasheet.read_answers(study.folder)
    with _told() as tell:
        tell("read the store")
        found = gather(
            study, datasheet.n_blanks(answers), at=at, allow_unfinished=wishes.allow_unfinished
        )
        gate = privacy.gate(found.private, places(study), _common(found.facts))
        privacy.refuse_typed(gate, _typed(study, answers))
        with staged(out) as folder:
            facts = _write(study, found.whole, found.facts, folder, wishes, answers, tell)
            tell("look for what must not leave")
            privacy.refuse_files(gate, folder)
            is_other = _log(study, facts, at)
    datasheet.keep_questions(study.folder)
    files = [path for path in out.rglob("*") if path.is_file()]
    n_bytes = sum(path.stat().st_size for path in files)
    return Released(out, facts, len(files), n_bytes, is_other)


def _write(
    study: Study,
    whole: Whole,
    facts: Facts,
    folder: Path,
    wishes: Wishes,
    answers: Mapping[str, str],
    tell: "Tell",
) -> Facts:
    tell("write the tables")
    for name, table in whole.tables.items():
        write_rows(table.rows, table.schema, folder / name)
    trials = whole.tables[TRIALS_NAME]
    write_parquet(trials.rows, trials.schema, folder / "trials.parquet")
    steps = [_with_parquet(step) for step in facts.steps]
    tell("draw the figures")
    if whole.rated is not None:
        refuse_breaking(read_release(folder))
        with default_style():
            stamp = _stamp(whole.rated, is_rehearsal=facts.rehearsal)
            steps.append(_draw(whole.rated, folder, stamp=stamp))
    tell("pack the archives")
    steps += archives.pack(study, whole, folder, wishes.embeddings)
    facts = replace(
        facts,
        steps=tuple(steps),
        rows_sha256={TRIALS_NAME: rows_sha256(read_rows(folder / TRIALS_NAME))},
    )
    tell("write the texts")
    (folder / "LICENSE").write_text(texts.licence(facts), encoding="utf-8")
    sheet = datasheet.datasheet(facts, answers)
    (folder / "DATASHEET.md").write_text(sheet, encoding="utf-8")
    _write_dictionary(facts, folder / "data_dictionary.csv")
    (folder / "CITATION.cff").write_text(texts.citation(facts), encoding="utf-8")
    (folder / ".zenodo.json").write_text(texts.zenodo(facts), encoding="utf-8")
    facts = _with_files(facts, folder)
    tell("write the folders of Psych-DS and BIDS")
    psychds.write(facts, folder)
    if wishes.with_clips:
        archives.place_clips(study, whole, folder / bids.FOLDER / bids.STIMULI)
    bids.write(facts, folder, with_clips=wishes.with_clips)
    facts = _with_own_files(facts, folder)
    tell("write the descriptions")
    for name, described in (
        (croissant.NAME, croissant.described(facts)),
        (frictionless.NAME, frictionless.described(facts)),
        (datacite.NAME, datacite.described(facts)),
        (FACTS_NAME, as_json(facts)),
    ):
        (folder / name).write_text(described, encoding="utf-8")
    facts = _with_files(facts, folder)
    readme = texts.readme(facts, huggingface.head(facts))
    (folder / "README.md").write_text(readme, encoding="utf-8")
    facts = _with_files(facts, folder)
    (folder / rocrate.NAME).write_text(rocrate.described(facts), encoding="utf-8")
    _write_checksums(facts, folder)
    return facts


def _with_parquet(step: StepFact) -> StepFact:
    if TRIALS_NAME not in step.outputs:
        return step
    return replace(step, outputs=(*step.outputs, "trials.parquet"))


def _with_own_files(facts: Facts, folder: Path) -> Facts:
    """Say of every file that no other command made that the release made it."""
    made = {name for step in facts.steps for name in step.outputs}
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    own = {
        *written,
        croissant.NAME,
        frictionless.NAME,
        datacite.NAME,
        FACTS_NAME,
        "README.md",
    } - made
    steps = [
        replace(step, outputs=(*step.outputs, *sorted(own)))
        if step.command == OWN_COMMAND
        else step
        for step in facts.steps
    ]
    return replace(facts, steps=tuple(steps))


def _stamp(rated: RatedPart, *, is_rehearsal: bool) -> str:
    said = ["rehearsal"] if is_rehearsal else []
    if SAMPLE_NAME in rated.tables:
        of = f"{len(rated.full)} of {len(rated.tally.clips)} clips"
        said.append(f"votes and agreement: estimate from {of}")
    return "; ".join(said)


def _draw(rated: RatedPart, folder: Path, *, stamp: str) -> StepFact:
    drawn = {"figure_2": figure_2(rated.full)}
    agreement = rated.tables["agreement.csv"].rows
    drawn["agreement"] = figure_of(plot_agreement(agreement))
    measured_on = SAMPLE_NAME if SAMPLE_NAME in rated.tables else "video_ratings.csv"
    inputs = [measured_on, "agreement.csv"]
    if "test_set.csv" in rated.tables:
        drawn["test_set"] = figure_of(plot_test_set(rated.tables["test_set.csv"].rows))
        inputs.append("test_set.csv")
    outputs = []
    for name, figure in drawn.items():
        paths = save_figure(
            figure, folder / "figures", name, overwrite=False, stamp=stamp, suffixes=_SUFFIXES
        )
        outputs += [path.relative_to(folder).as_posix() for path in paths]
    return StepFact("curation figures", "Draw the figures.", tuple(inputs), tuple(outputs))


def _write_dictionary(facts: Facts, path: Path) -> None:
    rows = texts.dictionary(facts)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(texts.DICTIONARY_COLUMNS), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _with_files(facts: Facts, folder: Path) -> Facts:
    known = {file.path: file for file in facts.files}
    titles = {table.path: table.schema.title for table in facts.tables}
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or name in (CHECKSUMS_NAME, rocrate.NAME):
            continue
        found.append(
            known.get(name)
            or FileFact(
                name, MEDIA_TYPES.get(path.suffix, "application/octet-stream"),
                titles.get(name) or _means(name), path.stat().st_size, sha256_of(path),
            )
        )  # fmt: skip
    return replace(facts, files=tuple(found))


def _means(name: str) -> str:
    top = name.partition("/")[0]
    if top in (psychds.FOLDER, bids.FOLDER):
        return f"part of the folder {top}"
    stem = name.rpartition(".")[0]
    return _MEANS.get(name) or _MEANS.get(stem) or archives.MEANS.get(name, name)


def _write_checksums(facts: Facts, folder: Path) -> None:
    lines = {file.path: file.sha256 for file in facts.files}
    lines[rocrate.NAME] = sha256_of(folder / rocrate.NAME)
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(lines.items()))
    (folder / CHECKSUMS_NAME).write_text(text, encoding="utf-8")


def _typed(study: Study, answers: Mapping[str, str]) -> dict[str, str]:
    said = study.config.release
    texts_of = {"study.toml: title": study.config.title}
    for name in ("version", "publisher", "description", "doi", "url", "contact",
                 "clips_url", "institution", "institution_url", "institution_address", "department",
                 "cognitive_atlas", "cogpo"):  # fmt: skip
        texts_of[f"study.toml: release.{name}"] = getattr(said, name) or ""
    texts_of["study.toml: release.keywords"] = "; ".join(said.keywords)
    texts_of |= {f"{datasheet.ANSWERS_NAME}: {name}": text for name, text in answers.items()}
    return texts_of


def _common(facts: Facts) -> str:
    # What every release says: words of the descriptions, of the columns and of the classes.
    columns = [row["means"] for row in texts.dictionary(facts)]
    known = [question.asks + question.known for question in datasheet.questions()]
    labels = [table.path for table in facts.tables]
    # Without what a person typed, which would let itself through.
    shown = replace(
        facts, files=(), title="", description="", creators=(), publisher="", keywords=(),
        doi=None, url=None, contact=None, clips_url=None, place={}, institution_url=None,
    )  # fmt: skip
    return " ".join(map(str, [*columns, *known, *labels, *_MEANS.values(),
                              texts.readme(shown, huggingface.head(shown)), as_json(shown),
                              "default simulated window host test"]))  # fmt: skip


def _log(study: Study, facts: Facts, at: datetime) -> bool:
    """Keep what was released; return whether the version was given to other rows before."""
    digests = dict(facts.rows_sha256)
    with store_snapshot(study.store_url) as db:
        before = audit.own(db, RELEASED)
    if not is_read_only(study.store_url):
        detail = {"version": facts.version, "rows_sha256": digests}
        with store_transaction(study.store_url) as db:
            audit.add(db, actor="lab", action=RELEASED, subject="release", detail=detail, at=at)
    same = [event for event in before if event.get("version") == facts.version]
    return any(event.get("rows_sha256") != digests for event in same)


class Tell:
    """Says what is being done, on the progress bar."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("release", total=_N_STEPS)
        self._begun = False

    def __call__(self, what: str) -> None:
        """Begin the next part."""
        if self._begun:
            self._progress.advance(self._task)
        self._begun = True
        self._progress.update(self._task, description=f"release: {what}")

    def end(self) -> None:
        """End the last part."""
        self._progress.update(self._task, description="release", completed=_N_STEPS)


@contextmanager
def _told() -> Iterator[Tell]:
    with progress_bar() as progress:
        tell = Tell(progress)
        yield tell
        tell.end()
