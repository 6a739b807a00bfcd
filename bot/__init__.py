"""The engine: how a conversation is carried, from WeCom's callback to the sent reply."""

import os

# Two thread pools on the same cores fight (retrieval.md): numpy's must be told before it loads.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
