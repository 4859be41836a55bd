"""Documentation of the action `stack_engine`; the action in `plugins/action` does the work."""

DOCUMENTATION = r"""
module: stack_engine
short_description: Bring the engine that runs stacks onto a host
description:
  - Packs the engine of this very tree, asks the host for the version it has, and sends the archive only where it differs.
  - Versions lie in folders of their own; the link C(current) moves at once. A run keeps the version it began with.
options:
  known:
    description: What the C(probe) of C(host_entry) said in C(engine); where it is this tree's version, the host is not asked.
    type: str
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author: Slipway
"""

EXAMPLES = r"""
- name: Bring the engine into place
  stack_engine:
"""

RETURN = r"""
version:
  description: Version of the engine, made of its content.
  returned: success
  type: str
"""
