"""`python -m curation`: from the Moments-in-Time tree to candidates, from ratings to tables."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from curation import analysis
from curation.vetting import commands as vetting
from study.cli import OverwriteOption, StoreOption, StudyOption, new_app, run

if TYPE_CHECKING:
    from study.config import Study

RELEASE_FOLDER = "release"

OutOption = Annotated[
    Path | None, typer.Option("--out", help="folder of the tables [default: STUDY/release]")
]
RatingsOption = Annotated[
    Path | None, typer.Option("--ratings", help="[default: video_ratings.csv in --out]")
]

app = new_app("Turn clips into candidates, and ratings into tables that can be published.")
app.command()(analysis.agreement)
app.command()(analysis.sensitivity)
app.command()(analysis.raters)
app.command()(analysis.leakage)
app.command()(vetting.vet)
app.command()(vetting.hints)
app.command()(vetting.vet_report)


@app.command("candidates")
def admit_candidates(
    study: StudyOption = None,
    store: StoreOption = None,
    out: OutOption = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="processes [default: cores]")] = None,
    again: Annotated[bool, typer.Option("--again", help="look at rejected clips again")] = False,
    report: Annotated[
        bool, typer.Option("--report", help="table and figure of what became of each class")
    ] = False,
) -> None:
    """Admit or reject every clip of the study's classes; rejects.csv says why."""
    from curation import admission
    from curation.mit_tree import MitTree
    from curation.tables import write_report
    from study.classes import read_classes
    from study.config import find_study
    from study.progress import progress_bar
    from study.store import candidates, clip_audits, store_transaction

    found = find_study(study, store)
    if again:
        with store_transaction(found.store_url) as db:
            candidates.forget_rejects(db)
            clip_audits.forget_rejected(db)
    tree = MitTree(found.mit_root, read_classes(found.classes_path))
    for line in tree.notices():
        typer.echo(line)
    with progress_bar() as progress:
        task = progress.add_task("examining clips", total=None)
        result = admission.admit(
            found,
            at=datetime.now(UTC),
            n_processes=jobs,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    with store_transaction(found.store_url) as db:
        path = _folder(out, found) / "rejects.csv"
        write_report(candidates.reject_frames(db), path, overwrite=True)
        by_reason = candidates.counts(db).groupby("reason")["n"].sum()
    if report:
        _report_flow(found, _folder(out, found))
    n_candidates = int(by_reason.get("", 0))
    rejected = by_reason.drop("", errors="ignore").sort_values(ascending=False)
    for reason, n_clips in rejected.items():
        typer.echo(f"rejected, {reason}: {n_clips}")
    typer.echo(
        f"{by_reason.sum()} clips = {n_candidates} candidates + {rejected.sum()} "
        f"rejected ({result.n_known} decided on before): {path}"
    )


@app.command("survey")
def survey_tree(
    study: StudyOption = None,
    store: StoreOption = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="processes [default: cores]")] = None,
) -> None:
    """Tell quickly how many clips of each class have a sound; decides and keeps nothing."""
    from curation.flow import flow_table
    from curation.mit_tree import MitTree
    from curation.survey import survey
    from study.classes import read_classes
    from study.config import find_study
    from study.progress import progress_bar

    found = find_study(study, store)
    classes = read_classes(found.classes_path)
    tree = MitTree(found.mit_root, classes)
    for line in tree.notices():
        typer.echo(line)
    with progress_bar() as progress:
        task = progress.add_task("listening to clips", total=None)
        counts = survey(
            tree,
            n_processes=jobs,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    table = flow_table(counts, classes).rename(columns={"candidates": "with sound"})
    typer.echo(table.loc[table["clips"] > 0].to_string(index=False))
    typer.echo(f"{table['clips'].sum()} clips, {table['with sound'].sum()} of them with sound")


@app.command("sample-ground-truths")
def sample_ground_truths(
    study: StudyOption = None,
    store: StoreOption = None,
    n: Annotated[
        int | None, typer.Option("--n", min=1, help="[default: protocol.n_ground_truths]")
    ] = None,
) -> None:
    """Draw the candidates that the expert rates before the study."""
    from curation.chance import generator
    from curation.ground_truths import sample_ground_truths as draw
    from study.config import find_study
    from study.store import audit, ground_truths, store_transaction, studies

    found, now = find_study(study, store), datetime.now(UTC)
    n_wanted = n or found.config.protocol.n_ground_truths
    with store_transaction(found.store_url) as db:
        studies.identity(db, found)
        n_before = len(ground_truths.sampled(db))
        n_missing = max(n_wanted - n_before, 0)
        rng = generator(found.config.seed, f"ground truths after {n_before}")
        drawn = draw(ground_truths.eligible(db), n_missing, rng)
        ground_truths.add_sample(db, drawn, now)
        if drawn:
            audit.add(
                db,
                actor="curation",
                action="sample-ground-truths",
                subject="store",
                detail={"n": len(drawn), "before": n_before},
                at=now,
            )
    typer.echo(f"{n_before + len(drawn)} ground truths to rate, {len(drawn)} of them new")


@app.command("export-ratings")
def export_ratings(
    study: StudyOption = None,
    store: StoreOption = None,
    out: OutOption = None,
    with_participant: Annotated[
        bool, typer.Option("--with-participant", help="raters' pseudonymous ids in the raw table")
    ] = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Write raw_video_ratings.csv and video_ratings.csv (the paper's Table 2)."""
    from curation import export
    from study.config import find_study
    from study.store import store_transaction

    found = find_study(study, store)
    with store_transaction(found.store_url) as db:
        result = export.export_ratings(
            db,
            found,
            _folder(out, found),
            at=datetime.now(UTC),
            overwrite=overwrite,
            with_participant=with_participant,
        )
    if result.tally.n_over_rated:
        typer.echo(f"{result.tally.n_over_rated} clips have more ratings than asked for; kept")
    if result.n_simulated_left_out:
        typer.echo(f"{result.n_simulated_left_out} ratings of simulated people left out")
    _say_rehearsal(found)
    typer.echo(
        f"{len(result.tally.clips)} clips, {result.n_ratings} ratings; "
        f"{result.tally.n_left_out} clips with too few ratings left out: {result.paths[1]}"
    )


@app.command("test-set")
def choose_test_set(
    study: StudyOption = None,
    store: StoreOption = None,
    out: OutOption = None,
    ratings: RatingsOption = None,
    allow_fewer: Annotated[
        bool, typer.Option("--allow-fewer", help="classes with too few clips give all they have")
    ] = False,
    vetted_only: Annotated[
        bool, typer.Option("--vetted-only", help="only clips that a curator has kept")
    ] = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Draw test_set.csv: accepted classes, unanimous clips of one frame rate (Table 3)."""
    from curation import selection
    from study.config import find_study
    from study.store import store_transaction

    found = find_study(study, store)
    folder = _folder(out, found)
    path = folder / "test_set.csv"
    with store_transaction(found.store_url) as db:
        report = selection.make_test_set(
            db,
            found,
            ratings or folder / "video_ratings.csv",
            path,
            at=datetime.now(UTC),
            allow_fewer=allow_fewer,
            vetted_only=vetted_only,
            overwrite=overwrite,
        )
    for reason, n_clips in report.left.items():
        typer.echo(f"left out, {reason}: {n_clips}")
    if report.n_unvetted:
        typer.echo(f"{report.n_unvetted} of the test clips have not been vetted by eye")
    _say_rehearsal(found)
    typer.echo(
        f"{len(report.clips)} clips of {len(report.classes)} classes, drawn from "
        f"{report.n_pool}: {path}"
    )


@app.command("training-lists")
def training_lists(
    study: StudyOption = None,
    store: StoreOption = None,
    out: OutOption = None,
    ratings: RatingsOption = None,
    test: Annotated[
        Path | None, typer.Option("--test", help="[default: test_set.csv in --out]")
    ] = None,
    with_soundless: Annotated[
        bool, typer.Option(help="clips without sound in the MIT-16 lists")
    ] = True,
    source_disjoint: Annotated[
        bool, typer.Option("--source-disjoint", help="no source video on two sides")
    ] = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Write the AVMIT and MIT-16 lists for training and validation."""
    from curation import selection
    from study.config import find_study
    from study.store import store_transaction

    found = find_study(study, store)
    folder = _folder(out, found)
    with store_transaction(found.store_url) as db:
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
    _say_rehearsal(found)
    for line in selection.leakage_lines(lists, test or folder / "test_set.csv"):
        typer.echo(line)
    for name, rows in lists.items():
        per_class = len(rows) // max(rows["avmit_label"].nunique(), 1)
        typer.echo(f"{name}: {len(rows)} clips, {per_class} per class")
    typer.echo(f"{len(lists)} lists: {folder}")


@app.command()
def materialise(
    to: Annotated[Path, typer.Option("--to", help="folder for the test clips")],
    study: StudyOption = None,
    store: StoreOption = None,
    out: OutOption = None,
    test: Annotated[
        Path | None, typer.Option("--test", help="[default: test_set.csv in --out]")
    ] = None,
    how: Annotated[
        Literal["copy", "link", "symlink"], typer.Option(help="link needs the same disk")
    ] = "copy",
) -> None:
    """Copy or link the test clips under their new names, with SHA256SUMS."""
    from curation import materialise as making
    from curation.tables import TEST_SET, read_table
    from study.config import find_study
    from study.progress import track
    from study.store import candidates, store_transaction

    found = find_study(study, store)
    rows = read_table(test or _folder(out, found) / "test_set.csv", TEST_SET)
    with store_transaction(found.store_url) as db:
        admitted = candidates.frame(db)
    keys = zip(admitted["video_location"], admitted["filename"], strict=True)
    known = dict(zip(keys, admitted["sha256"], strict=True))
    clips = making.materialise(rows, found.clip_path, to, how=how, known_sha256=known)
    placed = list(track(clips, "placing clips", total=len(rows)))
    n_there = sum(clip.was_there for clip in placed)
    typer.echo(f"{len(placed)} clips, {n_there} of them there before: {to / making.SUMS_NAME}")


@app.command()
def figures(
    study: StudyOption = None,
    store: StoreOption = None,
    out: OutOption = None,
    ratings: RatingsOption = None,
    release: analysis.ReleaseOption = None,
    only: Annotated[
        Literal["figure-2", "test-set"] | None, typer.Option("--only", help="[default: both]")
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Draw Figure 2, and an overview of the test set where there is one."""
    from curation.figures import figure_2, figure_of, plot_test_set, save_figure
    from curation.sources import rated_from, test_clips
    from study.config import find_study
    from study.errors import ConfigError

    if release is not None and out is None:
        raise ConfigError("published lists are left as they are. Say where to write: --out DIR")
    apart = out is not None and (release is not None or ratings is not None)
    found = None if apart else find_study(study, store)
    folder = out if found is None and out is not None else _folder(out, find_study(study, store))
    stamp = "rehearsal" if found is not None and found.config.rehearsal else ""
    said = []
    if only != "test-set":
        clips = rated_from(found, ratings=ratings, release=release).all_clips()
        save_figure(figure_2(clips), folder, "figure_2", overwrite=overwrite, stamp=stamp)
        said.append(f"Figure 2 of {len(clips)} clips in {clips['avmit_label'].nunique()} classes")
    test = test_clips(release or folder, needed=only == "test-set")
    if test is not None and only != "figure-2":
        overview = figure_of(plot_test_set(test))
        save_figure(overview, folder, "test_set", overwrite=overwrite, stamp=stamp)
        said.append(f"overview of {len(test)} test clips")
    typer.echo(f"{', '.join(said)}: {folder}")


@app.command("check-release")
def check_release(
    folder: Annotated[Path, typer.Argument(help="folder with published lists")],
) -> None:
    """Look for what is wrong with published lists; exit code 1 if something breaks a run."""
    from curation.release import read_release
    from curation.release_check import check, totals
    from study.errors import TableError

    release = read_release(folder)
    found = check(release)
    for name, rows in release.lists.items():
        typer.echo(f"{name}.csv: {len(rows)} rows")
    for item in found:
        kind = "breaks a run" if item.breaks else "note"
        typer.echo(f"{kind} [{item.code}] {item.where}: {item.n} {item.message}")
        for example in item.examples:
            typer.echo(f"    {example}")
    for code, n_rows in totals(found).items():
        typer.echo(f"in all lists [{code}]: {n_rows}")
    breaking = sum(item.breaks for item in found)
    typer.echo(f"{len(release.lists)} lists, {len(found)} findings, {breaking} of them break a run")
    if breaking:
        raise TableError(f"{breaking} findings in {folder} break a run; they are listed above")


@app.command("import-release")
def import_release(
    folder: Annotated[Path, typer.Argument(help="folder with published lists")],
    out: Annotated[Path, typer.Option("--out", help="where to write them")],
    overwrite: OverwriteOption = False,
) -> None:
    """Rewrite published lists, whatever their spelling, with the columns of Tables 2 and 3."""
    from curation.release import read_release
    from curation.release_import import import_release as rewrite

    written = rewrite(read_release(folder), out, at=datetime.now(UTC), overwrite=overwrite)
    for path, n_rows in written.items():
        typer.echo(f"{path.name}: {n_rows} rows")
    typer.echo(f"{len(written)} lists: {out}")


def _folder(out: Path | None, study: "Study") -> Path:
    return study.folder / RELEASE_FOLDER if out is None else out


def _say_rehearsal(study: "Study") -> None:
    if study.config.rehearsal:
        typer.echo("rehearsal: simulated ratings are included, and the tables' .json files say so")


def _report_flow(study: "Study", folder: Path) -> None:
    from curation.figures import figure_of, plot_flow, save_figure
    from curation.flow import flow_table, write_audits
    from curation.tables import write_report
    from study.classes import read_classes
    from study.store import candidates, clip_audits, store_transaction

    with store_transaction(study.store_url) as db:
        flow = flow_table(candidates.counts(db), read_classes(study.classes_path))
        flags = write_audits(clip_audits.frames(db), folder / "clip_audit.parquet")
        alike = clip_audits.group_sizes(db)
    write_report(flow, folder / "candidates_report.csv", overwrite=True)
    stamp = "rehearsal" if study.config.rehearsal else ""
    save_figure(figure_of(plot_flow(flow)), folder, "candidates", overwrite=True, stamp=stamp)
    typer.echo(flow.loc[flow["clips"] > 0].to_string(index=False))
    for flag, n_clips in flags.most_common():
        typer.echo(f"flagged, {flag}: {n_clips}")
    for flag, column in (("near_duplicate", "duplicate_group"), ("same_sound", "same_sound_group")):
        typer.echo("flagged, {}: {} in {} groups".format(flag, *alike[column]))


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
