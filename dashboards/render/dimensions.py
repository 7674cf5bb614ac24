"""What `by:`, `filters:` and `where:` of a page may name, and the columns behind each name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dimension:
    """A way to divide figures: the column that selects, the one that is shown, and what its values are called."""

    code: str
    label: str
    title: str
    is_time: bool = False
    is_coloured: bool = False
    """Whether its values have the colours of `colours.yaml`."""
    codes: str | None = None
    """The code list of its values, where a page may be made for each."""
    shapes: str | None = None
    """The outlines in `dashboards/shapes/` whose names the label column holds: only then there can be a map."""

    @property
    def order(self) -> str | None:
        """The metric by which its values stand in their official order, as codes of places do."""
        return f"{self.code}_order" if self.shapes else None


ACT = "act"
DIMENSIONS = {
    ACT: Dimension("act", "act", "行为类别"),
    "month": Dimension("month", "month", "月份", is_time=True),
    "city": Dimension("city_code", "city_name", "市州", shapes="hubei_city"),
    "county": Dimension("region_code", "region_name", "区县"),
    "department": Dimension("department", "department_name", "部门"),
    "field": Dimension("field", "field_name", "领域", codes="field"),
    "item": Dimension("item_code", "item_name", "监管事项"),
    "item_class": Dimension("item_class", "item_class_name", "事项类别"),
    "industry": Dimension("industry_section", "industry_section_name", "行业门类"),
    "model": Dimension("model", "model_name", "风险模型"),
    "grade": Dimension("grade", "grade_name", "风险等级", is_coloured=True),
    "rule": Dimension("clue_rule", "clue_rule_name", "线索规则"),
    "clue_state": Dimension("clue_state", "clue_state_name", "核查处置状态"),
    "clue_alarm": Dimension("clue_alarm", "clue_alarm_name", "时限提示"),
    "onboarding": Dimension("onboarding", "onboarding_name", "对接状态"),
    "device_class": Dimension("monitor_device_class", "monitor_device_class_name", "设备类别"),
    "alarm_level": Dimension("alarm_level", "alarm_level_name", "告警等级", is_coloured=True),
    "visit_doubt": Dimension("visit_doubt", "visit_doubt_name", "存疑情形"),
    "attention": Dimension("attention", "attention_name", "需要关注"),
}
