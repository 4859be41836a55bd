"""The outbox and what leaves it: real receivers listen at this machine."""

import contextlib
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_string
from email.policy import default
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from slipway.codec import to_json
from slipway.errors import HostError
from slipway.host import notices
from slipway.host.journal import Journal
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.notices import message
from slipway.notices.settings import Server, Settings, Target
from tests import receivers

from .releases import folder, release

RETURNED = message.returned("demo", 2, 1, "api: 14 of 31 requests failed")


def host(root: Path, settings: Settings | None) -> Work:
    found = folder(root, release(1, "1.0.0"))
    work = Work(Machine(Layout(root)), found)
    if settings:
        work.machine.layout.notices.parent.mkdir(parents=True)
        work.machine.layout.notices.write_text(json.dumps(to_json(settings)))
    return work


def telling(kind_of: Mapping[str, Target], server: Server | None = None, **told: tuple[str, ...]) -> Settings:
    return Settings(1, "production", told or {"page": tuple(kind_of)}, kind_of, server)


def hook(seen: receivers.Web, path: str = "/hook", token: str = "") -> Target:
    return Target("webhook", url=f"http://127.0.0.1:{seen.port}{path}", token=token)


def noted(work: Work) -> list[dict[str, Any]]:
    return [entry for entry in Journal(work.folder.journal).entries() if entry["event"] == "notice"]


def send(work: Work) -> int:
    return notices.send_waiting(work.machine, lambda _: None)


def test_a_message_reaches_those_of_its_severity_and_the_journal_says_so(tmp_path: Path) -> None:
    with receivers.web() as seen:
        pager, chat = hook(seen, "/pager", token="t0ken-of-the-pager"), Target("slack", url=f"http://127.0.0.1:{seen.port}/chat")
        work = host(tmp_path, telling({"pager": pager, "chat": chat}, page=("pager", "chat"), info=("chat",)))
        notices.tell(replace(work, request="q7"), RETURNED)
        assert send(work) == 1
        notices.tell(work, message.passed("demo", 3, "well", "good", {}))
        assert send(work) == 1
    assert [post.path for post in seen.posts].count("/pager") == 1
    assert len(seen.about("/chat")) == 2
    (told,) = seen.about("/pager")
    assert (told["event"], told["environment"], told["release"]) == ("returned", "production", 2)
    assert told["host"]
    assert told["at"]
    post = next(post for post in seen.posts if post.path == "/pager")
    assert post.headers["Authorization"] == "Bearer t0ken-of-the-pager"
    assert {(entry["receiver"], entry["state"], entry["of"], entry["request"]) for entry in noted(work)[:2]} == {
        ("pager", "sent", "returned", "q7"),
        ("chat", "sent", "returned", "q7"),
    }
    assert list(work.machine.layout.outbox.iterdir()) == []


def test_where_nobody_is_to_hear_nothing_is_kept(tmp_path: Path) -> None:
    for number, settings in enumerate((None, Settings(1), telling({"ops": Target("mail")}, info=("ops",)))):
        work = host(tmp_path / str(number), settings)
        notices.tell(work, RETURNED)
        notices.tell(work, None)
        assert not work.machine.layout.outbox.exists()
        assert send(work) == 0


def test_a_receiver_is_tried_three_times(tmp_path: Path) -> None:
    with receivers.web() as seen:
        work = host(tmp_path, telling({"pager": hook(seen)}))
        seen.answers += [500, 503]
        notices.tell(work, RETURNED)
        send(work)
        assert [(entry["state"], entry["tries"]) for entry in noted(work)] == [("sent", 3)]
        seen.answers += [500, 500, 502, 200]
        notices.tell(work, RETURNED)
        send(work)
    last = noted(work)[-1]
    assert (last["state"], last["tries"]) == ("failed", 3)
    assert "502" in last["text"]
    assert seen.answers == [200], "not a fourth time"


def test_the_pauses_grow_and_a_dead_receiver_keeps_no_other_waiting(tmp_path: Path) -> None:
    slept: list[float] = []
    with receivers.web() as seen:
        dead = Target("webhook", url="http://127.0.0.1:9/hook")
        work = host(tmp_path, telling({"dead": dead, "pager": hook(seen)}))
        notices.tell(work, RETURNED)
        notices.send_waiting(work.machine, slept.append)
    assert slept == [2.0, 8.0, 0.0]
    assert {entry["receiver"]: entry["state"] for entry in noted(work)} == {"dead": "failed", "pager": "sent"}


def test_what_is_urgent_goes_first_and_a_dead_receiver_is_not_tried_with_each_message(tmp_path: Path) -> None:
    slept: list[float] = []
    with receivers.web() as seen:
        dead = Target("webhook", url="http://127.0.0.1:9/hook")
        everybody = {"dead": dead, "pager": hook(seen)}
        work = host(tmp_path, telling(everybody, page=("pager", "dead"), info=("pager", "dead")))
        notices.tell(work, message.passed("demo", 1, "well", "good", {}))
        notices.tell(work, RETURNED)
        notices.send_waiting(work.machine, slept.append)
        assert [told["event"] for told in seen.about("/hook")] == ["returned", "passed"]
    assert slept == [2.0, 8.0, 0.0], "three tries, not six"
    skipped = [entry for entry in noted(work) if entry["receiver"] == "dead"][-1]
    assert (skipped["state"], skipped["tries"], skipped["text"]) == ("failed", 0, notices.SKIPPED)


def test_the_outbox_has_a_bound_for_what_can_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "MOST_WAITING", 3)
    work = host(tmp_path, telling({"pager": Target("webhook", url="http://127.0.0.1:9/")}, page=("pager",), info=("pager",)))
    for number in range(5):
        notices.tell(work, message.passed("demo", number, "x" * 50000, "good", {}))
    notices.tell(work, RETURNED)
    waiting = sorted(work.machine.layout.outbox.iterdir())
    assert [path.name[0] for path in waiting] == ["0", "2", "2", "2"]
    assert all(path.stat().st_size < 25000 for path in waiting)


@pytest.mark.parametrize(
    "target",
    [
        Target("slack", url="https://bot:hunter2pass@chat.example/hook"),
        Target("slack", url="http://127.0.0.1:9/services/T0/B0/SECRET PATH"),
        Target("webhook", url="http://127.0.0.1:9/", token="hunter2\n" + "B" * 300),
    ],
)
def test_a_secret_of_a_wrong_form_is_quoted_in_no_part(tmp_path: Path, target: Target) -> None:
    work = host(tmp_path, telling({"chat": target}))
    notices.tell(work, RETURNED)
    send(work)
    said = noted(work)[-1]["text"]
    assert "look for blanks and line ends" in said or "no connection" in said
    assert not any(part in said for part in ("hunter2", "SECRET", "PATH", "BBBB"))


def test_an_answer_that_never_ends_keeps_nobody_waiting(tmp_path: Path) -> None:
    class Dripping(StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-More: ")
                while True:
                    self.wfile.write(b"x")
                    time.sleep(0.05)

    with ThreadingTCPServer(("127.0.0.1", 0), Dripping) as server, receivers.web() as seen:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        slow = Target("webhook", url=f"http://127.0.0.1:{server.server_address[1]}/")
        settings = telling({"slow": slow, "pager": hook(seen)})
        told = replace(RETURNED, at="2026-11-21T08:00:00.000Z")
        found = {one.receiver: one for one in notices.send(settings, ("slow", "pager"), told, lambda _: None, 1.0)}
        server.shutdown()
    assert found["pager"].error == ""
    assert found["slow"].error == "its answer did not end within 1 s"


def test_no_secret_shows_up_in_journal_or_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = "http://127.0.0.1:9/services/T00/B00/secretpath"
    work = host(tmp_path, telling({"chat": Target("slack", url=secret), "odd": Target("slack", url="no url but a s3cret")}))
    notices.tell(work, RETURNED)
    send(work)
    said = capsys.readouterr().err + work.folder.journal.read_text()
    assert "chat was not told" in said
    assert "secretpath" not in said
    assert "s3cret" not in said
    assert "secretpath" not in repr(notices.read(work.machine.layout))


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    with receivers.web() as seen:
        work = host(tmp_path, telling({"pager": hook(seen)}))
        seen.answers += [302, 302, 302]
        notices.tell(work, RETURNED)
        send(work)
    assert noted(work)[0]["state"] == "failed"
    assert {post.path for post in seen.posts} == {"/hook"}


def test_a_message_holds_no_secret_of_its_stack(tmp_path: Path) -> None:
    with receivers.web() as seen:
        work = host(tmp_path, telling({"pager": hook(seen)}))
        held = work.with_values({"DB_PASSWORD": "hunter2hunter2"}, {})
        notices.tell(held, message.returned("demo", 2, 1, "it says: password hunter2hunter2 is wrong"))
        assert "hunter2" not in "".join(path.read_text() for path in work.machine.layout.outbox.iterdir())
        send(work)
    assert "[secret]" in seen.about("/hook")[0]["text"]


def test_a_mail_arrives_and_a_refused_address_is_told(tmp_path: Path) -> None:
    with receivers.mail() as box:
        server = Server("127.0.0.1", "slipway@shop.example", box.port, "none")
        targets = {
            "team": Target("mail", addresses=("a@b.example", "c@d.example")),
            "gone": Target("mail", addresses=("nobody@b.example",)),
        }
        work = host(tmp_path, telling(targets, server))
        notices.tell(work, RETURNED)
        send(work)
    mail = message_from_string(box.mails[0], policy=default)
    assert box.addresses == ["a@b.example", "c@d.example"]
    assert len(box.mails) == 1
    assert mail["Subject"].endswith("(production): release 2 was taken back, release 1 serves again")
    assert "14 of 31 requests failed" in mail.get_content()
    failed = next(entry for entry in noted(work) if entry["receiver"] == "gone")
    assert failed["state"] == "failed"
    assert "nobody@b.example" in failed["text"]


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return a mail server's TLS with a certificate that this machine trusts."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begin = datetime.now(UTC) - timedelta(hours=1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(begin).not_valid_after(begin + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    file = tmp_path / "server.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + private)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_a_login_happens_behind_tls_only(tmp_path: Path, trusted: ssl.SSLContext) -> None:
    team = {"team": Target("mail", addresses=("a@b.example",))}
    with receivers.mail(tls=trusted) as box:
        server = Server("localhost", "slipway@shop.example", box.port, "starttls", "slipway", "pa55word")
        work = host(tmp_path / "one", telling(team, server))
        notices.tell(work, RETURNED)
        send(work)
    assert (len(box.logins), len(box.mails)) == (1, 1)
    with receivers.mail() as plain:  # a server that offers no TLS, or somebody in between who took the offer out
        work = host(tmp_path / "two", telling(team, replace(server, port=plain.port)))
        notices.tell(work, RETURNED)
        send(work)
    assert (plain.logins, plain.mails) == ([], [])
    assert noted(work)[0]["state"] == "failed"


def test_a_foreign_certificate_is_refused(tmp_path: Path, trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with receivers.mail(tls=trusted) as box:
        server = Server("localhost", "slipway@shop.example", box.port, "starttls", "slipway", "pa55word")
        work = host(tmp_path, telling({"team": Target("mail", addresses=("a@b.example",))}, server))
        notices.tell(work, RETURNED)
        send(work)
    assert box.logins == []
    assert "certificate" in noted(work)[0]["text"].lower()


def test_a_fault_of_the_settings_stops_no_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, text in enumerate(("{", '{"schema": 9}', '{"unknown": 1}', "[]")):
        work = host(tmp_path / str(number), Settings())
        work.machine.layout.notices.write_text(text)
        notices.tell(work, RETURNED)
        assert "nobody is told of this" in capsys.readouterr().err
    work = host(tmp_path / "full", telling({"ops": Target("mail")}))
    (tmp_path / "full/var/spool").mkdir()
    (tmp_path / "full/var/spool/slipway").write_text("a file where the folder should be")
    notices.tell(work, RETURNED)
    assert "nobody is told of this" in capsys.readouterr().err


def test_what_cannot_be_read_leaves_the_outbox(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = host(tmp_path, telling({"ops": Target("webhook", url="http://127.0.0.1:9/")}))
    work.machine.layout.outbox.mkdir(parents=True)
    (work.machine.layout.outbox / "a.json").write_text("{")
    (work.machine.layout.outbox / "b").write_text("")
    assert send(work) == 2
    assert list(work.machine.layout.outbox.iterdir()) == []
    assert "a.json is dropped" in capsys.readouterr().err


def test_a_trial_asks_each_receiver_and_notes_nothing(tmp_path: Path) -> None:
    with receivers.web() as seen:
        dead = Target("webhook", url="http://127.0.0.1:9/hook")
        work = host(tmp_path, telling({"pager": hook(seen), "dead": dead}, info=("pager",), page=("dead",)))
        found = {one.receiver: one for one in notices.test(work.machine)}
        assert (found["pager"].error, found["pager"].tries) == ("", 1)
        assert "refused" in found["dead"].error.lower()
        assert [one.receiver for one in notices.test(work.machine, "pager")] == ["pager"]
        with pytest.raises(HostError, match="no receiver 'pagr', only dead, pager"):
            notices.test(work.machine, "pagr")
    assert [told["event"] for told in seen.about("/hook")] == ["test", "test"]
    assert noted(work) == []


def test_a_host_without_receivers_says_where_to_name_them(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="no receivers"):
        notices.test(host(tmp_path, None).machine)
