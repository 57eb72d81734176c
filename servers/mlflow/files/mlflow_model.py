"""MLServer's MLflow runtime, which answers 400 and not 500 to an input that the model refuses."""

import mlserver_mlflow
from mlflow.exceptions import MlflowException
from refusing import Refusing


class MLflowRuntime(Refusing, mlserver_mlflow.MLflowRuntime):
    """A model that MLflow saved: a folder with the file ``MLmodel``."""

    refusals = (*Refusing.refusals, MlflowException)
