"""Extraction against the published way of doing it, on the same clips and weights in one run.

The reference works as the published script does: pydub and resampy once per clip, OpenCV's
capture, the audio network as a TensorFlow function, the visual network called eagerly once per
frame. Runs are interleaved; ratios count, times of a shared machine do not.

Usage: python -m benchmarks.extraction [--set yamnet_effnet|vggish_vgg16] [--clips DIR] [--runs 5]
       python -m benchmarks.extraction --engines
"""

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from features.embedding_set import EMBEDDING_SETS, EmbeddingSet
from features.extraction.clip_list import ListedClip, read_clip_list
from features.extraction.extractor import Extractor, Job, extract_clip
from features.extraction.prepare import prepare
from features.inputs.frames import shrink
from features.networks.layers import Weights
from features.networks.specs import NETWORKS
from features.networks.untrained import untrained_weights
from features.records.records import read_record
from study.clips.sampling import decode_for_extraction

SEED = 1
GFLOP_PER_FRAME = {"vgg16": 30.69, "efficientnetb0": 0.769}
MAX_RELATIVE_DIFFERENCE = {
    "visual": 1e-4,
    "audio": 1e-3,  # the reference's sound comes from another FFmpeg
    "audio, same samples": 1e-4,
}


class Reference:
    """The published way, with the weights of the run."""

    def __init__(self, embedding_set: EmbeddingSet, step_ms: int) -> None:
        import keras
        import tensorflow as tf

        self.tf, self.keras = tf, keras
        self.embedding_set, self.step_ms = embedding_set, step_ms
        audio = untrained_weights(NETWORKS[embedding_set.audio_network], SEED)
        visual = untrained_weights(NETWORKS[embedding_set.visual_network], SEED)
        self.audio_model = self._audio_model(audio)
        self.visual_model = self._visual_model(visual)

    def extract(self, path: Path) -> tuple[np.ndarray, np.ndarray]:
        """Return audio and visual embeddings of a clip."""
        audio = self.audio_model(self._sound(path)).numpy()
        visual = [
            np.asarray(self.visual_model(frame[None], training=False))
            for frame in self._frames(path)
        ]
        return audio, np.concatenate(visual)

    def _sound(self, path: Path) -> np.ndarray:
        from pydub import AudioSegment

        return self._mono_16_khz(AudioSegment.from_file(path))

    def audio_of(self, samples: np.ndarray, sample_rate_hz: int) -> np.ndarray:
        """Return audio embeddings of sound that is decoded already.

        Parameters
        ----------
        samples : ndarray of int16, shape (n_samples, n_channels)
            The sound.
        sample_rate_hz : int
            Its rate.

        Returns
        -------
        ndarray of float32, shape (timesteps, size)
            Embeddings.
        """
        from pydub import AudioSegment

        segment = AudioSegment(
            samples.tobytes(),
            frame_rate=sample_rate_hz,
            sample_width=2,
            channels=samples.shape[1],
        )
        return np.asarray(self.audio_model(self._mono_16_khz(segment)))

    def _mono_16_khz(self, segment: Any) -> np.ndarray:  # noqa: ANN401
        import resampy

        segment = segment.set_channels(1).set_sample_width(2)
        samples = np.asarray(segment.get_array_of_samples(), dtype="float32") / 32768.0
        if segment.frame_rate == 16000:
            return samples
        return np.asarray(resampy.resample(samples, segment.frame_rate, 16000))

    def _frames(self, path: Path) -> Any:  # noqa: ANN401
        import cv2

        capture = cv2.VideoCapture(str(path))
        taken_ms = -1e5
        while True:
            while capture.get(cv2.CAP_PROP_POS_MSEC) < taken_ms + self.step_ms:
                if not capture.read()[0]:
                    return
            taken_ms = capture.get(cv2.CAP_PROP_POS_MSEC)
            found, frame = capture.read()
            if not found:
                return
            frame = cv2.resize(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), (224, 224))
            if self.embedding_set.visual_network == "vgg16":
                frame = self.keras.applications.vgg16.preprocess_input(frame.astype("float32"))
            yield frame

    def _visual_model(self, weights: Weights) -> Any:  # noqa: ANN401
        application = {
            "vgg16": self.keras.applications.VGG16,
            "efficientnetb0": self.keras.applications.EfficientNetB0,
        }[self.embedding_set.visual_network]
        model = application(include_top=False, weights=None, pooling="avg")
        norm_of = NETWORKS[self.embedding_set.visual_network].norm_of
        for name, layer in weights.items():
            norm = norm_of(name)
            if norm is None:
                model.get_layer(name).set_weights([layer.kernel, layer.bias])
                continue
            # The bias moves into a batch normalisation that does nothing else.
            ones, zeros = np.ones_like(layer.bias), np.zeros_like(layer.bias)
            model.get_layer(name).set_weights([layer.kernel])
            model.get_layer(norm).set_weights([ones, layer.bias, zeros, ones - 1e-3])
        if self.embedding_set.visual_network == "efficientnetb0":
            mean, spread = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
            model = self._normalised(model, mean, spread)
        return model

    def _normalised(self, model: Any, mean: np.ndarray, spread: np.ndarray) -> Any:  # noqa: ANN401
        # Of weights=None Keras makes no statistics; put them in front of the padded stem.
        frame = self.keras.Input((224, 224, 3))
        x = self.keras.layers.Rescaling(1 / 255)(frame)
        x = self.keras.layers.Normalization(mean=mean, variance=spread**2)(x)
        stem = self.keras.Model(model.get_layer("stem_conv_pad").input, model.output)
        return self.keras.Model(frame, stem(x))

    def _audio_model(self, weights: Weights) -> Callable[[np.ndarray], Any]:
        tf = self.tf
        yamnet = self.embedding_set.audio_network == "yamnet"
        matrix = tf.signal.linear_to_mel_weight_matrix(64, 257, 16000, 125.0, 7500.0)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def model(sound: Any) -> Any:  # noqa: ANN401
            if yamnet:
                beyond = tf.cast(tf.maximum(tf.shape(sound)[0], 15600) - 15600, tf.float32)
                n_more = tf.cast(tf.math.ceil(beyond / 7680.0), tf.int32)
                sound = tf.pad(sound, [[0, 15600 + 7680 * n_more - tf.shape(sound)[0]]])
            magnitudes = tf.abs(tf.signal.stft(sound, 400, 160, 512))
            log_mel = tf.math.log(magnitudes @ matrix + (0.001 if yamnet else 0.01))
            x = tf.signal.frame(log_mel, 96, 48 if yamnet else 96, axis=0)[..., None]
            return (_yamnet if yamnet else _vggish)(tf, x, weights)

        return model


def _yamnet(tf: Any, x: Any, weights: Weights) -> Any:  # noqa: ANN401
    strides = {1: 2, 3: 2, 5: 2, 7: 2, 13: 2}
    x = tf.nn.relu(_conv(tf, x, weights, "layer1/conv", 2))
    for number in range(2, 15):
        stride = strides.get(number, 1)
        layer = weights[f"layer{number}/depthwise_conv"]
        x = tf.nn.depthwise_conv2d(x, layer.kernel, [1, stride, stride, 1], "SAME") + layer.bias
        x = tf.nn.relu(_conv(tf, tf.nn.relu(x), weights, f"layer{number}/pointwise_conv"))
    return tf.reduce_mean(x, axis=[1, 2])


def _vggish(tf: Any, x: Any, weights: Weights) -> Any:  # noqa: ANN401
    for stage in ("conv1", "conv2", "conv3/conv3_1 conv3/conv3_2", "conv4/conv4_1 conv4/conv4_2"):
        for name in stage.split():
            x = tf.nn.relu(_conv(tf, x, weights, name))
        x = tf.nn.max_pool2d(x, 2, 2, "SAME")
    x = tf.reshape(x, [-1, 12288])
    for name in ("fc1/fc1_1", "fc1/fc1_2"):
        x = tf.nn.relu(x @ weights[name].kernel + weights[name].bias)
    return x @ weights["fc2"].kernel + weights["fc2"].bias


def _conv(tf: Any, x: Any, weights: Weights, name: str, stride: int = 1) -> Any:  # noqa: ANN401
    return tf.nn.conv2d(x, weights[name].kernel, stride, "SAME") + weights[name].bias


_extractor: Extractor | None = None
_folder = Path()


def _start(job: Job) -> None:
    global _extractor, _folder
    _extractor = Extractor(job.recipe, job.audio, job.visual)
    _folder = job.folder


def _ours(clip: ListedClip) -> float:
    """Extract one clip and return the CPU seconds that it took."""
    if _extractor is None:
        raise RuntimeError("the process was not started")
    begin = time.process_time()
    result = extract_clip(_extractor, clip, _folder)
    if not hasattr(result, "record_sha256"):
        raise RuntimeError(f"{clip.filename} was rejected: {result}")
    return time.process_time() - begin


def _cpu_s() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def compare(embedding_set: EmbeddingSet, grid: str, clips: list[ListedClip], n_runs: int) -> None:
    """Run both ways in turn and print speeds, CPU, ratios and the largest difference."""
    step_ms = embedding_set.visual_step_ms(grid)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as out:
        job, _ = prepare(
            embedding_set.name,
            grid=grid,  # type: ignore[arg-type]
            normalisation="keras3",
            silence_for_missing_audio=False,
            weights_folder=Path(out),
            untrained_seed=SEED,
            out=Path(out),
        )
        n_processes = len(os.sched_getaffinity(0))
        os.environ["OPENBLAS_NUM_THREADS"] = "1"  # of the processes that extract
        pool = ProcessPoolExecutor(n_processes, get_context("spawn"), _start, (job,))
        list(pool.map(_ours, clips))  # start-up and first use are not what is compared
        reference = Reference(embedding_set, step_ms)
        reference.extract(clips[0].path)
        measured = []
        for number in range(n_runs):
            begin, begin_cpu = time.perf_counter(), _cpu_s()
            expected = [reference.extract(clip.path) for clip in clips]
            theirs = (time.perf_counter() - begin, _cpu_s() - begin_cpu)
            repeats = 4 * clips
            begin = time.perf_counter()
            cpu_s = sum(pool.map(_ours, repeats))
            ours = ((time.perf_counter() - begin) / 4, cpu_s / 4)
            measured.append((theirs[0] / len(clips), theirs[1] / len(clips),
                             ours[0] / len(clips), ours[1] / len(clips)))  # fmt: skip
            _print_run(f"run {number + 1}", *measured[-1])
        pool.shutdown()
        _print_run("median", *(statistics.median(column) for column in zip(*measured, strict=True)))
        _print_differences(clips, expected, reference, job.folder)
        _print_peak(embedding_set, statistics.median(m[3] for m in measured), expected)


def _print_run(name: str, wall: float, cpu: float, our_wall: float, our_cpu: float) -> None:
    print(
        f"| {name} | {1 / wall:.2f} | {cpu:.3f} | {1 / our_wall:.2f} | {our_cpu:.3f} | "
        f"{wall / our_wall:.1f} | {cpu / our_cpu:.1f} |",
        flush=True,
    )


def _print_differences(
    clips: list[ListedClip],
    expected: list[tuple[np.ndarray, np.ndarray]],
    reference: Reference,
    folder: Path,
) -> None:
    worst = dict.fromkeys(MAX_RELATIVE_DIFFERENCE, 0.0)
    for clip, (audio, visual) in zip(clips, expected, strict=True):
        record = read_record(folder / clip.tfrecord_filename, reference.embedding_set)
        decoded = decode_for_extraction(clip.path, choose=lambda _: [], keep=shrink)
        same = reference.audio_of(decoded.samples, decoded.sample_rate_hz)
        for name, ours, theirs in (
            ("audio", record.audio, audio),
            ("audio, same samples", record.audio, same),
            ("visual", record.visual, visual),
        ):
            if ours.shape != theirs.shape:
                raise SystemExit(f"{clip.filename}: {name} {ours.shape}, expected {theirs.shape}")
            difference = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
            worst[name] = max(worst[name], difference)
    for name, difference in worst.items():
        limit = MAX_RELATIVE_DIFFERENCE[name]
        verdict = "ok" if difference <= limit else "TOO LARGE"
        print(
            f"largest relative difference, {name}: {difference:.1e} (limit {limit:.0e}) {verdict}"
        )


def _print_peak(
    embedding_set: EmbeddingSet, cpu_s: float, expected: list[tuple[np.ndarray, np.ndarray]]
) -> None:
    gflop = GFLOP_PER_FRAME[embedding_set.visual_network]
    n_frames = statistics.mean(len(visual) for _, visual in expected)
    peak = matmul_peak()
    reached = gflop * n_frames / cpu_s
    print(
        f"visual network: {n_frames:.1f} frames of {gflop} GFLOP in {cpu_s:.3f} CPU-s per clip, "
        f"decoding and sound included: as fast as {reached:.0f} GFLOP/s of plain convolution, "
        f"{reached / peak:.0%} of the {peak:.0f} GFLOP/s that one core reached in a matrix product"
    )


def matmul_peak(size: int = 1536, seconds: float = 2.0) -> float:
    """Return the GFLOP/s of one core in float32 matrix products."""
    rng = np.random.default_rng(0)
    left, right = (rng.normal(size=(size, size)).astype(np.float32) for _ in range(2))
    best, end = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.process_time()
        left @ right
        best = max(best, 2 * size**3 / (time.process_time() - begin) / 1e9)
    return best


def engines() -> None:
    """Print CPU milliseconds per item by network, engine and batch, and the difference."""
    from features.engines.open_engine import open_engine
    from features.weights.find import find_weights, prepare_graph

    batches = {"yamnet": (1, 6, 24), "vggish": (1, 3, 12), "efficientnetb0": (1, 4, 7),
               "vgg16": (1, 4, 7)}  # fmt: skip
    print("| network | batch | ONNX Runtime | ncnn | difference |")
    print("|---|---|---|---|---|")
    for network, sizes in batches.items():
        with tempfile.TemporaryDirectory() as empty:
            source = find_weights(network, Path(empty), SEED)
        graph = prepare_graph(source)
        found: dict[str, Any] = {
            "onnxruntime": open_engine(graph).run,
            "ncnn": open_engine(prepare_graph(source, "ncnn")).run,
        }
        spec = NETWORKS[network]
        for size in sizes:
            rng = np.random.default_rng(size)
            standard = rng.normal(size=(size, *spec.input_shape)).astype(np.float32)
            inputs = np.float32(spec.input_mean) + np.float32(spec.input_spread) * standard
            times = {
                name: min(_timed(run, inputs) for _ in range(5)) for name, run in found.items()
            }
            outs = {name: run(inputs) for name, run in found.items()}
            expected = outs.pop("onnxruntime")
            diffs = [np.abs(out - expected).max() / np.abs(expected).max() for out in outs.values()]
            cells = [f"{1000 * times[name] / size:.2f}" for name in found]
            cells += [f"{diff:.0e}" for diff in diffs]
            print(f"| {network} | {size} | {' | '.join(cells)} |", flush=True)


def _timed(run: Callable[[np.ndarray], np.ndarray], inputs: np.ndarray) -> float:
    best, end = float("inf"), time.process_time() + 1.0
    while time.process_time() < end:
        begin = time.process_time()
        run(inputs)
        best = min(best, time.process_time() - begin)
    return best


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", choices=list(EMBEDDING_SETS), default="yamnet_effnet")
    parser.add_argument("--grid", choices=("paper", "released"), default="released")
    parser.add_argument("--clips", type=Path, help="folder <label>/<clip> [default: made]")
    parser.add_argument("--n-clips", type=int, default=8)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--engines", action="store_true", help="engine by batch, and no more")
    options = parser.parse_args()
    if options.engines:
        engines()
        return
    with tempfile.TemporaryDirectory() as made:
        folder = options.clips or _made_clips(Path(made))
        clips = [c for c in read_clip_list(folder, None) if _has_sound(c)][: options.n_clips]
        print(f"{options.set}, grid {options.grid}, {len(clips)} clips, {options.runs} runs")
        print("| | ref. clips/s | ref. CPU-s | clips/s | CPU-s | x faster | x less CPU |")
        print("|---|---|---|---|---|---|---|")
        compare(EMBEDDING_SETS[options.set], options.grid, clips, options.runs)


def _made_clips(root: Path) -> Path:
    from study.rehearsal.tree import make_clips

    make_clips(root, seed=SEED, n_per_class=4, classes=("barking", "raining", "whistling"))
    return root / "training"


def _has_sound(clip: ListedClip) -> bool:
    from study.clips.probe import probe

    return probe(clip.path).n_audio_streams > 0


if __name__ == "__main__":
    main()
