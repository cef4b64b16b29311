import pytest

from models.network.spec import CELLS, Hyperparameters
from models.search.space import draw_surrogate
from sessions.streams import Stream
from study.rehearsal.describing import describe
from study.tools.seeding import generator


# Drawn when packages still had generators of their own: what was drawn once is drawn again.
@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ((Stream.PLAN, 0), 870260047),
        ((Stream.PLAN, 3), 594961922),
        ((Stream.EXERCISE, 3), 939397392),
        ((Stream.AGAIN, 3), 183059820),
        (("test set",), 296303088),
        (("ground truths after 0",), 645294423),
        (("annotation/P03",), 30413559),
    ],
)
def test_a_stream_draws_what_it_always_drew(stream, expected):
    assert int(generator(7, *stream).integers(10**9)) == expected


def test_a_surrogate_and_a_scene_are_what_they_always_were():
    assert draw_surrogate(7, CELLS[2], 5) == Hyperparameters(
        rnn_units=128,
        bottleneck_units=128,
        activation="swish",
        dropout=0.3,
        learning_rate=0.0008988957214561854,
    )
    scene = describe(7, "barking", 2)
    assert (scene.filename, scene.event.seed, scene.source.seed) == (
        "barking/yt-EnAx1ufFw-q_41.mp4",
        1632931721,
        1261045061,
    )
