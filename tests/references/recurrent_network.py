"""The paper's network by hand: numpy, float64, gradients written out, no library of layers.

Weights are a flat dict of arrays. Nothing of `models` is used, so that the two can be compared.
"""

import numpy as np

BN_EPSILON, BN_MOMENTUM = 1e-3, 0.99
BETA_1, BETA_2, ADAM_EPSILON = 0.9, 0.999, 1e-7


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def activate(x, name):
    """Value and derivative."""
    if name == "relu":
        return np.maximum(x, 0), (x > 0).astype(float)
    s = sigmoid(x)
    return x * s, s + x * s * (1 - s)


class Reference:
    """A network of squeeze units and one recurrent layer, with Adam."""

    def __init__(self, weights, rnn, activation, dropout):
        self.w = {name: np.array(value, dtype=np.float64) for name, value in weights.items()}
        self.rnn, self.activation, self.dropout = rnn, activation, dropout
        self.m = {name: np.zeros_like(value) for name, value in self.w.items()}
        self.v = {name: np.zeros_like(value) for name, value in self.w.items()}
        self.n_steps = 0

    def probabilities(self, audio, visual):
        """Forward pass of a trained network."""
        branches = []
        for name, x in (("audio", audio), ("visual", visual)):
            y = x @ self.w[f"{name}_kernel"] + self.w[f"{name}_bias"]
            mean, variance = self.w[f"{name}_mean"], self.w[f"{name}_variance"]
            y = (y - mean) / np.sqrt(variance + BN_EPSILON)
            branches.append(
                activate(y * self.w[f"{name}_gamma"] + self.w[f"{name}_beta"], self.activation)[0]
            )
        state, _ = self._recur(np.concatenate(branches, axis=-1))
        return self._softmax(state @ self.w["output_kernel"] + self.w["output_bias"])

    def step(self, audio, visual, targets, mask, learning_rate):
        """One Adam step on one batch; the mask says which inputs of the recurrent layer stay."""
        caches, branches = {}, []
        for name, x in (("audio", audio), ("visual", visual)):
            y = x @ self.w[f"{name}_kernel"] + self.w[f"{name}_bias"]
            mean, variance = y.mean(axis=(0, 1)), y.var(axis=(0, 1))  # over clips and timesteps
            deviation = np.sqrt(variance + BN_EPSILON)
            z = (y - mean) / deviation
            value, slope = activate(
                z * self.w[f"{name}_gamma"] + self.w[f"{name}_beta"], self.activation
            )
            caches[name] = (x, z, deviation, slope)
            branches.append(value)
            for kind, now in (("mean", mean), ("variance", variance)):
                moving = self.w[f"{name}_{kind}"]
                self.w[f"{name}_{kind}"] = BN_MOMENTUM * moving + (1 - BN_MOMENTUM) * now
        keep = mask / (1 - self.dropout)
        inputs = np.concatenate(branches, axis=-1) * keep
        state, tape = self._recur(inputs)
        probability = self._softmax(state @ self.w["output_kernel"] + self.w["output_bias"])
        n = len(targets)
        loss = -np.log(probability[np.arange(n), targets]).mean()

        g = {}
        d_scores = probability.copy()
        d_scores[np.arange(n), targets] -= 1
        d_scores /= n
        g["output_kernel"], g["output_bias"] = state.T @ d_scores, d_scores.sum(axis=0)
        d_inputs = self._unrecur(d_scores @ self.w["output_kernel"].T, inputs, tape, g) * keep
        width = d_inputs.shape[-1] // 2
        for name, part in (("audio", d_inputs[..., :width]), ("visual", d_inputs[..., width:])):
            x, z, deviation, slope = caches[name]
            d = part * slope
            g[f"{name}_gamma"], g[f"{name}_beta"] = (d * z).sum((0, 1)), d.sum((0, 1))
            d = d * self.w[f"{name}_gamma"]
            d = (d - d.mean((0, 1)) - z * (d * z).mean((0, 1))) / deviation
            g[f"{name}_kernel"] = np.einsum("nti,ntj->ij", x, d)
            g[f"{name}_bias"] = d.sum((0, 1))
        self._adam(g, learning_rate)
        return loss

    def _softmax(self, scores):
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def _adam(self, gradients, learning_rate):
        self.n_steps += 1
        t = self.n_steps
        for name, g in gradients.items():
            self.m[name] = BETA_1 * self.m[name] + (1 - BETA_1) * g
            self.v[name] = BETA_2 * self.v[name] + (1 - BETA_2) * g**2
            rate = learning_rate * np.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
            self.w[name] = self.w[name] - rate * self.m[name] / (
                np.sqrt(self.v[name]) + ADAM_EPSILON
            )

    def _recur(self, inputs):
        n, n_timesteps, _ = inputs.shape
        units = self.w["rnn_recurrent"].shape[0]
        h, c = np.zeros((n, units)), np.zeros((n, units))
        tape = []
        for t in range(n_timesteps):
            before = (h, c)
            h, c, local = getattr(self, f"_{self.rnn}")(inputs[:, t], h, c)
            tape.append((before, (h, c), local))
        return h, tape

    def _unrecur(self, d_h, inputs, tape, g):
        g["rnn_kernel"] = np.zeros_like(self.w["rnn_kernel"])
        g["rnn_recurrent"] = np.zeros_like(self.w["rnn_recurrent"])
        g["rnn_bias"] = np.zeros_like(self.w["rnn_bias"])
        d_inputs, d_c = np.zeros_like(inputs), np.zeros_like(d_h)
        for t in reversed(range(len(tape))):
            before, after, local = tape[t]
            d_x, d_h, d_c = getattr(self, f"_un{self.rnn}")(
                d_h, d_c, inputs[:, t], before, after, local, g
            )
            d_inputs[:, t] = d_x
        return d_inputs

    def _frnn(self, x, h, c):
        h = np.tanh(x @ self.w["rnn_kernel"] + h @ self.w["rnn_recurrent"] + self.w["rnn_bias"])
        return h, c, None

    def _unfrnn(self, d_h, d_c, x, before, after, local, g):
        d = d_h * (1 - after[0] ** 2)
        g["rnn_kernel"] += x.T @ d
        g["rnn_recurrent"] += before[0].T @ d
        g["rnn_bias"] += d.sum(0)
        return d @ self.w["rnn_kernel"].T, d @ self.w["rnn_recurrent"].T, d_c

    def _gru(self, x, h, c):
        i = np.split(x @ self.w["rnn_kernel"] + self.w["rnn_bias"][0], 3, axis=1)
        r = np.split(h @ self.w["rnn_recurrent"] + self.w["rnn_bias"][1], 3, axis=1)
        update, reset = sigmoid(i[0] + r[0]), sigmoid(i[1] + r[1])
        candidate = np.tanh(i[2] + reset * r[2])
        return update * h + (1 - update) * candidate, c, (update, reset, candidate, r[2])

    def _ungru(self, d_h, d_c, x, before, after, local, g):
        update, reset, candidate, inner = local
        h = before[0]
        d_candidate = d_h * (1 - update) * (1 - candidate**2)
        d_update = d_h * (h - candidate) * update * (1 - update)
        d_reset = d_candidate * inner * reset * (1 - reset)
        d_in = np.concatenate([d_update, d_reset, d_candidate], axis=1)
        d_rec = np.concatenate([d_update, d_reset, d_candidate * reset], axis=1)
        g["rnn_kernel"] += x.T @ d_in
        g["rnn_recurrent"] += h.T @ d_rec
        g["rnn_bias"] += np.stack([d_in.sum(0), d_rec.sum(0)])
        d_before = d_h * update + d_rec @ self.w["rnn_recurrent"].T
        return d_in @ self.w["rnn_kernel"].T, d_before, d_c

    def _lstm(self, x, h, c):
        z = x @ self.w["rnn_kernel"] + h @ self.w["rnn_recurrent"] + self.w["rnn_bias"]
        i, f, a, o = np.split(z, 4, axis=1)
        i, f, a, o = sigmoid(i), sigmoid(f), np.tanh(a), sigmoid(o)
        c = f * c + i * a
        return o * np.tanh(c), c, (i, f, a, o)

    def _unlstm(self, d_h, d_c, x, before, after, local, g):
        i, f, a, o = local
        tanh_c = np.tanh(after[1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d = np.concatenate(
            [
                d_c * a * i * (1 - i),
                d_c * before[1] * f * (1 - f),
                d_c * i * (1 - a**2),
                d_h * tanh_c * o * (1 - o),
            ],
            axis=1,
        )
        g["rnn_kernel"] += x.T @ d
        g["rnn_recurrent"] += before[0].T @ d
        g["rnn_bias"] += d.sum(0)
        return d @ self.w["rnn_kernel"].T, d @ self.w["rnn_recurrent"].T, d_c * f
