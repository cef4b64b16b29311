"""Clips for the tests of extraction, and the published loop over their frames."""

from fractions import Fraction

import av
import cv2
import numpy as np


def write_colourful_clip(
    path,
    *,
    size=(320, 240),
    rate=30,
    n_frames=90,
    codec="libx264",
    colour=None,
    options=None,
):
    """Write moving coloured noise with b-frames and a stereo tone."""
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 256, (n_frames // 10 + 2, 8, 8, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=Fraction(rate))
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        video.options = options or {}
        if colour is not None:
            video.codec_context.colorspace = colour
        audio = container.add_stream("aac", rate=44100, layout="stereo")
        for index in range(n_frames):
            image = cv2.resize(coarse[index // 10], size, interpolation=cv2.INTER_CUBIC)
            image = np.roll(image, index * 3, axis=1)
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(video.encode(None))
        seconds = np.arange(int(44100 * n_frames / rate)) / 44100
        tone = (np.sin(2 * np.pi * 440 * seconds) * 9000).astype(np.int16)
        samples = np.stack([tone, tone // 3], axis=1).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate = 44100
        container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    return path


def write_changing_sound(path, layouts, *, amplitude=9000):
    """Write an MPEG stream whose sound takes another of the layouts every second."""
    parts = [
        _second_of_sound(path.with_name(f"{path.stem}_{n}.ts"), layout, n, amplitude)
        for n, layout in enumerate(layouts)
    ]
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def _second_of_sound(path, layout, begin_s, amplitude):
    with av.open(str(path), "w", format="mpegts") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        video.options = {"bf": "0"}
        audio = container.add_stream("aac", rate=48000, layout=layout)
        for index in range(25):
            frame = av.VideoFrame(64, 64, "yuv420p")
            frame.pts = index + 25 * begin_s
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        n_channels = 1 if layout == "mono" else 2
        tone = (np.sin(2 * np.pi * 440 * np.arange(48000) / 48000) * amplitude).astype(np.int16)
        samples = np.stack([tone // (1 + channel) for channel in range(n_channels)], axis=1)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate, frame.pts = 48000, 48000 * begin_s
        container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    return path


def published_frames(path, step_ms):
    """Return the frames and times that OpenCV's capture gives in the published order of calls."""
    capture = cv2.VideoCapture(str(path))
    frames, times_ms = [], []
    last_ms, over = -99999.0, False
    while True:
        while capture.get(cv2.CAP_PROP_POS_MSEC) < last_ms + step_ms:
            if not capture.read()[0]:
                over = True
                break
        if over:
            break
        last_ms = capture.get(cv2.CAP_PROP_POS_MSEC)
        found, frame = capture.read()
        if not found:
            break
        frames.append(cv2.resize(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), (224, 224)))
        times_ms.append(capture.get(cv2.CAP_PROP_POS_MSEC))
    return frames, times_ms
