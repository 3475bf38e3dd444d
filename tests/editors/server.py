"""A client of yaml-language-server, the program behind VS Code's YAML extension.

Speaks as much of the Language Server Protocol over its stdin and stdout as the tests
need: https://microsoft.github.io/language-server-protocol.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any


ROOT = Path(__file__).parent.parent.parent
SERVER = (
    ROOT / "build/editors/node_modules/yaml-language-server/bin/yaml-language-server"
)


class LanguageServer:
    """A server with documents open in it, their schemas said by file name."""

    def __init__(self, schemas: dict[str, str], folder: Path) -> None:
        """Start the server; `schemas` are patterns of files by schema URL."""
        self._process = subprocess.Popen(
            ["node", str(SERVER), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._settings = {
            "yaml": {
                "schemas": schemas,
                "schemaStore": {"enable": False},
                "validate": True,
                "hover": True,
                "completion": True,
            }
        }
        self._id = 0
        self._diagnostics: dict[str, list[dict[str, Any]]] = {}
        self._ask(
            "initialize",
            processId=None,
            rootUri=folder.as_uri(),
            capabilities={
                "workspace": {"configuration": True},
                "textDocument": {
                    "completion": {"completionItem": {"snippetSupport": True}},
                    "hover": {"contentFormat": ["markdown"]},
                },
            },
        )
        self._tell("initialized")
        self._tell("workspace/didChangeConfiguration", settings=self._settings)
        while self._read().get("method") != "workspace/configuration":
            pass  # before it has asked, it knows no schema

    def __enter__(self) -> LanguageServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def open(self, path: Path, text: str) -> None:
        """Show the server a file, as saved or not."""
        document = {
            "uri": path.as_uri(),
            "languageId": "yaml",
            "version": 1,
            "text": text,
        }
        self._tell("textDocument/didOpen", textDocument=document)

    def diagnostics(self, path: Path) -> list[dict[str, Any]]:
        """What the server says is wrong with an open file."""
        while path.as_uri() not in self._diagnostics:
            self._read()
        return self._diagnostics.pop(path.as_uri())

    def hover(self, path: Path, line: int, column: int) -> str:
        """What is shown when the mouse rests at a place, counted from 0."""
        found = self._ask("textDocument/hover", **_at(path, line, column))
        return "" if found is None else str(found["contents"]["value"])

    def completions(self, path: Path, line: int, column: int) -> list[dict[str, Any]]:
        """What is offered at a place, counted from 0."""
        found = self._ask("textDocument/completion", **_at(path, line, column))
        return list(found["items"] if isinstance(found, dict) else found)

    def _ask(self, method: str, **params: Any) -> Any:
        self._id += 1
        self._send({"id": self._id, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == self._id and "method" not in message:
                assert "error" not in message, message["error"]
                return message["result"]

    def _tell(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream = self._process.stdin
        assert stream is not None
        stream.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        stream.flush()

    def _read(self) -> dict[str, Any]:
        """The next message; requests of the server's own are answered."""
        stream = self._process.stdout
        assert stream is not None
        length = 0
        while (line := stream.readline().strip()) or not length:
            assert line or self._process.poll() is None, "the server has ended"
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        message: dict[str, Any] = json.loads(stream.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            params = message["params"]
            self._diagnostics[params["uri"]] = params["diagnostics"]
        elif "method" in message and "id" in message:
            self._send({"id": message["id"], "result": self._answer(message)})
        return message

    def _answer(self, message: dict[str, Any]) -> Any:
        if message["method"] != "workspace/configuration":
            return None
        items = message["params"]["items"]
        return [self._settings.get(item.get("section", ""), {}) for item in items]


def _at(path: Path, line: int, column: int) -> dict[str, Any]:
    position = {"line": line, "character": column}
    return {"textDocument": {"uri": path.as_uri()}, "position": position}
