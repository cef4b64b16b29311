"""Small pictures of a clip: all frames for measuring, nine for looking."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from study.clips.containers import frames_of, open_clip
from study.clips.probe import missing_stream, probe, require_codecs, video_streams
from study.errors import ClipError

Pictures = npt.NDArray[np.uint8]
_SHEET_COLUMNS = 3
_SHEET_FRAME_WIDTH_PX = 160
_JPEG_QUALITY = 80
_MAX_FRAMES = 600  # of longer clips the beginning is looked at, so that memory stays bounded


def small_frames(path: Path, *, width_px: int = 160, height_px: int = 90) -> Pictures:
    """Decode all frames of a clip and scale them down.

    Parameters
    ----------
    width_px, height_px : int
        Size of the small pictures; proportions are not kept.

    Returns
    -------
    ndarray of uint8, shape (n_frames, height_px, width_px, 3)
        RGB, as stored (not turned upright); the first 600 frames at most.

    Raises
    ------
    ClipError
        If the clip cannot be decoded.
    """
    frames = []
    with open_clip(path) as container:
        streams = video_streams(container)
        if not streams:
            raise missing_stream(path, "video")
        require_codecs(path, streams[:1])
        for frame in frames_of(container, path, streams[:1]):
            small = frame.reformat(width_px, height_px, "rgb24", interpolation="AREA")
            frames.append(small.to_ndarray())
            if len(frames) == _MAX_FRAMES:
                break
    if not frames:
        raise ClipError(f"{path} has no frame that can be decoded. Copy it again")
    return np.stack(frames)


def contact_sheet(path: Path, *, n_frames: int = 9) -> bytes:
    """Draw frames of a clip side by side, upright.

    Returns
    -------
    bytes
        A JPEG file with three pictures a row.

    Raises
    ------
    ClipError
        If the clip cannot be decoded.
    """
    frames = _upright_frames(path)
    chosen = frames[np.linspace(0, len(frames) - 1, n_frames).round().astype(int)]
    height, width = frames.shape[1:3]
    n_rows = -(-n_frames // _SHEET_COLUMNS)
    sheet = np.zeros((n_rows * height, _SHEET_COLUMNS * width, 3), dtype=np.uint8)
    for place, picture in enumerate(chosen):
        row, column = divmod(place, _SHEET_COLUMNS)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = picture
    return _jpeg(sheet)


def thumbnail(path: Path) -> bytes:
    """Draw the middle frame of a clip, upright.

    Returns
    -------
    bytes
        A JPEG file, 160 pixels wide.

    Raises
    ------
    ClipError
        If the clip cannot be decoded.
    """
    frames = _upright_frames(path)
    return _jpeg(frames[len(frames) // 2])


def _upright_frames(path: Path) -> Pictures:
    told = probe(path)
    width = _SHEET_FRAME_WIDTH_PX
    aspect = told.height_px / max(told.width_px * told.pixel_aspect, 1)
    height = max(round(width * aspect), 1)
    turned = told.rotation_deg % 180 != 0
    size = (height, width) if turned else (width, height)
    frames = small_frames(path, width_px=size[0], height_px=size[1])
    return np.rot90(frames, k=-told.rotation_deg // 90, axes=(1, 2))


def _jpeg(picture: Pictures) -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, "JPEG", quality=_JPEG_QUALITY)
    return encoded.getvalue()
