"""The page of a role says what its files and the playbooks say."""

from pathlib import Path

import pytest

from slipway.reference import role_pages, roles

SPEC = """
argument_specs:
  main:
    short_description: Clocks that agree.
    description: [One paragraph., Another one.]
    options:
      clock_servers: {type: list, elements: str, default: [], description: Whom to ask.}
      clock_source: {type: str, choices: [ntp, ptp], default: ntp, description: How to ask.}
      clock_step_seconds: {type: int, default: 3, description: Largest step.}
      clock_names: {type: dict, default: {a: [b, "22"]}, description: "This | that."}
      clock_owner: {type: str, description: Who answers for it.}
"""
TASKS = """
- name: Clock | Write its settings
  host_files:
    folders: [{path: /etc/clock, mode: "0700"}]
    files: [{dest: /etc/clock/conf}, {dest: /var/log/clock, force: false, mode: "0640"}]
    links: [{dest: /etc/clock/zone, src: /usr/share/zone}]
    absent: [/etc/clock.old]
    exclusive: [/etc/clock]
    validate: [clock, --check]
    guard: {name: clock}
  notify: Restart clock
- name: Clock | Restart now
  ansible.builtin.meta: flush_handlers
- name: Clock | Fetch the zones
  ansible.builtin.import_tasks: zones.yml
- name: Clock | Prove the time
  block:
    - name: Clock | Prove that it ticks
      ansible.builtin.command: clock --now
"""
ZONES = """
- name: Clock | Get them
  ansible.builtin.get_url: {url: https://x.example/zones, dest: /usr/share/zones, checksum: "sha256:1"}
"""
FAREWELL = "- {name: Clock | Stop it, ansible.builtin.debug: {msg: bye}}"
HANDLERS = """
- name: Forget its starts
  ansible.builtin.command: systemctl reset-failed clock
  listen: Restart clock
- name: Restart clock
  ansible.builtin.systemd_service: {name: clock.service, state: restarted, daemon_reload: true}
"""
PLAYBOOK = """
- hosts: all
  vars:
    source: "{{ (docker | default({})).source | default('ntp') }}"
  tasks:
    - name: Let time in
      block:
        - name: Clock
          ansible.builtin.import_role: {name: clock}
          vars:
            clock_servers: "{{ admins.keys() | list }}"
            clock_source: "{{ source }}"
            clock_owner: "{{ probe }}"
          tags: [clock]
    - name: Users
      ansible.builtin.import_role: {name: users}
    - name: Clock, once more
      ansible.builtin.import_role: {name: clock, tasks_from: farewell}
      tags: [clock, always]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    texts = {
        "site.yml": "- {ansible.builtin.import_playbook: playbooks/one.yml}",
        "playbooks/one.yml": PLAYBOOK,
        "roles/clock/meta/argument_specs.yml": SPEC,
        "roles/clock/tasks/main.yml": TASKS,
        "roles/clock/tasks/zones.yml": ZONES,
        "roles/clock/tasks/farewell.yml": FAREWELL,
        "roles/clock/handlers/main.yml": HANDLERS,
        "roles/spare/meta/argument_specs.yml": "argument_specs: {main: {short_description: Nobody's.}}",
        "roles/users/meta/argument_specs.yml": "argument_specs: {main: {short_description: People.}}",
    }
    for path, text in texts.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


@pytest.fixture
def page(root: Path) -> str:
    return role_pages.pages(roles.read_roles(root))["docs/roles/clock.md"]


def below(page: str, title: str) -> list[str]:
    return page.partition(f"## {title}\n\n")[2].partition("\n\n## ")[0].splitlines()


def test_roles_are_listed_in_the_order_of_their_first_use_and_unused_ones_last(root: Path) -> None:
    found = roles.read_roles(root)
    assert [role.name for role in found] == ["clock", "users", "spare"]
    index = role_pages.pages(found)["docs/roles/README.md"]
    assert "| [clock](clock.md) | Clocks that agree. |\n| [users](users.md) | People. |" in index


def test_a_page_begins_with_the_purpose_and_every_tag(page: str) -> None:
    assert "# Role `clock`\n\nClocks that agree.\n\nOne paragraph.\n\nAnother one.\n\nBy itself: " in page
    assert "`site.yml` with `--tags clock` or `--tags always`." in page


def test_variables_have_type_default_meaning_and_the_inventory_word_behind_them(page: str) -> None:
    assert below(page, "Variables")[2:] == [
        "| `clock_servers` | list of texts | none | [admins](../reference/inventory.md#admins) | Whom to ask. |",
        "| `clock_source` | one of ntp, ptp | `ntp` | [docker.source](../reference/inventory.md#docker-source) | How to ask. |",
        "| `clock_step_seconds` | seconds | `3` |  | Largest step. |",
        '| `clock_names` | mapping | `{a: [b, "22"]}` |  | This \\| that. |',
        "| `clock_owner` | text | required |  | Who answers for it. |",
    ]


def test_steps_are_numbered_through_imported_files_and_blocks(page: str) -> None:
    steps = ["1. Write its settings", "2. Get them", "3. Prove that it ticks"]
    assert below(page, "What it does, in order") == steps
    assert below(page, "`farewell`, which the playbook asks for by name") == ["1. Stop it"]


def test_everything_that_is_written_is_listed_with_its_terms(page: str) -> None:
    written = page.partition("## What it writes\n\n")[2].partition("\n## ")[0]
    assert written.splitlines() == [
        "**Write its settings**, judged by `clock --check` before any of it is written, kept only if a new login confirms it:",
        "",
        "- `/etc/clock/conf`",
        "- `/var/log/clock` (0640), made once, then left alone",
        "- `/etc/clock/zone`, a link to `/usr/share/zone`",
        "- `/etc/clock/`, a folder (0700)",
        "- `/etc/clock.old` is removed",
        "- `/etc/clock/`: what Slipway wrote there and writes no more is removed",
        "",
        "**Get them**, compared with a checksum:",
        "",
        "- `/usr/share/zones`",
    ]


def test_handlers_name_what_they_restart_and_who_calls_them(page: str) -> None:
    assert below(page, "What restarts, and after what")[2:] == [
        "| Forget its starts | `systemctl reset-failed clock` | Write its settings |",
        "| Restart clock | systemd reads its units again, `clock.service` is restarted | Write its settings |",
    ]


def test_what_is_proved_is_named(page: str) -> None:
    assert below(page, "What it proves on the host, after a change") == ["- Prove that it ticks"]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("{{ openings | default([]) }}", ["openings"]),
        ("{{ (acme | default({})).ca_file | default('') }}", ["acme.ca_file"]),
        ("{{ public_ports | default({'http': 80}) }}", ["public_ports"]),
        ("{{ probe }}", []),
        ("", []),
    ],
)
def test_words_of_the_inventory_are_found_in_the_playbooks_expressions(expression: str, words: list[str]) -> None:
    assert list(roles.inventory_words(expression)) == words
