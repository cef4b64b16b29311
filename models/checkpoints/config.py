"""The `train.yaml` beside a released checkpoint: which network it is of."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.data.labelled_clips import training_set_of
from models.network.spec import ACTIVATIONS, TIMESTEPS, Hyperparameters, Rnn
from models.saving.card import Task
from study.errors import ConfigError
from study.reading.plain_yaml import REFUSALS, plain_yaml
from study.reading.text import parsed, read_text

CONFIG_NAME = "train.yaml"
_MOST_BYTES = 100_000
_LONGEST_NAME = 300
CORRESPONDENCE_CLASSES = ("incongruent", "congruent")  # in the order of the published script
CORRESPONDENCE_WIDTH = 128  # of both dense layers, in the published script and not in train.yaml
_RNN_OF = {"SimpleRNN": Rnn.FRNN, "GRU": Rnn.GRU, "LSTM": Rnn.LSTM}


@dataclass(frozen=True, slots=True)
class CheckpointConfig:
    """What `train.yaml` says about a network.

    Parameters
    ----------
    task : {"action", "correspondence"}
        What it was trained to say.
    classes : tuple of str
        In the order of the outputs.
    timesteps : int
        Rows that it sees of each embedding.
    training_set : str
        What it was trained on, as Table 5 has it.
    """

    task: Task
    rnn: Rnn
    hyperparameters: Hyperparameters
    classes: tuple[str, ...]
    timesteps: int
    training_set: str


def read_config(folder: Path) -> CheckpointConfig:
    """Read the `train.yaml` beside a checkpoint."""
    path = folder / CONFIG_NAME
    if not path.is_file():
        raise ConfigError(f"no {CONFIG_NAME} in {folder}. Name the folder of a released network")
    said = parsed(
        read_text(path, largest=_MOST_BYTES),
        plain_yaml,
        source=str(path),
        kind="YAML",
        refusals=REFUSALS,
    )
    try:
        return _parsed(said)
    except KeyError as error:
        raise _no_network(path, f"{error} is missing") from error
    except (TypeError, AttributeError) as error:
        raise _no_network(path, "a value is not of the kind that it should be") from error
    except (ValueError, OverflowError) as error:
        raise _no_network(path, str(error).partition("\n")[0][:200]) from error


def _no_network(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        f"{path} does not describe a released network: {reason}. Take the one that lies beside "
        "the checkpoint in the authors' repository"
    )


def _parsed(said: Any) -> CheckpointConfig:  # noqa: ANN401
    # Networks of the correspondence experiment are trained on lists of pairs and name no classes.
    pairs = "congruent_train_csv" in said
    function = _text(said["rnn"]["function"]).rsplit(".", 1)[-1]
    if function not in _RNN_OF:
        raise ValueError(f"the function {function}, expected one of {', '.join(_RNN_OF)}")
    rnn, timesteps = _RNN_OF[function], int(said["data"]["timesteps"])
    if timesteps != TIMESTEPS and not pairs:
        raise ValueError(f"{timesteps:.6g} timesteps, expected {TIMESTEPS}")
    if not 1 <= timesteps <= TIMESTEPS:
        raise ValueError(f"{timesteps:.6g} timesteps, expected 1 to {TIMESTEPS}")
    return CheckpointConfig(
        task="correspondence" if pairs else "action",
        rnn=rnn,
        hyperparameters=Hyperparameters(
            rnn_units=int(said["rnn"]["units"]),
            bottleneck_units=CORRESPONDENCE_WIDTH if pairs else int(said["bottleneck_size"]),
            activation="linear" if pairs else _activation(said["bottleneck_activation"]),
            dropout=float(said["rnn"]["dropout"]),
            learning_rate=float(said["training"]["learning_rate"]),
        ),
        classes=CORRESPONDENCE_CLASSES if pairs else _classes(said["label_to_int"]),
        timesteps=timesteps,
        training_set=_training_set(_text(said["model_path"]), rnn),
    )


def _text(value: Any) -> str:  # noqa: ANN401
    # Not str(): a list of lists of one list is short in YAML and has no end when it is written.
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        raise TypeError
    return value


def _activation(name: Any) -> str:  # noqa: ANN401
    if (chosen := _text(name)) not in ACTIVATIONS:
        raise ValueError(f"the activation {name}, expected {' or '.join(ACTIVATIONS)}")
    return chosen


def _classes(index_of: dict[str, int]) -> tuple[str, ...]:
    if sorted(map(int, index_of.values())) != list(range(len(index_of))):
        raise ValueError("label_to_int does not count from 0")
    return tuple(sorted(map(_text, index_of), key=lambda label: int(index_of[label])))


def _training_set(model_path: str, rnn: Rnn) -> str:
    # Such as YamNet_EffNetB0_GRU_MIT_16/ and VGGish_VGG16_GRU_MIT16_avcorr/.
    name = model_path.rstrip("/").rpartition(f"_{str(rnn).upper()}_")[2]
    return training_set_of(name.removesuffix("_avcorr"))
