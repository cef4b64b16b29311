"""Commands that write what is published: tables, lists, test clips, figures."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from curation.analysis.estimates import votes_estimate
from curation.analysis.rating_sources import of_all_ratings, rated_from, test_clips
from curation.commands.options import (
    OutOption,
    RatingsOption,
    ReleaseOption,
    TestSetOption,
    tables_folder,
)
from curation.figures import figure_2, plot_test_set, save_figure
from curation.release import export
from curation.release.tables import TEST_SET, is_changed, read_table, write_report
from curation.release.trial_table import table as trial_table
from curation.selection import lists as selection
from curation.selection import materialise as making
from curation.selection.known_clips import as_in_store, with_rejects
from study.config.study import Study, find_study
from study.errors import ConfigError
from study.reports.figures import figure_of
from study.store import is_read_only, store_snapshot, store_transaction
from study.store.clips import candidates
from study.tools.access import notice
from study.tools.cli import OverwriteOption, StoreOption, StudyOption
from study.tools.progress_bars import track
from study.tools.wording import counted
from study.vocabulary import Phase


def export_ratings(
    study: StudyOption = None,
    store: StoreOption = None,
    out: OutOption = None,
    with_participant: Annotated[
        bool, typer.Option("--with-participant", help="raters' pseudonymous ids in the raw table")
    ] = False,
    with_times: Annotated[
        bool, typer.Option("--with-times", help="response times in the raw table")
    ] = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Write raw_video_ratings.csv and video_ratings.csv; the paper's Table 2."""
    found, at = find_study(study, store), datetime.now(UTC)
    with store_snapshot(found.store_url) as db:
        result = export.export_ratings(
            db,
            found,
            tables_folder(out, found),
            at=at,
            overwrite=overwrite,
            with_participant=with_participant,
            with_times=with_times,
        )
    if is_read_only(found.store_url):
        notice("the store cannot be written, so its audit log does not say that it was exported")
    else:
        with store_transaction(found.store_url) as db:
            export.audit_export(db, result, with_participant=with_participant, at=at)
    if result.tally.n_over_rated:
        typer.echo(
            f"{counted(result.tally.n_over_rated, 'clip has', 'clips have')} more ratings than "
            "asked for; kept"
        )
    for line in result.counted.lines():
        typer.echo(line)
    _say_rehearsal(found)
    typer.echo(
        f"{counted(len(result.tally.clips), 'clip')}, "
        f"{counted(len(result.counted.ratings), 'rating')}; "
        f"{counted(result.tally.n_left_out, 'clip')} with too few ratings left out: "
        f"{result.paths[1]}"
    )


def export_trials(
    study: StudyOption = None,
    store: StoreOption = None,
    out: OutOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Write the table of trials, with pseudonyms and without dates; trials.csv and its Parquet."""
    found, at = find_study(study, store), datetime.now(UTC)
    known = trial_table.with_pseudonyms(found, at)
    path = tables_folder(out, found) / "trials.csv"
    with store_snapshot(found.store_url) as db:
        result = trial_table.trials(db, found, known, trial_table.main_phase(found))
        trial_table.write_trials(db, found, result, path, at=at, overwrite=overwrite)
    for phase, n in result.too_few.items():
        what, did = ("answer", "answered") if phase == Phase.RECOGNITION else ("rating", "rated")
        typer.echo(
            f"{counted(n, what)} of the {phase} left out: fewer than three people {did} in it"
        )
    answers = result.counted[Phase.RECOGNITION].losses("answer")
    for line in [*result.counted[Phase.ANNOTATION].lines(), *answers]:
        typer.echo(line)
    _say_rehearsal(found)
    people = result.rows["participant"].nunique()
    typer.echo(f"{counted(len(result.rows), 'trial')} of {counted(people, 'participant')}: {path}")


def test_set(
    study: StudyOption = None,
    store: StoreOption = None,
    out: OutOption = None,
    ratings: RatingsOption = None,
    allow_fewer: Annotated[
        bool, typer.Option("--allow-fewer", help="take all clips of classes that have too few")
    ] = False,
    vetted_only: Annotated[
        bool, typer.Option("--vetted-only", help="only clips that a curator has kept")
    ] = False,
    without_open: Annotated[
        bool,
        typer.Option("--without-open", help="without clips that a rating rule left undecided"),
    ] = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Draw test_set.csv; accepted classes, unanimous clips of one frame rate (Table 3)."""
    found = find_study(study, store)
    folder = tables_folder(out, found)
    path = folder / "test_set.csv"
    with store_snapshot(found.store_url) as db:
        report = selection.make_test_set(
            db,
            found,
            ratings or folder / "video_ratings.csv",
            path,
            at=datetime.now(UTC),
            allow_fewer=allow_fewer,
            vetted_only=vetted_only,
            without_open=without_open,
            overwrite=overwrite,
        )
    _say_changed(ratings or folder / "video_ratings.csv")
    for reason, n_clips in report.left.items():
        typer.echo(f"left out, {reason}: {n_clips}")
    if report.n_unvetted:
        unvetted = counted(report.n_unvetted, "of the test clips has", "of the test clips have")
        typer.echo(f"{unvetted} not been vetted by eye")
    _say_rehearsal(found)
    typer.echo(
        f"{counted(len(report.clips), 'clip')} of "
        f"{counted(len(report.classes), 'class', 'classes')}, drawn from "
        f"{report.n_pool}: {path}"
    )


def training_lists(
    study: StudyOption = None,
    store: StoreOption = None,
    out: OutOption = None,
    ratings: RatingsOption = None,
    test: TestSetOption = None,
    with_soundless: Annotated[
        bool, typer.Option(help="clips without sound in the MIT-16 lists")
    ] = True,
    source_disjoint: Annotated[
        bool, typer.Option("--source-disjoint", help="keep clips of one source video in one list")
    ] = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Write the AVMIT and MIT-16 lists for training and validation."""
    found = find_study(study, store)
    folder = tables_folder(out, found)
    with store_snapshot(found.store_url) as db:
        lists = selection.make_training_lists(
            db,
            found,
            ratings or folder / "video_ratings.csv",
            test or folder / "test_set.csv",
            folder,
            at=datetime.now(UTC),
            with_soundless=with_soundless,
            source_disjoint=source_disjoint,
            overwrite=overwrite,
        )
    _say_changed(ratings or folder / "video_ratings.csv", test or folder / "test_set.csv")
    _say_rehearsal(found)
    for line in selection.leakage_lines(lists, test or folder / "test_set.csv"):
        typer.echo(line)
    for name, rows in lists.items():
        per_class = len(rows) // max(rows["avmit_label"].nunique(), 1)
        typer.echo(f"{name}: {counted(len(rows), 'clip')}, {per_class} per class")
    typer.echo(f"{counted(len(lists), 'list')}: {folder}")


def materialise(
    to: Annotated[Path, typer.Option("--to", help="folder for the test clips")],
    study: StudyOption = None,
    store: StoreOption = None,
    out: OutOption = None,
    test: TestSetOption = None,
    how: Annotated[
        Literal["copy", "link", "symlink"], typer.Option(help="link needs the same disk")
    ] = "copy",
) -> None:
    """Copy or link the test clips under their new names, with SHA256SUMS."""
    found = find_study(study, store)
    path = test or tables_folder(out, found) / "test_set.csv"
    rows = read_table(path, TEST_SET)
    with store_snapshot(found.store_url) as db:
        admitted = candidates.frame(db)
        rows = as_in_store(rows, with_rejects(db), path)
    _say_changed(path)
    keys = zip(admitted["video_location"], admitted["filename"], strict=True)
    known = dict(zip(keys, admitted["sha256"], strict=True))
    clips = making.materialise(rows, found.clip_path, to, how=how, known_sha256=known)
    placed = list(track(clips, "placing clips", total=len(rows)))
    n_there = sum(clip.was_there for clip in placed)
    typer.echo(
        f"{counted(len(placed), 'clip')}, {n_there} of them there before: {to / making.SUMS_NAME}"
    )


def figures(
    study: StudyOption = None,
    store: StoreOption = None,
    out: OutOption = None,
    ratings: RatingsOption = None,
    release: ReleaseOption = None,
    only: Annotated[
        Literal["figure-2", "test-set"] | None, typer.Option("--only", help="[default: both]")
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Draw Figure 2, and an overview of the test set if there is one."""
    if release is not None and out is None:
        raise ConfigError("published lists are left as they are. Say where to write: --out DIR")
    apart = out is not None and (release is not None or ratings is not None)
    found = None if apart else find_study(study, store)
    folder = (
        out if found is None and out is not None else tables_folder(out, find_study(study, store))
    )
    stamp = "rehearsal" if found is not None and found.config.rehearsal else ""
    said = []
    if only != "test-set":
        at = datetime.now(UTC)
        rated = rated_from(found, ratings=ratings, release=release, at=at)
        rated.all_clips()
        full, note = of_all_ratings(rated)
        clips = full.clips
        for line in rated.lines():
            typer.echo(line)
        said_of_it = f"{stamp} {note}".strip()
        save_figure(figure_2(clips), folder, "figure_2", overwrite=overwrite, stamp=said_of_it)
        if note:
            typer.echo(note)
            table = votes_estimate(clips, rated.clips)
            write_report(table, folder / "figure_2_estimate.csv", overwrite=overwrite)
        said.append(
            f"Figure 2 of {counted(len(clips), 'clip')} in "
            f"{counted(clips['avmit_label'].nunique(), 'class', 'classes')}"
        )
        if rated.n_unrated:
            said.append(f"{counted(rated.n_unrated, 'row')} without any rating left out")
    test = test_clips(release or folder, needed=only == "test-set", published=release is not None)
    if test is not None and only != "figure-2":
        overview = figure_of(plot_test_set(test))
        save_figure(overview, folder, "test_set", overwrite=overwrite, stamp=stamp)
        said.append(f"overview of {counted(len(test), 'test clip')}")
    typer.echo(f"{', '.join(said)}: {folder}")


def _say_changed(*paths: Path) -> None:

    for path in paths:
        if is_changed(path):
            typer.echo(f"{path} was changed after it was written: its .json describes another file")


def _say_rehearsal(study: "Study") -> None:
    if study.config.rehearsal:
        typer.echo("rehearsal: simulated ratings are included, and the tables' .json files say so")
