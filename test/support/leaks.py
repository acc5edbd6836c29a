"""Look for secrets where they must not be.

Job: the forms in which a secret may show itself, and the objects that a debugger could show.
Limits: knows the secret, not what is derived from it, such as the hash of a password.
"""

from __future__ import annotations

import base64
import gc
import logging
import traceback
from pathlib import Path
from types import (
    BuiltinFunctionType,
    CodeType,
    FrameType,
    FunctionType,
    MethodType,
    ModuleType,
    TracebackType,
)
from typing import TYPE_CHECKING, Final

import kafka

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PACKAGE: Final = str(Path(kafka.__file__).parent)
#: They lead to everything that is imported, this test included.
_PASSED_BY: Final = (ModuleType, type, CodeType, FrameType, TracebackType, BuiltinFunctionType)
_URL_SAFE: Final = str.maketrans("+/", "-_")


def forms(secret: str) -> set[str]:
    """Return the texts that would give *secret* away."""
    data = secret.encode()
    found = {secret, data.hex(), data.hex().upper(), repr(secret)[1:-1], repr(data)[2:-1]}
    for before in range(3):
        text = base64.b64encode(bytes(before) + data).decode()
        # What depends on the bytes before and behind is cut off.
        inner = text[(8 * before + 5) // 6 : 8 * (before + len(data)) // 6]
        found |= {inner, inner.translate(_URL_SAFE)}
    return found


class Leaks:
    """Finds secrets, and notes where.

    Args:
        secrets: what is to be found nowhere.

    Attributes:
        found: a line for each place.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = {form: secret for secret in secrets for form in forms(secret)}
        self.found: list[str] = []

    def look_at(self, text: str, where: str) -> None:
        """Note the secrets in *text*."""
        for form, secret in self._forms.items():
            if form in text:
                at = text.index(form)
                self.found.append(f"{where}: {secret!r} in ...{text[max(at - 60, 0) : at + 60]}...")

    def look_at_objects(self, root: object, where: str) -> None:
        """Note the secrets that the `repr` of an object shows that *root* leads to."""
        for item in reachable(root):
            if not isinstance(item, str | bytes | bytearray | memoryview):
                self.look_at(_shown(item), f"{where}, a {type(item).__qualname__}")

    def look_at_error(self, error: BaseException, where: str) -> None:
        """Note the secrets in an error: its text, what led to it, and frames of the package."""
        self.look_at("".join(traceback.format_exception(error)), f"{where}, the text of the error")
        for link in _chain(error):
            self.look_at(repr(link), f"{where}, {type(link).__name__}")
            for frame, _ in traceback.walk_tb(link.__traceback__):
                if frame.f_code.co_filename.startswith(_PACKAGE):
                    for name, value in frame.f_locals.items():
                        place = f"{where}, {name} in {frame.f_code.co_qualname}"
                        self.look_at(_shown(value), place)

    def look_into(self, directory: Path, where: str) -> None:
        """Note the secrets in the files of *directory*."""
        for path in directory.rglob("*"):
            if path.is_file():
                self.look_at(path.read_bytes().decode("latin-1"), f"{where}, {path}")


def reachable(root: object) -> Iterator[object]:
    """Yield *root* and what it leads to, without what leads to everything."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, _PASSED_BY):
            continue
        seen.add(id(item))
        yield item
        if isinstance(item, FunctionType):
            # Not its globals.
            waiting += [item.__closure__, item.__defaults__, item.__kwdefaults__]
        elif isinstance(item, MethodType):
            waiting += [item.__self__, item.__func__]
        else:
            waiting += gc.get_referents(item)


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - half-made objects of other libraries
        return f"<{error!r}>"


def _chain(error: BaseException) -> Iterator[BaseException]:
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        link = waiting.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += [link.__cause__, link.__context__]


class LogTexts(logging.Handler):
    """Keeps what every logger says, with the arguments and tracebacks.

    A context manager: it hears the root logger at DEBUG while the block lasts.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []
        self._formatter = logging.Formatter("%(name)s %(threadName)s %(message)s")
        self._level = logging.WARNING

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.texts.append(f"{self._formatter.format(record)} {record.args!r}")

    def __enter__(self) -> LogTexts:
        root = logging.getLogger()
        self._level = root.level
        root.setLevel(logging.DEBUG)
        root.addHandler(self)
        return self

    def __exit__(self, *error: object) -> None:
        root = logging.getLogger()
        root.removeHandler(self)
        root.setLevel(self._level)
