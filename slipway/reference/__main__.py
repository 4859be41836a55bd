"""Write or check what is generated from the model."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import generated


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or say which are out of date."""
    parser = argparse.ArgumentParser(prog="python -m slipway.reference", description="Make reference pages and JSON Schemas.")
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true", help="write the files")
    choice.add_argument("--check", action="store_true", help="fail where one is out of date")
    chosen, root = parser.parse_args(arguments), Path(__file__).resolve().parents[2]
    stale = generated.stale(root)
    if chosen.write:
        generated.write(root)
        return 0
    if stale:
        sys.stderr.write(f"{', '.join(stale)}: out of date\n  next: make docs\n")
    return 2 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
