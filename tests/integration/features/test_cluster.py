"""Extraction on a Dask cluster whose workers may die."""

import os
import shutil
import signal
import threading
import time
from functools import partial

import pytest

from features.embedding_set import EMBEDDING_SETS
from features.extraction.clip_list import read_clip_list
from features.extraction.cluster import on_cluster
from features.extraction.prepare import prepare
from features.extraction.run import extract_all
from features.records.manifest import read_manifest
from features.records.records import read_record
from study.errors import ConfigError
from study.rehearsal.odd import make_odd_clip
from tests.references.clips import write_colourful_clip

distributed = pytest.importorskip("distributed")

YAMNET = EMBEDDING_SETS["yamnet_effnet"]
N_CLIPS = 24

# Dask's nanny warns of what it does when a worker is lost; that is what is tested.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def clips(tmp_path):
    folder = tmp_path / "clips" / "barking"
    folder.mkdir(parents=True)
    source = write_colourful_clip(folder / "clip_0.mp4", n_frames=30)
    for index in range(1, N_CLIPS):
        shutil.copy(source, folder / f"clip_{index}.mp4")
    make_odd_clip("no_audio", folder / "silent_1.mp4")
    return read_clip_list(folder.parent, None)


@pytest.fixture
def job(tmp_path):
    found, _ = prepare(
        "yamnet_effnet",
        grid="paper",
        normalisation="keras3",
        silence_for_missing_audio=False,
        weights_folder=None,
        untrained_seed=1,
        out=tmp_path / "out",
    )
    return found


@pytest.mark.timeout(180)
def test_a_cluster_that_loses_a_worker_makes_every_record_once(clips, job):
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        pids = client.run(os.getpid)
        victim = sorted(pids.values())[0]

        def kill_in_the_middle():
            deadline = time.monotonic() + 90
            while time.monotonic() < deadline:
                if len(list(job.folder.rglob("barking/[!.]*.tfrecord"))) >= 6:
                    os.kill(victim, signal.SIGKILL)
                    return
                time.sleep(0.02)

        killer = threading.Thread(target=kill_in_the_middle)
        killer.start()
        perform = partial(on_cluster, address=cluster.scheduler_address, shard_size=4)
        outcome = extract_all(clips, job, perform=perform)
        killer.join()
        assert victim not in client.run(os.getpid).values()
    assert (outcome.n_extracted, len(outcome.rejects)) == (N_CLIPS, 1)
    assert outcome.rejects[0].reason == "no_audio"
    rows = read_manifest(job.folder).rows
    assert rows["tfrecord_filename"].nunique() == len(rows) == N_CLIPS
    for name in rows["tfrecord_filename"]:
        read_record(job.folder / name, YAMNET)
    assert not (job.folder / ".graphs").exists()


def test_an_address_without_a_scheduler_is_one_line(clips, job, monkeypatch):
    monkeypatch.setattr("features.extraction.cluster._CONNECT_S", 1)
    with pytest.raises(ConfigError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9: "):
        extract_all(clips, job, perform=partial(on_cluster, address="tcp://127.0.0.1:9"))
