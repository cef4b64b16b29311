"""Predictions of networks as a table: every row says what was shown and what was said."""

import numpy as np
import pandas as pd
import pytest

from models.evaluation.prediction_table import predictions, write_predictions

CLASSES = ("barking", "diving", "frying")
SHARES = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.2, 0.5, 0.3]])


def table_of(labels):
    clips = pd.DataFrame(
        {
            "filename": ["a/x.mp4", "a/y.mp4", "b/z.mp4"],
            "condition": ["a", "a", "b"],
            "source": ["x.mp4", "y.mp4", "z.mp4"],
            "label": labels,
        }
    )
    return predictions("AVMIT gru seed 1", CLASSES, np.log(SHARES), clips)


def test_a_row_has_the_clip_the_answer_all_probabilities_and_the_loss():
    table = table_of(["barking", "barking", "diving"])
    assert list(table.columns) == [
        "network", "filename", "condition", "source", "label", "predicted",
        "p_barking", "p_diving", "p_frying", "loss",
    ]  # fmt: skip
    assert table["predicted"].tolist() == ["barking", "frying", "diving"]
    np.testing.assert_allclose(table.filter(like="p_"), SHARES)
    np.testing.assert_allclose(table["loss"], -np.log([0.7, 0.1, 0.5]))


@pytest.mark.parametrize("nothing", ["", "of no class"])
def test_where_no_answer_is_right_there_is_no_loss(nothing):
    table = table_of(["barking", nothing, "diving"])
    assert np.isnan(table["loss"]).tolist() == [False, True, False]


def test_csv_and_parquet_say_the_same(tmp_path):
    table = table_of(["barking", "", "diving"])
    write_predictions(table, tmp_path / "predictions.csv")
    csv = pd.read_csv(tmp_path / "predictions.csv", keep_default_na=False, na_values={"loss": [""]})
    parquet = pd.read_parquet(tmp_path / "predictions.parquet")
    pd.testing.assert_frame_equal(csv, parquet, check_dtype=False, rtol=1e-12)
