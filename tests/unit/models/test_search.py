from pathlib import Path

import pytest

from features.records.folder import folder_of_set
from models.network.spec import CELLS, PAPER, Cell, Epoch, Rnn, Schedule, preset
from models.search.space import DROPOUTS, UNITS, draw_surrogate
from models.search.surrogates import (
    SearchPlan,
    SurrogateResult,
    Task,
    best_of,
    missing_tasks,
    read_results,
    result_path,
    write_best,
    write_plan,
)
from models.search.time_left import forecast, n_operations
from study.errors import ConfigError

GRU = Cell("yamnet_effnet", Rnn.GRU)
LSTM = Cell("yamnet_effnet", Rnn.LSTM)


def plan(**changes):
    return SearchPlan(
        **{
            "seed": 1,
            "cells": (GRU.name, LSTM.name),
            "n_surrogates": 3,
            "schedule": Schedule(n_epochs=200, patience=8),
            "embeddings": Path("embeddings"),
            "train": Path("train.csv"),
            "validation": Path("validation.csv"),
            "lists": ("a", "b"),
        }
        | changes
    )


def keep(folder, cell, number, val_loss, seconds=100.0, seed=1, records=("c", "d")):
    result = SurrogateResult(
        cell=cell.name,
        number=number,
        seed=seed,
        hyperparameters=draw_surrogate(seed, cell, number),
        best_epoch=1,
        val_loss=val_loss,
        val_accuracy=0.5,
        diverged=False,
        history=(Epoch(1, 1e-3, 1.0, 0.5, val_loss, 0.5),),
        seconds=seconds,
        records=records,
    )
    path = result_path(folder, Task(cell, number))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(result.model_dump_json())


def test_a_surrogate_is_a_function_of_seed_cell_and_number():
    drawn = {(cell, i): draw_surrogate(1, cell, i) for cell in CELLS for i in range(300)}
    again = {(cell, i): draw_surrogate(1, cell, i) for i in reversed(range(300)) for cell in CELLS}
    assert drawn == again
    assert len({(cell, drawn[cell, i]) for cell, i in drawn}) == 1800
    assert draw_surrogate(2, GRU, 0) != draw_surrogate(1, GRU, 0)


def test_records_are_found_where_unpack_put_them_unless_the_set_has_its_own_folder(tmp_path):
    unpacked, own = (tmp_path / name for name in ("AVMIT_YamNet_EffNetB0", "YamNet_EffNetB0"))
    assert folder_of_set(tmp_path, "yamnet_effnet") == own
    unpacked.mkdir()
    assert folder_of_set(tmp_path, "yamnet_effnet") == unpacked
    assert folder_of_set(tmp_path, "vggish_vgg16") == tmp_path / "VGGish_VGG16"
    own.mkdir()
    assert folder_of_set(tmp_path, "yamnet_effnet") == own


def test_surrogates_cover_the_paper_s_sets_and_interval_evenly():
    drawn = [draw_surrogate(1, cell, i) for cell in CELLS for i in range(300)]
    for name, values in (("rnn_units", UNITS), ("bottleneck_units", UNITS), ("dropout", DROPOUTS)):
        counts = [sum(getattr(each, name) == value for each in drawn) for value in values]
        assert min(counts) > 0.8 * len(drawn) / len(values)
    rates = [each.learning_rate for each in drawn]
    assert 1e-5 <= min(rates) < 1e-4
    assert 4.9e-3 < max(rates) <= 5e-3
    assert sum(rates) / len(rates) == pytest.approx(2.5e-3, rel=0.05)


def test_only_what_has_no_result_is_run_again(tmp_path):
    write_plan(plan(), tmp_path)
    keep(tmp_path, GRU, 1, 0.5)
    left = missing_tasks(plan(), tmp_path)
    assert left == [Task(GRU, 0), Task(LSTM, 0), Task(LSTM, 1), Task(GRU, 2), Task(LSTM, 2)]
    assert [result.number for result in read_results(tmp_path)] == [1]


def test_the_best_of_a_search_is_a_preset(tmp_path):
    write_plan(plan(), tmp_path)
    for number, loss in enumerate((0.5, 0.3, 0.4)):
        keep(tmp_path, GRU, number, loss)
    best = best_of(read_results(tmp_path))
    assert best[GRU].number == 1
    write_best(best, tmp_path / "best.json")
    assert preset(str(tmp_path / "best.json"), GRU) == draw_surrogate(1, GRU, 1)
    with pytest.raises(ConfigError, match="has no hyperparameters of yamnet_effnet-lstm"):
        preset(str(tmp_path / "best.json"), LSTM)


def test_results_of_another_search_do_not_count(tmp_path):
    write_plan(plan(), tmp_path)
    keep(tmp_path, GRU, 1, 0.5, seed=2)
    with pytest.raises(ConfigError, match=r"001.json belongs to another search"):
        read_results(tmp_path)


def test_results_on_other_records_are_not_compared(tmp_path):
    write_plan(plan(), tmp_path)
    keep(tmp_path, GRU, 1, 0.5)
    keep(tmp_path, LSTM, 0, 0.4, records=("c", "extracted again"))
    with pytest.raises(ConfigError, match=r"lstm/000.json was found on other records than .*gru/"):
        read_results(tmp_path)


def test_a_folder_holds_one_search(tmp_path):
    write_plan(plan(), tmp_path)
    write_plan(plan(n_surrogates=5), tmp_path)  # more surrogates are the same search
    with pytest.raises(ConfigError, match="holds another search"):
        write_plan(plan(seed=2), tmp_path)


def test_a_half_written_result_is_named(tmp_path):
    write_plan(plan(), tmp_path)
    keep(tmp_path, GRU, 1, 0.5)
    path = result_path(tmp_path, Task(GRU, 1))
    path.write_text(path.read_text()[:40])
    with pytest.raises(ConfigError, match=r"001.json is not a result. Delete it"):
        read_results(tmp_path)


def test_the_forecast_learns_from_what_is_done(tmp_path):
    write_plan(plan(), tmp_path)
    guess = forecast(plan(), [], 20_240)
    keep(tmp_path, GRU, 0, 0.5, seconds=1000.0)
    keep(tmp_path, LSTM, 0, 0.5, seconds=1000.0)
    measured = forecast(plan(), read_results(tmp_path), 20_240)
    assert (guess.n_done, guess.n_left, guess.measured) == (0, 6, False)
    assert (measured.n_done, measured.n_left, measured.measured) == (2, 4, True)
    assert "guess" in guess.text(2)
    slower = read_results(tmp_path)
    slower = [each.model_copy(update={"seconds": 2000.0}) for each in slower]
    assert forecast(plan(), slower, 20_240).core_s == pytest.approx(2 * measured.core_s)


def test_the_published_gru_takes_fifty_billion_operations_an_epoch():
    assert 6560 * n_operations(GRU, PAPER[GRU]) == pytest.approx(54e9, rel=0.15)
