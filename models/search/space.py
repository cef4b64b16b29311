"""The space of the random search, and the surrogates drawn from it."""

from models.network.spec import ACTIVATIONS, CELLS, Cell, Hyperparameters
from study.tools.seeding import generator

# Paper: Hyperparameter Search and Training.
UNITS = (32, 64, 128, 256)
DROPOUTS = (0.1, 0.2, 0.3, 0.4, 0.5)
LEARNING_RATES = (1.0e-5, 5.0e-3)


def draw_surrogate(seed: int, cell: Cell, number: int) -> Hyperparameters:
    """Draw the hyperparameters of one surrogate of the random search.

    A function of the arguments and of nothing else, so that any machine can run any surrogate in
    any order.

    Parameters
    ----------
    number : int
        Which surrogate, from 0.

    Notes
    -----
    Paper: Hyperparameter Search and Training.
    """
    place = CELLS.index(cell) if cell in CELLS else cell.name
    rng = generator(seed, place, number)
    return Hyperparameters(
        rnn_units=int(rng.choice(UNITS)),
        bottleneck_units=int(rng.choice(UNITS)),
        activation=str(rng.choice(ACTIVATIONS)),
        dropout=float(rng.choice(DROPOUTS)),
        learning_rate=float(rng.uniform(*LEARNING_RATES)),
    )
