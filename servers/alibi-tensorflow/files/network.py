"""Loads a model with gradients: what Keras saved itself, or a SavedModel, of whose signature a Keras model is made."""

from pathlib import Path

import keras
import tensorflow as tf

KERAS = (".keras", ".h5")
SAVED_MODEL = "saved_model.pb"
SIGNATURE = "serving_default"


def load(path, output):
    """Load the model; ``output`` says which of a SavedModel's outputs is meant, None the first."""
    path = Path(path)
    files = [path] if path.is_file() else sorted(file for file in path.iterdir() if file.suffix in KERAS)
    model = keras.models.load_model(files[0], compile=False) if files else of_signature(newest(path), output)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(f"the model has {len(model.inputs)} inputs and {len(model.outputs)} outputs, must have one")
    return model


def newest(folder):
    """Find the SavedModel: here, or in the version with the highest number, as the server does."""
    versions = [found for found in folder.iterdir() if found.name.isdecimal() and (found / SAVED_MODEL).is_file()]
    if not versions and not (folder / SAVED_MODEL).is_file():
        raise ValueError(f"{folder} holds no model of Keras ({', '.join(KERAS)}) and no {SAVED_MODEL}")
    return max(versions, key=lambda found: int(found.name)) if versions else folder


class Signature(keras.layers.Layer):
    """A signature of a SavedModel as a layer, which keeps what was loaded: the signature alone does not."""

    def __init__(self, loaded, argument, output):
        super().__init__(trainable=False)
        self.loaded, self.argument, self.output_name = loaded, argument, output

    def call(self, rows):
        """Ask the signature."""
        return self.loaded.signatures[SIGNATURE](**{self.argument: rows})[self.output_name]


def of_signature(folder, output):
    """Make a Keras model of a SavedModel's default signature, through which gradients go as through any other."""
    loaded = tf.saved_model.load(str(folder))
    if SIGNATURE not in loaded.signatures:
        raise ValueError(f"the SavedModel has no signature {SIGNATURE}, must have one")
    function = loaded.signatures[SIGNATURE]
    given, answers = function.structured_input_signature[1], function.structured_outputs
    if len(given) != 1:
        raise ValueError(f"signature {SIGNATURE} has the inputs {', '.join(sorted(given))}, must have one")
    wanted = output or sorted(answers)[0]
    if wanted not in answers:
        raise ValueError(f"signature {SIGNATURE} has no output {wanted}; it has {', '.join(sorted(answers))}")
    ((name, spec),) = given.items()
    rows = keras.Input(spec.shape[1:], dtype=spec.dtype.name)
    return keras.Model(rows, Signature(loaded, name, wanted)(rows))
