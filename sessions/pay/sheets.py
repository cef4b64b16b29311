"""Sheets of paper: the Markdown that the screens use, set on A4 without a browser."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
from fpdf import FPDF
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
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
_BOX = "[ ] "
# A row of underscores is a line to write on, not a rule; nothing is HTML.
_MARKDOWN = MarkdownIt("commonmark").enable("table")
_MARKDOWN.disable(["hr", "lheading", "code", "html_block", "html_inline", "entity"])
_FPDF_MARKS = re.compile(r"\*\*|__|--|~~")
_BLANK = re.compile(r"(_{3,})")
SHORTEST_BLANK = 0.5  # of its length; a shorter line nobody can sign on
BLANK_MM = 1.7
_GAP_MM, _FOOT = 1.0, 0.75  # around a line to write on; of a line of text
_INK, _ACCENT, _RULE = (30, 30, 30), (20, 70, 110), (190, 200, 208)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list item or table of a text.

    Parameters
    ----------
    kind : {"heading", "paragraph", "item", "box", "table"}
        How it is set.
    text : str
        Its words, as fpdf2 marks them.
    level : int
        Of a heading, from 1; of an item, from 0.
    mark : str
        In front of an item.
    rows : tuple of tuple of str
        The cells of a table, its head first.
    to_right : tuple of bool
        Of each column of a table: whether it holds numbers, which stand to the right.
    """

    kind: str
    text: str
    level: int = 0
    mark: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    to_right: tuple[bool, ...] = ()


def blocks(markdown: str) -> Iterator[Block]:
    r"""Yield the blocks of a Markdown text: headings, paragraphs, lists, boxes and tables.

    Examples
    --------
    >>> [block.kind for block in blocks("# A sheet\n\nSome\nwords.\n\n- [ ] Yes")]
    ['heading', 'paragraph', 'box']
    """
    return _blocks(SyntaxTreeNode(_MARKDOWN.parse(markdown)).children, level=0)


def _blocks(nodes: Iterable[SyntaxTreeNode], level: int) -> Iterator[Block]:
    for node in nodes:
        match node.type:
            case "heading":
                yield Block("heading", _plain(node), int(node.tag[1:]))
            case "table":
                rows = [row for part in node.children for row in part.children]
                cells = (tuple(_plain(cell) for cell in row.children) for row in rows)
                aligned = (str(cell.attrs.get("style", "")) for cell in rows[0].children)
                to_right = tuple(style.endswith("right") for style in aligned)
                yield Block("table", "", rows=tuple(cells), to_right=to_right)
            case "bullet_list":
                for item in node.children:
                    yield from _items(item, level, "-")
            case "ordered_list":
                for number, item in enumerate(node.children, int(node.attrs.get("start", 1))):
                    yield from _items(item, level, f"{number}.")
            case _:
                yield Block("paragraph", _words(node))


def _items(item: SyntaxTreeNode, level: int, mark: str) -> Iterator[Block]:
    for node in item.children:
        if node.type != "paragraph":
            yield from _blocks([node], level + 1)
            continue
        text = _words(node)
        kind = "box" if text.startswith(_BOX) else "item"
        yield Block(kind, text.removeprefix(_BOX), level, mark)
        mark = ""  # of the first paragraph only


def _words(node: SyntaxTreeNode) -> str:
    """Return what a block says, with fpdf2's marks: two underscores for what is slanted."""
    if node.type == "text":
        return _FPDF_MARKS.sub(r"\\\g<0>", node.content)
    if node.type == "inline" and _BLANK.search(node.content):
        return node.content.replace("\n", " ")
    inside = "".join(map(_words, node.children)) or node.content
    return {"strong": f"**{inside}**", "em": f"__{inside}__", "softbreak": " "}.get(
        node.type, inside
    )


def _plain(node: SyntaxTreeNode) -> str:
    if node.type == "softbreak":
        return " "
    return "".join(map(_plain, node.children)) if node.children else node.content


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
                self._table(block)
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
            width, LINE_MM, text, align="L", markdown=True, new_x="LMARGIN", new_y="NEXT"
        )

    def _blanks(self, text: str) -> None:
        # Room to write above the line.
        self.ln(LINE_MM)
        self.set_font(FONT, "", BODY_PT)
        self.set_draw_color(*_INK)
        words, *rest = _BLANK.split(text)
        blank_mm = BLANK_MM * self._room_for_blanks(text)
        for blank, after in zip(rest[::2], rest[1::2], strict=True):
            width = blank_mm * len(blank)
            # A line stands beside its words, on the foot of their letters.
            if self.get_x() + self.get_string_width(words) + width > self.w - self.r_margin:
                self.ln(2 * LINE_MM)
                words = words.lstrip()
            self.write(LINE_MM, words)
            left, foot = self.get_x() + _GAP_MM, self.get_y() + _FOOT * LINE_MM
            self.line(left, foot, left + width, foot)
            self.set_x(left + width + _GAP_MM)
            words = after
        self.write(LINE_MM, words)
        self.ln(LINE_MM)

    def _room_for_blanks(self, text: str) -> float:
        """Return by how much lines to write on are shortened to stand in one line of the sheet."""
        words, *rest = _BLANK.split(text)
        written_mm = sum(map(self.get_string_width, [words, *rest[1::2]]))
        blanks_mm = sum(BLANK_MM * len(blank) for blank in rest[::2])
        gaps_mm = 2 * _GAP_MM * len(rest[::2]) + 2 * self.c_margin
        share = (self.epw - written_mm - gaps_mm) / blanks_mm
        return min(1.0, share) if share >= SHORTEST_BLANK else 1.0

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

    def _table(self, block: Block) -> None:
        self.set_font(FONT, "", BODY_PT - 1.5)
        self.set_draw_color(*_RULE)
        align = tuple("RIGHT" if is_number else "LEFT" for is_number in block.to_right)
        with self.table(
            line_height=LINE_MM,
            col_widths=self._column_widths(block.rows),
            borders_layout="HORIZONTAL_LINES",
            text_align=align,
            padding=(0, _GAP_MM),
        ) as table:
            for cells in block.rows:
                table.row(cells)
        self.ln(4)

    def _column_widths(self, rows: Sequence[Sequence[str]]) -> tuple[float, ...]:
        """Return how wide columns are for what they hold, so that short tables break no line."""
        needed = [max(map(self.get_string_width, column)) for column in zip(*rows, strict=True)]
        rest = max(0.0, self.epw - sum(needed)) / len(needed)
        return tuple(width + rest for width in needed)


def _has_letter(letter: str) -> bool:
    return letter.isspace() or ord(letter) in _letters()


@cache
def _letters() -> frozenset[int]:
    # What the upright, bold and slanted letters all have.
    shapes = [get_font(_FONTS / f"{name}.ttf").get_charmap() for name in _STYLES.values()]
    return frozenset.intersection(*(frozenset(shape) for shape in shapes))
