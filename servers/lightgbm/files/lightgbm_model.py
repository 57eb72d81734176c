"""MLServer's LightGBM runtime, which answers 400 and not 500 to an input that the model refuses."""

import mlserver_lightgbm
from lightgbm.basic import LightGBMError
from refusing import Refusing


class LightGBMModel(Refusing, mlserver_lightgbm.LightGBMModel):
    """A booster that LightGBM saved, from ``model.bst``."""

    refusals = (*Refusing.refusals, LightGBMError)
