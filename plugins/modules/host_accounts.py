"""Documentation of the action `host_accounts`; the action in `plugins/action` does the work."""

DOCUMENTATION = r"""
module: host_accounts
short_description: Have the accounts of people, and shut those nobody names any more
description:
  - Makes accounts that are missing and gives each its last day, in one exchange. Passwords are locked from the start.
  - With O(farewell), shuts accounts that were ours and are not named any more. No key and no timer of such an account works, and
    all that runs as it is ended, open sessions first. Home folders stay.
  - Accounts that somebody else made are left alone.
options:
  accounts:
    description: Name to a mapping whose C(expires) is the last day, such as C(2027-01-31); nothing for ever.
    type: dict
    required: true
  further:
    description: Names of further accounts, for ever.
    type: list
    elements: str
    default: []
  farewell:
    description: Whether to shut the accounts that are not named, instead of making those that are.
    type: bool
    default: false
  known:
    description: What the C(probe) of C(host_entry) said in C(accounts); where all is right by it, the host is not asked.
    type: dict
attributes:
  check_mode:
    support: full
author: Slipway
"""

EXAMPLES = r"""
- name: Users | Have the accounts
  host_accounts:
    accounts: {ann: {expires: "2027-01-31"}}
    further: [deploy]
"""

RETURN = r"""
gone:
  description: Accounts that were ours, are not named any more and are, or were before a O(farewell), still open.
  returned: success
  type: list
  elements: str
drift:
  description: Account to what somebody changed of it by hand, in words.
  returned: where somebody did
  type: dict
commands:
  description: What was, or in check mode would be, run.
  returned: success
  type: list
  elements: str
"""
