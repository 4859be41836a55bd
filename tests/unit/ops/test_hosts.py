"""Hosts as plain inventory files describe them, with Ansible's precedence."""

from pathlib import Path

import pytest

from slipway.ops import hosts

HOSTS = """
all:
  vars: {ansible_user: ops}
  hosts:
    demo: {ansible_host: 127.0.0.1, ansible_port: 2201}
  children:
    edge:
      vars: {ansible_user: edge-admin}
      children:
        inner:
          hosts:
            one: {}
            two: {ansible_user: special}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    folder = tmp_path / "inventory/lab"
    write(folder / "hosts.yml", HOSTS)
    write(folder / "group_vars/all/vault.yml", "$ANSIBLE_VAULT;1.1;AES256\n3031\n")
    write(
        folder / "group_vars/all/ssh.yml",
        "ansible_ssh_private_key_file: ~/.ssh/key\nansible_ssh_common_args: -o LogLevel=ERROR\n",
    )
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_host_carries_what_hosts_and_group_files_say(inventory: Path) -> None:
    assert hosts.choose_hosts(inventory, "demo") == [
        hosts.Host("demo", "127.0.0.1", 2201, "ops", "~/.ssh/key", "-o LogLevel=ERROR")
    ]


def test_nearer_groups_win_and_the_hosts_own_values_win_over_all(inventory: Path) -> None:
    write(inventory / "group_vars/inner.yml", "ansible_port: 2222\n")
    write(inventory / "host_vars/one.yml", "ansible_host: 192.0.2.1\n")
    found = {host.name: (str(host), host.port) for host in hosts.read_hosts(inventory)}
    assert found == {"demo": ("ops@127.0.0.1", 2201), "one": ("edge-admin@192.0.2.1", 2222), "two": ("special@two", 2222)}


def test_sealed_values_stay_sealed(inventory: Path) -> None:
    write(inventory / "group_vars/all/become.yml", "ansible_become_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3031\n")
    assert len(hosts.read_hosts(inventory)) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ansible_host: '{{ address }}'\n", "one: ansible_host is a template"),
        ("ansible_port: ssh\n", "one: ansible_port is 'ssh', not a number"),
        ("- a list\n", "is not a mapping"),
        ("a: [\n", "cannot read"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(inventory: Path, text: str, message: str) -> None:
    write(inventory / "host_vars/one.yml", text)
    with pytest.raises(hosts.InventoryUnreadable, match=message):
        hosts.read_hosts(inventory)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("all: [one]\n", "`vars` of `all` is no mapping"),
        ("all: {hosts: [one, two]}\n", "`hosts` of `all` is no mapping"),
        ("all: {hosts: {one: 5}}\n", "`one` of `all` is no mapping"),
        ("all: {children: {web: {vars: x}}}\n", "`vars` of `web` is no mapping"),
    ],
)
def test_hosts_that_are_no_mapping_are_refused(inventory: Path, text: str, message: str) -> None:
    write(inventory / "hosts.yml", text)
    with pytest.raises(hosts.InventoryUnreadable, match=message):
        hosts.read_hosts(inventory)


def test_a_wrong_host_name_is_answered_with_the_near_one(inventory: Path) -> None:
    with pytest.raises(hosts.InventoryUnreadable) as told:
        hosts.choose_hosts(inventory, "demo,tow")
    assert str(told.value) == "lab has no host 'tow'; did you mean `two`?\n  next: use --host with one of: demo, one, two"
    assert told.value.exit_code == 2


def test_the_environment_is_the_only_one_or_lab_or_the_one_that_was_named(inventory: Path) -> None:
    root = inventory.parent.parent
    write(root / "inventory/single/hosts.yml", "all: {}\n")
    assert hosts.choose_environment(root, "") == inventory
    assert hosts.environments(root) == ["lab"], "an example is no environment"
    assert hosts.choose_environment(root, "single").name == "single", "but it may be named"
    write(root / "inventory/a-first/hosts.yml", "all: {}\n")
    assert hosts.choose_environment(root, "") == inventory
    assert hosts.choose_environment(root, "a-first").name == "a-first"
    with pytest.raises(hosts.InventoryUnreadable, match="did you mean `a-first`"):
        hosts.choose_environment(root, "a-frist")


def test_an_act_on_one_host_names_the_choice(inventory: Path) -> None:
    found = hosts.read_hosts(inventory)
    assert hosts.only(found[:1], "logs in") == found[0]
    with pytest.raises(hosts.InventoryUnreadable, match="--host with one of: demo, one, two"):
        hosts.only(found, "logs in")


def test_a_person_logs_in_by_an_account_and_key_of_its_own_where_the_environment_says_so(inventory: Path) -> None:
    person = {"SLIPWAY_USER": "deploy", "SLIPWAY_KEY": "~/.ssh/pipeline"}
    assert [(host.user, host.key_file) for host in hosts.choose_hosts(inventory, "demo", person)] == [
        ("deploy", "~/.ssh/pipeline")
    ]
    assert [(host.user, host.key_file) for host in hosts.choose_hosts(inventory, "demo", {})] == [("ops", "~/.ssh/key")]
