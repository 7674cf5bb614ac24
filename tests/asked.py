"""What people type after `lakewarden sql`, for tests: statements that would change something, and questions."""

from __future__ import annotations

from spark_jobs.engine.query import ask
from spark_jobs.engine.session import connect
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.tables import tables, version

# None of these may do anything, on either engine; each would have written, or reached beyond the lake.
ATTEMPTS = (
    "delete from ops.delivery",
    "delete from base.supervised_object where true",
    "  DELETE FROM ops.delivery;",
    "(delete from ops.delivery)",
    "-- a question\ndelete from ops.delivery",
    "/* select */ delete from ops.delivery",
    "/* /* nested */ select 1 */ delete from ops.delivery",
    "update ops.delivery set state = 'refused'",
    "truncate table ops.delivery",
    "drop table ops.delivery",
    "alter table ops.delivery drop column state",
    "insert into ops.delivery select * from ops.delivery",
    "insert overwrite ops.delivery select * from ops.delivery where false",
    "insert into delta.`LAKE/ops/delivery` select * from ops.delivery",
    "delete from delta.`LAKE/ops/delivery`",
    "merge into ops.delivery as a using ops.delivery as b on a._delivery = b._delivery when matched then delete",
    "with some as (select * from ops.delivery) insert into ops.delivery select * from some",
    "with some as (select 1) delete from ops.delivery",
    "from ops.delivery insert into ops.delivery select *",
    "select 1; delete from ops.delivery",
    "select 1; select 2; delete from ops.delivery;",
    "select 1) as one; delete from ops.delivery; select * from (select 2",
    "select * from ops.delivery -- \n; delete from ops.delivery",
    "select * into ops.copy from ops.delivery",
    "create view ops.seen as select * from ops.delivery",
    "create or replace temporary view seen as select 1",
    "create table ops.copy as select * from ops.delivery",
    "create table ops.copy using delta location 'LAKE/ops/copy' as select 1 as one",
    "create database other",
    "copy ops.delivery to 'LAKE/../copy.csv'",
    "copy (select 1) to 'LAKE/../copy.csv'",
    "insert overwrite directory 'LAKE/../copy' using parquet select * from ops.delivery",
    "export table ops.delivery to 'LAKE/../copy'",
    "set spark.sql.session.timeZone = 'Asia/Tokyo'",
    "reset",
    "use base",
    "cache table ops.delivery",
    "vacuum ops.delivery",
    "optimize ops.delivery",
    "restore table ops.delivery to version as of 0",
    "call system.run('x')",
    "explain analyze delete from ops.delivery",
    "execute immediate 'delete from ops.delivery'",
    "begin delete from ops.delivery; end",
    "declare variable x int",
    "select reflect('java.lang.System', 'setProperty', 'a', 'b')",
    "select ReFlect/**/('java.lang.System', 'setProperty', 'a', 'b')",
    "select `java_method`('java.lang.System', 'setProperty', 'a', 'b')",
    "select identifier('ref' || 'lect')('java.lang.System', 'setProperty', 'a', 'b')",
    "select transform(state) using 'touch LAKE/../piped' as a from ops.delivery",
    "select transform(state) using/**/'touch LAKE/../piped' as a from ops.delivery",
    r"select r'\', transform(state) using 'touch LAKE/../piped' as a from ops.delivery",
    "from ops.delivery map state using 'touch LAKE/../piped' as a",
    "",
    ";",
    "-- nothing",
)
# These are questions, however they are written.
QUESTIONS = {
    "select count(*) as n from ops.delivery": [{"n": 0}],
    "SELECT 1 as n;": [{"n": 1}],
    "select 1 as n -- delete from ops.delivery": [{"n": 1}],
    "/* drop table ops.delivery */ select 1 as n": [{"n": 1}],
    "(select 1 as n)": [{"n": 1}],
    "with some as (select 1 as n) select * from some": [{"n": 1}],
    "values (1)": [{"col1": 1}],
    "select 'delete; insert into -- it' as n": [{"n": "delete; insert into -- it"}],
    "select n from (values (2), (1), (3)) as v(n) order by n desc limit 2": [{"n": 3}, {"n": 2}],
    "select n from (values (1)) as a(n) join (values (1)) as b(n) using (n)": [{"n": 1}],
}


def state(home: Home) -> object:
    """Everything that a statement could have changed, but for what an engine keeps for itself below state."""
    files = sorted(str(path) for path in home.path.rglob("*") if home.state not in path.parents)
    versions = {name: version(home.table(*name)) for name in tables(home)}
    spark = connect(home, needs=())
    known = sorted(table.name for table in spark.catalog.listTables("ops"))
    return files, versions, known, spark.conf.get("spark.sql.session.timeZone")


def main() -> None:
    """Tries all of it on the engine and home that the environment names, and says what was not as it should be."""
    home = Home.resolve()
    before = state(home)
    for statement in ATTEMPTS:
        try:
            ask(home, statement.replace("LAKE", str(home.warehouse)))
            print("ran:", statement)
        except Refused as refusal:
            if len(str(refusal).splitlines()) > 1:
                print("several lines:", refusal)
        if state(home) != before:
            print("changed something:", statement)
    for question in QUESTIONS:
        if not ask(home, question).num_rows:
            print("not answered:", question)


if __name__ == "__main__":
    main()
