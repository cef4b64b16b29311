"""Lists of clips for tests: clean ones, odd spellings that mean the same, and faults."""

import csv
import io
from dataclasses import dataclass, field

CLASSES = ("barking", "diving", "frying")
PLAIN = {
    "filename": "filename",
    "avmit_label": "AVMIT_label",
    "mit_label": "MIT_label",
    "video_location": "video_location",
    "tfrecord_filename": "tfrecord_filename",
    "new_filename": "new_filename",
    "rating": "rating",
    "participant_id": "participant",
    "r1": "r1",
    "r2": "r2",
    "r3": "r3",
}
KINDS = {
    "video_ratings": (
        "filename", "r1", "r2", "r3", "avmit_label", "mit_label", "video_location",
        "tfrecord_filename",
    ),
    "raw_video_ratings": (
        "filename", "avmit_label", "mit_label", "video_location", "rating", "participant_id",
    ),
    "test_set": (
        "filename", "avmit_label", "mit_label", "video_location", "new_filename",
        "tfrecord_filename",
    ),
    "MIT16_train": ("filename", "mit_label", "avmit_label", "tfrecord_filename"),
}  # fmt: skip


@dataclass
class Table:
    """A table to be written, cell by cell."""

    kind: str
    rows: list[dict[str, str]]
    heading: dict[str, str] = field(default_factory=lambda: dict(PLAIN))

    @property
    def columns(self):
        return KINDS[self.kind]

    def text(self, *, newline="\n", blank_after=()):
        """Return the table as CSV."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator=newline)
        writer.writerow([self.heading[name] for name in self.columns])
        for number, row in enumerate(self.rows):
            writer.writerow([row[name] for name in self.columns])
            if number in blank_after:
                out.write(newline)
        return out.getvalue()

    def write(self, folder, **how):
        path = folder / f"{self.kind}.csv"
        path.write_text(self.text(**how), encoding="utf-8", newline="")
        return path


def clean(kind, n_clips=12, *, n_ratings=3, location="training"):
    """Return a list without faults."""
    rows = []
    for number in range(n_clips):
        label = CLASSES[number % len(CLASSES)]
        clip = {
            "filename": f"{label}/yt-{number // 2}_{number}.mp4",
            "avmit_label": label,
            "mit_label": label,
            "video_location": location,
            "tfrecord_filename": f"{label}/yt-{number // 2}_{number}.tfrecord",
            "new_filename": f"{label}/{label}_{number // len(CLASSES) + 1}.mp4",
            "r1": "0",
            "r2": "0",
            "r3": str(n_ratings),
        }
        if kind == "raw_video_ratings":
            rows += [
                clip | {"rating": str(1 + person), "participant_id": f"P{person}"}
                for person in range(n_ratings)
            ]
        else:
            rows.append(clip)
    return Table(kind, rows)
