"""Two hundred hostile model files in ten formats, made on the spot: each would run code, climb out or blow up."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator

import joblib
import numpy as np

from tests.unit.artifacts.judge import written as w
from tests.unit.artifacts.judge.written import File

NAMES = (
    ("os", "system"), ("posix", "system"), ("subprocess", "Popen"), ("builtins", "eval"), ("builtins", "exec"),
    ("builtins", "__import__"), ("builtins", "getattr"), ("importlib", "import_module"), ("runpy", "run_path"),
    ("pty", "spawn"), ("webbrowser", "open"), ("socket", "create_connection"), ("shutil", "rmtree"),
    ("urllib.request", "urlopen"), ("numpy.testing._private.utils", "runstring"), ("pip", "main"),
    ("torch.hub", "load"), ("torch.storage", "_load_from_bytes"), ("numpy.core", "_ufunc_reconstruct"),
    ("scipy.stats._distn_infrastructure", "rv_continuous_frozen"), ("joblib", "load"), ("pandas", "read_pickle"),
    ("operator", "attrgetter"), ("ctypes", "CDLL"), ("timeit", "timeit"), ("code", "InteractiveInterpreter"),
    ("sklearn.linear_model._base", "os.system"), ("sklearn.linear_model._base", "Parallel"), ("sklearn.base", "os"),
    ("cloudpickle.cloudpickle", "_make_function"), ("__main__", "Model"), ("__builtin__", "eval"),
    ("bdb", "Bdb.run"), ("asyncio.unix_events", "_UnixSubprocessTransport._start"),
)  # fmt: skip


def pickles() -> Iterator[File]:
    for at, (module, name) in enumerate(NAMES):
        write = w.PICKLES[at % len(w.PICKLES)]
        yield File(f"model-{at}.pkl", write(module, name))
    for at, write in enumerate(w.PICKLES):
        yield File(f"model-{at}.json", write("os", "system"))
    yield File("model.pickle", b"\x80\x02\x82\x01.")
    yield File("model.bst", b"\x80\x04" + w.text("os") + b"\x8c\x03sys\x8c\x03tem\x86\x93" + w.ARGUMENT + b"R.")
    yield File("model.txt", b"\x80\x04K\x01." + w.called_in_protocol_4("os", "system"))
    yield File("commands.pkl", w.called_in_protocol_2("commands", "getoutput"))


def joblibs() -> Iterator[File]:
    payload = w.Calls(os.system, "id")
    array = np.arange(12.0).reshape(3, 4)
    values: dict[str, object] = {
        "alone": payload,
        "behind": [array, payload],
        "before": [payload, array],
        "between": {"a": array, "b": payload, "c": array},
        "in-objects": np.array([payload, 1], dtype=object),
        "behind-objects": [np.array(["a", None], dtype=object), array, payload],
        "in-a-structure": np.array([(1, payload)], dtype=[("a", "f4"), ("b", "O")]),
        "behind-a-structure": [np.zeros(3, dtype=[("a", "f4"), ("b", "S7")]), payload],
        "behind-texts": [np.array(["abc", "d"]), payload],
        "behind-times": [np.array(["2020-01-01"], dtype="M8[D]"), payload],
        "behind-nothing": [np.zeros((0, 4)), payload],
        "behind-a-number": [np.array(3), payload],
        "behind-a-transpose": [np.asfortranarray(array), payload],
        "behind-many": [*[np.full(7, at, dtype="i2") for at in range(5)], payload],
    }
    for name, value in values.items():
        yield File(f"{name}.joblib", w.joblib_of(value))
    whole = w.joblib_of([array, payload])
    yield File("cut.joblib", whole[: whole.index(b"\xff" * 3) + 20])


def compressed() -> Iterator[File]:
    for compress in w.COMPRESSIONS:
        for at, (module, name) in enumerate(NAMES[:4]):
            yield File(
                f"{compress.__module__}.{compress.__name__}-{at}.joblib", compress(w.PICKLES[at + 3](module, name))
            )
        twice = gzip.compress(compress(w.called_in_protocol_2("os", "system")))
        yield File(f"{compress.__module__}.{compress.__name__}-twice.pkl", twice)
    for kind in ("zlib", "gzip", "bz2", "xz", "lzma"):
        stream = io.BytesIO()
        joblib.dump([np.arange(9), w.Calls(subprocess.Popen, "id")], stream, compress=(kind, 3))
        yield File(f"joblib-{kind}.joblib", stream.getvalue())
    two = gzip.compress(b"\x80\x04" + w.text("os")) + gzip.compress(w.called_in_protocol_4("os", "system")[6:])
    yield File("in-two-pieces.pkl", two)
    yield File("lz4.joblib", b"\x04\x22\x4d\x18" + b"\0" * 40)
    yield File("zstd.joblib", b"\x28\xb5\x2f\xfd" + b"\0" * 40)
    bomb = gzip.compress(bytes(2**26), 1)
    yield File("bomb.pkl.gz", b"".join(bomb for _ in range(5)))


def zips() -> Iterator[File]:
    for at, (module, name) in enumerate(NAMES[:8]):
        yield File(f"model-{at}.pt", w.torch_of(w.PICKLES[at](module, name)))
    inner = w.npy_of(np.array([w.Calls(os.system, "id")], dtype=object))
    yield File("arrays.npz", w.zip_of([("a.npy", w.npy_of(np.arange(3))), ("b.npy", inner)]))
    yield File("model.keras", w.zip_of([("config.json", json.dumps(w.keras_of(w.LAMBDA)).encode())]))
    yield File(
        "model.mar", w.zip_of([("MAR-INF/MANIFEST.json", b"{}"), ("m.pt", w.torch_of(w.as_object("os", "system")))])
    )
    for name in ("../out.txt", "/etc/cron.d/x", "a/../../x", "..\\x", "C:\\x"):
        yield File(f"climbs{ord(name[0])}{len(name)}.zip", w.zip_of([(name, b"1")]))
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    yield File("link.zip", w.zip_of([(link, b"/etc/passwd")]))
    yield File("bomb.zip", w.zip_of([(f"{at}", bytes(2**26)) for at in range(5)], zipfile.ZIP_DEFLATED))
    yield from _bent_zips()
    script = ("m/code/__torch__.py", b"def forward(self, x):\n  return torch.from_file('/etc/passwd')\n")
    yield File("script.pt", w.torch_of(b"\x80\x02K\x01.", script))
    deep = w.called_in_protocol_4("os", "system")
    for _ in range(8):
        deep = w.zip_of([("x.zip", deep)])
    yield File("deep.zip", deep)


def _bent_zips() -> Iterator[File]:
    """What Python's zipfile stumbles over and torch's own reader does not."""
    whole = w.torch_of(w.called_in_protocol_2("os", "system"))
    place = whole.index(b"PK\x01\x02")
    yield File("flagged.pt", whole[: place + 8] + b"\x01" + whole[place + 9 :])
    yield File("wrong-sum.pt", whole[: place + 16] + b"\0\0\0\0" + whole[place + 20 :])
    yield File("two-names.pt", whole.replace(b"m/version", b"m/versioN", 1))
    yield File("cut.pt", whole[:-5])
    yield File("behind-a-pickle.pt", b"\x80\x02K\x01." + whole)
    yield File("before-a-zip.pkl", w.called_in_protocol_2("os", "system") + w.torch_of(b"\x80\x02K\x01."))
    yield File("twice.pt", _twice())


def _twice() -> bytes:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return w.zip_of([("m/data.pkl", b"\x80\x02K\x01."), ("m/data.pkl", b"\x80\x02K\x02.")])


def tars() -> Iterator[File]:
    for at, name in enumerate(("../x", "/etc/x", "a/../../x")):
        yield File(f"climbs-{at}.tar", w.tar_of([(w.entry(name), b"1")]))
        yield File(f"climbs-{at}.tar.gz", w.tar_of([(w.entry(name), b"1")], "w:gz"))
    for at, target in enumerate(("/etc/passwd", "../../x")):
        yield File(f"link-{at}.tar", w.tar_of([(w.entry("a/link", tarfile.SYMTYPE, target), b"")]))
        yield File(f"hard-{at}.tar", w.tar_of([(w.entry("a/link", tarfile.LNKTYPE, target), b"")]))
    yield File("device.tar", w.tar_of([(w.entry("dev", tarfile.CHRTYPE), b"")]))
    yield File("pipe.tar", w.tar_of([(w.entry("pipe", tarfile.FIFOTYPE), b"")]))
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        content = w.called_in_protocol_4("os", "system")
        yield File(f"model{mode[1:].replace(':', '.')}.tar", w.tar_of([(w.entry("m/model.pkl"), content)], mode))


def arrays() -> Iterator[File]:
    for at, (module, name) in enumerate(NAMES[:8]):
        head = w.npy_of(np.array([None, None], dtype=object))
        yield File(f"{at}.npy", head[: head.index(b"\n") + 1] + w.PICKLES[at](module, name))
    yield File("fields.npy", w.npy_of(np.array([(1, w.Calls(os.system, "id"))], dtype=[("a", "f4"), ("b", "O")])))
    yield File("header.npy", b"\x93NUMPY\x01\0\x20\0" + b"__import__('os').system('id')   \n")


def kerases() -> Iterator[File]:
    layers: dict[str, object] = {
        "lambda": w.LAMBDA,
        "module": {"class_name": "Popen", "module": "subprocess", "config": {"args": "id"}},
        "function": {"class_name": "function", "module": "os", "config": "system", "registered_name": "system"},
        "nested": {"class_name": "TimeDistributed", "config": {"layer": w.LAMBDA}},
        "download": {"class_name": "function", "module": "keras.utils", "config": "get_file"},
        "other": {"class_name": "Loader", "module": "acme.layers", "config": {}},
    }
    for name, layer in layers.items():
        described = w.keras_of(layer)
        yield File(f"{name}.json", json.dumps(described).encode())
        yield File(f"{name}.h5", w.hdf5_of(described))
        if name in ("lambda", "module", "other"):
            yield File(f"{name}-shifted.h5", w.hdf5_of(described, 512))
            packed = w.zip_of([("config.json", json.dumps(described).encode()), ("model.weights.h5", w.hdf5_of({}))])
            yield File(f"{name}.keras", packed)
    escaped = json.dumps(w.keras_of(w.LAMBDA)).replace("Lambda", "\\u004cambda")
    yield File("escaped.json", escaped.encode())
    yield File("escaped.h5", w.hdf5_of({}) + escaped.encode())
    yield File("linked.h5", w.hdf5_of(w.keras_of(w.DENSE)) + w.external_link("/etc/passwd"))
    yield File("packed.h5", w.hdf5_of({}) + b"FRHP\0\x08\0\x0c\0" + bytes(40))


def onnxes() -> Iterator[File]:
    for at, location in enumerate(("/etc/passwd", "../secret", "a/../../b", "..\\b", "C:\\b", "~/.ssh/id")):
        yield File(f"{at}.onnx", w.onnx_of(location))
        yield File(f"{at}.bin", w.onnx_of(location))

    def in_a_branch(tensor: bytes) -> bytes:
        return w.message((1, w.message((4, b"If"), (5, w.message((1, b"then"), (6, w.message((5, tensor))))))))

    def in_a_constant(tensor: bytes) -> bytes:
        return w.message((1, w.message((4, b"Constant"), (5, w.message((1, b"value"), (5, tensor))))))

    def sparse(tensor: bytes) -> bytes:
        return w.message((15, w.message((1, tensor))))

    for place in (in_a_branch, in_a_constant, sparse):
        yield File(f"{place.__name__}.onnx", w.onnx_of("/etc/passwd", place))
    yield File("mar.zip", w.zip_of([("model.onnx", w.onnx_of("../x"))]))


def saved_models() -> Iterator[File]:
    for name in ("ReadFile", "WriteFile", "PyFunc", "EagerPyFunc", "MatchingFiles", "DebugIdentityV2", "PrintV2"):
        yield File(f"{name}/saved_model.pb", w.saved_model_of(["Const", "MatMul", name]))
        yield File(f"{name}-in-function/saved_model.pb", w.saved_model_with_function(name))


def settings() -> Iterator[File]:
    flavor = "flavors:\n  python_function:\n    {}\n"
    for at, line in enumerate(
        (
            "loader_module: os",
            "loader_module: acme.loader",
            "loader_module: mlflow.sklearn\n    data: /etc",
            "loader_module: mlflow.sklearn\n    model_path: ../../x",
            "loader_module: mlflow.pyfunc.model\n    code: code",
            "loader_module: mlflow.pyfunc.model\n    model_code_path: run.py",
            "loader_module: !!python/object/apply:os.system [id]",
        )
    ):
        yield File(f"{at}/MLmodel", flavor.format(line).encode())
    for at, said in enumerate(
        (
            {"implementation": "os.system"},
            {"implementation": "acme.Runtime"},
            {"implementation": "mlserver_sklearn.SKLearnModel", "parameters": {"uri": "../../x"}},
            {"parameters": {"uri": "http://169.254.169.254/"}},
            {"parameters": {"environment_tarball": "/tmp/x.tar.gz"}},
        )
    ):
        yield File(f"{at}/model-settings.json", json.dumps(said).encode())
    for at, line in enumerate(
        (
            'default_model_filename: "../../x.so"',
            'parameters: { key: "EXECUTION_ENV_PATH", value: { string_value: "/tmp/x.tar.gz" } }',
            'parameters { key: "EXECUTION_ENV_PATH" value { string_value: "s3://x/y" } }',
        )
    ):
        yield File(f"{at}/config.pbtxt", line.encode())


def others() -> Iterator[File]:
    for name, mark in {"elf": b"\x7fELF\x02", "macho": b"\xcf\xfa\xed\xfe"}.items():
        yield File(f"{name}.so", mark + b"\0" * 60)
    yield File("pe.dll", b"MZ" + b"\0" * 62 + b"PE\0\0" + b"\0" * 60)
    yield File("model.json", b'{"learner": ' + b"[" * 200_000)
    yield File("config.json", b'{"a":' * 100_000)
    yield File("model.ubj", pickle.dumps(w.Calls(os.system, "id")))


FORMATS = {
    "pickle": pickles,
    "joblib": joblibs,
    "compressed": compressed,
    "zip": zips,
    "tar": tars,
    "numpy": arrays,
    "keras": kerases,
    "onnx": onnxes,
    "tensorflow": saved_models,
    "settings": settings,
    "others": others,
}
