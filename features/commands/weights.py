"""Command lines for weights: fetch, list, verify."""

from typing import Annotated

import typer
from rich.progress import TaskID

from features.commands.options import WeightsFolderOption
from features.networks.specs import NETWORKS
from features.weights.fetch import DOWNLOADS, fetch
from features.weights.find import (
    WeightsSource,
    find_file,
    hash_of,
    require_fit,
    verified_hash,
    weights_folder,
)
from features.weights.formats import read_weights
from features.weights.published import MAX_DIFFERENCE, difference_from_published
from study.errors import RecordError
from study.tools.cli import fail
from study.tools.commands import new_app
from study.tools.progress_bars import progress_bar
from study.tools.wording import counted

weights = new_app("Fetch, list and verify the weights of the four networks.")


@weights.command("fetch")
def fetch_weights(
    networks: Annotated[
        list[str] | None, typer.Argument(help="which networks [default: all four]")
    ] = None,
    weights: WeightsFolderOption = None,
    mirror: Annotated[
        str | None, typer.Option(metavar="URL", help="where the files lie by their own names")
    ] = None,
) -> None:
    """Download the public weights once, and note their checksums."""
    folder = weights or weights_folder()
    chosen = networks or list(DOWNLOADS)
    with progress_bar() as progress:
        for network in chosen:
            task = progress.add_task(f"{network} bytes", total=None)

            def advance(n_bytes: int, total: int | None, task: TaskID = task) -> None:
                progress.update(task, advance=n_bytes, total=total)

            fetch(network, folder, mirror=mirror, advance=advance)
    typer.echo(f"weights of {counted(len(chosen), 'network')}: {folder}")


@weights.command("list")
def list_weights(weights: WeightsFolderOption = None) -> None:
    """Show which weights are there."""
    folder = weights or weights_folder()
    found = {network: find_file(network, folder) for network in NETWORKS}
    for network, path in found.items():
        about = "missing" if path is None else f"{path.name}, sha256 {hash_of(path)}"
        typer.echo(f"{network}: {about}")
    n_found = sum(path is not None for path in found.values())
    typer.echo(f"weights of {n_found} of {counted(len(found), 'network')}: {folder}")


@weights.command("verify")
def verify_weights(weights: WeightsFolderOption = None) -> None:
    """Check that the weights are those that were downloaded, and fit their networks."""
    folder = weights or weights_folder()
    found = {network: find_file(network, folder) for network in NETWORKS}
    present = {network: path for network, path in found.items() if path is not None}
    for network, path in present.items():
        sha256 = verified_hash(path)
        spec = NETWORKS[network]
        layers = read_weights(path, spec)
        try:
            require_fit(layers, spec)
        except RecordError as error:
            fail(
                f"{path} cannot be used: {error}. Fetch it again: python -m features weights fetch"
            )
        typer.echo(f"{network}: {path.name} fits, {len(layers)} layers, sha256 {sha256}")
        if path.is_dir() and spec.hears:
            _compare(WeightsSource(network, path, None, sha256))
    typer.echo(f"{len(present)} of {counted(len(found), 'network')} verified: {folder}")
    if len(present) < len(found):
        missing = ", ".join(network for network in found if network not in present)
        fail(f"no weights of {missing}. Fetch them: python -m features weights fetch")


def _compare(source: WeightsSource) -> None:
    difference = difference_from_published(source)
    if difference is None:
        typer.echo(f"{source.network}: it takes no waveform, so that its answer is not compared")
        return
    if not difference <= MAX_DIFFERENCE:  # nor NaN
        fail(
            f"{source.path} answers otherwise than this program with its weights: by "
            f"{difference:.1e} of the largest value on test sounds, at most {MAX_DIFFERENCE:g} is "
            "expected. Do not extract with it; report the file's sha256"
        )
    typer.echo(
        f"{source.network}: the published network itself, run on 3 test sounds, differs by at "
        f"most {difference:.1e} of the largest value"
    )
