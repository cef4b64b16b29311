"""Sheets of paper: the Markdown that the screens use, set on A4 without a browser."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
from fpdf import FPDF
from matplotlib.font_manager import get_font

from study.errors import ConfigError
from study.tools.access import Readers
from study.tools.files import written_atomically

FONT = "DejaVu"
BODY_PT = 10.5
LINE_MM = 5.4
MARGIN_MM = 22
INDENT_MM = 6
_STYLES = {"": "DejaVuSans", "B": "DejaVuSans-Bold", "I": "DejaVuSans-Oblique"}
_STYLES |= {"BI": "DejaVuSans-BoldOblique"}
# matplotlib ships a font with all of Europe's letters, so that none has to be installed.
_FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
_HEADINGS_PT = {1: 19, 2: 13, 3: 11}
_ITEM = re.compile(r"^(?P<indent> *)(?P<mark>-|\d+\.) (?P<box>\[ \] )?(?P<text>.*)$")
_BLANK = re.compile(r"(_{3,})")
BLANK_MM = 1.7
_INK, _ACCENT, _RULE = (30, 30, 30), (20, 70, 110), (190, 200, 208)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list item or table of a text.

    Parameters
    ----------
    kind : {"heading", "paragraph", "item", "box", "table"}
        How it is set.
    text : str
        Its words, or the lines of a table.
    level : int
        Of a heading, from 1; of an item, from 0.
    mark : str
        In front of an item.
    """

    kind: str
    text: str
    level: int = 0
    mark: str = ""


def blocks(markdown: str) -> Iterator[Block]:
    r"""Yield the blocks of a Markdown text: headings, paragraphs, lists, boxes and tables.

    Examples
    --------
    >>> [block.kind for block in blocks("# A sheet\n\nSome\nwords.\n\n- [ ] Yes")]
    ['heading', 'paragraph', 'box']
    """
    for part in re.split(r"\n\s*\n", markdown.strip()):
        lines = part.splitlines()
        if lines[0].startswith("|"):
            yield Block("table", part)
            continue
        paragraph: list[str] = []
        for line in lines:
            item = _ITEM.match(line)
            if not item and not line.startswith("#"):
                paragraph.append(line.strip())
                continue
            if paragraph:
                yield Block("paragraph", " ".join(paragraph))
                paragraph = []
            yield _heading(line) if item is None else _list_item(item)
        if paragraph:
            yield Block("paragraph", " ".join(paragraph))


def write_sheet(
    markdown: str, path: Path, *, footer: str, overwrite: bool, readers: Readers = Readers.UMASK
) -> int:
    """Set a text on A4.

    Raises ConfigError if the font lacks a letter of the text.

    `footer`: stands at the foot of every page, left of the page number.
    """
    lacking = [letter for letter in dict.fromkeys(markdown + footer) if not _has_letter(letter)]
    if lacking:
        raise ConfigError(
            f"{path.name} cannot be printed: the font {_STYLES['']} has no "
            f"{''.join(lacking[:20])!r}. It has the letters of Latin, Greek and Cyrillic scripts; "
            "reword the text, or print its Markdown with another program"
        )
    sheet = _Sheet(footer)
    try:
        for block in blocks(markdown):
            sheet.set_block(block)
        with written_atomically(path, overwrite=overwrite, readers=readers) as part:
            sheet.output(str(part))
    finally:
        sheet.close_fonts()
    return int(sheet.page_no())


class _Sheet(FPDF):  # type: ignore[misc]
    """An A4 page with a footer."""

    def __init__(self, footer_text: str) -> None:
        super().__init__(format="A4")
        self._footer_text = footer_text
        for style, name in _STYLES.items():
            self.add_font(FONT, style, str(_FONTS / f"{name}.ttf"))
        self.set_margins(MARGIN_MM, 20, MARGIN_MM)
        self.set_auto_page_break(True, margin=22)
        self.add_page()

    def close_fonts(self) -> None:
        """Close the font files, which fpdf2 leaves open."""
        for font in self.fonts.values():
            font.ttfont.close()

    def footer(self) -> None:
        """Set the foot of a page."""
        self.set_y(-15)
        self.set_font(FONT, "", 8)
        self.set_text_color(120, 120, 120)
        self.cell(0, 5, self._footer_text)
        self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="R")

    def set_block(self, block: Block) -> None:
        """Set a block below what is there."""
        self.set_text_color(*_INK)
        match block.kind:
            case "heading":
                self._heading(block)
            case "table":
                self._table(block.text)
            case "paragraph" if _BLANK.search(block.text):
                self._blanks(block.text)
            case "paragraph":
                self.ln(1.0)
                self._words(block.text, self.l_margin)
                self.ln(2.2)
            case _:
                self._item(block)

    def _heading(self, block: Block) -> None:
        size = _HEADINGS_PT.get(block.level, BODY_PT)
        self.ln(0 if block.level == 1 else 3.5)
        if self.will_page_break(4 * LINE_MM):  # a heading does not stand alone at the foot
            self.add_page()
        self.set_font(FONT, "B", size)
        self.set_text_color(*_ACCENT)
        self.multi_cell(0, size * 0.45, block.text, align="L", new_x="LMARGIN", new_y="NEXT")
        if block.level == 1:
            self.set_draw_color(*_RULE)
            self.line(self.l_margin, self.get_y() + 1.5, self.w - self.r_margin, self.get_y() + 1.5)
            self.ln(2)
        self.ln(1.8)

    def _words(self, text: str, left_mm: float) -> None:
        self.set_font(FONT, "", BODY_PT)
        self.set_x(left_mm)
        width = self.w - self.r_margin - left_mm
        self.multi_cell(
            width, LINE_MM, _italic(text), align="L", markdown=True, new_x="LMARGIN", new_y="NEXT"
        )

    def _blanks(self, text: str) -> None:
        # Room to write above the line.
        self.ln(LINE_MM)
        self.set_font(FONT, "", BODY_PT)
        self.set_draw_color(*_INK)
        for part in _BLANK.split(text):
            if not _BLANK.fullmatch(part):
                self.write(LINE_MM, part)
                continue
            width = BLANK_MM * len(part)
            if self.get_x() + width > self.w - self.r_margin:
                self.ln(2 * LINE_MM)
            self.cell(width, LINE_MM, "", border="B")
        self.ln(LINE_MM)

    def _item(self, block: Block) -> None:
        left = self.l_margin + INDENT_MM * (1 + block.level)
        if self.will_page_break(LINE_MM):
            self.add_page()
        self.set_font(FONT, "", BODY_PT)
        top = self.get_y()
        if block.kind == "box":
            self.set_draw_color(*_INK)
            self.rect(left - INDENT_MM, top + 0.8, 3.8, 3.8)
            left += 1
        else:
            self.set_x(left - INDENT_MM)
            self.cell(INDENT_MM, LINE_MM, "\u2022" if block.mark == "-" else block.mark)
        self.set_y(top)
        self._words(block.text, left)
        self.ln(2.2 if block.kind == "box" else 1.2)

    def _table(self, text: str) -> None:
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
        self.set_font(FONT, "", BODY_PT - 1.5)
        self.set_draw_color(*_RULE)
        with self.table(line_height=LINE_MM, borders_layout="HORIZONTAL_LINES") as table:
            for cells in rows:
                if not set("".join(cells)) <= set("-: "):
                    table.row(cells)
        self.ln(4)


def _has_letter(letter: str) -> bool:
    return letter.isspace() or ord(letter) in _letters()


@cache
def _letters() -> frozenset[int]:
    # What the upright, bold and slanted letters all have.
    shapes = [get_font(_FONTS / f"{name}.ttf").get_charmap() for name in _STYLES.values()]
    return frozenset.intersection(*(frozenset(shape) for shape in shapes))


def _italic(text: str) -> str:
    # fpdf2 marks italics with two underscores.
    return re.sub(r"(?<!\*)\*(?!\*)([^*]+)\*(?!\*)", r"__\1__", text)


def _heading(line: str) -> Block:
    level = len(line) - len(line.lstrip("#"))
    return Block("heading", line.lstrip("# ").strip().replace("*", ""), level)


def _list_item(item: re.Match[str]) -> Block:
    kind = "box" if item["box"] else "item"
    return Block(kind, item["text"].strip(), len(item["indent"]) // 4, item["mark"])
