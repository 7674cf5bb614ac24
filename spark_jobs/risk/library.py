"""The models' files flow in; versions by name, approved or retired by a person, flow out as the same files.

A file is changed as text, line by line, so that its comments stay. What decides scores is never changed here.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import yaml

from schemas.contract.risk import RECORD, RiskModel, read_risk_model, recorded, risk_models, studies, valid_on
from schemas.likely import likely
from spark_jobs.lake.home import Refused
from spark_jobs.lake.whole import write_whole


def version_named(name: str, day: date | None = None) -> RiskModel:
    """A version by model@version, or a model's version in force on the day (else its newest); Refused if none is."""
    model, _, version = name.partition("@")
    known = [one for one in (*risk_models(), *studies().values()) if one.model == model]
    if not known:
        names = sorted({one.model for one in (*risk_models(), *studies().values())})
        raise Refused(f"no model is called {model!r}; {likely(model, names)}")
    if version:
        for one in known:
            if one.version == version:
                return one
        raise Refused(f"{model} has no version {version!r}; it has {', '.join(one.version for one in known)}")
    in_force = valid_on(day, known) if day else []
    return in_force[0] if in_force else known[-1]


def in_force(model: RiskModel, day: date) -> RiskModel | None:
    """The version of the same model that is in force on a day, if one is and it is another."""
    same = [one for one in valid_on(day, risk_models()) if one.model == model.model and one.version != model.version]
    return same[0] if same else None


def state_of(model: RiskModel, day: date) -> str:
    """What a version is on a day, in a word or two."""
    if model.reads:
        return "study"
    if model.valid_to and model.valid_to < day:
        return "retired"
    if model.valid_from > day:
        return "not yet"
    if model.shadow:
        return "shadow"
    newest = [one for one in valid_on(day, risk_models()) if one.model == model.model]
    return "in force" if newest and newest[0].version == model.version else "replaced"


def approve(model: RiskModel, by: str, at: date, why: str, despite: str | None = None) -> Path:
    """Puts a version in force from a day on: writes who, when and why, and the record that edits are held against.

    Refused for the author, for what is approved already, for a study, and where there is no reason.
    """
    if model.reads:
        raise Refused(f"{model.name} is a study: it scores no object of the lake")
    if model.approved:
        raise Refused(f"{model.name} was approved by {model.approved.by} on {model.approved.at}")
    if not model.author:
        raise Refused(
            f"{model.file.name}: author: is missing; who wrote a version must be known before others approve it"
        )
    if by.strip().casefold() == model.author.strip().casefold():
        raise Refused(f"{by} wrote {model.name}: somebody else approves it")
    if not why.strip():
        raise Refused("--why must say why")
    approval = {"by": by, "at": at, "why": why, **({"despite": despite} if despite else {})}
    text = model.file.read_text("utf-8")
    if model.shadow:
        text = re.sub(r"^shadow: true.*\n", "", text, flags=re.MULTILINE)
        text = re.sub(r"^valid_from: \S+", f"valid_from: {at}", text, flags=re.MULTILINE)
    written = yaml.safe_dump({"approved": approval}, allow_unicode=True, sort_keys=False, width=110)
    _write(model, f"{text.rstrip()}\n{written}")
    _record(model)
    return model.file


def retire(model: RiskModel, last: date, why: str) -> Path:
    """Ends a version after a day; scores of days until then are as they were. Refused if another end is written."""
    if model.valid_to:
        raise Refused(f"{model.name} ends on {model.valid_to} already")
    if model.is_general and not model.shadow and in_force(model, last) is None:
        others = [one for one in valid_on(date.max, risk_models()) if one.is_general and one.name != model.name]
        if not others:
            raise Refused(
                f"{model.name} is the general model and no other version follows: objects would have no score"
            )
    if last < model.valid_from:
        raise Refused(f"{model.name} begins on {model.valid_from}; it cannot end on {last}")
    text = model.file.read_text("utf-8")
    note = " ".join(why.split())
    ended = re.sub(r"^(valid_from: \S+.*)$", rf"\1\nvalid_to: {last}  # {note}", text, count=1, flags=re.MULTILINE)
    _write(model, ended)
    return model.file


def _write(model: RiskModel, text: str) -> None:
    """Writes a model's file if it still reads, and decides the same."""
    before = model.file.read_text("utf-8")
    write_whole(model.file, text)
    try:
        after = read_risk_model(model.file)
        if after.fingerprint != model.fingerprint:
            raise Refused(f"{model.file}: would decide other scores: nothing was written")
    except Exception:
        write_whole(model.file, before)
        raise
    risk_models.cache_clear()


def _record(model: RiskModel) -> None:
    """Adds the version's fingerprint to the record beside its file."""
    kept = recorded(model.file.parent) | {model.name: model.fingerprint}
    lines = [f"{name},{fingerprint}\n" for name, fingerprint in sorted(kept.items())]
    write_whole(model.file.parent / RECORD, "version,fingerprint\n" + "".join(lines))
