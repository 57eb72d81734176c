"""`pulumi-language-python`: lets the Pulumi engine run Python programs, where the official host is not installed.

The engine starts this process, reads a port from its standard output and calls it over gRPC
(`pulumirpc.LanguageRuntime`). The host starts the user's program with the project's own interpreter, in a process of
its own (`program.py`), and reports how it ended. What only `pulumi new`, `convert` and `package` need stays
unimplemented, which the engine understands.

The host must never outlive the engine: it watches its parent, and programs watch the host.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import grpc
from ahead import Ahead
from protocol import language_pb2, language_pb2_grpc, plugin_pb2

TOLD_THE_USER = 32
MAX_MESSAGE_BYTES = 400 * 1024 * 1024
PARENT_POLL_SECONDS = 0.5
GRACE_SECONDS = 2.0
QUESTION_TIMEOUT_SECONDS = 30


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The calls of the engine, each answered for programs written in Python."""

    def __init__(self, engine_address: str) -> None:
        self.engine_address = engine_address
        self.ahead = Ahead()

    def Handshake(self, request, context):
        """Greet the engine; there is nothing to agree on."""
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request, context):
        """Give no version: this host belongs to the checkout, not to a release of its own."""
        return plugin_pb2.PluginInfo()

    def GetRequiredPlugins(self, request, context):
        """Ask for nothing ahead; see GetRequiredPackages."""
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request, context):
        """Ask for nothing ahead: the engine fetches a provider when a resource of it is declared, so a stack that
        has no Kubernetes object does not wait for the Kubernetes provider's download.

        It is the engine's last question before it reads the stack and runs the program, which gets its process now."""
        self.ahead.start(interpreter(request.info), _program_path(request.info))
        return language_pb2.GetRequiredPackagesResponse()

    def GetProgramDependencies(self, request, context):
        """List the packages of the program's environment."""
        listing = _ask(interpreter(request.info), LIST_PACKAGES)
        pairs = (line.split("==", 1) for line in listing.splitlines() if "==" in line)
        found = [language_pb2.DependencyInfo(name=name, version=version) for name, version in pairs]
        return language_pb2.GetProgramDependenciesResponse(dependencies=found)

    def About(self, request, context):
        """Name the interpreter that programs run on."""
        python = interpreter(request.info)
        version = _ask(python, "import platform; print(platform.python_version())").strip()
        return language_pb2.AboutResponse(executable=python, version=version)

    def InstallDependencies(self, request, context):
        """Point to the project's own set-up, which knows the lock file."""
        yield language_pb2.InstallDependenciesResponse(stdout=b"run `make setup` to install what the program needs\n")

    def Run(self, request, context):
        """Run the program to its end."""
        python = interpreter(request.info)
        if not Path(python).is_file():
            return language_pb2.RunResponse(error=f"there is no Python at {python}: run `make setup`")
        line = json.dumps(_program_request(request, self.engine_address)).encode() + b"\n"
        with self.ahead.take(python, _program_path(request.info)) as process:
            context.add_callback(lambda: stop(process))
            status = _tell_and_wait(process, line)
        if status == TOLD_THE_USER:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"the program ended with exit status {status}" if status else "")

    def RunPlugin(self, request, context):
        """Run a plugin that is itself a Python program (a folder with PulumiPlugin.yaml), passing on what it writes."""
        command = [interpreter(request.info), "-u", _program_path(request.info), *request.args]
        environment = dict(item.split("=", 1) for item in request.env if "=" in item)
        process = subprocess.Popen(
            command,
            cwd=request.pwd,
            env=environment or None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        context.add_callback(lambda: stop(process))
        yield from _output(process)
        yield language_pb2.RunPluginResponse(exitcode=process.wait())

    def Cancel(self, request, context):
        """Do nothing: the engine also ends the call that it has open, and that stops the program."""
        from google.protobuf import empty_pb2

        return empty_pb2.Empty()


LIST_PACKAGES = """
from importlib.metadata import distributions
for found in sorted({f"{d.metadata['Name']}=={d.version}" for d in distributions()}):
    print(found)
"""


def interpreter(info: Any) -> str:
    """Return the Python that runs the program: that of `runtime.options.virtualenv` in Pulumi.yaml, else our own."""
    environment = dict(info.options).get("virtualenv")
    if not environment:
        return sys.executable
    return str(Path(info.root_directory, environment, "bin", "python"))


def _ask(python: str, question: str) -> str:
    done = subprocess.run(
        [python, "-c", question], capture_output=True, text=True, timeout=QUESTION_TIMEOUT_SECONDS, check=True
    )
    return done.stdout


def _program_path(info: Any) -> str:
    return os.path.normpath(Path(info.program_directory, info.entry_point or "."))


def _program_request(request: Any, engine_address: str) -> dict[str, object]:
    """Turn the engine's request into what program.py reads."""
    return {
        "project": request.project,
        "stack": request.stack,
        "organization": request.organization,
        "root_directory": request.info.root_directory,
        "directory": request.pwd or request.info.program_directory,
        "arguments": list(request.args),
        "monitor": request.monitor_address,
        "engine": engine_address,
        "parallel": request.parallel,
        "dry_run": request.dryRun,
        "config": dict(request.config),
        "secret_keys": list(request.configSecretKeys),
    }


def _tell_and_wait(process: subprocess.Popen[bytes], line: bytes) -> int:
    """Hand the request over and wait; the pipe stays open till then, for its end tells the program to stop."""
    assert process.stdin is not None
    try:
        process.stdin.write(line)
        process.stdin.flush()
    except BrokenPipeError:
        pass
    return process.wait()


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs: politely, then by force."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _output(process: subprocess.Popen[bytes]) -> Iterator[Any]:
    """Yield what the process writes, as it writes it, until both of its streams have ended."""
    messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
    streams = {"stdout": process.stdout, "stderr": process.stderr}
    for name, stream in streams.items():
        threading.Thread(target=_pump, args=(name, stream, messages), daemon=True).start()
    open_streams = len(streams)
    while open_streams:
        message = messages.get()
        if message is None:
            open_streams -= 1
        else:
            yield message


def _pump(name: str, stream: IO[bytes], messages: queue.SimpleQueue[Any]) -> None:
    while chunk := os.read(stream.fileno(), 65536):
        messages.put(language_pb2.RunPluginResponse(**{name: chunk}))
    messages.put(None)


def serve(engine_address: str) -> None:
    """Answer the engine until it is gone or asks us to stop."""
    parent = os.getppid()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    limits = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ]
    server = grpc.server(ThreadPoolExecutor(max_workers=16), options=limits)
    host = LanguageHost(engine_address)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    while not stopping.wait(PARENT_POLL_SECONDS) and os.getppid() == parent:
        pass
    server.stop(grace=None).wait(GRACE_SECONDS)
    host.ahead.stop()
    sys.stdout.flush()
    # Threads may still wait for a program that ignores its end of input; they must not keep this process alive.
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[-1] if len(sys.argv) > 1 else "")
