"""The same job as `lakewarden run`, written by hand with other tools: what the benchmark holds Lakewarden against."""

import os

from bench.frozen import CONTRACTS

# Before anything reads a contract.
os.environ.update(CONTRACTS)
