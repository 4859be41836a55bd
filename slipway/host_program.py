"""Pack modules of ours into one program that a host runs from standard input; nothing of it is left there.

`__main__.py` is for a copy that a host keeps and runs by itself.
"""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from shlex import quote

FOLDER = Path(__file__).parent
PYTHON = "/usr/bin/python3"
MAIN = "import sys\nfrom slipway.{} import main\nsys.exit(main(sys.argv[1:]))\n"
LAUNCH = (
    "import os,sys;i=sys.stdin.buffer;f=os.memfd_create('slipway');os.write(f,i.read(int(i.readline())));"
    "sys.path.insert(0,'/proc/self/fd/%d'%f);from slipway.{} import main;sys.exit(main())"
)


def packed(main: str, others: Iterable[str]) -> bytes:
    """Return the archive of a module that has a `main`, and of those it imports."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("__main__.py", MAIN.format(main))
        for name in sorted({"__init__", main, *others}):
            file.writestr(f"slipway/{name}.py", (FOLDER / f"{name}.py").read_bytes())
    return archive.getvalue()


def command(main: str, python: str = PYTHON) -> str:
    """Return the command for the host's shell that runs what `sent` hands it."""
    return f"{python} -I -S -c {quote(LAUNCH.format(main))}"


def sent(archive: bytes, words: bytes = b"") -> bytes:
    """Return what goes to standard input: the length of the archive, the archive, and what its `main` reads."""
    return b"%d\n" % len(archive) + archive + words
