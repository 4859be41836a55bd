"""The inventory's words are checked like the stack's: own file, own line, own advice."""

import json

from slipway.environment import BackupTarget, SecretCommand
from tests.unit.load.project import Patch, Project

AGE = f"age1{'q' * 58}"


def test_every_word_is_taken(project: Project) -> None:
    project.base(
        {"services/api/environment": {"A": "${A}", "B": "${B}", "S": "${S}"}},
        {
            "production": False,
            "stacks/shop/variables": {"A": 2, "B": True},
            "stacks/shop/secrets": {"S": {"command": ["pass", "S"]}},
            "admins": {"ann": {"keys": ["ssh-ed25519 AAAAC3Nz ann"], "expires": "2030-01-01"}},
            "deployers": {"ci": {"keys": ["~/.ssh/ci.pub"]}},
            "openings": [{"port": 8443, "protocol": "tcp", "sources": ["192.0.2.0/24", "2001:db8::/32"], "why": "a partner"}],
            "acme": {"server": "letsencrypt-staging", "email": "ops@example.org"},
            "docker": {"source": "docker", "registry_mirrors": ["http://10.0.0.1:5000"], "address_pool": "10.213.0.0/16"},
            "public_ports": {"https": 8441},
            "first_login": "debian",
            "keep_releases": 3,
            "updates": {"window": "02:00-03:00", "reboot": False},
            "timezone": "Europe/Berlin",
            "notices": {"page": ["pager"]},
            "receivers": {"pager": {"webhook": "https://example.org"}},
            "backup_target": [{"type": "sftp", "url": "sftp://b@h.example.org/shop", "encrypt_to": [AGE]}],
            "ansible_user": "{{ whoever }}",
        },
    )
    environment = project.load()
    assert environment.stacks["shop"].services["api"].compose["environment"] == {"A": "2", "B": "true", "S": "${S}"}
    assert environment.secret_sources == {"shop": {"S": SecretCommand(("pass", "S"))}}
    assert (environment.public_ports.http, environment.public_ports.https) == (80, 8441)
    assert environment.backup_target == (BackupTarget("sftp", "sftp://b@h.example.org/shop", (AGE,)),)
    assert environment.openings[0].sources == ("192.0.2.0/24", "2001:db8::/32")


def test_pins_go_before_the_stacks_own_values(project: Project) -> None:
    project.base({"services/api/image": "acme/api:${RELEASE:?}"}, {"stacks/shop/variables": {"RELEASE": "1.0"}})
    project.inventory(json.dumps({"releases": {"shop": {"variables": {"RELEASE": "2.0"}}}}), "releases.yml")
    stack = project.stack()
    assert stack.services["api"].image == "acme/api:2.0"
    assert stack.variables == {"RELEASE": "2.0"}


def test_a_variable_in_a_typed_word_takes_its_type(project: Project) -> None:
    project.base(
        {
            "services/api/x-slipway/scale": {"min": "${MIN}", "max": "${MAX:-4}"},
            "services/api/x-slipway/health/contains": "${MIN}",
        },
        {"stacks/shop/variables": {"MIN": 2}},
    )
    api = project.stack().services["api"]
    assert (api.scale and (api.scale.min, api.scale.max), api.health and api.health.contains) == ((2, 4), "2")
    project.base({"services/api/x-slipway/scale": {"min": "${MIN}", "max": 4}}, {"stacks/shop/variables": {"MIN": "few"}})
    assert "services.api.x-slipway.scale.min: `${MIN}` does not give a whole number" in project.faults()[0]


def test_a_word_in_two_files_is_named(project: Project) -> None:
    project.base({}, {})
    project.inventory("production: true\nstacks: {}", "more.yml")
    home = "inventory/test/group_vars/all"
    assert project.faults() == [f"{home}/stacks.yml:1: stacks: written in two files; first in {home}/more.yml:2; keep one"]


def test_a_vault_in_plain_text_is_named(project: Project) -> None:
    project.base({"services/api/environment": ["S"]}, {"stacks/shop/secrets": {"S": "vault"}})
    project.inventory("vault:\n  shop:\n    S: hunter2", "vault.yml")
    assert project.faults() == [
        "inventory/test/group_vars/all/vault.yml:3: vault.shop.S: a secret in plain text; "
        "run `ansible-vault encrypt inventory/test/group_vars/all/vault.yml`"
    ]
    project.inventory("vault:\n  shop:\n    S: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n      00", "vault.yml")
    assert project.faults() == []


def test_one_folder_may_serve_two_stacks_but_not_one_domain(project: Project) -> None:
    patch: Patch = {"x-slipway/domains/site/name": "${NAME}"}
    stacks: Patch = {
        "stacks/shop/variables": {"NAME": "a.example.org"},
        "stacks/shop-staging": {"compose": "shop", "variables": {"NAME": "b.example.org"}},
    }
    project.base(patch, stacks)
    assert sorted(project.load().stacks) == ["shop", "shop-staging"]
    project.base(patch, stacks | {"stacks/shop-staging/variables": {"NAME": "a.example.org"}})
    assert "`a.example.org` of stack `shop-staging` belongs to stack `shop` already" in project.faults()[0]


def test_an_environment_without_words_is_named(project: Project) -> None:
    assert project.faults() == ["inventory/test:1: (file): holds no `group_vars/all/`; write `group_vars/all/stacks.yml` there"]
