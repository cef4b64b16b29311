import re
from pathlib import Path

import pytest
from pypdf import PdfReader

import instructions
from sessions.pay.sheets import Block, blocks, write_sheet
from study.config.study import Study, StudyConfig
from study.errors import ConfigError, StudyError

WORDS = {
    "contact": "the lab",
    "ethics_approval": "ERN-18-1",
    "institution": "Université de Genève",
    "consent_version": "1.0",
}


def printed(name, tmp_path):
    study = Study(Path(), StudyConfig(placeholders=WORDS))
    text = instructions.text(name, "en", instructions.words_of_sheets(study, 41))
    path = tmp_path / f"{name}.pdf"
    n_pages = write_sheet(text, path, footer="A study", overwrite=False)
    pages = PdfReader(path).pages
    assert len(pages) == n_pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.mark.parametrize("name", ["sheet", "script", "consent"])
def test_sheets_are_a4_and_carry_no_markdown_marks(name, tmp_path):
    text = printed(name, tmp_path)
    assert "A study" in text
    assert "#" not in text
    assert "*" not in text
    width, height = PdfReader(tmp_path / f"{name}.pdf").pages[0].mediabox[2:]
    assert (round(float(width)), round(float(height))) == (595, 842)


def test_the_sheet_has_the_protocols_numbers_and_the_consent_its_accents(tmp_path):
    sheet = printed("sheet", tmp_path)
    assert "£6.00 per hour" in sheet
    assert "If 38 of them or more" in sheet
    assert "Université de Genève" in printed("consent", tmp_path)


@pytest.mark.parametrize("language", instructions.languages())
def test_each_line_of_a_consent_form_to_write_on_is_one_line_within_the_margins(language, tmp_path):
    study = Study(Path(), StudyConfig(placeholders=WORDS, language=language))
    text = instructions.text("consent", language, instructions.words_of_sheets(study, 41))
    to_write_on = [line for line in text.splitlines() if "___" in line]
    write_sheet(text, tmp_path / "consent.pdf", footer="A study", overwrite=False)
    page = PdfReader(tmp_path / "consent.pdf").pages[0]
    lines = re.findall(
        r"([\d.]+) ([\d.]+) m ([\d.]+) \2 l S", page.get_contents().get_data().decode()
    )
    across = {float(foot) for left, foot, _ in lines if float(left) > 80}
    assert len(across) == len(to_write_on) == 3
    assert max(float(right) for _, _, right in lines) <= float(lines[0][2])


def test_an_existing_sheet_is_not_replaced(tmp_path):
    printed("consent", tmp_path)
    with pytest.raises(StudyError, match="exists already"):
        printed("consent", tmp_path)


def test_markdown_is_cut_into_blocks():
    table = "| a | b |\n|---|---:|\n| 1 | 2 |"
    text = f"# Title\n\nSome\nwords.\n\n1. One\n    - inner\n\n- [ ] Yes\n\n{table}"
    assert list(blocks(text)) == [
        Block("heading", "Title", 1),
        Block("paragraph", "Some words."),
        Block("item", "One", 0, "1."),
        Block("item", "inner", 1, "-"),
        Block("box", "Yes", 0, "-"),
        Block("table", "", rows=(("a", "b"), ("1", "2")), to_right=(False, True)),
    ]


def test_marks_are_printed_where_they_mean_nothing_and_lines_to_write_on_stay():
    text = "*See* **and** hear -- a snake__case 2*3\n\n______\n\nName: (______)\n\n- a\n\n    b"
    assert list(blocks(text)) == [
        Block("paragraph", r"__See__ **and** hear \-- a snake\__case 2*3"),
        Block("paragraph", "______"),
        Block("paragraph", "Name: (______)"),
        Block("item", "a", 0, "-"),
        Block("item", "b", 0, ""),
    ]


def test_a_table_is_set_row_by_row(tmp_path):
    path = tmp_path / "pay.pdf"
    write_sheet("| date | pay |\n|---|---|\n| 5 May | 10p |", path, footer="", overwrite=False)
    assert "5 May" in PdfReader(path).pages[0].extract_text()


def test_letters_that_the_font_lacks_are_named_and_nothing_is_written(tmp_path):
    path = tmp_path / "sheet.pdf"
    with pytest.raises(ConfigError, match=r"sheet\.pdf cannot be printed: .* has no '参加'"):
        write_sheet("# Участник, συμμετέχων, 参加", path, footer="", overwrite=False)
    assert not path.exists()


def test_a_line_to_fill_in_stays_within_the_margins(tmp_path):
    path = tmp_path / "form.pdf"
    words = "Whatever you want to tell us about how you sat, heard and saw"
    write_sheet(f"{words}: {'_' * 60} Date: {'_' * 30}", path, footer="", overwrite=False)
    found = []
    PdfReader(path).pages[0].extract_text(
        visitor_text=lambda text, _cm, matrix, _font, _size: found.append((text, matrix[4]))
    )
    (date_at,) = [x for text, x in found if "Date" in text]
    assert date_at < 500
