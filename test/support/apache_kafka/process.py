"""Run one Java program that cannot outlive the tests.

Job: start, signal and stop a JVM whose output goes to a file.
Limits: knows nothing of Kafka.

However the test process ends - failure, Ctrl-C, SIGKILL - its JVMs must go.  Each is started by a
shell that leaves a one-line watchdog in the JVM's process group and then becomes the JVM
(``exec``, so the pid stays).  The watchdog blocks on a pipe whose other end only the test process
holds: the kernel closes it when that process dies, in whatever way, and the watchdog kills the
group.  Preferred to PR_SET_PDEATHSIG, which fires when the *thread* that started the child ends,
exists on Linux only, and needs a preexec_fn, unsafe in a process with threads.  The group is a
session of its own, so Ctrl-C in the terminal reaches pytest alone and teardown runs in order.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from test.support.apache_kafka.shared_classes import SharedClasses

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

# $1: file for the program's standard input; the rest: the program.  `read` succeeds only when
# told that the JVM is gone and its pid may be somebody else's by now.
_LAUNCHER = (
    "exec 3<&0; input=$1; shift; "
    "(trap '' TERM INT HUP; read -r line <&3 || kill -9 -$$) & "
    'exec "$@" <"$input" 3<&-'
)
_JVM_OPTIONS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    # It warns, on the standard output, of classes that it does not share.
    "-Xlog:disable",
    # The Snappy of 0.8.0 and 0.8.1 puts its native loader where Java 17 allows it only like this.
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
)


class JavaProcess:
    """A running JVM.

    Args:
        jars: directory of the jars that form the class path.
        main: class to run, and its arguments.
        log: file that standard output is appended to; standard error too unless *errors* is given.
        errors: file that standard error is appended to.
        cwd: working directory.
        options: JVM options (heap, system properties).
        stdin: file to read standard input from.
    """

    def __init__(
        self,
        jars: Path,
        main: Sequence[str],
        *,
        log: Path,
        errors: Path | None = None,
        cwd: Path,
        options: Sequence[str] = (),
        stdin: Path = Path(os.devnull),
    ) -> None:
        self._classes = SharedClasses(jars, main[0])
        options = [*_JVM_OPTIONS, *self._classes.options(), *options]
        java = ["java", *options, "-cp", f"{jars}/*", *main]
        self.name = main[0]
        self.log = log
        watched, self._leash = os.pipe()
        try:
            self._popen = self._launch(java, watched, errors=errors, cwd=cwd, stdin=stdin)
        except BaseException:
            os.close(self._leash)
            raise
        finally:
            os.close(watched)

    def _launch(
        self, java: list[str], watched: int, *, errors: Path | None, cwd: Path, stdin: Path
    ) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as out, (errors or self.log).open("ab") as err:
            return subprocess.Popen(
                ["/bin/sh", "-c", _LAUNCHER, "sh", str(stdin), *java],
                stdin=watched,
                stdout=out,
                stderr=err,
                cwd=cwd,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process id of the JVM, and of its process group."""
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""
        return self._popen.poll()

    def wait(self, timeout: float) -> int:
        """Wait for the end and return the exit code.

        Raises:
            subprocess.TimeoutExpired: still running after *timeout* seconds.
        """
        return self._popen.wait(timeout)

    def freeze(self) -> None:
        """Stop the JVM where it is (SIGSTOP); its sockets stay open."""
        self._popen.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen JVM go on."""
        self._popen.send_signal(signal.SIGCONT)

    def stop(self, timeout: float = 60.0) -> None:
        """Ask the JVM to shut down; kill it if it has not after *timeout* seconds."""
        if self.returncode is None:
            self.thaw()
            self._popen.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(timeout)
        self.kill()

    def end(self) -> None:
        """End the JVM at once, unless it is to leave its classes to those that come later."""
        if self._classes.is_made:
            self.stop()
        self.kill()

    def kill(self) -> None:
        """End the JVM at once (SIGKILL), and its watchdog with it."""
        if self._leash < 0:
            return
        if self.returncode is None:
            os.killpg(self.pid, signal.SIGKILL)
            self._popen.wait()
        self._classes.keep(self.returncode)
        with suppress(BrokenPipeError):  # the watchdog went with the group
            os.write(self._leash, b"gone\n")
        os.close(self._leash)
        self._leash = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()

    def __repr__(self) -> str:
        code = self.returncode
        return f"<JavaProcess {self.name} pid={self.pid} {'running' if code is None else code}>"
