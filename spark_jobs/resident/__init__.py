"""The resident worker: one process of a home that has everything imported takes stages and says what they came to.

`python -m spark_jobs.resident` runs it (services/worker_server.py); `ask` is how a stage reaches it (pipeline.py).
"""

from spark_jobs.resident.client import ask

__all__ = ["ask"]
