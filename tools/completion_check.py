"""``python -m tools.completion_check``: what editors and IPython offer inside of a constructor.

jedi completes in IPython, by ``__signature__``; pyright's language server completes in editors,
by the types of the options. Each must offer ``bootstrap_servers`` after ``KafkaConsumer(boots``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import kafka

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

ROOT: Final = Path(__file__).resolve().parents[1]
CASES: Final = {
    "KafkaConsumer(boots": "bootstrap_servers",
    "KafkaConsumer('orders', max_poll_r": "max_poll_records",
    "KafkaProducer(compression_t": "compression_type",
}


def jedi(text: str) -> set[str]:
    """Return what IPython offers at the end of *text*."""
    from jedi import Interpreter  # noqa: PLC0415 - not needed by the other

    # Plain attributes are not enough: IPython hands over what the user has imported.
    names = {name: getattr(kafka, name) for name in ("KafkaConsumer", "KafkaProducer")}
    return {found.name.rstrip("=") for found in Interpreter(text, [names]).complete()}


def pyright(text: str) -> set[str]:
    """Return what an editor offers at the end of *text*, by pyright's language server."""
    source = f"from kafka import KafkaConsumer, KafkaProducer\n\n{text}"
    uri = (ROOT / "completed.py").as_uri()
    command = [sys.executable, "-m", "pyright.langserver", "--stdio"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        try:
            talk = Conversation(server.stdin, server.stdout)
            folders = [{"uri": ROOT.as_uri(), "name": "kafka"}]
            talk.ask("initialize", processId=None, capabilities={}, workspaceFolders=folders)
            talk.tell("initialized")
            document = {"uri": uri, "languageId": "python", "version": 1, "text": source}
            talk.tell("textDocument/didOpen", textDocument=document)
            place = {"line": 2, "character": len(text)}
            found = talk.ask("textDocument/completion", textDocument={"uri": uri}, position=place)
        finally:
            server.kill()
    items = found["items"] if isinstance(found, dict) else found
    return {item["label"].rstrip("=") for item in items}


class Conversation:
    """Requests and answers of the Language Server Protocol.

    Args:
        out: to the server.
        back: from the server.
    """

    def __init__(self, out: IO[bytes] | None, back: IO[bytes] | None) -> None:
        assert out is not None
        assert back is not None
        self._out, self._back = out, back
        self._number = 0

    def tell(self, method: str, **params: object) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    # Any: each answer has a shape of its own.
    def ask(self, method: str, **params: object) -> Any:
        """Send a request and return the answer."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._receive()
            if "method" in message and "id" in message:  # the server asks; there is nothing to say
                asked = message.get("params", {}).get("items", [])
                self._send({"id": message["id"], "result": [None for _ in asked] or None})
            elif message.get("id") == self._number:
                return message["result"]

    def _send(self, message: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._out.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._out.flush()

    # Any: JSON.
    def _receive(self) -> dict[str, Any]:
        length = 0
        while (line := self._back.readline().strip()) or not length:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        found: dict[str, Any] = json.loads(self._back.read(length))
        return found


def report(offers: Callable[[str], set[str]]) -> int:
    """Print what is not offered; return how many cases these are."""
    missing = [text for text, wanted in CASES.items() if wanted not in offers(text)]
    for text in missing:
        print(f"{offers.__name__} does not offer {CASES[text]} after {text}")
    print(f"{offers.__name__}: {len(CASES) - len(missing)} of {len(CASES)} completed")
    return len(missing)


def main() -> int:
    """Ask both."""
    return 1 if sum(map(report, (jedi, pyright))) else 0


if __name__ == "__main__":
    sys.exit(main())
