"""Starts MLServer with an explainer: ``python explain.py FOLDER``.

On a cluster Seldon's operator names the class of its own image in the environment; this image has this one.
"""

import os
import sys

import serve

if __name__ == "__main__":
    os.environ["MLSERVER_MODEL_IMPLEMENTATION"] = "explaining.Explainer"
    serve.mend()
    sys.argv = ["mlserver", "start", sys.argv[1]]
    serve.main()
