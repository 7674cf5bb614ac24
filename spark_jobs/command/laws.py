"""Articles that were found flow in; the cells that a person sees of them flow out."""

from __future__ import annotations

from spark_jobs.knowledge.search import Hit, State

STATES: dict[State, str] = {"in_force": "现行", "not_yet": "尚未施行", "ended": "已修改或失效"}


def law_row(hit: Hit, is_whole: bool) -> list[str]:
    """Law, day of the text, article, whether it is in force, and the article or the part around the word."""
    number, inserted = [*hit.article_no.split("-"), ""][:2]
    article = f"第{number}条{f'之{inserted}' if inserted else ''}" if number.isdigit() else ""
    return [hit.law_name, hit.version_date, article, STATES[hit.state], hit.text if is_whole else hit.snippet]
