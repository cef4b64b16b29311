"""The list of classes that is shipped."""

import csv
from importlib import resources

from study.classes import TEST_CLASSES, read_classes

TABLE_1 = {
    "giggling": {"laughing"},
    "frying": {"cooking", "boiling"},
    "inflating": {"blowing"},
    "pouring": {"spilling", "drenching", "filling"},
    "diving": {"swimming", "splashing"},
    "raining": {"dripping"},
}


def _rows():
    text = (resources.files("study") / "classes.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_there_are_41_classes_among_them_the_16_of_the_test_set():
    labels = read_classes().avmit_labels
    assert len(labels) == 41
    assert set(TEST_CLASSES) <= set(labels)


def test_relabelled_sources_are_those_of_table_1():
    label_of = read_classes().label_of
    relabelled = {}
    for mit_label, avmit_label in label_of.items():
        if mit_label != avmit_label:
            relabelled.setdefault(avmit_label, set()).add(mit_label)
    assert relabelled == TABLE_1


def test_every_class_that_the_paper_does_not_name_says_whose_choice_it_is():
    chosen = {row["avmit_label"] for row in _rows() if row["origin"].startswith("this project's")}
    from_paper = {row["avmit_label"] for row in _rows() if row["origin"].startswith("paper:")}
    assert len(chosen) == 25
    assert from_paper == set(TEST_CLASSES)
    assert not chosen & from_paper
