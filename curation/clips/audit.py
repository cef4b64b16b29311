"""One clip -> its audit: what the container tells, then what decoding all of it finds."""

from dataclasses import replace
from pathlib import Path

from curation.clips.mit_tree import TreeClip
from study.clips.inspection import Inspection, inspect, spread
from study.clips.probe import ClipProbe, missing_stream, probe
from study.errors import ClipError
from study.store.clips.clip_audits import ClipAudit
from study.tools.files import sha256_of

NEAR_SILENT_PEAK = 0.005  # -46 dB of full scale
NOTICED_OFFSET_S = 0.045  # sound this early is noticed (ITU-R BT.1359)
_ODD_DURATION_S = 0.25


def audit_clip(clip: TreeClip, root: Path, *, clip_s: float = 3.0) -> ClipAudit:
    """Examine a clip: what it is, whether all of it can be decoded, what it sounds like.

    Parameters
    ----------
    clip : TreeClip
        The clip.
    root : Path
        The tree, which a link must not leave.
    clip_s : float
        How long clips should be.

    Returns
    -------
    ClipAudit
        With a ``reason`` where it cannot be a candidate: ``bad_name``, ``empty``, ``missing``,
        ``no_audio``, ``no_video``, ``outside_root``, ``silent``, ``unlisted``, ``unreadable``.

    Notes
    -----
    Paper: Selection of MIT Videos.
    """
    path = clip.path
    bare = _bare(clip)
    if clip.standing:
        return replace(bare, reason=clip.standing)
    if clip.leaves(root):
        return replace(bare, reason="outside_root")
    try:
        n_bytes = path.stat().st_size if path.is_file() else 0
        bare = replace(bare, n_bytes=n_bytes, sha256=sha256_of(path) if n_bytes else "")
        told = probe(path)
        # Clips without sound go on some lists too, so their pictures are decoded as well.
        seen = inspect(path, hashed_frames=spread(told.n_frames or 1))
        reason = "silent" if seen.peak == 0 else ""
        reason = reason if told.n_audio_streams else missing_stream(path, "audio").reason
    except ClipError as error:
        return replace(bare, reason=error.reason)
    except OSError:  # a bad block, or no right to read: one clip must not stop the others
        return replace(bare, reason="unreadable")
    return _complete(replace(bare, reason=reason), told, seen, clip_s)


def audit_of_a_killer(clip: TreeClip) -> ClipAudit:
    """Return the audit of a clip over which the decoding process died.

    Parameters
    ----------
    clip : TreeClip
        The clip.

    Returns
    -------
    ClipAudit
        Nothing is known but that it is ``unreadable``.
    """
    return replace(_bare(clip), reason="unreadable")


def flags_of(told: ClipProbe, seen: Inspection, *, clip_s: float = 3.0) -> list[str]:
    """Return what a curator should know of a clip, though it does not bar it.

    Parameters
    ----------
    told : ClipProbe
        What the container says.
    seen : Inspection
        What decoding found.
    clip_s : float
        How long clips should be.

    Returns
    -------
    list of str
        Of ``near_silent``, ``vfr``, ``av_offset``, ``two_video_streams``, ``odd_duration``.
    """
    found = {
        "near_silent": 0 < seen.peak < NEAR_SILENT_PEAK,
        "vfr": told.is_vfr,
        "av_offset": abs(told.av_start_offset_s) > NOTICED_OFFSET_S,
        "two_video_streams": told.n_video_streams > 1,
        "odd_duration": abs(told.duration_s - clip_s) > _ODD_DURATION_S,
    }
    return [flag for flag, is_so in found.items() if is_so]


def _bare(clip: TreeClip) -> ClipAudit:
    return ClipAudit(clip.filename, clip.video_location, clip.mit_label, n_bytes=0)


def _complete(bare: ClipAudit, told: ClipProbe, seen: Inspection, clip_s: float) -> ClipAudit:
    return replace(
        bare,
        flags=",".join(flags_of(told, seen, clip_s=clip_s)),
        duration_s=told.duration_s,
        frame_rate_hz=told.frame_rate_hz,
        nominal_frame_rate_hz=told.nominal_frame_rate_hz,
        is_vfr=told.is_vfr,
        width_px=told.width_px,
        height_px=told.height_px,
        rotation_deg=told.rotation_deg,
        pixel_aspect=told.pixel_aspect,
        n_video_streams=told.n_video_streams,
        n_audio_streams=told.n_audio_streams,
        sample_rate_hz=told.sample_rate_hz,
        n_channels=told.n_channels,
        av_start_offset_s=told.av_start_offset_s,
        n_frames=seen.n_frames,
        peak=seen.peak if told.n_audio_streams else None,
        loudness_lufs=seen.loudness_lufs,
        frame_hash=seen.frame_hash,
        sound_hash=seen.sound_hash,
    )
