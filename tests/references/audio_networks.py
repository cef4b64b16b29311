"""The networks once more, written another way: plain loops over raw weights, and TensorFlow."""

import h5py
import numpy as np

# One row per layer of YAMNet: what it does, its stride, its filters.
YAMNET_ROWS = [
    ("conv", 2, 32), ("sep", 1, 64), ("sep", 2, 128), ("sep", 1, 128), ("sep", 2, 256),
    ("sep", 1, 256), ("sep", 2, 512), ("sep", 1, 512), ("sep", 1, 512), ("sep", 1, 512),
    ("sep", 1, 512), ("sep", 1, 512), ("sep", 2, 1024), ("sep", 1, 1024),
]  # fmt: skip


def read_yamnet_h5(path):
    """Return the raw variables of the public file by "layer7/pointwise_conv/bn/beta"."""
    arrays = {}
    with h5py.File(path) as file:
        for layer in file.attrs["layer_names"]:
            layer = layer.decode()
            for leaf in ("kernel", "depthwise_kernel", "bias", "beta", "moving_mean",
                         "moving_variance"):  # fmt: skip
                key = f"{layer}/{layer}/{leaf}:0"
                if key in file:
                    arrays[f"{layer}/{leaf}"] = file[key][()].astype(np.float64)
    return arrays


def pad_same(x, stride):
    """Zero-pad (height, width, channels) for 3 by 3 windows as TensorFlow does."""
    pads = []
    for length in x.shape[:2]:
        out = -(-length // stride)
        total = max((out - 1) * stride + 3 - length, 0)
        pads.append((total // 2, total - total // 2))
    return np.pad(x, [*pads, (0, 0)])


def convolve(x, kernel, stride):
    """3 by 3, tap by tap."""
    height, width = (-(-length // stride) for length in x.shape[:2])
    padded = pad_same(x, stride)
    out = np.zeros((height, width, kernel.shape[3]))
    for i in range(3):
        for j in range(3):
            tap = padded[i : i + height * stride : stride, j : j + width * stride : stride]
            out += tap[:height, :width] @ kernel[i, j]
    return out


def convolve_depthwise(x, kernel, stride):
    height, width = (-(-length // stride) for length in x.shape[:2])
    padded = pad_same(x, stride)
    out = np.zeros((height, width, x.shape[2]))
    for i in range(3):
        for j in range(3):
            tap = padded[i : i + height * stride : stride, j : j + width * stride : stride]
            out += tap[:height, :width] * kernel[i, j, :, 0]
    return out


def normalise(x, arrays, name):
    mean, variance = arrays[f"{name}/moving_mean"], arrays[f"{name}/moving_variance"]
    return (x - mean) / np.sqrt(variance + 1e-4) + arrays[f"{name}/beta"]


def yamnet_by_hand(patch, arrays):
    """Return embedding and class scores of one (96, 64) patch."""
    x = patch.astype(np.float64)[..., None]
    for number, (kind, stride, _) in enumerate(YAMNET_ROWS, start=1):
        if kind == "conv":
            x = convolve(x, arrays["layer1/conv/kernel"], stride)
            x = np.maximum(normalise(x, arrays, "layer1/conv/bn"), 0)
            continue
        depthwise = f"layer{number}/depthwise_conv"
        x = convolve_depthwise(x, arrays[f"{depthwise}/depthwise_kernel"], stride)
        x = np.maximum(normalise(x, arrays, f"{depthwise}/bn"), 0)
        pointwise = f"layer{number}/pointwise_conv"
        x = np.maximum(
            normalise(x @ arrays[f"{pointwise}/kernel"][0, 0], arrays, f"{pointwise}/bn"), 0
        )
    embedding = x.mean(axis=(0, 1))
    logits = embedding @ arrays["logits/kernel"] + arrays["logits/bias"]
    return embedding, 1 / (1 + np.exp(-logits))


def yamnet_front_by_hand(waveform):
    """Return (n, 96, 64) patches of a 16-kHz waveform: one frame, one band after the other."""
    n_more = int(np.ceil((max(len(waveform), 15600) - 15600) / 7680))
    sound = np.zeros(15600 + 7680 * n_more)
    sound[: len(waveform)] = waveform
    window = np.array([0.5 * (1 - np.cos(2 * np.pi * n / 400)) for n in range(400)])
    mel_of = [1127 * np.log(1 + 31.25 * k / 700) for k in range(257)]
    low, high = 1127 * np.log(1 + 125 / 700), 1127 * np.log(1 + 7500 / 700)
    edges = [low + (high - low) * band / 65 for band in range(66)]
    rows = []
    for begin in range(0, len(sound) - 400 + 1, 160):
        spectrum = np.abs(np.fft.fft(np.append(sound[begin : begin + 400] * window, np.zeros(112))))
        row = []
        for left, middle, right in zip(edges[:-2], edges[1:-1], edges[2:], strict=True):
            row.append(sum(
                spectrum[k] * min((mel_of[k] - left) / (middle - left),
                                  (right - mel_of[k]) / (right - middle))
                for k in range(1, 257) if left < mel_of[k] < right
            ))  # fmt: skip
        rows.append(np.log(np.array(row) + 0.001))
    return np.stack([rows[i : i + 96] for i in range(0, len(rows) - 95, 48)])


def random_vggish(rng):
    """Return raw VGGish variables under the names of the published checkpoint."""
    sizes = [("conv1", 1, 64), ("conv2", 64, 128), ("conv3/conv3_1", 128, 256),
             ("conv3/conv3_2", 256, 256), ("conv4/conv4_1", 256, 512),
             ("conv4/conv4_2", 512, 512)]  # fmt: skip
    arrays = {}
    for name, n_in, n_out in sizes:
        scale = np.sqrt(2 / (9 * n_in))
        arrays[f"vggish/{name}/weights"] = rng.normal(0, scale, (3, 3, n_in, n_out))
        arrays[f"vggish/{name}/biases"] = rng.normal(0, 0.1, n_out)
    for name, n_in, n_out in (
        ("fc1/fc1_1", 12288, 4096), ("fc1/fc1_2", 4096, 4096), ("fc2", 4096, 128)
    ):  # fmt: skip
        kernel = rng.standard_normal((n_in, n_out), np.float32) * np.float32(np.sqrt(2 / n_in))
        arrays[f"vggish/{name}/weights"] = kernel
        arrays[f"vggish/{name}/biases"] = rng.normal(0, 0.1, n_out)
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def vggish_by_hand(patch, arrays):
    """Return the embedding of one (96, 64) patch."""
    x = patch.astype(np.float64)[..., None]
    pools_after = {"conv1", "conv2", "conv3/conv3_2", "conv4/conv4_2"}
    for name in ("conv1", "conv2", "conv3/conv3_1", "conv3/conv3_2", "conv4/conv4_1",
                 "conv4/conv4_2"):  # fmt: skip
        x = convolve(x, arrays[f"vggish/{name}/weights"].astype(np.float64), 1)
        x = np.maximum(x + arrays[f"vggish/{name}/biases"], 0)
        if name in pools_after:
            x = np.maximum(np.maximum(x[::2, ::2], x[1::2, ::2]),
                           np.maximum(x[::2, 1::2], x[1::2, 1::2]))  # fmt: skip
    flat = x.reshape(-1)
    for name in ("fc1/fc1_1", "fc1/fc1_2"):
        flat = np.maximum(
            flat @ arrays[f"vggish/{name}/weights"] + arrays[f"vggish/{name}/biases"], 0
        )
    return flat @ arrays["vggish/fc2/weights"] + arrays["vggish/fc2/biases"]
