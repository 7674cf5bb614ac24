"""A department's file flows in; its bronze Parquet file flows out, or the sentence that says why it cannot be read.

Files come from strangers: everything here runs in the process of `python -m spark_jobs.landing.formats`, which
`spark_jobs.landing.reader` starts, watches and ends.
"""

from __future__ import annotations

from spark_jobs.landing.formats.packed import Member, is_packed
from spark_jobs.landing.formats.sheet import FAULT, LINE, RAW, Sheet, Source, Unreadable
from spark_jobs.landing.formats.staging import Staged

__all__ = ["FAULT", "LINE", "RAW", "Member", "Sheet", "Source", "Staged", "Unreadable", "is_packed"]
