"""The one way to open a clip: which containers are allowed, and how much a clip may cost.

A file's first bytes decide what it is, never its name; no other file and no network is ever asked.
"""

import io
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av

from study.errors import ClipError

MAX_BYTES = 2**30
MAX_PIXELS = 8192 * 4608  # an 8K picture
# Nobody rates such a clip; a file that says so has time stamps that are wrong.
MAX_DURATION_S = 120.0
MAX_FRAMES = 36_000  # 300 a second for as long as a clip may be
MAX_DECODING_S = 60.0
_MAX_STREAMS = 32
_HEAD_BYTES = 2048
_TS_SIZES = {188: 0, 192: 4, 204: 0}  # bytes of a packet, and of what precedes its mark
_TS_MARK = 0x47
_BOXES = (
    *(b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"udta", b"uuid", b"styp"),
    *(b"sidx", b"moof", b"emsg", b"prft"),
)
_MAGIC = {
    b"\x1aE\xdf\xa3": "matroska",
    b"FLV\x01": "flv",
    b"0&\xb2u\x8ef\xcf\x11\xa6\xd9\x00\xaa\x00b\xcel": "asf",
    b"\x00\x00\x01\xba": "mpeg",
}
_NAMES = "MP4, MOV, Matroska, WebM, AVI, MPEG-TS, MPEG-PS, FLV and ASF"
# Of FFmpeg's 400 formats and protocols; some of the others name further files or addresses.
_OPTIONS = {
    "format_whitelist": "mov,matroska,webm,avi,mpegts,mpeg,flv,asf",
    "protocol_whitelist": "file",
    "max_streams": str(_MAX_STREAMS),
}
# PyAV decoded all metadata at once before version 19; a clip must not fall for a stray letter.
_METADATA: dict[str, Any] = (
    {} if int(av.__version__.split(".")[0]) >= 19 else {"metadata_errors": "replace"}
)

RECORDING_OPTIONS = {  # of sound that a person recorded
    "format_whitelist": "wav,w64,flac,aiff,caf,ogg,matroska,mov,mp3",
    "protocol_whitelist": "file",
}


@contextmanager
def open_clip(path: Path, content: bytes | None = None) -> Iterator[Any]:
    """Yield the open container of a clip; what a decoder refuses becomes a ClipError.

    Parameters
    ----------
    content : bytes or None
        What `read_clip` read of it; None to read while decoding.

    Yields
    ------
    InputContainer
        PyAV's container; decode it with `frames_of`.

    Raises
    ------
    ClipError
        With reason ``"missing"``, ``"empty"``, ``"unreadable"`` or ``"too_large"``.
    """
    if content is None:
        require_clip(path)
        head = _head(path)
    else:
        head = content[:_HEAD_BYTES]
    name = container_of(head)
    if name is None:
        raise ClipError(
            f"{path} is not a clip: its first bytes are those of none of {_NAMES}. Convert it, or "
            "leave it out"
        )
    # The protocol keeps a name such as "concat:a" from being read as an address.
    source = f"file:{path}" if content is None else io.BytesIO(content)
    try:
        with av.open(source, format=name, container_options=_OPTIONS, **_METADATA) as container:
            for stream in container.streams.video:
                if stream.codec_context is not None:
                    _limit_pixels(stream.codec_context, path)
            yield container
    except MemoryError as error:  # the decoder's own, too
        raise ClipError(
            f"{path} needs more memory than a clip may take. Leave it out", "too_large"
        ) from error
    except (av.error.FFmpegError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, av.error.FFmpegError) else str(error)
        raise ClipError(f"{path} cannot be decoded: {reason}. Copy it again") from error


def container_of(head: bytes) -> str | None:
    """Return what a file's first bytes say it is.

    Parameters
    ----------
    head : bytes
        The first 2,048 bytes, or all there are.

    Returns
    -------
    str or None
        FFmpeg's name of an allowed container; None for everything else.
    """
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    if head[4:8] in _BOXES:
        return "mov"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    return "mpegts" if _is_transport_stream(head) else None


def require_clip(path: Path) -> None:
    """Raise unless a path is a file with bytes, and not with more than a clip has.

    Raises
    ------
    ClipError
        With reason ``"missing"``, ``"empty"`` or ``"too_large"``.
    """
    if not path.is_file():
        raise ClipError(f"no clip at {path}. Check the folder of the clips", "missing")
    n_bytes = path.stat().st_size
    if n_bytes == 0:
        raise ClipError(f"{path} is empty: it has no bytes. Copy it again", "empty")
    if n_bytes > MAX_BYTES:
        raise ClipError(
            f"{path} has {n_bytes / 1e6:.0f} MB and a clip {MAX_BYTES / 1e6:.0f} at most. "
            "Leave it out",
            "too_large",
        )


def read_clip(path: Path) -> bytes:
    """Return all bytes of a clip.

    Raises
    ------
    ClipError
        As `require_clip`, and with ``"missing"`` where it cannot be read.
    """
    require_clip(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise ClipError(
            f"{path} cannot be read: {error.strerror}. Restore the file", "missing"
        ) from error


def frames_of(container: Any, path: Path, streams: Sequence[Any]) -> Iterator[Any]:  # noqa: ANN401
    """Yield the decoded frames of some streams, within the limits of time and number.

    Parameters
    ----------
    container : InputContainer
        From `open_clip`.

    Raises
    ------
    ClipError
        With reason ``"too_large"`` where there are more frames than a clip has, or more sound,
        ``"too_slow"`` where decoding takes too long.
    """
    budget = Budget(path)
    for packet in budget.packets(container, streams):
        for frame in packet.decode():
            budget.spend(frame)
            yield frame


class Budget:
    """What decoding of one clip may cost; it runs from when it is made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._until_s = time.monotonic() + MAX_DECODING_S
        self._n_frames = 0
        self._sound_s = 0.0

    def packets(self, container: Any, streams: Sequence[Any]) -> Iterator[Any]:  # noqa: ANN401
        """Yield a container's packets until the time is up."""
        for packet in container.demux(*streams):
            self.require_time()
            yield packet

    def require_time(self) -> None:
        """Raise if the time is up."""
        if time.monotonic() > self._until_s:
            raise ClipError(
                f"{self._path} takes longer than {MAX_DECODING_S:g} s to decode. Leave it out",
                "too_slow",
            )

    def begin_again(self) -> None:
        """Forget the frames that were counted, for a second pass; the time goes on."""
        self._n_frames, self._sound_s = 0, 0.0

    def spend(self, frame: Any) -> None:  # noqa: ANN401
        """Count a decoded frame."""
        if isinstance(frame, av.VideoFrame):
            self._n_frames += 1
        else:
            self._sound_s += frame.samples / frame.sample_rate
        if self._n_frames > MAX_FRAMES or self._sound_s > MAX_DURATION_S:
            raise ClipError(
                f"{self._path} is too long: a clip has at most {MAX_DURATION_S:g} s of sound and "
                f"{MAX_FRAMES} frames. Leave it out",
                "too_large",
            )


def _limit_pixels(codec: Any, path: Path) -> None:  # noqa: ANN401
    if codec.width * codec.height > MAX_PIXELS:
        raise ClipError(
            f"{path} has pictures of {codec.width} x {codec.height} pixels and a clip at most "
            f"{MAX_PIXELS / 1e6:.0f} million. Leave it out",
            "too_large",
        )
    codec.options = {"max_pixels": str(MAX_PIXELS)}  # the size may change under way


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise ClipError(f"{path} cannot be read: {error.strerror}. Copy it again") from error


def _is_transport_stream(head: bytes) -> bool:
    # Packets of one size, each with a mark; the first may be cut.
    return any(
        len(marks := head[first::size]) > 1 and set(marks) == {_TS_MARK}
        for size, first_at in _TS_SIZES.items()
        for first in range(first_at, first_at + size)
    )
