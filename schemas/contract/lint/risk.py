"""Risk models flow in; sentences that they break flow out, as `file: key: why`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from schemas.contract import (
    SCHEMAS,
    Column,
    Contract,
    ContractError,
    TableContract,
    code_list,
    contracts,
    feeds,
    fields,
    grades,
    shown,
    table_of,
    tables,
)
from schemas.contract.risk import (
    MADE_BY,
    DaysSince,
    Events,
    Flagged,
    Measured,
    RiskModel,
    Since,
    State,
    Value,
    Values,
    drafts,
    read_risk_model,
    recorded,
    risk_files,
    studies,
    valid_on,
)
from schemas.contract.views import OBJECT, acts_on_objects, first_and_last, table_of_measure, told_of_objects


def broken_models() -> list[str]:
    """Everything that is wrong with the risk models; empty if nothing is."""
    models, wrong = [], []
    for path in risk_files():
        try:
            models.append(read_risk_model(path))
        except ContractError as error:
            wrong.append(str(error))
    for model in models:
        wrong += [f"{shown(model.file)}: {sentence}" for sentence in _faults(model)]
    # Which model is the general one is known when all can be read.
    return wrong or [*_unclear_versions(models), *_changed_after_approval(models), *_days_without_one_general(models)]


def broken_studies() -> list[str]:
    """Everything that is wrong with the models of registers outside the lake."""
    return _broken(studies, _faults_of_study)


def broken_drafts() -> list[str]:
    """Everything that is wrong with models that are still to be learned."""
    return _broken(drafts, _faults_of_draft)


def _broken(read: Callable[[], Mapping[str, RiskModel]], faults_of: Callable[[RiskModel], Iterator[str]]) -> list[str]:
    """What is wrong with the models that are read; where one cannot be, that alone."""
    try:
        models = read().values()
    except ContractError as error:
        return [str(error)]
    return [f"{shown(model.file)}: {sentence}" for model in models for sentence in faults_of(model)]


def _faults_of_draft(model: RiskModel) -> Iterator[str]:
    if model.kind != "learned" or model.is_trained:
        yield "indicators: have points already; a model that scores lies in risk/"
    yield from _faults_of_names(model)


def _faults_of_study(model: RiskModel) -> Iterator[str]:
    if model.reads is None:
        yield "reads: is missing; a model of the lake lies in risk/"
    if model.kind != "learned" or not model.is_trained:
        yield "indicators: have no points; lakewarden risk train writes them"
    for indicator in model.indicators:
        if not isinstance(indicator.measure, Value):
            yield f"indicators.{indicator.name}.measure.kind: must be value, a column of the register's rows"


def _faults(model: RiskModel) -> Iterator[str]:
    """What is wrong with a model that scores."""
    above_the_lowest = [grade.code for grade in grades()][:-1]
    if [*model.grades] != above_the_lowest:
        yield f"grades: must name {', '.join(above_the_lowest)}: risk_grade without its lowest, from the highest down"
    if not model.is_trained:
        yield "indicators: have no points; lakewarden risk train writes them"
    if model.kind == "learned" and not (model.shadow or model.approved):
        yield "approved: is missing; a learned version is a shadow until lakewarden risk approve"
    yield from _faults_of_names(model)


def _faults_of_names(model: RiskModel) -> Iterator[str]:
    """What a model of the lake names and what is not there."""
    texts = {"title": model.title} | {f"indicators.{part.name}.label": part.label for part in model.indicators}
    yield from (f"{key}: is not Chinese" for key, text in texts.items() if not re.search("[\u4e00-\u9fff]", text))
    if model.reads:
        yield "reads: belongs to a study; this model scores the objects of the lake"
    if model.field and model.field not in fields():
        yield f"field: {model.field} is not in fields.yaml"
        return
    if model.profile not in contracts():
        yield f"field: there is no table {model.profile}"
        return
    for indicator in model.indicators:
        for sentence in _faults_of_measure(indicator.measure, table_of(model.profile)):
            yield f"indicators.{indicator.name}.measure.{sentence}"


def _changed_after_approval(models: Sequence[RiskModel]) -> Iterator[str]:
    """Approved versions that say something else than when they were approved, or of which no record is kept."""
    for model in models:
        kept = recorded(model.file.parent).get(model.name)
        if kept is not None and kept != model.fingerprint:
            yield f"{shown(model.file)}: version: {model.version} was approved and is not as it was; make a new version"
        if kept is None and model.approved:
            yield f"{shown(model.file)}: approved: no record of it in approved.csv; lakewarden risk approve writes both"


def _faults_of_measure(measure: Measured, profile: TableContract) -> Iterator[str]:
    match measure:
        case Events() | Since():
            table = table_of_measure(measure.of, [*tables("base").values(), *tables("themes").values()])
            if table is None:
                yield f"of: no table has a measure {measure.of} that counts or sums acts on objects"
            else:
                yield from _faults_of_values(measure.where, table)
                if isinstance(measure, Events) and measure.evened and not _column(MADE_BY, table):
                    yield f"evened: {table.name} does not say who made an act ({MADE_BY})"
        case DaysSince():
            column = _column(measure.column, profile)
            if column is None or column.type != "date":
                yield f"column: {profile.name} has no date {measure.column}"
            elif measure.column in _days_of_acts():
                yield f"column: {measure.column} hides what stood on a past day: {{kind: since, of: …}} tells it"
        case Value():
            column = _column(measure.column, profile)
            if column is None or not re.match("integer|long|bigint|decimal|double", column.type or ""):
                yield f"column: {profile.name} has no number {measure.column}"
        case State():
            column = _column(measure.column, profile)
            if column is None or not column.codes:
                yield f"column: {profile.name} has no coded column {measure.column}"
            else:
                yield from (f"shares: {why}" for why in _unknown_codes(measure.shares, str(column.codes)))
        case Flagged():
            registers = [feeds()[name] for name in table_of(f"base.{OBJECT}").registry if name in feeds()]
            if not any(_column(measure.column, feed) for feed in registers):
                yield f"column: no registry of base.{OBJECT} has a column {measure.column}"


def _days_of_acts() -> set[str]:
    """The days of a profile that a later act changes, such as last_check_date."""
    told = acts_on_objects(told_of_objects(tables("base").values()))
    return {name for table in told for name in first_and_last(table)}


def _column(name: str, contract: Contract) -> Column | None:
    return next((column for column in contract.columns if column.name == name), None)


def _faults_of_values(where: Mapping[str, Values], table: TableContract) -> Iterator[str]:
    """Columns that are not there, and values that such a column never holds."""
    for name, values in where.items():
        column = _column(name, table)
        kind = bool if column and column.type == "boolean" else str
        if column is None or column.type not in ("boolean", "string"):
            yield f"where: {table.name} has no text or yes-or-no {name}"
        elif not all(isinstance(value, kind) for value in values):
            yield f"where.{name}: must be {'true or false' if kind is bool else 'text in quotation marks'}"
        elif column.codes:
            yield from (f"where.{name}: {why}" for why in _unknown_codes(map(str, values), column.codes))


def _unknown_codes(values: Iterable[str], codes: str) -> Iterator[str]:
    listed = {code.code for code in code_list(codes)}
    yield from (f"{value!r} is not a code of {codes}" for value in values if value not in listed)


def _unclear_versions(models: Sequence[RiskModel]) -> Iterator[str]:
    """Two versions of a model that begin on one day, or bear one name."""
    for key in ("valid_from", "version"):
        files: dict[tuple[str, str], Path] = {}
        for model in models:
            if model.shadow and key == "valid_from":
                continue  # it ends nothing
            before = files.setdefault((model.model, str(getattr(model, key))), model.file)
            if before != model.file:
                yield f"{shown(model.file)}: {key}: is that of {shown(before)}, a version of the same model"


def _days_without_one_general(models: Sequence[RiskModel]) -> Iterator[str]:
    """From the first day of any model on, exactly one has no field; only the first day that has not is told."""
    for day in sorted({model.valid_from for model in models}):
        general = [model for model in valid_on(day, models) if model.is_general]
        if not general:
            yield f"{shown(SCHEMAS / 'risk')}: field: on {day} no model is the general one, which has no field"
            return
        if len(general) > 1:
            names = " and ".join(model.model for model in general)
            yield f"{shown(general[-1].file)}: field: on {day} {names} are both general: all but one need a field"
            return
