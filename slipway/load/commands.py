"""A command line as Compose splits it: the rules of go-shellwords, which are not quite those of a shell."""

SPACE = " \t\r\n"
QUOTES = "'\""
CUTS = ";&|<>"
SHELL = "()`"  # versions of Compose differ here, and none of them runs what is inside
DIFFERENT = "tn"  # some versions of Compose make a tab and a line break of these, others plain letters


class NotACommand(Exception):
    """Compose would refuse or cut this command line."""


def split(line: str) -> list[str]:
    """Return the words of a command line.

    Raises NotACommand where Compose refuses it, silently cuts it at a shell operator, or where its versions differ.
    """
    words: list[str] = []
    word = _Word()
    for char in line:
        if char in SPACE and word.is_free:
            words += word.taken()
        else:
            word.take(char)
    if not word.is_free:
        raise NotACommand("a quote or backslash is left open")
    return words + word.taken()


class _Word:
    """The word under way: its letters, and the quote or backslash it is inside of."""

    def __init__(self) -> None:
        self.letters: list[str] = []
        self.begun, self.escaped, self.quote = False, False, ""

    @property
    def is_free(self) -> bool:
        return not self.quote and not self.escaped

    def taken(self) -> list[str]:
        words = ["".join(self.letters)] if self.begun else []
        self.letters, self.begun = [], False
        return words

    def take(self, char: str) -> None:
        if self.escaped:
            self.escaped = False
            if char in DIFFERENT:
                raise NotACommand(f"versions of Compose differ about `\\{char}`")
            self._keep(char)
        elif char == "\\" and self.quote != "'":
            self.escaped = True
        elif char in QUOTES and self.quote in ("", char):
            self.quote, self.begun = "" if self.quote else char, True
        elif self.quote:
            self._keep(char)
        else:
            self._take_bare(char)

    def _take_bare(self, char: str) -> None:
        if char in CUTS:
            raise NotACommand(f"Compose cuts a command at `{char}`")
        if char in SHELL:
            raise NotACommand(f"no shell runs this line, so an unquoted `{char}` has no meaning")
        self._keep(char)

    def _keep(self, letters: str) -> None:
        self.letters.append(letters)
        self.begun = True
