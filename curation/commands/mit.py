"""Commands around the Moments-in-Time tree: survey, candidates, sample-ground-truths."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from curation.clips import admission, record_names
from curation.clips.flow import flow_table, write_audits
from curation.clips.mit_tree import MitTree
from curation.clips.survey import survey as listen
from curation.commands.options import JobsOption, OutOption, tables_folder
from curation.figures import plot_flow, save_figure
from curation.release.export import with_record_names
from curation.release.provenance import provenance_of
from curation.release.tables import CLIP_LIST, write_report, write_table
from curation.selection.ground_truths import sample_ground_truths as draw
from study.classes import read_classes
from study.config.study import Study, find_study
from study.reports.figures import figure_of
from study.store import audit, store_snapshot, store_transaction, studies
from study.store.clips import candidates as decided
from study.store.clips import clip_audits
from study.store.plan import ground_truths
from study.tools.cli import StoreOption, StudyOption
from study.tools.progress_bars import progress_bar
from study.tools.seeding import generator
from study.tools.wording import counted


def survey(
    study: StudyOption = None,
    store: StoreOption = None,
    jobs: JobsOption = None,
) -> None:
    """Count the clips of each class that have sound; decides and stores nothing."""
    found = find_study(study, store)
    classes = read_classes(found.classes_path)
    tree = MitTree(found.mit_root, classes)
    for line in tree.notices():
        typer.echo(line)
    with progress_bar() as progress:
        task = progress.add_task("listening to clips", total=None)
        counts = listen(
            tree,
            n_processes=jobs,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    table = flow_table(counts, classes).rename(columns={"candidates": "with sound"})
    typer.echo(table.loc[table["clips"] > 0].to_string(index=False))
    typer.echo(
        f"{counted(int(table['clips'].sum()), 'clip')}, {table['with sound'].sum()} of them "
        "with sound"
    )


def candidates(
    study: StudyOption = None,
    store: StoreOption = None,
    out: OutOption = None,
    jobs: JobsOption = None,
    again: Annotated[bool, typer.Option("--again", help="look at rejected clips again")] = False,
    report: Annotated[
        bool,
        typer.Option(
            "--report", help="also write a table and figure of admitted and rejected clips by class"
        ),
    ] = False,
) -> None:
    """Admit or reject every clip of the study's classes; two lists say which, and why."""
    found, at = find_study(study, store), datetime.now(UTC)
    if again:
        with store_transaction(found.store_url) as db:
            decided.forget_rejects(db)
            clip_audits.forget_rejected(db)
    tree = MitTree(found.mit_root, read_classes(found.classes_path))
    for line in tree.notices():
        typer.echo(line)
    with progress_bar() as progress:
        task = progress.add_task("examining clips", total=None)
        result = admission.admit(
            found,
            at=at,
            n_processes=jobs,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    with store_snapshot(found.store_url) as db:
        path = tables_folder(out, found) / "rejects.csv"
        write_report(decided.reject_frames(db), path, overwrite=True)
        listed = with_record_names(db, decided.frame(db))
        said = provenance_of(db, found, at)
        write_table(listed, CLIP_LIST, path.with_name("candidates.csv"), said, overwrite=True)
        by_reason = decided.counts(db).groupby("reason")["n"].sum()
    if report:
        _report_flow(found, tables_folder(out, found))
    n_candidates = int(by_reason.get("", 0))
    rejected = by_reason.drop("", errors="ignore").sort_values(ascending=False)
    for reason, n_clips in rejected.items():
        typer.echo(f"rejected, {reason}: {n_clips}")
    typer.echo(
        f"{counted(int(by_reason.sum()), 'clip')} = "
        f"{counted(n_candidates, 'candidate')} + {rejected.sum()} rejected ({result.n_known} "
        f"decided on before): {path}"
    )


def keep_names(
    table: Annotated[Path, typer.Argument(help="video_ratings.csv or another exported list")],
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Give records the names of an earlier export; records made for it then still fit."""
    found, at = find_study(study, store), datetime.now(UTC)
    with store_transaction(found.store_url) as db:
        n_changed = record_names.keep_names(db, table, at)
        if n_changed:
            detail = {"names": n_changed, "table": table.name}
            audit.add(
                db, actor="curation", action="names_kept", subject="store", detail=detail, at=at
            )
    typer.echo(f"{counted(n_changed, 'record was', 'records were')} renamed as in {table}")


def sample_ground_truths(
    study: StudyOption = None,
    store: StoreOption = None,
    n: Annotated[
        int | None,
        typer.Option("--n", min=1, max=10_000_000, help="[default: protocol.n_ground_truths]"),
    ] = None,
) -> None:
    """Draw the candidates for the expert to rate."""
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
    typer.echo(
        f"{counted(n_before + len(drawn), 'ground truth')} to rate, {len(drawn)} of them new"
    )


def _report_flow(study: "Study", folder: Path) -> None:

    with store_snapshot(study.store_url) as db:
        flow = flow_table(decided.counts(db), read_classes(study.classes_path))
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
