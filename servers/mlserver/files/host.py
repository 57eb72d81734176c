"""Serves several models in one process: ``python host.py FOLDER``.

Each model has a folder beside FOLDER, and in it ``settings.json``: the variables that MLServer would have alone. It
gets an MLServer of its own, with its own ports, registry, metrics and log, so models are started, drained and stopped
one by one and may have the same name; what they share is the interpreter and its libraries, which is nearly all of a
server's memory. MLServer's repository API on this process's own port loads and unloads them by their folders' names. A
model that has once been ready is linked in FOLDER/models, and comes back when the process does; one that breaks the
process while it is loaded for the first time does not.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from logging.handlers import RotatingFileHandler
from pathlib import Path

import mlserver.grpc.server as grpc_server
import mlserver.handlers.dataplane as dataplane
import mlserver.metrics.server as metrics_server
import serve
import uvicorn
from mlserver import MLServer
from mlserver.errors import ModelNotFound
from mlserver.handlers import DataPlane
from mlserver.logging import configure_logger, logger
from mlserver.metrics.prometheus import PrometheusEndpoint
from mlserver.registry import MultiModelRegistry, model_initialiser
from mlserver.rest import RESTServer
from mlserver.settings import ModelParameters, ModelSettings, Settings
from mlserver.types import RepositoryIndexResponse, RepositoryIndexResponseItem, State
from mlserver.utils import install_uvloop_event_loop
from prometheus_client import REGISTRY, CollectorRegistry

LOG_BYTES, LOG_FILES = 10_000_000, 2
LOG = ContextVar("log")
"""The log of the model on whose behalf something runs."""
COUNTED = ContextVar("counted", default=REGISTRY)
"""Where that model's metrics are."""


class Logs(logging.Handler):
    """Writes each line into the log of the model that it is about, else into the process's."""

    def __init__(self, formatter):
        super().__init__()
        self._own = logging.StreamHandler(sys.stdout)
        self._own.setFormatter(formatter)

    def emit(self, record):
        """Write one line."""
        LOG.get(self._own).handle(record)


class Both:
    """A model's metrics together with those of the process."""

    def __init__(self, counted):
        self._counted = counted

    def collect(self):
        """Give all of them."""
        yield from self._counted.collect()
        yield from REGISTRY.collect()

    def restricted_registry(self, names):
        """Give all of them: MLServer restricts nothing."""
        return self


class Endpoint(PrometheusEndpoint):
    """Where the metrics of one model are read."""

    def __init__(self, settings):
        super().__init__(settings)
        self._both = Both(COUNTED.get())

    @property
    def _registry(self):
        return self._both


class Model:
    """One model with its MLServer."""

    def __init__(self, folder, formatter):
        self._folder, self._formatter = folder, formatter
        self._server = self._serving = None
        self._log = None

    async def serve(self):
        """Serve it until it is stopped; say in the file ``state`` how it is."""
        self.say("STARTING")
        self._log = RotatingFileHandler(self._folder / "log", maxBytes=LOG_BYTES, backupCount=LOG_FILES)
        self._log.setFormatter(self._formatter)
        LOG.set(self._log)
        COUNTED.set(CollectorRegistry())
        try:
            await self._load()
        except Exception as error:
            logger.exception("The model cannot be served: %s", error)
            await self.stop()
            self.say("FATAL")
        else:
            self.say("RUNNING")

    async def _load(self):
        with environment(json.loads((self._folder / "settings.json").read_text(encoding="utf-8"))):
            settings, model = Settings(), ModelSettings()
            model.parameters = ModelParameters()
        self._server = MLServer(settings)
        self._server._model_registry._model_initialiser = loading_beside
        parts = (self._server._rest_server, self._server._grpc_server, self._server._metrics_server)
        self._serving = asyncio.gather(*(started(part) for part in parts))
        loading = asyncio.ensure_future(self._server._model_registry.load(model))
        await asyncio.wait([self._serving, loading], return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            loading.cancel()
            self._serving.result()
        await loading

    async def stop(self):
        """Let its open requests finish, and stop serving it."""
        if self._serving:
            grpc_part = getattr(self._server._grpc_server, "_server", None)
            if grpc_part:
                await self._server._grpc_server.stop()
            for part in (self._server._rest_server, self._server._metrics_server):
                if hasattr(part, "_server"):
                    part._server.should_exit = True
            with suppress(Exception):
                await self._serving
        self._server = self._serving = None
        if self._log:
            self._log.close()
        self.say("STOPPED")

    def say(self, word):
        """Note how it is, and in which process."""
        with suppress(FileNotFoundError):  # its folder has been deleted by hand
            written = self._folder / ".state"
            written.write_text(f"{word} {os.getpid()}", encoding="utf-8")
            written.replace(self._folder / "state")


class Models:
    """MLServer's repository API over the folders beside the process's own."""

    def __init__(self, folder, formatter):
        self._folder, self._formatter = folder, formatter
        self._links = folder / "models"
        self._links.mkdir(exist_ok=True)
        self._models, self._tasks = {}, {}

    async def index(self, payload):
        """List the models that are served or should be."""
        names = sorted({*self._models, *(link.name for link in self._links.iterdir())})
        return RepositoryIndexResponse(root=[self._item(name) for name in names])

    async def load(self, name):
        """Begin to serve a model; its file ``state`` says what becomes of it."""
        folder = self._folder.parent / name
        if not (folder / "settings.json").is_file():
            raise ModelNotFound(name)
        if word(folder) not in ("STARTING", "RUNNING") or name not in self._models:
            self._models[name] = model = Model(folder, self._formatter)
            model.say("STARTING")
            self._tasks[name] = asyncio.create_task(self._serve(name, model))
        return True

    async def unload(self, name):
        """Stop serving a model once its open requests are answered; it stays away when the process comes back."""
        (self._links / name).unlink(missing_ok=True)
        model, task = self._models.pop(name, None), self._tasks.pop(name, None)
        if model is None:
            raise ModelNotFound(name)
        task.cancel()
        await asyncio.wait([task])
        await model.stop()
        return True

    async def come_back(self):
        """Serve again what was served when the process ended."""
        for link in sorted(self._links.iterdir()):
            with suppress(ModelNotFound):
                await self.load(link.name)

    async def stop(self):
        """Stop all of them, and keep in mind which there were."""
        await asyncio.gather(*(model.stop() for model in self._models.values()))

    async def _serve(self, name, model):
        await model.serve()
        if word(self._folder.parent / name) == "RUNNING":
            link = self._links / name
            link.unlink(missing_ok=True)
            link.symlink_to(Path("..", "..", name))

    def _item(self, name):
        ready = word(self._folder.parent / name) == "RUNNING"
        return RepositoryIndexResponseItem(name=name, state=State.READY if ready else State.UNAVAILABLE, reason="")


def word(folder):
    """Say how a model is in this process."""
    try:
        said, pid = (folder / "state").read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return ""
    return said if pid == str(os.getpid()) else ""


def loading_beside(settings):
    """Make a model that is loaded in a thread, so that others are served meanwhile."""
    model = model_initialiser(settings)
    load = model.load
    model.load = lambda: asyncio.to_thread(lambda: asyncio.run(load()))
    return model


async def started(part):
    """Run one of a server's parts; one that cannot listen must not end the process, as uvicorn would have it."""
    try:
        await part.start()
    except SystemExit:
        raise OSError("its port is taken") from None


@contextmanager
def environment(variables):
    """Read settings as if these were the process's variables."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def counting(make):
    """Make a metric of the model on whose behalf it is made."""
    return lambda *arguments, **options: make(*arguments, registry=COUNTED.get(), **options)


def mend():
    """Let several MLServers live in one process: no signals of their own, no metrics or logs in common."""
    MLServer._add_signal_handlers = MLServer._configure_logger = lambda self: None
    uvicorn.Server.capture_signals = lambda self: nullcontext()
    uvicorn.Config.configure_logging = lambda self: None
    dataplane.Counter, dataplane.Summary = counting(dataplane.Counter), counting(dataplane.Summary)
    grpc_server.PromServerInterceptor = counting(grpc_server.PromServerInterceptor)
    metrics_server.PrometheusEndpoint = Endpoint


def logs():
    """Divide the lines of MLServer and uvicorn among the models' logs; give how they are written."""
    formatter = next(handler.formatter for handler in configure_logger(None).handlers)
    for name in ("mlserver", "uvicorn"):
        log = logging.getLogger(name)
        log.handlers, log.propagate = [Logs(formatter)], False
        log.setLevel(logging.INFO)
    return formatter


async def run(folder):
    """Serve until TERM."""
    mend()
    settings = Settings(metrics_endpoint=None)
    models = Models(folder, logs())
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    api = RESTServer(settings, DataPlane(settings, MultiModelRegistry()), models)
    serving = asyncio.create_task(api.start())
    await models.come_back()
    await asyncio.wait([serving, asyncio.create_task(stopping.wait())], return_when=asyncio.FIRST_COMPLETED)
    await models.stop()
    api._server.should_exit = True
    await serving


if __name__ == "__main__":
    serve.mend()
    sys.path.insert(0, sys.argv[1])
    install_uvloop_event_loop()
    asyncio.run(run(Path(sys.argv[1])))
