"""Pack a study for people outside the lab."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from curation.release.trial_table.table import main_phase
from lab.release.writing import Wishes
from lab.release.writing import release as write
from study.config.study import find_study
from study.errors import ConfigError
from study.store import is_read_only
from study.tools.access import notice
from study.tools.cli import StoreOption, StudyOption
from study.tools.commands import example
from study.tools.wording import counted
from study.vocabulary import Phase

_CLIPS = {"clips": "clip", "stimuli": "recognised clip"}


@example("python -m lab release --study DIR --out release-1.0.0")
def release(
    out: Annotated[Path, typer.Option("--out", help="a new folder for the release")],
    study: StudyOption = None,
    store: StoreOption = None,
    embeddings: Annotated[
        Path | None, typer.Option(help="folder with both sets [default: STUDY/embeddings]")
    ] = None,
    without_embeddings: Annotated[
        bool, typer.Option("--without-embeddings", help="leave the archives of embeddings out")
    ] = False,
    with_clips: Annotated[
        bool,
        typer.Option("--with-clips", help="the clips that people saw, in the folder of BIDS"),
    ] = False,
    allow_unfinished: Annotated[
        bool,
        typer.Option(
            "--allow-unfinished", help="a study that is not finished; the release says so"
        ),
    ] = False,
) -> None:
    """Write a release that leaves the lab whole; tables, archives, texts and six descriptions."""
    found = find_study(study, store)
    if embeddings is not None and main_phase(found) is Phase.RECOGNITION:
        raise ConfigError(
            "a recognition study has no lists of clips whose embeddings could be packed. Leave "
            "--embeddings out"
        )
    folder = None if without_embeddings else embeddings or found.folder / "embeddings"
    wishes = Wishes(allow_unfinished, folder, with_clips)
    done = write(found, out, wishes, at=datetime.now(UTC))
    if is_read_only(found.store_url):
        notice("the store cannot be written, so its audit log does not say that it was released")
    for line in done.facts.cautions:
        typer.echo(line)
    if done.is_other:
        typer.echo(
            f"version {done.facts.version} was given to other rows before; give this release a "
            "number of its own in study.toml: [release] version"
        )
    if done.facts.n_blanks:
        typer.echo(
            f"{counted(done.facts.n_blanks, 'question')} of the datasheet "
            f"{'is' if done.facts.n_blanks == 1 else 'are'} left blank; answer them in "
            f"{found.folder / 'datasheet.toml'}"
        )
    counts = done.facts.counts
    clips = [counted(counts[name], what) for name, what in _CLIPS.items() if name in counts]
    typer.echo(
        f"{', '.join(clips)}, {counted(counts['trials'], 'trial')}, "
        f"{counted(len(done.facts.tables), 'table')}; {counted(done.n_files, 'file')}, "
        f"{done.n_bytes / 1_000_000:.1f} MB: {out}"
    )
