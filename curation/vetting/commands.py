"""Commands around vetting: hints, the page, the report."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from study.cli import StoreOption, StudyOption
from study.errors import ConfigError

_CURATOR = re.compile(r"[A-Za-z0-9_-]{1,32}")


def vet(
    curator: Annotated[str, typer.Option("--curator", help="who vets: a short id, no name")],
    study: StudyOption = None,
    store: StoreOption = None,
    port: Annotated[int, typer.Option("--port", help="0 for any free one")] = 0,
    browser: Annotated[bool, typer.Option(help="open the page")] = True,
) -> None:
    """Open the local page on which a curator keeps or excludes clips."""
    import webbrowser

    from study.config import find_study

    if not _CURATOR.fullmatch(curator):
        raise ConfigError(f"{curator!r} is no id. Use up to 32 letters, digits, - and _")
    found = find_study(study, store)
    try:
        from curation.vetting.page import vetting_app
        from study.web import open_site, serve
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the page needs {error.name}. Install the extra: pip install avmit-lab[web]"
        ) from error
    site, listener = open_site(port)
    app = vetting_app(found, curator, site, lambda: datetime.now(UTC))
    typer.echo(f"vetting as {curator}: {site.url}")
    typer.echo("Ctrl-C ends it; every verdict is kept at once")
    if browser:
        webbrowser.open(site.url)
    serve(app, listener)


def hints(
    study: StudyOption = None,
    store: StoreOption = None,
    again: Annotated[bool, typer.Option("--again", help="compute known hints again")] = False,
) -> None:
    """Compute hints for the clips to vet: cuts, overlays, split screens, time-lapse, cartoons."""
    from curation.vetting.hints import hints_of
    from curation.vetting.queue import vetting_queue
    from study.config import find_study
    from study.errors import ClipError
    from study.progress import track
    from study.store import clip_audits, open_store, transaction, vettings

    found, now = find_study(study, store), datetime.now(UTC)
    engine = open_store(found.store_url)
    with transaction(engine) as db:
        queue = vetting_queue(db, found)
        known = set() if again else set(vettings.hints(db).index)
        duplicates = clip_audits.duplicates(db)
    alike = set() if duplicates is None else set(duplicates.index)
    todo = [row for row in queue.to_dict("records") if row["candidate_id"] not in known]
    n_failed = 0
    for row in track(todo, "computing hints"):
        key = (row["video_location"], row["filename"])
        try:
            scores = hints_of(found.clip_path(*key), is_duplicate=key in alike)
        except ClipError as error:
            n_failed += 1
            typer.echo(f"no hints: {error}")
            continue
        with transaction(engine) as db:
            of_clip = [(int(row["candidate_id"]), name, score) for name, score in scores.items()]
            vettings.set_hints(db, of_clip, now)
    typer.echo(f"{len(queue)} clips to vet, hints for {len(todo) - n_failed} of them computed now")


def vet_report(
    study: StudyOption = None,
    store: StoreOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="folder of the tables [default: STUDY/release]")
    ] = None,
) -> None:
    """Tell what vetting came to, where curators disagree, and how well hints foresaw it."""
    from curation.vetting.report import disagreements, hint_quality, verdict_counts
    from study.config import find_study
    from study.files import written_atomically
    from study.store import candidates, open_store, transaction, vettings

    found = find_study(study, store)
    with transaction(open_store(found.store_url)) as db:
        said, known, history = vettings.verdicts(db), vettings.hints(db), vettings.history(db)
        names = candidates.frame(db).set_index("candidate_id")["filename"]
    folder = out or found.folder / "release"
    split = disagreements(said)
    split.insert(0, "filename", names.reindex(split.index))
    history.insert(1, "filename", names.reindex(history["candidate_id"]).to_numpy())
    tables = {
        "vettings": history,
        "vetting_disagreements": split.reset_index(),
        "vetting_hints": hint_quality(said, known),
    }
    for name, table in tables.items():
        with written_atomically(folder / f"{name}.csv") as part:
            table.to_csv(part, index=False, lineterminator="\n")
    typer.echo(verdict_counts(said).to_string(index=False))
    typer.echo(tables["vetting_hints"].round(3).to_string(index=False))
    n_clips = said["candidate_id"].nunique()
    typer.echo(f"{n_clips} clips judged, {len(split)} disagreements: {folder}")
