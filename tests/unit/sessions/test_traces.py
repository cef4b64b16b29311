"""Who is erased is found in every file of the study's folder that still knows the id."""

import gzip
import io
import shutil
import zipfile
from itertools import count

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfReader, PdfWriter

from sessions.maintenance.backups import back_up_study, record_backup
from sessions.pay.sheets import write_sheet
from sessions.people.text_search import Bounds, knows, search
from sessions.people.traces import elsewhere, recorded_backups
from study.store import snapshot, transaction
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

WHO, OTHER = "QZ902", "QZ9021"  # the other id begins like it


def pdf(path, who):
    write_sheet(f"# Pay\n\nStatement of pay: {who}\n\n| a | b |\n|---|---|\n| {who} | 2026 |", path,
                footer="", overwrite=True)  # fmt: skip


def pdf_of_latex_kind(path, who):
    figure, ax = plt.subplots()
    ax.set_title(f"ratings of {who}")
    figure.savefig(path)
    plt.close(figure)


def screenshot(path, who):
    about = PngInfo()
    about.add_text("participant", who)
    Image.new("RGB", (4, 4)).save(path, pnginfo=about)


def packed_screenshot(path, who):
    about = PngInfo()
    about.add_itxt("participant", f"shown to {who} " * 50, zip=True)
    about.add_text("comment", "nothing", zip=True)
    Image.new("RGB", (4, 4)).save(path, pnginfo=about)


def photo(path, who):
    exif = Image.Exif()
    exif[0x010E] = f"screen of {who}"
    Image.new("RGB", (4, 4)).save(path, exif=exif)


def spreadsheet(path, who):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<t>{who}</t>" * 9)


WRITERS = {
    "pay.pdf": pdf,
    "figure.pdf": pdf_of_latex_kind,
    "task.png": screenshot,
    "welcome.png": packed_screenshot,
    "screen.jpg": photo,
    "people.xlsx": spreadsheet,
    "log.csv": lambda path, who: pd.DataFrame({"id": [who]}).to_csv(path),
    "log.json": lambda path, who: path.write_text(f'{{"actor": "{who}"}}'),
    "page.html": lambda path, who: path.write_text(f"<td>{who}</td>"),
    "excel.csv": lambda path, who: path.write_text(f"id\t{who}\n", encoding="utf-16"),
    "old.log.gz": lambda path, who: path.write_bytes(gzip.compress(f"rig_{who}_x".encode())),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_knows_the_id_is_found_and_one_of_another_id_is_not(tmp_path, name):
    (tmp_path / "sub").mkdir()
    path = tmp_path / "sub" / name
    WRITERS[name](path, WHO)
    (trace,) = search(tmp_path, WHO).traces
    assert (trace.path, trace.where, trace.is_certain) == (path, "its text", True)
    WRITERS[name](path, OTHER)
    assert search(tmp_path, WHO).traces == []
    assert [trace.path for trace in search(tmp_path, OTHER).traces] == [path]


def test_the_text_of_a_sheet_is_packed_and_pypdf_reads_the_same(tmp_path):
    path = tmp_path / "sheet.pdf"
    pdf(path, WHO)
    assert WHO.encode() not in path.read_bytes()
    assert WHO in PdfReader(path).pages[0].extract_text()


def test_an_encrypted_sheet_is_named_because_nobody_can_look_into_it(tmp_path):
    path = tmp_path / "sheet.pdf"
    pdf(path, WHO)
    writer = PdfWriter(clone_from=path)
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(path)
    (trace,) = search(tmp_path, WHO).traces
    assert not trace.is_certain


def test_a_name_tells_as_well(tmp_path):
    for name in (
        f"{WHO}.bin",
        f"2026_{WHO}_training.log",
        f"{WHO.lower()}-pay.txt",
        f"{OTHER}.txt",
    ):
        (tmp_path / name).write_bytes(b"x")
    assert len(search(tmp_path, WHO).traces) == 3


def test_damaged_archives_do_not_end_the_search(tmp_path):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("a", "x" * 99)
    (tmp_path / "cut.zip").write_bytes(whole.getvalue()[:-20])
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"x")[:4])
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffzTXt\x78")
    (tmp_path / "cut.pdf").write_bytes(b"%PDF-1.7 stream\nnothing endstream")
    (tmp_path / "empty").touch()
    (tmp_path / "z.txt").write_text(WHO)
    found = search(tmp_path, WHO).traces
    assert [trace.path.name for trace in found if trace.is_certain] == ["z.txt"]
    assert [trace.path.name for trace in found if not trace.is_certain] == ["cut.zip"]


@given(some.binary(max_size=300), some.sampled_from((b"%PDF", b"PK\3\4", b"\x1f\x8b\x08", b"")))
def test_any_bytes_can_be_searched(tmp_path_factory, content, head):
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    (folder / "file").write_bytes(head + content)
    assert search(folder, WHO).n_files == 1


@given(some.text(max_size=20), some.text(max_size=20), some.sampled_from(("utf-8", "utf-16-le")))
def test_a_word_is_found_between_anything_but_letters_and_digits(before, after, encoding):
    content = f"{before} {WHO}_{after}".encode(encoding, errors="replace")
    assert knows(content, WHO)
    assert not knows(f"x{WHO}".encode(encoding), WHO)


def test_a_search_gives_up_at_its_bounds_and_says_so(tmp_path):
    for number in range(9):
        (tmp_path / f"{number}.txt").write_text(WHO)
    found = search(tmp_path, WHO, bounds=Bounds(n_files=4))
    assert (found.n_files, len(found.traces), found.stopped) == (4, 4, "4 files")
    ticks = count()
    found = search(tmp_path, WHO, bounds=Bounds(seconds=3), clock=lambda: next(ticks))
    assert found.stopped.startswith("3 s and ")


def test_copies_of_the_store_under_any_name_are_found_with_what_they_hold(tmp_path):
    study, engine = new_study(tmp_path / "study")
    with transaction(engine) as db:
        clips = add_candidates(db, 1)
        enrol(db, WHO, OTHER)
        rate(db, WHO, dict.fromkeys(clips, 3))
    outside = tmp_path / "stick" / "copy"
    for out in (study.folder / "before_lunch", outside):
        path, _ = back_up_study(study, out, overwrite=False, at=AT)
        assert record_backup(study, path, actor="AB", at=AT)
    shutil.copy(outside, study.folder / "renamed.txt")
    clip = study.mit_root / "training" / f"{WHO}.mp4"
    clip.parent.mkdir(parents=True)
    clip.write_text(WHO)
    with snapshot(engine) as db:
        backups = recorded_backups(db)
    engine.dispose()
    told = list(elsewhere(study, WHO, laptops=["a.sqlite"], backups=backups))
    held = "still holds them (6 ratings): delete it"
    assert told[:-1] == [
        f"the copy of the store {study.folder}/before_lunch {held}",
        f"the copy of the store {study.folder}/renamed.txt {held}",
        f"the back-up {outside} still holds them (6 ratings): delete it",
        "the laptop file a.sqlite still holds them: delete it there",
    ]
    assert "cannot be known from here" in told[-1]
    outside.unlink()
    told = list(elsewhere(study, WHO, laptops=[], backups=backups))
    assert f"the back-up {outside} may still hold them: delete it, or make a new one" in told


def test_numbers_are_no_words():
    assert not knows(np.arange(2000, dtype=np.int32).tobytes(), WHO)
