"""MLServer's scikit-learn runtime, which answers 400 and not 500 to an input that the model refuses."""

import mlserver_sklearn
from refusing import Refusing

ANSWERS = ("predict", "predict_proba", "decision_function", "transform")
"""Methods that MLServer can ask a model by."""


class SKLearnModel(Refusing, mlserver_sklearn.SKLearnModel):
    """A model that scikit-learn saved, from ``model.joblib`` or ``model.pickle``."""

    async def load(self):
        """Load it; what answers nothing is found out now, not by the first request."""
        loaded = await super().load()
        if not any(callable(getattr(self._model, name, None)) for name in ANSWERS):
            raise ValueError(f"the model is a {type(self._model).__name__}, which has none of {', '.join(ANSWERS)}")
        return loaded
