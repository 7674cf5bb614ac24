"""What a person asks of the lake in SQL flows in; rows flow out, and nothing else ever happens.

A statement that stands between parentheses can only be a query: the grammar of neither engine lets a command in there.
So it is analysed there first, which runs nothing, and is run as it was written when it has passed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException

from schemas.likely import likely
from spark_jobs.engine.session import connect, tables_named
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.tables import tables

if TYPE_CHECKING:
    import pyarrow as pa

COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
QUERIES = ("select", "with", "values", "table", "from")
# Where a query of Spark leaves SQL: it calls a method of Java, names a function by a text, or pipes rows to a program.
# Looked for in the text as it is, strings and comments too: better one query too many refused than one too few.
LEAVES_SQL = re.compile(
    r"\b(reflect|try_reflect|java_method)\b|\b(identifier)\s*\(|\b(using)\b(?!\s*\()", re.IGNORECASE
)
UNKNOWN_TABLE = re.compile(r"TABLE_OR_VIEW_NOT_FOUND\].*?(?:not found: |view (?=`))([\w.`]+)")


def ask(home: Home, statement: str) -> pa.Table:
    """The rows that a query gives; Refused for anything that is none, and for a query that cannot run."""
    asked = statement.strip().rstrip(";").strip()
    _refuse_other_than_query(asked)
    spark = connect(home, needs=tables_named(home, asked))
    try:
        spark.sql(f"select * from (\n{asked}\n) as asked")
        return spark.sql(asked).toArrow()
    except PySparkException as error:
        raise Refused(f"the query cannot run: {_cause(home, error)}") from None


def _refuse_other_than_query(asked: str) -> None:
    first = re.match(r"\w*", COMMENT.sub(" ", asked).lstrip(" \t\r\n("))
    if first is None or first[0].lower() not in QUERIES:
        raise Refused(
            f"only queries run here ({', '.join(QUERIES[:3])} …), the lake is not written to: nothing was done"
        )
    if found := LEAVES_SQL.search(asked):
        raise Refused(f"{found[0].strip('( ')!r} may reach beyond the lake, and is not run here: nothing was done")


def _cause(home: Home, error: PySparkException) -> str:
    """The engine's first line, and for a table that is none, which was likely meant."""
    line = " ".join(str(error).strip().splitlines()[:1])
    unknown = UNKNOWN_TABLE.search(line)
    if unknown is None:
        return line[:300]
    written = unknown[1].replace("`", "")
    return f"no table {written}; {likely(written, [f'{layer}.{name}' for layer, name in tables(home)])}"
