import numpy as np
import pytest

from models.evaluation.comparison import bootstrap, differences, group, mean_with_interval
from models.evaluation.results import ClassScore, Evaluation, of_one_test
from models.evaluation.table5 import difference_table, table_5
from models.evaluation.table_text import table_text
from models.saving.card import DataCard
from study.errors import ConfigError


def evaluation(training_set, correct, *, seed=1, rnn="gru", test="test_set", **changes):
    losses = tuple(0.1 if right else 2.0 for right in correct)
    return Evaluation(
        **{
            "training_set": training_set,
            "embedding_set": "yamnet_effnet",
            "rnn": rnn,
            "seed": seed,
            "model_sha256": "0",
            "test": DataCard(name=test, n_clips=len(correct), list_sha256=test, records_sha256="r"),
            "loss": float(np.mean(losses)),
            "top_1": float(np.mean(correct)),
            "top_5": 1.0,
            "calibration_error": 0.0,
            "classes": (ClassScore(label="any", n_clips=len(correct), loss=None, top_1=None),),
            "confusion": ((len(correct),),),
            "calibration": (),
            "correct": tuple(map(bool, correct)),
            "losses": losses,
        }
        | changes
    )


def test_one_seed_gives_the_paper_s_row_without_intervals():
    table = table_5(group([evaluation("AVMIT", [1, 1, 1, 0])]))
    assert table.columns[-1] == "Top 5 Acc. (%)"
    assert list(table.itertuples(index=False, name=None)) == [
        ("AVMIT", "YamNet + EffNetB0", "GRU", "0.5750", "75.00", "100.00")
    ]


def test_several_seeds_give_means_with_student_s_interval():
    runs = [evaluation("AVMIT", [1, 1, 1, 0]), evaluation("AVMIT", [1, 1, 1, 1], seed=2)]
    (found,) = group(runs)
    assert (found.n_seeds, found.top_1.mean) == (2, 0.875)
    # Student's t with one degree of freedom is 12.706 at 97.5 %.
    assert found.top_1.high == pytest.approx(0.875 + 12.706 * 0.125, rel=1e-4)
    assert table_5([found])["Seeds"].tolist() == ["2"]
    assert mean_with_interval([0.5]).low is None


def test_training_sets_are_compared_clip_by_clip():
    rng = np.random.default_rng(1)
    weaker = rng.random(500) < 0.6
    better = weaker | (rng.random(500) < 0.1)  # right wherever the other is
    runs = [evaluation("MIT 16", weaker), evaluation("AVMIT", better)]
    (found,) = differences(runs, np.random.default_rng(2))
    assert (found.minuend, found.subtrahend, found.n_clips) == ("AVMIT", "MIT 16", 500)
    gain = float(better.mean() - weaker.mean())
    assert found.top_1.mean == pytest.approx(gain)
    assert 0 < found.top_1.low < gain < found.top_1.high < 2 * gain
    (row,) = difference_table([found]).itertuples(index=False)
    assert row[0] == "AVMIT minus MIT 16"
    assert row[4].startswith(f"+{100 * gain:.2f} [+")


def test_the_bootstrap_interval_covers_the_truth_about_as_often_as_it_says():
    rng, covered = np.random.default_rng(3), 0
    for _ in range(100):
        found = bootstrap(rng.normal(0.1, 1.0, (1, 200)), rng)
        covered += found.low <= 0.1 <= found.high
    assert 88 <= covered <= 99


def test_runs_on_different_test_lists_are_not_compared():
    runs = [evaluation("AVMIT", [1, 0]), evaluation("MIT 16", [1, 0], test="other")]
    with pytest.raises(ConfigError, match="were evaluated on different lists"):
        differences(runs, np.random.default_rng(1))
    with pytest.raises(ConfigError, match="of the lists other, test_set, expected those of one"):
        of_one_test(runs)
    assert of_one_test(runs, "other") == runs[1:]


def test_ablations_stay_out_of_table_5():
    runs = [evaluation("AVMIT", [1]), evaluation("AVMIT", [0], modality="audio")]
    assert of_one_test(runs) == runs[:1]


def test_tables_are_written_for_spreadsheets_and_for_papers():
    table = table_5(group([evaluation("MIT_16 & more", [1, 1])]))
    assert table_text(table, "csv").splitlines()[0] == ",".join(table.columns)
    assert r"MIT\_16 \& more & YamNet" in table_text(table, "latex")
    assert r"Top 1 Acc. (\%)" in table_text(table, "latex")
