"""Base databases (基础库): silver rows become one row a thing known, then the themes' views of them."""

from __future__ import annotations

from airflow.sdk import dag

from dags.lake import BASE, COMMON, SILVER, stage


@dag(dag_id="base", dag_display_name="基础库与主题库", schedule=[SILVER], tags=["基础库", "主题库"], **COMMON)
def base() -> None:
    """Integrates new silver rows into the base databases (基础库) and the thematic databases (主题库).

    **base** merges what several departments say about the same thing, column by column; **themes** builds
    each field's tables on top of it. Runs when the asset `silver` changed and emits the asset `base`.
    """
    stage("base", "基础库") >> stage("themes", "主题库", emits=BASE, inherits=True)


base()
