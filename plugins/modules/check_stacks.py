"""Documentation of the action `check_stacks`; the action in `plugins/action` does the work."""

DOCUMENTATION = r"""
module: check_stacks
short_description: Check an inventory's words and the stack files they name, before any host is touched
description:
  - Runs on the controller and changes nothing. Fails with every fault of every stack at once, each with its file and line.
options:
  inventory:
    description: Folder of the environment, such as C(inventory/production).
    type: path
    required: true
  compose:
    description: Folder that holds a folder per stack.
    type: path
    required: true
  secrets_for_tag:
    description:
      - Where tasks with this tag run, ask for every secret's value too, and fail with those that have none. No value is shown.
    type: str
attributes:
  check_mode:
    support: full
author: Slipway
"""

EXAMPLES = r"""
- name: Check the stacks and the inventory
  check_stacks:
    inventory: "{{ inventory_dir }}"
    compose: "{{ playbook_dir }}/../compose"
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
stacks:
  description: The accepted stacks with their services by kind and their domains.
  returned: success
  type: dict
ignored:
  description: Keys that were left aside, each with its place and the reason.
  returned: success
  type: list
waiting:
  description: Words that are understood and have no effect yet, each with its place.
  returned: success
  type: list
sealed:
  description: The secrets of each stack, in a text that only tasks of this run can open; see O(stack_release#module:sealed).
  returned: success
  type: dict
notice_secrets:
  description: The secrets that receivers and the mail server need, sealed in the same way; empty where they need none.
  returned: success
  type: str
exit_code:
  description: The exit code that C(fab check) ends with.
  returned: failure
  type: int
"""
