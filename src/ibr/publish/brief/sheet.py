"""A sheet of A4 to draw on: text in two weights, bars, and the marks that say what is what.

Readers for the blind go by the marks: every text stands in a heading, a paragraph or a cell of a
table, every picture has its words, and lines and boxes are marked as decoration.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from fpdf import FPDF
from fpdf.enums import PageMode
from fpdf.prefs import ViewerPreferences

from ibr.publish.brief.script import as_drawn

FONTS: Final = Path(__file__).parent / "fonts"
FAMILY: Final = "brief"
LEFT: Final = 15.0
RIGHT: Final = 195.0
WIDTH: Final = RIGHT - LEFT
BOTTOM: Final = 280.0
Colour = tuple[int, int, int]
INK: Final[Colour] = (28, 36, 44)
QUIET: Final[Colour] = (84, 96, 108)
ACCENT: Final[Colour] = (20, 92, 138)
SECOND: Final[Colour] = (178, 92, 18)
PALE: Final[Colour] = (226, 232, 238)
ALARM: Final[Colour] = (150, 40, 20)
_NO_DATE: Final = datetime(2000, 1, 1, tzinfo=UTC)
Align = Literal["left", "right", "centre"]


class Sheet(FPDF):
    """Pages of one brief; places are millimetres from the upper left corner."""

    def __init__(self, *, title: str, subject: str, language: str, known: datetime | None) -> None:
        super().__init__(orientation="portrait", unit="mm", format="A4")
        self.set_auto_page_break(False)
        self.set_margin(0)
        self.set_title(title)
        self.set_subject(subject)
        self.set_lang(language)
        self.set_creator("Integrated Beneficiary Registry")
        self.set_producer("fpdf2")
        # The moment of the figures and not of the printing: the same figures give the same bytes.
        self.set_creation_date((known or _NO_DATE).astimezone(UTC))
        self.page_mode = PageMode.USE_NONE
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self.add_font(FAMILY, "", FONTS / "DejaVuSansCondensed.ttf")
        self.add_font(FAMILY, "B", FONTS / "DejaVuSansCondensed-Bold.ttf")
        self.set_font(FAMILY, "", 9)
        self._signs = self.fonts[FAMILY].cmap  # type: ignore[union-attr]  # a font from a file

    @contextmanager
    def marked(self, kind: str, words: str | None = None) -> Iterator[None]:
        """What is drawn inside is a heading (H1, H2), a paragraph (P), a Figure with its words."""
        number = self.struct_builder.next_mcid_for_page(self.page)
        self._add_marked_content(struct_type=f"/{kind}", mcid=number, alt_text=words)
        self._out(f"/{kind} <</MCID {number}>> BDC")
        yield
        self._out("EMC")

    @contextmanager
    def decoration(self) -> Iterator[None]:
        """What is drawn inside says nothing that the text does not say."""
        self._out("/Artifact BMC")
        yield
        self._out("EMC")

    def drawn(self, text: str) -> str:
        """A text as this font draws it."""
        return as_drawn(text, self._signs)

    def put(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 8.5,
        bold: bool = False,
        colour: Colour = INK,
        align: Align = "left",
        width: float | None = None,
        whole: bool = False,
    ) -> None:
        """One line with its feet at y; with a width it is made smaller, then cut, to fit.

        A figure is drawn `whole`: it is made as small as it must be, and never cut.
        """
        made = self.drawn(text)
        self.set_font(FAMILY, "B" if bold else "", size)
        self.set_text_color(*colour)
        if width is not None:
            made = self._fitted(made, size, width, bold=bold, whole=whole)
        length = self.get_string_width(made)
        start = {"left": x, "right": x - length, "centre": x - length / 2}[align]
        self.text(start, y, made)

    def _fitted(self, text: str, size: float, width: float, *, bold: bool, whole: bool) -> str:
        length = self.get_string_width(text)
        if length > width:
            least = 0.0 if whole else size * 0.78
            self.set_font(FAMILY, "B" if bold else "", max(least, size * width / length))
        if whole or self.get_string_width(text) <= width + 0.05:
            return text
        while text and self.get_string_width(f"{text}…") > width:
            text = text[:-1]
        return f"{text.rstrip()}…"

    def lines(self, text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
        """A text broken at its spaces into lines of at most a width."""
        self.set_font(FAMILY, "B" if bold else "", size)
        found: list[str] = []
        line = ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if line and self.get_string_width(self.drawn(longer)) > width:
                found.append(line)
                longer = word
            line = longer
        return [*found, line] if line else found

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled box; one without a length is left out."""
        if width > 0 and height > 0:
            self.set_fill_color(*colour)
            self.rect(x, y, width, height, style="F")

    def heading(self, y: float, text: str, x: float = LEFT, width: float = WIDTH) -> float:
        """A heading of the second level with its line; where to go on below."""
        with self.marked("H2"):
            self.put(x, y, text, size=11, bold=True, colour=ACCENT, width=width)
        with self.decoration():
            self.box(x, y + 1.6, width, 0.3, PALE)
        return y + 6.5
