"""MLServer's scikit-learn runtime, which answers 400 and not 500 to an input that the model refuses."""

import mlserver_sklearn
from mlserver.errors import InferenceError, MLServerError
from mlserver.types import InferenceRequest, InferenceResponse


class SKLearnModel(mlserver_sklearn.SKLearnModel):
    """A model that scikit-learn saved, from ``model.joblib`` or ``model.pickle``."""

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer a request, or say what about its tensors the model refuses: shape, type, NaN."""
        try:
            return await super().predict(payload)
        except MLServerError:
            raise
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise InferenceError(f"model '{self.name}' refuses the input: {error}") from error
