"""Runs one Pulumi program: the process that the language host starts for each `pulumi preview` or `up`.

The host starts it before the engine is ready to run it (`ahead.py`) and names the program; until the request comes, it
loads what programs use. The request is one line of JSON on standard input (never arguments or environment: the
configuration may hold secrets), and the host keeps the pipe open while it lives. End of input therefore means that the
host is gone, and so must be this process.

A mistake of the user's is told in the user's terms: a Pulumi `RunError` or an error of this library by its own text,
a syntax error by file and line, anything else by a traceback of the user's own frames.
"""

from __future__ import annotations

import _thread
import asyncio
import atexit
import contextlib
import gc
import importlib
import json
import logging
import os
import runpy
import select
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, NoReturn

TOLD_THE_USER = 32
"""Exit status for: the error is on the user's screen already, add nothing."""

OWN_PACKAGE = b"seldon_infra"
OWN_ERRORS = "seldon_infra.core.errors"
USER_FRAMES = Path(__file__).parents[2] / "seldon_infra" / "core" / "user_frames.py"
"""Read as a file of this checkout, since the program's environment may have another release of the package or none."""


def main() -> int:
    """Read the request, connect to the engine, run the program, return the exit status."""
    sys.unraisablehook = interrupted_again
    host = _take_standard_input()
    program = Path(sys.argv[1])
    sys.path[0] = str(program if program.is_dir() else program.parent)
    _load_ahead(program, host)
    line = host.readline()
    if not line:
        return TOLD_THE_USER
    request = json.loads(line)
    threading.Thread(target=_exit_with, args=(host,), daemon=True).start()
    _connect(request)
    os.chdir(request["directory"])
    sys.argv = [str(program), *request["arguments"]]
    return _run(program, request["parallel"])


def interrupted_again(unraisable: sys.UnraisableHookArgs) -> None:
    """Carry on an interrupt that met a callback, such as one of an import's, where Python would print and forget it."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        # Not here, where Python would print and forget it once more.
        threading.Thread(target=_interrupt_outside_the_hook, daemon=True).start()
    else:
        sys.__unraisablehook__(unraisable)


def _interrupt_outside_the_hook() -> None:
    """Wait for the main thread to leave the hook, which may take a while on a busy machine, then interrupt it."""
    while _is_in_the_hook(sys._current_frames().get(threading.main_thread().ident or 0)):
        time.sleep(0.01)
    _thread.interrupt_main()


def _is_in_the_hook(frame: FrameType | None) -> bool:
    while frame and frame.f_code is not interrupted_again.__code__:
        frame = frame.f_back
    return frame is not None


def _take_standard_input() -> BinaryIO:
    """Keep the host's pipe for ourselves and leave the program an empty standard input."""
    pipe = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return pipe


def _load_ahead(program: Path, host: BinaryIO) -> None:
    """Load what the program will, until its request is there; what cannot be loaded, it meets itself."""
    gc.disable()  # What is loaded stays, and to look through it again and again takes a tenth of the time.
    try:
        with contextlib.suppress(Exception):
            for _ in _used_by(program):
                if select.select([host], [], [], 0)[0]:
                    return
    finally:
        gc.enable()


def _used_by(program: Path) -> Iterator[object]:
    """Load, step by step, what takes a while of what the program uses; none of the user's own modules is among it."""
    yield importlib.import_module("pulumi")
    main = program / "__main__.py" if program.is_dir() else program
    if OWN_PACKAGE in main.read_bytes():
        yield importlib.import_module("seldon_infra.graph.spec")
        yield from importlib.import_module("seldon_infra.stack").prepare()


def _exit_with(host: BinaryIO) -> None:
    host.read()
    os._exit(TOLD_THE_USER)


def _connect(request: dict[str, Any]) -> None:
    import pulumi

    pulumi.runtime.set_all_config(request["config"], request["secret_keys"])
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=request["project"],
            stack=request["stack"],
            monitor=request["monitor"],
            engine=request["engine"],
            parallel=request["parallel"],
            dry_run=request["dry_run"],
            organization=request["organization"],
            root_directory=request["root_directory"],
        )
    )


def _run(program: Path, parallel: int) -> int:
    import pulumi

    # What an interrupted program leaves unawaited says nothing to the user that the error itself does not say.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        with _event_loop(parallel) as loop:
            loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _execute(program)))
    except SystemExit as exit_:
        return _status(exit_)
    except KeyboardInterrupt:
        return TOLD_THE_USER
    except Exception as error:
        if _engine_is_gone(error):
            return TOLD_THE_USER
        pulumi.log.error(message(error))
        return TOLD_THE_USER
    return 0


@contextlib.contextmanager
def _event_loop(parallel: int) -> Iterator[asyncio.AbstractEventLoop]:
    """Give Pulumi's calls to the engine an event loop with enough threads for the parallelism asked for."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    threads = ThreadPoolExecutor(max_workers=max(parallel, 1) * 4)
    loop.set_default_executor(threads)
    try:
        yield loop
    finally:
        threads.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()


def _execute(program: Path) -> None:
    if program.is_dir() and not (program / "__main__.py").is_file():
        from pulumi import RunError

        raise RunError(
            f"no program in {program}: write {program / '__main__.py'}, or name it under `main` in Pulumi.yaml"
        )
    runpy.run_path(str(program), run_name="__main__")


def _status(exit_: SystemExit) -> int:
    """Treat `sys.exit` as Python does: a number is the status, any other object is a message."""
    if exit_.code is None or isinstance(exit_.code, int):
        return exit_.code or 0
    import pulumi

    pulumi.log.error(str(exit_.code))
    return TOLD_THE_USER


def _engine_is_gone(error: BaseException) -> bool:
    import grpc

    return isinstance(error, grpc.RpcError) and error.code() == grpc.StatusCode.UNAVAILABLE


def message(error: BaseException) -> str:
    """Say what went wrong in the user's program.

    >>> message(KeyError("colour"))
    "the program failed:\\nKeyError: 'colour'"
    """
    if _is_told_by_its_text(error):
        return str(error)
    report = runpy.run_path(str(USER_FRAMES))["report"]
    return f"the program failed:\n{report(error, __file__)}"


def _is_told_by_its_text(error: BaseException) -> bool:
    """Whether the error was written for the user; ours is known by name, so that a program without it stays light."""
    from pulumi import RunError

    ours = any((kind.__module__, kind.__name__) == (OWN_ERRORS, "SeldonInfraError") for kind in type(error).__mro__)
    return ours or isinstance(error, RunError)


def _end(status: int) -> NoReturn:
    """End as Python does, but without taking apart every module that is loaded: the engine waits for this process."""
    threading._shutdown()
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    try:
        status = main()
    except KeyboardInterrupt:
        # The engine stops its processes so; it has told the user why.
        status = TOLD_THE_USER
    _end(status)
