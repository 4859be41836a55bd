"""Documentation of the action `host_files`; the action in `plugins/action` does the work."""

DOCUMENTATION = r"""
module: host_files
short_description: Bring a set of files of one daemon into place, judged together, in one stroke
version_added: 0.1.0
description:
  - M(ansible.builtin.template) and M(ansible.builtin.copy) for a set. Renders on the controller, sends everything in one
    command, compares on the host. Where nothing differs, that one exchange is all, and nothing is written.
  - Where something differs, the daemon's own checker (O(validate)) runs once in a mount namespace of its own. It sees the new
    files at their final paths, and none of those that are to go. If it says no, nothing is changed.
  - New files are staged beside their places, then renamed. A call that was cut short before the first rename is taken back by
    the next call, a later one is finished; what it wrote is reported as changed again, so that handlers hear of it.
  - Missing parent folders are made (0755, root) and reported.
options:
  files:
    description: Files; each gives exactly one of C(src), C(content), C(json).
    type: list
    elements: dict
    default: []
    suboptions:
      dest:
        description: Final path; with C(each), C({key}) in it is replaced.
        type: str
        required: true
      src:
        description:
          - A path that ends in C(.j2) is a Jinja template of the role's C(templates/); undefined variables are faults. Blocks are
            trimmed on both sides (C(trim_blocks), C(lstrip_blocks)).
          - Any other is a file of the role's C(files/), copied verbatim, or a folder, of which the files are.
          - Absolute paths are taken as they are.
        type: str
      content:
        description: The text itself.
        type: str
      json:
        description: A value, written as sorted JSON.
        type: raw
      each:
        description: With a template, one file per key; the template sees C(key) and C(value).
        type: dict
      owner:
        description: Name or number.
        type: str
        default: root
      group:
        description: Name or number; the owner's name if absent.
        type: str
      mode:
        description: Four octal digits as text.
        type: str
        default: "0644"
      force:
        description: Whether a file that is there gets this content; owner and mode are seen to either way.
        type: bool
        default: true
      backup:
        description:
          - Whether to keep a copy of what somebody else wrote there, below C(/var/lib/slipway/files/replaced), readable by root.
          - A file whose first line says that it is ours is not kept.
        type: bool
        default: false
      secret:
        description:
          - Keeps the content out of diffs; words of it are struck out of what the checker says. The content is never part of a
            command line.
        type: bool
        default: false
  folders:
    description: Folders.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Path.
        type: str
        required: true
      owner:
        description: Name or number.
        type: str
        default: root
      group:
        description: Name or number; the owner's name if absent.
        type: str
      mode:
        description: Four octal digits as text.
        type: str
        default: "0755"
  links:
    description: Symbolic links.
    type: list
    elements: dict
    default: []
    suboptions:
      dest:
        description: Path of the link.
        type: str
        required: true
      src:
        description: What it leads to.
        type: str
        required: true
  absent:
    description: Files and links that must not be there; a folder is never removed.
    type: list
    elements: str
    default: []
  exclusive:
    description:
      - Folders in which files of ours that the set does not name are removed.
      - Ours are those whose first line (below C(#!) the second) says C(Written by Slipway). Files of others, links and folders
        stay.
    type: list
    elements: str
    default: []
  validate:
    description:
      - The checker and its arguments, run once with the whole set in place, only where something differs. It has 60 seconds.
      - In check mode a checker, user or group that is not there yet is named in a warning; otherwise it is a failure.
    type: list
    elements: str
    default: []
  guard:
    description:
      - Armed before the first rename. The host puts back what was there after C(seconds) and runs each command of C(undo), unless
        C(host_entry) confirms C(name) over a new connection.
      - A restart of the host before that puts it back too, before a daemon reads it.
    type: dict
    suboptions:
      name:
        description: Name of the guard.
        type: str
        required: true
      seconds:
        description: Time to confirm.
        type: int
        required: true
      undo:
        description: Commands that make the daemons see the old files again.
        type: list
        elements: list
        required: true
  known:
    description:
      - What the C(probe) of C(host_entry) said in C(files). Where each path is right by it, and no earlier call left anything to
        do, the host is not asked.
      - Hand over nothing where a task of this run may have changed a path since, such as one that installs packages.
    type: dict
attributes:
  async:
    description: Cannot run in the background.
    support: none
  check_mode:
    description: Compares and judges as ever and writes nothing; the answer is that of the real run.
    support: full
  diff_mode:
    description: One item per path with kind, mode, owner and, unless it is secret, binary or very long, content.
    support: full
  platform:
    description: Debian and Ubuntu with C(/usr/bin/python3); a checker needs the right to mount.
    platforms: posix
    support: full
  safe_file_operations:
    description: Staged beside its place, on disk, then renamed.
    support: full
  vault:
    description: Encrypted values are seen in clear by templates.
    support: full
requirements:
  - C(become) to root, with or without pipelining
notes:
  - A link at a file's place is replaced, its target left alone. Links on the way there are followed if root owns them.
  - A folder, socket, device or mount in the way is a refusal, never a removal.
  - Two calls on one host run one after the other.
seealso:
  - module: ansible.builtin.template
  - module: ansible.builtin.copy
author: Slipway (@slipway)
"""

EXAMPLES = r"""
- name: Ssh | Write the settings, and let the host take them back unless a new login confirms them
  host_files:
    files:
      - dest: /etc/ssh/sshd_config.d/00-slipway.conf
        src: 00-slipway.conf.j2
        mode: "0600"
    validate: [sshd, -t]
    guard:
      name: ssh
      seconds: 90
      undo: [[systemctl, restart, ssh.service]]
  notify: Reload ssh

- name: Nginx | Write all of it, remove our snippets that are no more
  host_files:
    folders:
      - path: /etc/nginx/slipway/snippets
    files:
      - dest: /etc/nginx/nginx.conf
        src: nginx.conf.j2
        backup: true
      - dest: /etc/nginx/slipway/snippets
        src: snippets
    exclusive: [/etc/nginx/slipway/snippets]
    validate: [nginx, -t, -q]
  notify: Reload nginx

- name: Users | One file per person
  host_files:
    files:
      - dest: /etc/ssh/authorized_keys.d/{key}
        src: keys.j2
        each: "{{ users_admins }}"
    exclusive: [/etc/ssh/authorized_keys.d]

- name: Agent | Write its token and its settings
  host_files:
    files:
      - dest: /etc/agent/token
        content: "{{ agent_token }}"
        owner: agent
        mode: "0400"
        secret: true
      - dest: /etc/agent/settings.json
        json: {interval_seconds: 30}
    links:
      - dest: /etc/agent/current
        src: /etc/agent/settings.json
    absent: [/etc/agent/agent.conf]
"""

RETURN = r"""
paths:
  description: Paths that were, or in check mode would be, made, changed or removed.
  returned: success
  type: list
  elements: str
  sample: [/etc/nginx/nginx.conf]
backup_files:
  description: Copies of what somebody else wrote.
  returned: where O(files[].backup) kept one
  type: list
  elements: str
  sample: [/var/lib/slipway/files/replaced/etc/nginx/nginx.conf.0f3a5c9e1b2d]
armed:
  description: Whether a guarded change, of this run or an earlier one, waits to be confirmed.
  returned: with O(guard), outside check mode
  type: bool
  sample: true
put_back:
  description:
    - When and why the host put an earlier change of this O(guard) back. Also a warning.
  returned: where it did
  type: str
  sample: "at 2026-01-31 08:00:00 UTC the host put back /etc/ssh/sshd_config.d/00-slipway.conf: nobody confirmed it within 90 s"
drift:
  description: Path to what somebody changed there by hand since it was last brought into place, in words.
  returned: where somebody did
  type: dict
  sample: {/etc/nginx/nginx.conf: "its content changed; mode 0666, not 0644"}
not_judged:
  description: Why the set could not be judged (check mode on a host that lacks the checker, a user or a group).
  returned: success
  type: list
  elements: str
  sample: []
"""
