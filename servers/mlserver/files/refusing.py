"""Lets a runtime of MLServer answer 400 and not 500 to an input that its model refuses."""

from mlserver.errors import InferenceError, MLServerError
from mlserver.types import InferenceRequest, InferenceResponse


class Refusing:
    """Stands before a runtime in the list of a class's bases."""

    refusals = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
    """What the model's library raises for an input that it cannot take."""

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer a request, or say what about its tensors the model refuses: shape, type, NaN."""
        try:
            return await super().predict(payload)
        except MLServerError:
            raise
        except self.refusals as error:
            raise InferenceError(f"model '{self.name}' refuses the input: {error}") from error
