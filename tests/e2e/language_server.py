"""A language server over standard input and output, as an editor speaks to it."""

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Message = dict[str, Any]


@dataclass
class LanguageServer:
    """A running server; messages it sent by itself are kept in `seen`."""

    process: "subprocess.Popen[bytes]"
    seen: list[Message] = field(default_factory=list)
    asked: int = 0

    @classmethod
    def start(cls, argv: Sequence[str], folder: Path) -> "LanguageServer":
        """Start the server for a folder."""
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        server = cls(process)
        text = {"hover": {"contentFormat": ["markdown"]}, "completion": {"completionItem": {"snippetSupport": True}}}
        capabilities = {"textDocument": text, "workspace": {"configuration": True}}
        server.ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": capabilities})
        server.tell("initialized", {})
        return server

    def stop(self) -> None:
        """End the server."""
        self.process.kill()
        self.process.wait()

    def tell(self, method: str, params: Message) -> None:
        """Send a notice."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Message) -> Any:
        """Send a question and return its answer."""
        self.asked += 1
        number = self.asked
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        answer = self._until(lambda message: message.get("id") == number and "method" not in message)
        assert "error" not in answer, answer
        return answer["result"]

    def diagnostics(self, path: Path, text: str) -> list[str]:
        """Open a text as a file and return what the editor would underline, as `line: message`."""
        self.seen.clear()
        self.tell(
            "textDocument/didOpen",
            {"textDocument": {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}},
        )
        known = [m for m in self.seen if _is_about(m, path)]
        found = known[-1] if known else self._until(lambda message: _is_about(message, path))
        return [f"{item['range']['start']['line'] + 1}: {item['message']}" for item in found["params"]["diagnostics"]]

    def at(self, question: str, path: Path, line: int, column: int) -> Any:
        """Ask something about a place of an open file, both counted from 0."""
        place = {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": column}}
        return self.ask(f"textDocument/{question}", place)

    def _until(self, wanted: Callable[[Message], bool]) -> Message:
        while True:
            message = self._receive()
            if "id" in message and "method" in message:
                self._answer(message)
            elif wanted(message):
                return message
            else:
                self.seen.append(message)

    def _answer(self, message: Message) -> None:
        """Answer what the server asks the editor: its settings, one object each; nothing else needs an answer."""
        items = message.get("params", {}).get("items", [])
        self._send({"jsonrpc": "2.0", "id": message["id"], "result": [{} for _ in items] if items else None})

    def _send(self, message: Message) -> None:
        assert self.process.stdin
        body = json.dumps(message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _receive(self) -> Message:
        assert self.process.stdout
        length = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        assert length, "the language server ended"
        message: Message = json.loads(self.process.stdout.read(length))
        return message


def _is_about(message: Message, path: Path) -> bool:
    return message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == path.as_uri()
