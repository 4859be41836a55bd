"""Text that a terminal takes for nothing but text: a container, a request or another person may have written it. Pure."""


def printable(text: str, kept: str = "\n\t") -> str:
    """Return a text with `?` for each character that moves a cursor, colours or hides."""
    return "".join(char if char.isprintable() or char in kept else "?" for char in text)


def one_line(text: str) -> str:
    """Return a text on one line, so that it cannot look like the next entry of a list."""
    return printable(" ".join(text.splitlines()), "")
