"""MLServer's scikit-learn runtime, which answers 400 and not 500 to an input that the model refuses."""

import mlserver_sklearn
from refusing import Refusing


class SKLearnModel(Refusing, mlserver_sklearn.SKLearnModel):
    """A model that scikit-learn saved, from ``model.joblib`` or ``model.pickle``."""
