"""A client of yaml-language-server, the real one, which tests speak to as an editor does."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PATIENCE = 60.0
"""Seconds that an answer may take."""

ABILITIES = {
    "workspace": {"configuration": True},
    "textDocument": {
        "completion": {
            "completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}
        },
        "hover": {"contentFormat": ["markdown"]},
    },
}

_PUBLISH = "textDocument/publishDiagnostics"


def find_server() -> list[str] | None:
    """Returns the command of the server that tools/setup.sh installs, if it is there."""
    modules = Path(sys.prefix) / "npm" / "node_modules"
    program = modules / "yaml-language-server" / "bin" / "yaml-language-server"
    node = shutil.which("node")
    return [node, str(program), "--stdio"] if node and program.is_file() else None


@contextmanager
def language_server(
    command: list[str], folder: Path, schemas: Mapping[str, Any] | None = None
) -> Iterator[LanguageServer]:
    """Runs a server for a folder; it is killed on leaving.

    Args:
        command: How it is run.
        folder: The root of the editor's workspace.
        schemas: The editor's setting `yaml.schemas`.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        try:
            yield LanguageServer(process, folder, schemas or {})
        finally:
            process.kill()


class LanguageServer:
    """A running server, as an editor speaks to it."""

    def __init__(
        self, process: subprocess.Popen[bytes], folder: Path, schemas: Mapping[str, Any]
    ) -> None:
        """Greets the server."""
        self._process = process
        self._settings = {
            "yaml": {
                "completion": True,
                "hover": True,
                "validate": True,
                "schemas": schemas,
                "schemaStore": {"enable": False},  # it would ask the network
            }
        }
        self._messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._last = 0
        threading.Thread(target=self._listen, daemon=True).start()
        workspace = {"uri": folder.as_uri(), "name": folder.name}
        about = {"processId": os.getpid(), "rootUri": folder.as_uri(), "capabilities": ABILITIES,
                 "workspaceFolders": [workspace]}  # fmt: skip
        self._request("initialize", about)
        self._notify("initialized", {})
        self._notify("workspace/didChangeConfiguration", {"settings": self._settings})

    def open(self, path: Path, text: str) -> list[dict[str, Any]]:
        """Opens a document, whatever is on the disk, and returns its diagnostics."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._notify("textDocument/didOpen", {"textDocument": document})
        while True:
            message = self._receive()
            params = message.get("params") or {}
            if message.get("method") == _PUBLISH and params["uri"] == path.as_uri():
                found: list[dict[str, Any]] = params["diagnostics"]
                return found

    def at(self, method: str, path: Path, line: int, character: int) -> Any:  # noqa: ANN401 - JSON
        """Returns the answer about a place in an open document; both numbers are from 0."""
        place = {"line": line, "character": character}
        return self._request(
            f"textDocument/{method}", {"textDocument": {"uri": path.as_uri()}, "position": place}
        )

    def _request(self, method: str, params: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._last and "method" not in message:
                return message["result"]

    def _notify(self, method: str, params: Mapping[str, Any]) -> None:
        self._send({"method": method, "params": params})

    def _receive(self) -> dict[str, Any]:
        """Returns the next message; what the server asks is answered on the way."""
        message = self._messages.get(timeout=PATIENCE)
        assert message, "the server has ended"
        if "id" in message and "method" in message:
            asked = (message.get("params") or {}).get("items", [])
            answer = [self._settings.get(item["section"]) for item in asked]
            self._send({"id": message["id"], "result": answer})
        return message

    def _send(self, message: Mapping[str, Any]) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        self._process.stdin.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream
        with suppress(ValueError):  # it is closed
            while header := stream.readline():
                length = int(header.partition(b":")[2])
                stream.readline()
                self._messages.put(json.loads(stream.read(length)))
        self._messages.put({})
