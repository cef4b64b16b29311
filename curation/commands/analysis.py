"""Commands that look into ratings: agreement, sensitivity, raters, leakage."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from curation.analysis.aggregation import dawid_skene
from curation.analysis.agreement import (
    ALL_CLASSES,
    BootstrapEstimate,
    measure_agreement,
    pair_table,
)
from curation.analysis.rater_pages import rater_page
from curation.analysis.raters import NOT_DEFINED, rater_table, with_references
from curation.analysis.rating_sources import (
    Rated,
    of_all_ratings,
    rated_in_release,
    rated_in_study,
    refuse_estimate,
)
from curation.analysis.sensitivity import prominence_by_rule, sensitivity_table
from curation.commands.options import OutOption, ReleaseOption, tables_folder
from curation.figures import plot_agreement, save_figure
from curation.release.list_check import OF_RECORDS, SHARED_CLIP, refuse_breaking
from curation.release.published import RATED_LISTS, located, read_release
from curation.release.tables import write_report
from curation.selection.leakage import leakage_report
from study.config.protocol import Protocol
from study.config.protocol import Protocol as PaperProtocol
from study.config.study import find_study
from study.errors import ConfigError, TableError
from study.reports.figures import figure_of
from study.store import store_snapshot
from study.store.clips import clip_audits
from study.tools.access import Readers
from study.tools.cli import OverwriteOption, StoreOption, StudyOption
from study.tools.files import written_atomically
from study.tools.seeding import generator
from study.tools.wording import counted

ResamplesOption = Annotated[
    int, typer.Option("--resamples", min=1, max=1_000_000, help="for each interval")
]


def agreement(
    study: StudyOption = None,
    store: StoreOption = None,
    release: ReleaseOption = None,
    out: OutOption = None,
    resamples: ResamplesOption = 1000,
    pairs: Annotated[
        bool | None, typer.Option("--pairs/--no-pairs", help="[default: where raters are known]")
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Show how well raters agree; overall, per class and per pair, with intervals."""
    found_ratings, folder, seed = _rated(study, store, release, out)
    found_ratings.rated_clips()
    rated, note = of_all_ratings(found_ratings)
    clips = rated.clips
    rng = generator(seed, "agreement")
    table = measure_agreement(clips, rng, n_resamples=resamples)
    wants_pairs = pairs or (pairs is None and rated.ratings is not None)
    found = pair_table(rated.with_raters(), rng, n_resamples=resamples) if wants_pairs else None
    if note:
        table = table.assign(estimate=note)
    write_report(table, folder / "agreement.csv", overwrite=overwrite, provenance=rated.provenance)
    if found is not None:
        write_report(
            found,
            folder / "agreement_of_pairs.csv",
            overwrite=overwrite,
            readers=Readers.OWNER,
            provenance=rated.provenance,
        )
    figure = figure_of(plot_agreement(table))
    stamp = "rehearsal" if rated.rehearsal else ""
    save_figure(figure, folder, "agreement", overwrite=overwrite, stamp=stamp)
    for row in table.loc[table["avmit_label"] == ALL_CLASSES].to_dict("records"):
        estimate = BootstrapEstimate(*(row[name] for name in ("value", "low", "high", "defined")))
        typer.echo(f"{row['scale']:10} {row['measure']:14} {estimate}")
    _say_unrated(rated)
    if rated.is_selected:
        typer.echo("these clips were selected for being prominent: agreement on them is biased")
    _say(rated)
    if note:
        typer.echo(note)
    if rated.ratings is None:
        typer.echo("no rater column: agreement of pairs cannot be calculated")
    typer.echo(f"{counted(len(clips), 'clip')}, {counted(resamples, 'resample')}: {folder}")


def sensitivity(
    study: StudyOption = None,
    store: StoreOption = None,
    release: ReleaseOption = None,
    out: OutOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Show what another majority rule would change in classes and lists."""
    rated, folder, _seed = _rated(study, store, release, out)
    clips = rated.rated_clips()
    refuse_estimate(rated, "what other majority rules would change")
    probability = None
    if rated.ratings is not None:
        posterior = dawid_skene(rated.ratings).posterior["p3"]
        probability = clips["candidate_id"].map(posterior)
    protocol = _protocol(study, store) if release is None else PaperProtocol()
    if rated.is_selected:
        # Their classes have been accepted and cut to one size: the class filter is behind them.
        protocol = protocol.model_copy(update={"class_min_prominent": 1})
    rules = prominence_by_rule(clips, probability)
    table = sensitivity_table(clips, rules, protocol, without_test=rated.without_test)
    write_report(
        table, folder / "sensitivity.csv", overwrite=overwrite, provenance=rated.provenance
    )
    # A rule may lose every class; the file names them all.
    typer.echo(table.to_string(index=False, max_colwidth=40))
    _say(rated)
    if rated.ratings is None:
        typer.echo("no rater column: Dawid-Skene cannot be calculated")
    _say_unrated(rated)
    if rated.without_test:
        typer.echo("the test set is already missing from these lists: nothing more is taken out")
    if rated.is_selected:
        typer.echo(
            "prominent clips of accepted classes only: what a rule lets in, and which classes it "
            "gains, cannot be calculated; every class counts as accepted"
        )
    typer.echo(
        f"{counted(len(table), 'rule')} on {counted(len(clips), 'clip')}: "
        f"{folder / 'sensitivity.csv'}"
    )


def raters(
    study: StudyOption = None,
    store: StoreOption = None,
    release: ReleaseOption = None,
    out: OutOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Write a table of raters and a page for each; accuracy, bias, agreement, drift."""
    rated, folder, _seed = _rated(study, store, release, out)
    ratings = rated.with_raters()
    truths = rated.ground_truths()
    table = rater_table(ratings, truths)
    write_report(
        table,
        folder / "raters.csv",
        overwrite=overwrite,
        readers=Readers.OWNER,
        provenance=rated.provenance,
    )
    compared = with_references(ratings, truths)
    stamp = "rehearsal" if rated.rehearsal else ""
    for person, part in compared.groupby("participant_id"):
        path = folder / "raters" / f"{person}.html"
        with written_atomically(path, overwrite=overwrite, readers=Readers.OWNER) as written:
            page = rater_page(str(person), part, table, stamp=stamp)
            written.write_text(page, encoding="utf-8")
    columns = ["participant_id", "n_ratings", "n_catch", "accuracy", "bias"]
    columns += ["agreement_with_others", "drift"]
    typer.echo(table[columns].round(3).to_string(index=False, na_rep="-"))
    if table[columns].isna().any(axis=None):
        typer.echo(f"-: {NOT_DEFINED}")
    _say(rated)
    for line in [] if rated.truths is None else rated.truths.lines():
        typer.echo(line)
    typer.echo(f"{counted(len(table), 'rater')}, a page for each: {folder / 'raters'}")


def leakage(
    folder: Annotated[Path, typer.Argument(help="folder with test set and training lists")],
    study: Annotated[
        Path | None, typer.Option("--study", help="a study whose audits show near-duplicates")
    ] = None,
) -> None:
    """Show which sources and near-duplicates stand in two lists; exit code 1 if a clip does."""
    release = read_release(folder)
    breaking = refuse_breaking(release, but=OF_RECORDS | {SHARED_CLIP})
    lists = {k: v.rows for k, v in located(release).items() if k not in RATED_LISTS}
    report = leakage_report(lists, None if study is None else _duplicates(study))
    typer.echo(report.to_string(index=False, na_rep="-"))
    if study is None:
        typer.echo("n_duplicates -: no clip was audited; pass --study for near-duplicates")
    typer.echo(
        f"{counted(len(report), 'pair')} of lists: "
        f"{counted(int(report['n_sources'].sum()), 'shared source')}"
    )
    shared = [item for item in breaking if item.code == SHARED_CLIP]
    if shared:
        raise TableError(
            f"{'; '.join(map(str, shared))}. Take them out of one list: "
            "python -m curation training-lists"
        )


def _rated(
    study: Path | None, store: str | None, release: Path | None, out: Path | None
) -> "tuple[Rated, Path, int]":

    if release is not None:
        if out is None:
            raise ConfigError("published lists are left as they are. Say where to write: --out DIR")
        return rated_in_release(release), out, 1
    found = find_study(study, store)
    return rated_in_study(found, datetime.now(UTC)), tables_folder(out, found), found.config.seed


def _say(rated: "Rated") -> None:
    for line in rated.lines():
        typer.echo(line)


def _say_unrated(rated: "Rated") -> None:
    if rated.n_unrated:
        lacking = counted(
            rated.n_unrated, "row has no rating and is", "rows have no rating and are"
        )
        typer.echo(f"{lacking} left out")


def _protocol(study: Path | None, store: str | None) -> "Protocol":

    return find_study(study, store).config.protocol


def _duplicates(study: Path) -> "pd.Series | None":

    with store_snapshot(find_study(study).store_url) as db:
        return clip_audits.duplicates(db)
