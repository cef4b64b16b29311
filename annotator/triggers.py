"""Event markers for EEG and eye tracking, through Lab Streaming Layer."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from annotator.task.trial import Event, PlaybackBegan, PlaybackEnded
from study.errors import ConfigError

STREAM, KIND = "avmit-lab", "Markers"
Send = Callable[[str, float], None]


def no_markers(_text: str, _age_s: float) -> None:
    """Send nothing."""


@contextmanager
def open_markers(how: str) -> Iterator[Send]:
    """Open the stream of markers, if a study has one.

    Raises ConfigError if Lab Streaming Layer is not installed.

    Parameters
    ----------
    how : {"off", "lsl"}
        `recognition.markers` of `study.toml`.

    Yields
    ------
    callable
        Takes a marker and how many seconds ago it happened: it is stamped with the moment at which
        it happened, not with that at which it is sent.
    """
    if how == "off":
        yield no_markers
        return
    try:
        import pylsl  # of the extra [triggers], which few laboratories need
    except (ImportError, RuntimeError, OSError) as error:  # RuntimeError: its library is missing
        raise ConfigError(
            "recognition.markers is lsl, and Lab Streaming Layer is not installed here. Install "
            "it: pip install 'avmit-lab[triggers]', or write markers = \"off\""
        ) from error
    # Whoever records may be started later, and finds the stream by its name; it names nobody.
    info = pylsl.StreamInfo(
        STREAM, KIND, 1, pylsl.IRREGULAR_RATE, pylsl.cf_string, f"{STREAM}-{uuid.uuid4().hex}"
    )
    outlet = pylsl.StreamOutlet(info)

    def send(text: str, age_s: float) -> None:
        outlet.push_sample([text], pylsl.local_clock() - age_s)

    yield send


def marker_of(event: Event, stimulus_id: int | None) -> str | None:
    """Return the marker of an event of a clip; None where it has none.

    Examples
    --------
    >>> marker_of(PlaybackBegan(1.0), 12)
    'onset 12'
    """
    match event:
        case PlaybackBegan():
            return f"onset {stimulus_id}"
        case PlaybackEnded():
            return f"offset {stimulus_id}"
    return None
