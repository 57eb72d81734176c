"""Explains a predictor's answers behind MLServer; ``methods.py`` beside it says by which library.

The folder of an explainer holds ``explainer.json``, its card, and ``reference.json``, the rows that it is fitted on.
Both are plain data: nothing of it runs, and another version of the library can read it. The predictor itself is asked
by ``infer_uri`` of MLSERVER_MODEL_EXTRA, over protocol v2 or TensorFlow's; methods that look into the model get its
file by ``model``.
"""

import asyncio
import json
import math
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import joblib
import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.errors import InferenceError, MLServerError
from mlserver.types import InferenceResponse, MetadataModelResponse, MetadataTensor, Parameters
from mlserver.utils import get_model_uri

CARD, REFERENCE = "explainer.json", "reference.json"
ASK_SECONDS = 30
"""How long the predictor may take for one of the explainer's questions."""
TREES = ("model.joblib", "model.pickle", "model.pkl")
PICKLES = (".joblib", ".pickle", ".pkl")
PREDICTS = ":predict"
"""How an address ends that speaks TensorFlow's protocol."""
TEXT = "BYTES"


class Card:
    """What an explainer was fitted with."""

    def __init__(self, folder):
        said = json.loads((folder / CARD).read_text(encoding="utf-8"))
        self.kind = said["method"]["kind"]
        self.options = said["method"]
        self.features = said["features"]
        self.categories = {int(index): names for index, names in said["categories"].items()}
        self.classes = said["classes"]
        self.output = said["output"]
        self.input = said["input"]
        self.datatype = said["datatype"]

    @property
    def width(self):
        """Numbers of a row."""
        return len(self.features)

    @property
    def task(self):
        """What the model does, in the words of the libraries."""
        return "classification" if self.classes else "regression"


def reference(folder, card):
    """Read the rows that an explainer is fitted on: numbers, or texts."""
    rows = json.loads((folder / REFERENCE).read_text(encoding="utf-8"))
    return rows if card.datatype == TEXT else np.asarray(rows, dtype=float)


class Predictor:
    """Asks the predictor for its answers to rows, as a function of the libraries' liking."""

    def __init__(self, card, uri):
        self.card, self.uri = card, uri

    def __call__(self, rows):
        """Give an answer for each row: classes' probabilities, or one number."""
        body = json.dumps(self.request(rows)).encode()
        headers = {"Content-Type": "application/json", "Seldon-Skip-Logging": "true"}
        asked = urllib.request.Request(self.uri, data=body, headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=ASK_SECONDS) as answer:
                answers = self.answers(json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            raise NotAnswered(
                f"the predictor answers {error.code}: {error.read(500).decode(errors='replace')}"
            ) from None
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise NotAnswered(f"the predictor does not answer: {error}") from None
        return answers[:, 0] if answers.ndim == 2 and answers.shape[1] == 1 else answers

    def answers(self, said):
        """Read an answer: the output that the card names, else the first."""
        if not self.uri.endswith(PREDICTS):
            output = said["outputs"][0]
            return np.asarray(output["data"], dtype=float).reshape(output["shape"])
        rows = said["predictions"]
        if isinstance(rows[0], dict):
            name = self.card.output or sorted(rows[0])[0]
            rows = [row[name] for row in rows]
        return np.asarray(rows, dtype=float)

    def request(self, rows):
        """Write rows as a request."""
        card = self.card
        if self.uri.endswith(PREDICTS):
            rows = list(rows) if card.datatype == TEXT else self.shaped(rows).tolist()
            return {"instances": rows}
        if card.datatype == TEXT:
            tensor = {"shape": [len(rows), 1], "data": list(rows), "parameters": {"content_type": "str"}}
        else:
            rows = np.asarray(rows, dtype=float).reshape(len(rows), -1)
            tensor = {"shape": list(rows.shape), "data": rows.ravel().tolist()}
        wanted = {"outputs": [{"name": card.output}]} if card.output else {}
        return {"inputs": [{"name": card.input, "datatype": card.datatype, **tensor}], **wanted}

    def shaped(self, rows):
        """Give rows in the shape in which TensorFlow's protocol nests them: an image's, where the card has one."""
        return np.asarray(rows, dtype=float).reshape(len(rows), *self.card.options.get("shape", [self.card.width]))


class NotAnswered(MLServerError):
    """The predictor behind an explainer gives no answer to explain."""

    def __init__(self, text):
        super().__init__(text, HTTPStatus.BAD_GATEWAY)


def model_at(path, card):
    """Load the model itself, for methods that look into it: scikit-learn's, else a network where TensorFlow is."""
    folder = Path(path)
    found = next((folder / name for name in TREES if (folder / name).exists()), folder)
    if found.suffix in PICKLES:
        return joblib.load(found)
    import network

    return network.load(folder, card.output)


def plain(value):
    """Make what JSON can hold of what a library gives: its arrays and numbers, and NaN as nothing."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


class Explainer(MLModel):
    """Answers a row with its explanation, as the text ``explanation`` in JSON."""

    async def load(self):
        """Read the card and the rows; the predictor is asked for nothing yet, it may start later than this."""
        import methods

        self.folder = Path(await get_model_uri(self.settings))
        self.card = Card(self.folder)
        self.extra = self.settings.parameters.extra
        self.rows = reference(self.folder, self.card)
        self.make, self.explain = methods.MAKERS[self.card.kind], None
        # The libraries are not made for several at once, and health has to answer meanwhile.
        self.pool = ThreadPoolExecutor(1)
        return True

    async def predict(self, payload):
        """Explain the first row."""
        row = self.row_of(payload)
        text = await asyncio.get_running_loop().run_in_executor(self.pool, self.explained, row)
        output = StringCodec.encode_output("explanation", [text], use_bytes=False)
        return InferenceResponse(model_name=self.name, model_version=self.version, id=payload.id, outputs=[output])

    def explained(self, row):
        """Give a row's explanation; the first makes the explainer, which may ask the predictor for answers."""
        if self.explain is None:
            model = model_at(self.extra["model"], self.card) if self.extra.get("model") else None
            self.explain = self.make(self.card, self.rows, Predictor(self.card, self.extra["infer_uri"]), model)
        return json.dumps(plain(self.explain(row)))

    def row_of(self, payload):
        """Give the one row of a request, or say what is wrong with it."""
        if len(payload.inputs) != 1:
            raise InferenceError(f"{len(payload.inputs)} inputs, must be one: '{self.card.input}'")
        tensor = payload.inputs[0]
        if self.card.datatype == TEXT:
            texts = StringCodec.decode_input(tensor)
            if len(texts) != 1:
                raise InferenceError(f"{len(texts)} texts, must be one")
            return texts
        if tensor.datatype == TEXT:
            raise InferenceError(f"input '{tensor.name}': datatype BYTES, must be a number's")
        row = np.asarray(NumpyCodec.decode_input(tensor), dtype=float)
        row = row.reshape(1, -1) if row.ndim != 2 else row
        if row.shape != (1, self.card.width):
            want = f"[1, {self.card.width}]: {', '.join(self.card.features[:8])}{' …' if self.card.width > 8 else ''}"
            raise InferenceError(f"input '{tensor.name}': shape {list(tensor.shape)}, must be {want}")
        if not np.isfinite(row).all():
            raise InferenceError(f"input '{tensor.name}': numbers must be finite")
        return row

    async def metadata(self):
        """Say what a row is."""
        card = self.card
        shape = [1, 1] if card.datatype == TEXT else [1, card.width]
        said = Parameters(features=card.features, categories=card.categories, classes=card.classes, method=card.kind)
        inputs = [MetadataTensor(name=card.input, datatype=card.datatype, shape=shape, parameters=said)]
        return MetadataModelResponse(name=self.name, platform="", versions=[], inputs=inputs)
