"""The notebooks run from the first cell to the last, on small worlds."""

import shutil

import pandas as pd
import pytest

import features
import models
from study.rehearsal.odd import make_odd_clip
from tests.worlds.model_worlds import make_world
from tests.worlds.notebooks import FOLDER, run_notebook

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_every_notebook_is_run_here():
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == [
        "embed_and_classify",
        "published_avmit",
        "train_six_networks",
    ]


def test_the_published_lists_are_read_from_frames(tmp_path):
    for name, places in (("train", range(12)), ("validation", range(12, 16))):
        rows = [
            (f"{label}/yt-{n}_1.mp4", label, 0, n % 2, 3 - n % 2, label, "MIT_training",
             f"{label}/yt-{n}_1.tfrecord")
            for label in ("barking", "diving")
            for n in places
        ]  # fmt: skip
        heads = ["filename", "actual_label", "r1", "r2", "r3", "label", "video_location"]
        heads.append("tfrecord_filename")
        pd.DataFrame(rows, columns=heads).to_csv(tmp_path / f"AVMIT_{name}.csv", index=False)
    pd.DataFrame({"filename": ["barking/yt-99_1.mp4"]}).to_csv(tmp_path / "test_set.csv")
    found = run_notebook("published_avmit", release=tmp_path)
    assert found["accepted"] == ("barking", "diving")
    assert len(found["drawn"]) == 10
    assert set(found["overall"]["measure"]) >= {"percent", "fleiss_kappa"}
    assert found["shared"] == set()


def test_a_clip_is_embedded_and_classified(tmp_path):
    make_odd_clip("plain", tmp_path / "mine.mp4")
    world = make_world(tmp_path, n_train=2, n_validation=1, set_name="yamnet_effnet")
    lists = [features.dataset(world.embeddings, path) for path in (world.train, world.validation)]
    models.train(*lists, epochs=1, out=tmp_path / "model")
    found = run_notebook(
        "embed_and_classify", clip=tmp_path / "mine.mp4", network=tmp_path / "model", untrained=1
    )
    assert found["embedding"].audio.shape[1] == 1024
    assert found["probabilities"].shape == (1, 3)
    assert found["best"].index.tolist() == ["mine.mp4"]


def test_the_six_networks_are_trained_and_evaluated(tmp_path):
    tables = tmp_path / "tables"
    tables.mkdir()
    for folder, name in (("YamNet_EffNetB0", "yamnet_effnet"), ("VGGish_VGG16", "vggish_vgg16")):
        world = make_world(tmp_path / name, n_train=3, n_validation=2, n_test=2, set_name=name)
        shutil.move(world.embeddings, tmp_path / "embeddings" / folder)
    for path, name in (
        (world.train, "AVMIT_train"),
        (world.validation, "AVMIT_validation"),
        (world.test, "test_set"),
    ):
        shutil.copy(path, tables / f"{name}.csv")
    found = run_notebook(
        "train_six_networks",
        embeddings=tmp_path / "embeddings",
        lists=tables,
        out=tmp_path / "models",
        epochs=2,
    )
    assert len(found["table_5"]) == 6
    assert found["table_5"]["top 1"].between(0, 1).all()
    assert found["probabilities"].shape == (6, 3)
