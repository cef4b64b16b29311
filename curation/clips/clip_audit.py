"""One clip -> its audit: what the container tells, then what decoding all of it finds."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from curation.clips.mit_tree import TreeClip
from study.clips.containers import require_clip
from study.clips.contents import Display, Inspection, inspect, spread
from study.clips.probe import ClipProbe, missing_stream, probe
from study.config.study import StudyConfig
from study.errors import ClipError
from study.store.clips.clip_audits import ClipAudit
from study.tools.files import sha256_of

NEAR_SILENT_PEAK = 0.005  # -46 dB of full scale
NOTICED_OFFSET_S = 0.045  # sound this early is noticed (ITU-R BT.1359)
_ODD_DURATION_S = 0.25
_IN_BROWSERS = {
    "containers": ("mov", "matroska"),
    "pictures": ("h264", "vp8", "vp9", "av1", "libdav1d"),
    "pixels": ("yuv420p", "yuvj420p"),
    "sounds": ("", "aac", "mp3", "mp3float", "opus", "vorbis", "flac"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a study asks of its clips.

    Parameters
    ----------
    clip_s : float
        How long clips should be.
    max_odd_steps : int or None
        How many steps from frame to frame may differ from the others; None where no frame may stand
        a quarter longer or shorter than most.
    display : Display
        What clips are to be shown on.
    """

    clip_s: float = 3.0
    max_odd_steps: int | None = None
    display: Display = field(default_factory=Display)

    @classmethod
    def by(cls, config: StudyConfig) -> "Asked":
        """Return what a configuration asks."""
        screen = config.screen
        box_px = screen.max_clip_width_px, screen.max_clip_height_px
        return cls(
            clip_s=config.protocol.clip_s,
            max_odd_steps=config.protocol.test_max_odd_steps,
            display=Display(box_px, screen.sample_rate_hz),
        )


def audit_clip(clip: TreeClip, root: Path, *, asked: Asked | None = None) -> ClipAudit:
    """Examine a clip: what it is, whether all of it can be decoded and shown, what it sounds like.

    Returns the audit, with a ``reason`` where the clip cannot be a candidate: ``bad_name``,
    ``empty``, ``missing``, ``no_audio``, ``no_times``, ``no_video``, ``odd_pictures``,
    ``odd_sound``, ``odd_times``, ``outside_root``, ``silent``, ``too_large``, ``too_slow``,
    ``unlisted``, ``unreadable``.

    Paper: Selection of MIT Videos.

    Parameters
    ----------
    root : Path
        The tree, which a link must not leave.
    asked : Asked or None
        What the study asks; None for the paper's.
    """
    path, asked = clip.path, asked or Asked()
    bare = _bare(clip)
    if clip.standing:
        return replace(bare, reason=clip.standing)
    if clip.leaves(root):
        return replace(bare, reason="outside_root")
    try:
        bare = replace(bare, n_bytes=path.stat().st_size if path.is_file() else 0)
        require_clip(path)
        bare = replace(bare, sha256=sha256_of(path))
        told = probe(path)
        # Clips without sound go on some lists too, so their pictures are decoded as well.
        seen = inspect(path, hashed_frames=spread(told.n_frames or 1), display=asked.display)
    except ClipError as error:
        detail = str(error).replace(str(path), clip.filename)
        return replace(bare, reason=error.reason, detail=detail)
    except OSError as error:  # a bad block, or no right to read: one clip must not stop the others
        return replace(bare, reason="unreadable", detail=error.strerror or "")
    return _complete(_with_sound_reason(bare, told, seen, path), told, seen, asked)


def _with_sound_reason(bare: ClipAudit, told: ClipProbe, seen: Inspection, path: Path) -> ClipAudit:
    if not told.n_audio_streams:
        return replace(bare, reason=missing_stream(path, "audio").reason)
    if seen.peak > 0:
        return bare
    others = f" (of {told.n_audio_streams})" if told.n_audio_streams > 1 else ""
    detail = f"all samples of its first sound stream{others} are 0" if others else ""
    return replace(bare, reason="silent", detail=detail)


def audit_after_crash(clip: TreeClip) -> ClipAudit:
    """Return the audit of a clip over which the decoding process died.

    Nothing is known but that it is ``unreadable``.
    """
    detail = "the process that decoded it died, twice"
    return replace(_bare(clip), reason="unreadable", detail=detail)


def audit_after_timeout(clip: TreeClip) -> ClipAudit:
    """Return the audit of a clip over which the decoding process hung and was ended.

    Nothing is known but that it is ``too_slow``.
    """
    return replace(_bare(clip), reason="too_slow", detail="decoding it did not end")


def flags_of(told: ClipProbe, seen: Inspection, asked: Asked) -> list[str]:
    """Return what a curator should know of a clip, though it does not bar it.

    Returns those of ``near_silent``, ``vfr``, ``odd_steps``, ``av_offset``, ``two_video_streams``,
    ``two_audio_streams``, ``unequal_lengths``, ``odd_duration``, ``not_in_browser``.
    """
    steps, allowed = told.n_odd_steps, asked.max_odd_steps
    is_vfr = told.is_vfr if allowed is None else steps > allowed
    found = {
        "near_silent": 0 < seen.peak < NEAR_SILENT_PEAK,
        "vfr": is_vfr,
        "odd_steps": steps > 0 and not is_vfr,
        "av_offset": abs(told.av_start_offset_s) > NOTICED_OFFSET_S,
        "two_video_streams": told.n_video_streams > 1,
        "two_audio_streams": told.n_audio_streams > 1,
        "unequal_lengths": told.n_audio_streams > 0
        and abs(told.picture_s - told.sound_s) > _ODD_DURATION_S,
        "odd_duration": abs(told.duration_s - asked.clip_s) > _ODD_DURATION_S,
        "not_in_browser": not plays_in_a_browser(told),
    }
    return [flag for flag, is_so in found.items() if is_so]


def plays_in_a_browser(told: ClipProbe) -> bool:
    """Return whether the usual browsers play a clip, as the page for vetting needs.

    Returns False for what some of them leave black or silent.
    """
    return (
        told.container in _IN_BROWSERS["containers"]
        and told.video_codec in _IN_BROWSERS["pictures"]
        and told.pixel_format in _IN_BROWSERS["pixels"]
        and told.audio_codec in _IN_BROWSERS["sounds"]
    )


def _bare(clip: TreeClip) -> ClipAudit:
    return ClipAudit(clip.filename, clip.video_location, clip.mit_label, n_bytes=0)


def _complete(bare: ClipAudit, told: ClipProbe, seen: Inspection, asked: Asked) -> ClipAudit:
    return replace(
        bare,
        flags=",".join(flags_of(told, seen, asked)),
        duration_s=told.duration_s,
        frame_rate_hz=told.frame_rate_hz,
        nominal_frame_rate_hz=told.nominal_frame_rate_hz,
        usual_frame_rate_hz=told.usual_frame_rate_hz,
        n_odd_steps=told.n_odd_steps,
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
