"""Documentation of the action `stack_release`; the action in `plugins/action` does the work."""

DOCUMENTATION = r"""
module: stack_release
short_description: Bring a stack on a host to the release the inventory wants
description:
  - Loads the stack on the controller, hands it with its secrets to the host's engine over standard input, and waits.
  - The engine runs under systemd, so that a lost connection stops nothing. What serves already is left alone.
  - On several hosts all are prepared before any switches, and one that cannot keeps all from it.
  - In check mode the engine tells what it would do; a host without one is named in a warning.
options:
  stack:
    description: Name of the stack in the inventory.
    type: str
    required: true
  inventory:
    description: Folder of the inventory.
    type: str
    required: true
  compose:
    description: Folder of the stack files.
    type: str
    required: true
  sealed:
    description: The stack's secrets as C(check_stacks) of the same run sealed them; where it is empty, they are asked for.
    type: str
    default: ""
  base:
    description: Name of the stack whose stores may restart in this run; empty for none.
    type: str
    default: ""
  again:
    description: Number of a release that the host took back and that is to be let through once more; empty for none.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author: Slipway
"""

EXAMPLES = r"""
- name: Bring the demo to its release
  stack_release:
    stack: demo
    inventory: "{{ inventory_dir }}"
    compose: "{{ playbook_dir }}/../compose"
"""

RETURN = r"""
verdict:
  description: What became of it, such as C(serving), C(unchanged), C(refused).
  returned: always
  type: str
release:
  description: Number of the release that serves.
  returned: when the engine answered
  type: int
steps:
  description: What was done, with reasons and seconds.
  returned: when the engine answered
  type: list
urls:
  description: Addresses people use.
  returned: when the engine answered
  type: list
exit_code:
  description: Exit code of the engine.
  returned: when the engine answered
  type: int
"""
