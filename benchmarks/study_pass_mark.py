"""Draw the operating curve of the screening: probability to pass against true accuracy.

Run: python -m benchmarks.study_pass_mark FILE.png
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks.pass_mark import pass_probability
from study.config.protocol import Protocol
from study.reports.figures import figure_of, save_figure


def main() -> None:
    """Draw the curve for 41 and for 16 classes, one attempt and two; print it as a table."""
    accuracy = np.linspace(0.7, 1, 301)
    ax = Figure(figsize=(7, 3.6), layout="constrained").subplots()
    for n_clips, colour in ((41, "tab:blue"), (16, "tab:orange")):
        mark = Protocol().pass_mark(n_clips)
        for n_attempts, line in ((1, "-"), (2, "--")):
            passed = [pass_probability(a, n_clips, mark, n_attempts) for a in accuracy]
            label = f"{mark} of {n_clips}, {n_attempts} attempt{'s' * (n_attempts > 1)}"
            ax.plot(accuracy, passed, line, color=colour, label=label)
    ax.set(xlabel="true accuracy", ylabel="probability to pass", xlim=(0.7, 1), ylim=(0, 1))
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small")
    save_figure(figure_of(ax), Path(sys.argv[1]))
    print("accuracy," + ",".join(f"{n} of 41, {k} attempts" for n in (38,) for k in (1, 2)))
    for a in (0.75, 0.80, 0.85, 0.90, 0.93, 0.95, 0.98):
        print(f"{a},{pass_probability(a, 41, 38):.3f},{pass_probability(a, 41, 38, 2):.3f}")


if __name__ == "__main__":
    main()
