"""A chart with everything looked up flows in; what its figures count, said in Chinese beside them, flows out."""

from __future__ import annotations

from datetime import date

from dashboards.render.datasets import WHOLE_MONTH
from dashboards.render.declaration import Listing, Map, Page, Ranking
from dashboards.render.dimensions import DIMENSIONS
from dashboards.render.metrics import Metric
from dashboards.render.plan import Drawn
from schemas.contract import code_list
from schemas.contract.risk import RiskModel, risk_models, valid_on

CURVES = "曲线和柱图从第一个整月画起；没有报送的月份留空，不画作零。"


def meaning(drawn: Drawn, settings: dict[str, object], page: Page) -> str | None:
    """The definitions of its figures, or from how many points a risk has which grade; and what it does not hear."""
    if isinstance(drawn.chart, Listing):
        sentences = [_thresholds(name) for name in drawn.chart.where.get("model", ())]
        sentences += [f"{drawn.chart.means}。"] if drawn.chart.means else []
    else:
        told = drawn.metrics[:1] if isinstance(drawn.chart, Map) else drawn.metrics
        metrics = [*told, *filter(None, [drawn.line])]
        is_alone = len(metrics) == 1
        sentences = [_defined(metric, is_alone) for metric in metrics if metric.means]
    if settings.get("x_axis") == WHOLE_MONTH and drawn.chart.chart != "key":
        sentences.append(CURVES)
    if is_of_cities(drawn):
        sentences.append("不含省本级。")
    filters = [DIMENSIONS[name] for name in page.filters]
    if unheard := [each.title for each in filters if each.label not in drawn.dataset.columns]:
        sentences.append(f"不随{'、'.join(unheard)}筛选变化。")
    return "".join(sentences) or None


def is_of_cities(drawn: Drawn) -> bool:
    """Whether it ranks the prefectures, among which the province's own level is none."""
    return isinstance(drawn.chart, Ranking) and drawn.by == DIMENSIONS["city"]


def _defined(metric: Metric, is_alone: bool) -> str:
    return f"{metric.means}。" if is_alone else f"{metric.label.partition('（')[0]}：{metric.means}。"


def _thresholds(name: str) -> str:
    """In what a model says today; without one of that name nothing."""
    model = next((each for each in valid_on(date.today(), risk_models()) if each.model == name), None)
    return "" if model is None else f"按{model.title}（{model.version}版）：{_grades(model)}，满分100分。"


def _grades(model: RiskModel) -> str:
    labels = {code.code: code.label for code in code_list("risk_grade")}
    rest = next(label for code, label in labels.items() if code not in model.grades)
    given = "，".join(f"{labels[code]}色{points.normalize():f}分以上" for code, points in model.grades.items())
    return f"{given}，其余{rest}色"
