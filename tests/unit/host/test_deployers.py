import os
from pathlib import Path

import pytest

from slipway.errors import ReleaseRefused
from slipway.host import deployers
from slipway.host.asker import Asker, by_sudo
from slipway.policy.verbs import DEPLOYER_VERBS


@pytest.mark.parametrize(
    "line",
    [
        "slipway status --json",
        "/usr/local/sbin/slipway status --json",
        "sudo -n /usr/local/sbin/slipway status --json",
        "sudo -n -H -- slipway status --json",
        "slipway 'status' \"--json\"",
    ],
)
def test_the_verbs_of_deployers_pass_with_and_without_sudo(line: str) -> None:
    assert deployers.words_of(line) == ["status", "--json"]


@pytest.mark.parametrize("verb", DEPLOYER_VERBS)
def test_each_verb_of_deployers_passes(verb: str) -> None:
    assert deployers.words_of(f"slipway {verb} shop") == [verb, "shop"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "sh",
        "bash -c 'slipway status'",
        "sudo -i",
        "sudo -u root sh",
        "sudo -n sh -c x",
        "sudo -E slipway status",
        "sudo PATH=/tmp slipway status",
        "PATH=/tmp slipway status",
        "env slipway status",
        "./slipway status",
        "/home/deploy/slipway status",
        "slipway",
        "slipway run shop",
        "slipway resume --boot",
        "slipway live",
        "slipway certs",
        "slipway reboot",
        "slipway --help",
        "slipway -- status",
        "slipway 'status",
        "scp -t /etc",
        "/usr/lib/openssh/sftp-server",
        "internal-sftp",
        "/usr/local/sbin/slipway-deploy root run shop",
    ],
)
def test_everything_else_is_refused_with_what_there_is(line: str) -> None:
    with pytest.raises(ReleaseRefused) as refused:
        deployers.words_of(line)
    assert "slipway submit" in refused.value.next_step


def test_a_shells_words_stay_words() -> None:
    assert deployers.words_of("slipway logs shop; id") == ["logs", "shop;", "id"]
    assert deployers.words_of("slipway logs `id` $(id) | sh") == ["logs", "`id`", "$(id)", "|", "sh"]
    assert deployers.words_of("slipway status\nid") == ["status", "id"]


def test_a_refusal_shows_no_control_characters() -> None:
    with pytest.raises(ReleaseRefused) as refused:
        deployers.words_of("\x1b[2Jsh")
    assert refused.value.cause.isprintable()


def test_root_takes_the_same_verbs_only() -> None:
    assert deployers.allowed(["status"]) == ["status"]
    for words in ([], ["run", "shop"], ["--json", "status"]):
        with pytest.raises(ReleaseRefused):
            deployers.allowed(words)


@pytest.mark.skipif(os.geteuid() != 0, reason="asks as root")
@pytest.mark.parametrize("words", [["run", "shop"], ["resume"], []])
def test_what_is_not_for_deployers_ends_with_5_as_root_too(
    words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert deployers.main(["ann", *words]) == 5
    assert "deployers have" in capsys.readouterr().err


def test_the_host_says_who_asks_before_the_request_does() -> None:
    assert Asker("deploy", "ann").signed("joe@laptop") == "ann as deploy (joe@laptop)"
    assert by_sudo({"SUDO_USER": "ops"}).signed("joe@laptop") == "ops (joe@laptop)"
    assert by_sudo({}).signed("") == "root"


def test_a_claim_cannot_pass_for_more_than_a_claim() -> None:
    assert Asker("deploy", "ann").signed("x) root (y\x1b[2J") == "ann as deploy (x root y[2J)"
    assert len(Asker().signed("x" * 1000)) < 100


def test_only_the_deploy_user_is_a_deployer() -> None:
    assert by_sudo({"SUDO_USER": "deploy"}).deployer
    assert not by_sudo({"SUDO_USER": "ops"}).deployer
    assert not by_sudo({}).deployer
