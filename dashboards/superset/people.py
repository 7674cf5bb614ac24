"""The environment flows in; leader, analyst and operator, with just their rights, stand beside the administrator."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

MAIL = "@lakewarden.invalid"
Rights = set[tuple[str, str]]


@dataclass(frozen=True)
class Person:
    """Who is let in, with which role."""

    user: str
    password: str
    role: str


LEADER, ANALYST, OPERATOR = "领导", "分析员", "运维员"
# The operator's also opens Airflow.
VARIABLES = {
    LEADER: "LAKEWARDEN_SUPERSET_LEADER",
    ANALYST: "LAKEWARDEN_SUPERSET_ANALYST",
    OPERATOR: "LAKEWARDEN_OPERATOR",
}

# Beyond Superset's own minimum for looking at dashboards. Neither may write, export a dashboard or open a dataset.
LOOKING: Rights = {
    ("menu_access", "Dashboards"),
    ("can_drill", "Dashboard"),
    ("can_get_drill_info", "Dataset"),
    ("can_samples", "Datasource"),
    ("can_log", "Superset"),
    ("can_userinfo", "UserDBModelView"),
    ("can_read", "user"),
    ("resetmypassword", "UserDBModelView"),
    ("all_datasource_access", "all_datasource_access"),
}
ASKING: Rights = {
    ("all_database_access", "all_database_access"),
    ("can_read", "Dataset"),
    ("can_list", "SavedQuery"),
}
# Who asked for what and when, to look at: neither people nor rights.
OPERATING: Rights = {
    ("can_read", "Log"),
    ("can_list", "Log"),
    ("can_show", "Log"),
    ("menu_access", "Action Log"),
    ("menu_access", "Security"),
    ("menu_access", "Action Logs"),
}


def asked() -> list[Person]:
    """The people that the environment asks for, each as `user:password`."""
    return [_person(role, variable) for role, variable in VARIABLES.items() if os.environ.get(variable)]


def _person(role: str, variable: str) -> Person:
    user, _, password = os.environ[variable].partition(":")
    if not user or not password:
        raise SystemExit(f"{variable} must read user:password")
    return Person(user, password, role)


def settle(people: list[Person]) -> None:
    """Makes the roles and the people; who was made here before and is no longer asked for may not enter."""
    from superset.extensions import db, security_manager

    roles = {name: _role(name, rights) for name, rights in _rights().items()}
    for person in people:
        user = security_manager.find_user(username=person.user)
        if user is None:
            mail = f"{person.user}{MAIL}"
            security_manager.add_user(person.user, "监管", person.role, mail, roles[person.role], person.password)
        else:
            user.roles, user.active = [roles[person.role]], True
            security_manager.reset_password(user.id, person.password)
    expected = {person.user for person in people}
    for role in roles.values():
        for user in role.user:
            if user.email.endswith(MAIL) and user.username not in expected:
                user.active = False
    db.session.commit()


def _rights() -> dict[str, Rights]:
    """Superset's minimum for looking, and its own for SQL Lab, whose database nobody can write to."""
    from superset.extensions import security_manager as manager

    looking = manager.PUBLIC_ROLE_PERMISSIONS | LOOKING
    return {
        LEADER: looking,
        OPERATOR: looking | OPERATING,
        ANALYST: looking | ASKING | manager.SQLLAB_ONLY_PERMISSIONS | manager.SQLLAB_EXTRA_PERMISSION_VIEWS,
    }


def _role(name: str, rights: Rights) -> Any:
    """The role with these rights and no others; a right that this Superset does not have gives nothing."""
    from superset.extensions import security_manager

    role = security_manager.add_role(name)
    named = (security_manager.find_permission_view_menu(*right) for right in sorted(rights))
    role.permissions = [right for right in named if right]
    return role
