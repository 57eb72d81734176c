"""MLServer's XGBoost runtime, which answers 400 and not 500 to an input that the model refuses."""

import mlserver_xgboost
from refusing import Refusing
from xgboost.core import XGBoostError


class XGBoostModel(Refusing, mlserver_xgboost.XGBoostModel):
    """A model that XGBoost saved, from ``model.json``, ``model.ubj`` or ``model.bst``."""

    refusals = (*Refusing.refusals, XGBoostError)
