"""A person's request flows in; what the person may do, asked of the database once a request, flows out."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from flask import g, has_request_context
from superset.security import SupersetSecurityManager


class RequestRights(SupersetSecurityManager):  # type: ignore[misc]
    """Superset's rights; a question asked twice in a request is answered once, and the next request asks anew."""

    def get_public_permissions(self) -> Any:
        """What everybody may."""
        return _once("public", super().get_public_permissions)

    def exist_permission_on_roles(self, view_name: str, permission_name: str, role_ids: list[int]) -> bool:
        """Whether one of the roles has the right."""
        ask = super().exist_permission_on_roles
        question = (view_name, permission_name, *sorted(role_ids))
        return bool(_once(question, lambda: ask(view_name, permission_name, role_ids)))


def _once(question: Hashable, ask: Callable[[], Any]) -> Any:
    if not has_request_context():
        return ask()
    answers: dict[Hashable, Any] = g.setdefault("lakewarden_rights", {})
    if question not in answers:
        answers[question] = ask()
    return answers[question]
