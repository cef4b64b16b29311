"""YAMNet as a SavedModel: waveform in; scores, embeddings and log mel out."""

import tensorflow as tf

from tests.references.audio_networks import YAMNET_ROWS


class YamnetModule(tf.Module):
    def __init__(self, arrays):
        super().__init__()
        self.named = [
            tf.Variable(array.astype("float32"), name=name) for name, array in arrays.items()
        ]

    def _get(self, name):
        return next(v for v in self.named if v.name == f"{name}:0")

    def _norm(self, x, name):
        return tf.nn.batch_normalization(
            x,
            self._get(f"{name}/moving_mean"),
            self._get(f"{name}/moving_variance"),
            self._get(f"{name}/beta"),
            None,
            1e-4,
        )

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def __call__(self, waveform):
        n_beyond = tf.cast(tf.maximum(tf.shape(waveform)[0], 15600) - 15600, tf.float32)
        n_more = tf.cast(tf.math.ceil(n_beyond / 7680.0), tf.int32)
        padding = 15600 + 7680 * n_more - tf.shape(waveform)[0]
        sound = tf.pad(waveform, [[0, padding]])
        magnitudes = tf.abs(tf.signal.stft(sound, 400, 160, 512))
        matrix = tf.signal.linear_to_mel_weight_matrix(64, 257, 16000, 125.0, 7500.0)
        log_mel = tf.math.log(magnitudes @ matrix + 0.001)
        x = tf.signal.frame(log_mel, 96, 48, axis=0)[..., None]
        for number, (kind, stride, _) in enumerate(YAMNET_ROWS, start=1):
            if kind == "conv":
                x = tf.nn.conv2d(x, self._get("layer1/conv/kernel"), stride, "SAME")
                x = tf.nn.relu(self._norm(x, "layer1/conv/bn"))
                continue
            name = f"layer{number}/depthwise_conv"
            strides = [1, stride, stride, 1]
            kernel = self._get(f"{name}/depthwise_kernel")
            x = tf.nn.depthwise_conv2d(x, kernel, strides, "SAME")
            x = tf.nn.relu(self._norm(x, f"{name}/bn"))
            name = f"layer{number}/pointwise_conv"
            x = tf.nn.conv2d(x, self._get(f"{name}/kernel"), 1, "SAME")
            x = tf.nn.relu(self._norm(x, f"{name}/bn"))
        embeddings = tf.reduce_mean(x, axis=[1, 2])
        logits = embeddings @ self._get("logits/kernel") + self._get("logits/bias")
        return tf.sigmoid(logits), embeddings, log_mel


def save_yamnet(arrays, folder):
    tf.saved_model.save(YamnetModule(arrays), str(folder))
