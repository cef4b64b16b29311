import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import replace

import psutil
import pytest
from typer.testing import CliRunner

from models.__main__ import app
from models.network.spec import Schedule
from models.search.surrogates import SearchPlan, Task, read_results
from models.search.workers import cluster_size, run_on_cluster
from study.errors import ConfigError, StudyError
from tests.worlds.commands import run_command
from tests.worlds.machine import PATIENCE_S
from tests.worlds.model_worlds import make_world

CELL = "vggish_vgg16-frnn"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    root = tmp_path_factory.mktemp("world")
    made = make_world(root, n_train=16, n_validation=4, n_test=1)
    return replace(made, embeddings=made.embeddings.rename(root / "VGGish_VGG16"))


def flags(world, out, n):
    places = {
        "--embeddings": world.embeddings.parent,
        "--train": world.train,
        "--validation": world.validation,
        "--out": out,
    }
    parts = [str(part) for pair in places.items() for part in pair]
    return [*parts, "--cell", CELL, "--n", str(n), "--epochs", "2", "--processes", "1"]


def test_a_search_that_was_killed_goes_on_with_what_is_missing(world, tmp_path):
    out = tmp_path / "search"
    command = [sys.executable, "-m", "models", "search", "run", *flags(world, out, 4)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    first = out / CELL / "000.json"
    while process.poll() is None and not first.exists():
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE_S)
    assert first.exists()
    stamp = first.stat().st_mtime_ns

    result = run_command("models", "search", "run", *flags(world, out, 4))
    assert result.returncode == 0, result.stderr
    assert "4 surrogates with a result, 0 of them diverged" in result.stdout
    assert " done, " in result.stderr  # one, or more where the kill came late
    assert first.stat().st_mtime_ns == stamp
    results = read_results(out)
    assert [each.number for each in results] == [0, 1, 2, 3]

    runner = CliRunner()
    said = runner.invoke(app, ["search", "status", "--out", str(out)])
    assert f"| {CELL} | 4 of 4 | 0 |" in said.stdout
    said = runner.invoke(app, ["search", "best", "--out", str(out)])
    assert "| VGGish + VGG-16 | FRNN |" in said.stdout
    assert (out / "best.json").exists()
    said = runner.invoke(app, ["search", "best", "--out", str(out), "--format", "csv"])
    assert said.stdout.splitlines()[0].startswith("Embeddings,RNN,RNN Units,Bottleneck Units,")
    assert len(said.stdout.splitlines()) == 2
    said = runner.invoke(app, ["search", "best", "--out", str(out), "--format", "latex"])
    assert said.stdout.startswith(r"\begin{tabular}{lllllllll}")
    assert runner.invoke(app, ["search", "plots", "--out", str(out)]).exit_code == 0
    assert (out / f"{CELL}.png").stat().st_size > 10_000


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_search_that_is_stopped_leaves_no_process_behind(world, tmp_path, sign):
    out = tmp_path / "search"
    # A shell that runs the tests in the background makes them and their children deaf to it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    command = [sys.executable, "-m", "models", "search", "run", *flags(world, out, 4)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (out / CELL / "000.json").exists():
        time.sleep(0.02)
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.send_signal(sign)
    _, said = process.communicate(timeout=60)
    gone, alive = psutil.wait_procs(children, timeout=PATIENCE_S)
    assert (len(gone), alive) == (len(children), [])
    if sign is signal.SIGINT:
        assert process.returncode == 130
        assert said.strip().splitlines()[-1].startswith("error: stopped by the keyboard")
        assert "Traceback" not in said


@pytest.mark.parametrize("flags", [["--cell", "vggish_vgg16"], ["--cell", "yamnet_effnet-gru2"]])
def test_a_cell_that_is_none_is_refused_in_one_line(flags, world, tmp_path):
    places = ["--embeddings", world.embeddings.parent, "--out", tmp_path / "search"]
    lists = ["--train", world.train, "--validation", world.validation]
    arguments = ["search", "run", *places, *lists, *flags]
    with pytest.raises(ConfigError, match=r"no cell '.*'\. Choose one of yamnet_effnet-frnn"):
        CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert not (tmp_path / "search").exists()


def test_a_dask_cluster_runs_surrogates_and_finds_what_a_process_finds(world, tmp_path):
    distributed = pytest.importorskip("distributed")
    from models.data.labelled_clips import read_list
    from models.search.surrogates import write_plan
    from models.search.train_surrogate import run_surrogate

    lists = read_list(world.train), read_list(world.validation)
    plan = SearchPlan(
        seed=1,
        cells=(CELL,),
        n_surrogates=1,
        schedule=Schedule(n_epochs=2, patience=8),
        embeddings=world.embeddings.parent,
        train=world.train,
        validation=world.validation,
        lists=(lists[0].sha256, lists[1].sha256),
    )
    from models.network.spec import cell_of

    task = Task(cell_of("vggish_vgg16", "frnn"), 0)
    write_plan(plan, tmp_path / "here")
    write_plan(plan, tmp_path / "there")
    here = run_surrogate(plan, task, tmp_path / "here")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0", protocol="tcp"
    ) as cluster:
        assert cluster_size(cluster.scheduler_address) == 1
        (there,) = run_on_cluster(plan, [task], tmp_path / "there", cluster.scheduler_address)
    assert there.history == here.history
    assert [each.number for each in read_results(tmp_path / "there")] == [0]


class LosingCluster(nullcontext):
    """Lose every worker that takes a surrogate."""

    def submit(self, *args, **options):
        return self

    def result(self):
        from distributed import KilledWorker

        raise KilledWorker("surrogate", None, 3)


def test_a_surrogate_that_takes_workers_down_is_one_line(monkeypatch, tmp_path):
    pytest.importorskip("distributed")
    monkeypatch.setattr(
        "models.search.workers._connect", lambda address: LosingCluster(LosingCluster())
    )
    monkeypatch.setattr("distributed.as_completed", iter)
    with pytest.raises(StudyError, match="every worker that took one of the surrogates was lost"):
        list(run_on_cluster(None, [Task(None, 0)], tmp_path, "tcp://nowhere"))


def test_an_address_without_a_cluster_is_one_line():
    pytest.importorskip("distributed")
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        with pytest.raises(ConfigError, match=rf"^no Dask scheduler at {address}\. Start one"):
            cluster_size(address)


def test_optuna_gets_every_surrogate(world, tmp_path):
    optuna = pytest.importorskip("optuna")
    out, storage = tmp_path / "search", f"sqlite:///{tmp_path}/search.db"
    runner = CliRunner()
    done = run_command("models", "search", "run", *flags(world, out, 1))
    assert done.returncode == 0, done.stderr
    said = runner.invoke(app, ["search", "to-optuna", "--out", str(out), "--storage", storage])
    assert "1 surrogate copied" in said.stdout, said.output
    study = optuna.load_study(study_name=CELL, storage=storage)
    assert study.best_value == read_results(out)[0].val_loss
    for bad in ("nonsense", f"sqlite:///{tmp_path}/nowhere/search.db"):
        copy = ["search", "to-optuna", "--out", str(out), "--storage", bad]
        with pytest.raises(ConfigError, match=r"^no Optuna storage at .*[^\n]*$"):
            runner.invoke(app, copy, catch_exceptions=False)
