"""Extract clips on many machines: a Dask cluster (docs/adr/0041)."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from features.engines.graph import files_of
from features.extraction.clip_list import ListedClip
from features.extraction.extractor import Extractor, Job, Reject, extract_clip, load
from features.records.manifest import ManifestRow
from study.errors import ConfigError

SHARD_SIZE = 20  # clips per task: some seconds of work, so that Dask's own cost does not count
_RETRIES = 2  # of a task whose worker was lost, beside Dask's own
_CONNECT_S = 20
_loading = Lock()

Result = ManifestRow | Reject


def on_cluster(
    clips: Sequence[ListedClip], job: Job, address: str, shard_size: int = SHARD_SIZE
) -> Iterator[Result]:
    """Yield the results of clips, in any order.

    Clips, records and this program must have the same paths on all machines. A worker loads the
    networks once. What a lost worker had begun is done again by another one; records are
    written at once or not at all, so that doing one twice does no harm. A clip that takes its
    worker down alone is rejected.
    """
    shards = [list(clips[at : at + shard_size]) for at in range(0, len(clips), shard_size)]
    with _client(address) as client, _shared_graphs(job) as shared:
        lost: list[ListedClip] = []
        for shard, results in _performed(client, shards, shared):
            if results is None:
                lost += shard
            else:
                yield from results
        for (clip,), results in _performed(client, [[clip] for clip in lost], shared):
            yield from results or [
                Reject(clip, "worker_lost", "every worker that took this clip was lost")
            ]


def extract_shard(shard: Sequence[ListedClip], job: Job) -> list[Result]:
    """Extract some clips; runs on a worker."""
    with _loading:  # threads of one worker wait for one another's networks
        extractor = _loaded(job)
    return [extract_clip(extractor, clip, job.folder) for clip in shard]


@lru_cache(maxsize=1)
def _loaded(job: Job) -> Extractor:
    return load(job)


def _performed(
    client: Any,  # noqa: ANN401
    shards: Sequence[Sequence[ListedClip]],
    job: Job,
) -> Iterator[tuple[Sequence[ListedClip], list[Result] | None]]:
    from distributed import KilledWorker, as_completed  # of the extra [cluster]

    shard_of = {
        client.submit(extract_shard, shard, job, pure=False, retries=_RETRIES): shard
        for shard in shards
    }
    for future in as_completed(shard_of):
        try:
            results = future.result()
        except KilledWorker:
            results = None
        yield shard_of.pop(future), results


@contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        from distributed import Client  # of the extra [cluster]
    except ImportError as error:
        raise ConfigError(
            "--cluster needs Dask. Install the extra: pip install 'avmit-lab[cluster]'"
        ) from error
    try:
        client = Client(address, timeout=_CONNECT_S)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"no scheduler answers at {address}: {error}. Start one with 'dask scheduler', and "
            "workers with 'dask worker ADDRESS --nthreads 1'"
        ) from error
    with client:
        yield client


@contextmanager
def _shared_graphs(job: Job) -> Iterator[Job]:
    # The cache of this machine is not that of the others; the folder of the records is.
    folder = job.folder / ".graphs"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield replace(
            job,
            audio=_copied(job.audio, folder / "audio"),
            visual=_copied(job.visual, folder / "visual"),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copied(weights: tuple[Path, ...], folder: Path) -> tuple[Path, ...]:
    folder.mkdir(exist_ok=True)
    for file in {file for path in weights for file in files_of(path)}:
        shutil.copyfile(file, folder / file.name)
    return tuple(folder / path.name for path in weights)
