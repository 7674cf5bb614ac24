"""Superset's messages and ours flow in; what its pages and its server say in Chinese flows out.

Of its Chinese messages a third are guesses that nobody has read ("fuzzy"): the month filter's 无筛选 was called 货币.
Superset shows them all the same; here they are left out, and `translations/<language>.json` says what people meet.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import humanize
import superset
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask
from flask_babel import Domain, get_babel

SHIPPED = Path(superset.__file__).parent / "translations"
OURS = Path(__file__).parent.parent / "translations"
LANGUAGE = "zh"
# Humanize, which tells how long ago something was, has the language under another name.
HUMANIZE = "zh_CN"


@cache
def read(language: str) -> dict[str, list[str]]:
    """What somebody has read, by the English: its forms, of which Chinese has one."""
    with (SHIPPED / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    found = {}
    for message in catalogue:
        (key, *_), forms = _forms(message.id), _forms(message.string)
        if key and forms[0] and not message.fuzzy:
            found[key] = list(forms)
    return found


@cache
def messages(language: str) -> dict[str, list[str]]:
    """Those, and ours in the place of any that is missing or wrong."""
    return read(language) | {key: [text] for key, text in ours(language).items()}


def ours(language: str) -> dict[str, str]:
    """What we say, by the English."""
    said: dict[str, str] = json.loads((OURS / f"{language}.json").read_text(encoding="utf-8"))
    return said


@cache
def pack(language: str) -> str:
    """The messages as Superset's pages ask for them."""
    known = json.loads((SHIPPED / language / "LC_MESSAGES" / "messages.json").read_text(encoding="utf-8"))
    head = {"": known["locale_data"]["superset"][""]}
    return json.dumps({**known, "locale_data": {"superset": head | messages(language)}}, ensure_ascii=False)


def install(app: Flask) -> None:
    """The server's own messages: menus, refusals, and how long ago something was."""
    with app.app_context():
        domain: Domain = get_babel().instance.domain_instance
        domain.cache[LANGUAGE, domain.domain[0]] = _catalogue(domain)
    humanize.i18n.activate(HUMANIZE)
    humanize.i18n._TRANSLATIONS[LANGUAGE] = humanize.i18n._TRANSLATIONS[HUMANIZE]
    humanize.i18n.deactivate()


def _catalogue(domain: Domain) -> Translations:
    """What the application's libraries say, and the messages in the place of Superset's."""
    catalogue = Translations()
    for folder in domain.translation_directories:
        if Path(folder).resolve() != SHIPPED.resolve():
            found = Translations.load(folder, [LANGUAGE], domain.domain[0])
            catalogue._catalog |= getattr(found, "_catalog", {})
    catalogue._catalog |= {key: forms[0] for key, forms in messages(LANGUAGE).items()}
    catalogue.plural = lambda _number: 0
    return catalogue


def _forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """One text, or one for each number that the language tells apart."""
    return (text or "",) if isinstance(text, str | None) else tuple(text)
