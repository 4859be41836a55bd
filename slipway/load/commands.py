"""A command line as Compose splits it: the rules of go-shellwords, which are not quite those of a shell."""

SPACE = " \t\r\n"
QUOTES = {"'": "single", '"': "double", "`": "back"}


class NotACommand(Exception):
    """Compose would refuse or cut this command line."""


def split(line: str) -> list[str]:
    """Return the words of a command line.

    Raises NotACommand where Compose refuses it, and where Compose would silently cut it at a shell operator.
    """
    words: list[str] = []
    word = _Word()
    for char in line:
        if char in SPACE and word.is_free:
            words += word.taken()
        else:
            word.take(char)
    if word.escaped or word.state:
        raise NotACommand("a quote, bracket or backslash is left open")
    return words + word.taken()


class _Word:
    """The word under way: its text and what it is inside of."""

    def __init__(self) -> None:
        self.text, self.begun, self.escaped, self.state = "", False, False, ""

    @property
    def is_free(self) -> bool:
        return not self.state and not self.escaped

    def taken(self) -> list[str]:
        words = [self.text] if self.begun else []
        self.text, self.begun = "", False
        return words

    def take(self, char: str) -> None:
        if self.escaped:
            self._take_escaped(char)
        elif char == "\\" and self.state != "single":
            self.escaped = True
        elif char in QUOTES and self.state in ("", QUOTES[char]):
            self._take_quote(char)
        elif char in "()" and self.state in ("", "dollar"):
            self._take_bracket(char)
        elif char in ";&|<>" and not self.state:
            raise NotACommand(f"Compose cuts a command at `{char}`")
        else:
            self._keep(char)

    def _keep(self, text: str) -> None:
        self.text, self.begun = self.text + text, True

    def _take_escaped(self, char: str) -> None:
        self.escaped = False
        inside = self.state in ("back", "dollar")
        self._keep(f"\\{char}" if inside else {"t": "\t", "n": "\n"}.get(char, char))

    def _take_quote(self, char: str) -> None:
        self.state = "" if self.state else QUOTES[char]
        self.begun = True
        if char == "`":
            self.text += char

    def _take_bracket(self, char: str) -> None:
        opens = char == "(" and not self.state and self.text.endswith("$")
        if not opens and not (char == ")" and self.state == "dollar"):
            raise NotACommand(f"Compose refuses an unquoted `{char}`")
        self.state = "dollar" if opens else ""
        self._keep(char)
