"""Commands around vetting: hints, the page, the report."""

import re
import webbrowser
from datetime import UTC, datetime
from typing import Annotated

import typer

from curation.clips.batches import in_batches
from curation.commands.options import JobsOption, OutOption, tables_folder
from curation.release.tables import write_report
from curation.vetting.hints import DUPLICATE, error_after_crash, hints_or_error
from curation.vetting.outcome import (
    HISTORY_COLUMNS,
    disagreements,
    hint_quality,
    verdict_counts,
)
from curation.vetting.queue import nothing_to_vet, vetting_queue
from study.config.study import find_study
from study.errors import ConfigError
from study.processes.pool import AT_ONCE
from study.store import store_snapshot, store_transaction
from study.store.clips import candidates, clip_audits, vettings
from study.tools.cli import StoreOption, StudyOption
from study.tools.progress_bars import progress_bar
from study.tools.wording import counted

_N_AT_ONCE = 32  # clips whose hints are kept together: what a killed run loses at most
_CURATOR = re.compile(r"[A-Za-z0-9_-]{1,32}")


def vet(
    curator: Annotated[str, typer.Option("--curator", help="who vets: a short id, not a name")],
    study: StudyOption = None,
    store: StoreOption = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 for any free one")] = 0,
    browser: Annotated[bool, typer.Option(help="open the page")] = True,
) -> None:
    """Open the local page on which a curator keeps or excludes clips."""
    if not _CURATOR.fullmatch(curator):
        raise ConfigError(f"{curator!r} is not an id. Use up to 32 letters, digits, - and _")
    found = find_study(study, store)
    try:
        # Both need the extra [web].
        from curation.vetting.page import vetting_app
        from study.reports.web import address_file, open_site, serve
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the page needs {error.name}. Install the extra: pip install avmit-lab[web]"
        ) from error
    with store_snapshot(found.store_url) as db:
        if vetting_queue(db, found).empty:
            typer.echo(nothing_to_vet(found.config.protocol))
            return
    site, listener = open_site(port)
    app = vetting_app(found, curator, site, lambda: datetime.now(UTC))
    typer.echo(f"vetting as {curator}: {site.url}")
    typer.echo("press Ctrl-C to stop; every verdict is saved at once")
    with address_file(site) as address:
        if browser:
            webbrowser.open(address.as_uri())
        serve(app, listener)


def hints(
    study: StudyOption = None,
    store: StoreOption = None,
    jobs: JobsOption = None,
    again: Annotated[bool, typer.Option("--again", help="compute known hints again")] = False,
) -> None:
    """Compute hints for the clips to vet; cuts, overlays, split screens, time-lapse, cartoons."""
    found, now = find_study(study, store), datetime.now(UTC)
    with store_snapshot(found.store_url) as db:
        queue = vetting_queue(db, found)
        if queue.empty:
            typer.echo(nothing_to_vet(found.config.protocol))
            return
        known = set() if again else set(vettings.hints(db).index)
        duplicates = clip_audits.duplicates(db)
    alike = set() if duplicates is None else set(duplicates.index)
    columns = ["candidate_id", "video_location", "filename"]
    todo = {
        int(row[0]): (row[1], row[2])
        for row in queue[columns].itertuples(index=False)
        if row[0] not in known
    }
    paths = [found.clip_path(*key) for key in todo.values()]
    answers = in_batches(
        hints_or_error,
        paths,
        on_crash=error_after_crash,
        n_processes=AT_ONCE if len(todo) < _N_AT_ONCE else jobs,
        size=_N_AT_ONCE,
    )
    waiting = iter(todo.items())
    n_failed = 0
    with progress_bar() as progress:
        task = progress.add_task("computing hints", total=len(todo))
        for batch in answers:
            rows: list[tuple[int, str, float]] = []
            for answer, (clip, key) in zip(batch, waiting, strict=False):
                if isinstance(answer, str):
                    n_failed += 1
                    typer.echo(f"no hints: {answer}")
                else:
                    scores = {**answer, DUPLICATE: float(key in alike)}
                    rows += [(clip, name, score) for name, score in scores.items()]
            with store_transaction(found.store_url) as db:
                vettings.set_hints(db, rows, now)
            progress.advance(task, len(batch))
    typer.echo(
        f"{counted(len(queue), 'clip')} to vet, hints for {len(todo) - n_failed} of them "
        f"computed now"
    )


def vet_report(
    study: StudyOption = None,
    store: StoreOption = None,
    out: OutOption = None,
) -> None:
    """Show the verdicts of vetting; where curators disagree, and how well hints predicted them."""
    found = find_study(study, store)
    with store_snapshot(found.store_url) as db:
        said, known, history = vettings.verdicts(db), vettings.hints(db), vettings.history(db)
        names = candidates.frame(db).set_index("candidate_id")["filename"]
    folder = tables_folder(out, found)
    split = disagreements(said)
    split.insert(0, "filename", names.reindex(split.index))
    history.insert(1, "filename", names.reindex(history["candidate_id"]).to_numpy())
    tables = {
        "vettings": history[list(HISTORY_COLUMNS)],
        "vetting_disagreements": split.reset_index(),
        "vetting_hints": hint_quality(said, known),
    }
    for name, table in tables.items():
        write_report(table, folder / f"{name}.csv", overwrite=True)
    for shown in (verdict_counts(said), tables["vetting_hints"].round(3)):
        if len(shown):
            typer.echo(shown.to_string(index=False, na_rep="-"))
    if tables["vetting_hints"].isna().any(axis=None):
        typer.echo("-: not defined, as no clip was excluded for the reason, or none was kept")
    n_clips = said["candidate_id"].nunique()
    typer.echo(
        f"{counted(n_clips, 'clip')} judged, {counted(len(split), 'disagreement')}: {folder}"
    )
