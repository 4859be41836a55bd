"""Tables for people: cells in, lines with columns of one width out. Pure."""

from collections.abc import Iterator, Sequence


def aligned(cells: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a line for each row, two spaces in and between; the first row is the head."""
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for row in cells:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
