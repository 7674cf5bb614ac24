"""Superset's configuration: the environment flows in, an offline Chinese Superset over the serving file flows out."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from superset.superset_typing import CacheConfig

from dashboards.superset import web
from dashboards.superset.audit import AuditLog
from dashboards.superset.rights import RequestRights
from dashboards.superset.served import Served


def required(name: str) -> str:
    """A setting without a sensible default; a guessed secret would be worse than none."""
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"Superset needs the environment variable {name}")
    return value


def derived_secret(purpose: str) -> str:
    """Superset ships well-known secrets for its tokens; ours follow from the one secret key."""
    return hashlib.sha256(f"{purpose}:{SECRET_KEY}".encode()).hexdigest()


HOME = Path(os.environ.get("LAKEWARDEN_HOME", "lake")).resolve()
STATE = HOME / "state"
SERVED = Served(HOME / "serving" / "lakewarden.duckdb")

SECRET_KEY = required("SUPERSET_SECRET_KEY")
GUEST_TOKEN_JWT_SECRET = derived_secret("guest")
GLOBAL_ASYNC_QUERIES_JWT_SECRET = derived_secret("async")
SQLALCHEMY_DATABASE_URI = required("LAKEWARDEN_SUPERSET_DB")

APP_NAME = "湖北省“互联网+监管”"
APP_ICON = "/lakewarden/plugins/logo.svg"
FAVICONS = [{"href": "/lakewarden/plugins/favicon.svg", "type": "image/svg+xml"}]
LOGO_TARGET_PATH = "/superset/dashboard/overview/"
LANGUAGES = {"zh": {"flag": "cn", "name": "简体中文"}, "en": {"flag": "us", "name": "English"}}
BABEL_DEFAULT_LOCALE = "zh"
D3_TIME_FORMAT = {
    "dateTime": "%Y年%-m月%-d日 %H:%M:%S",
    "date": "%Y年%-m月%-d日",
    "time": "%H:%M:%S",
    "periods": ["上午", "下午"],
    "days": ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"],
    "shortDays": ["周日", "周一", "周二", "周三", "周四", "周五", "周六"],
    "months": [f"{month}月" for month in ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")],
    "shortMonths": [f"{month}月" for month in range(1, 13)],
}

FLASK_APP_MUTATOR = web.install
BLUEPRINTS = [web.blueprint, *web.folders]

FEATURE_FLAGS = {
    "DASHBOARD_RBAC": True,
    "DRILL_BY": True,
    "DRILL_TO_DETAIL": True,
    "DYNAMIC_PLUGINS": True,
    "EMBEDDABLE_CHARTS": False,
    "ENABLE_TEMPLATE_PROCESSING": False,
}

FONTS = "'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','Source Han Sans SC','WenQuanYi Micro Hei',sans-serif"
THEME_DEFAULT: dict[str, Any] = {
    "token": {
        "brandAppName": APP_NAME,
        "brandLogoAlt": APP_NAME,
        "brandLogoUrl": APP_ICON,
        "brandLogoHref": LOGO_TARGET_PATH,
        "brandLogoHeight": "30px",
        "brandLogoMargin": "12px 0",
        "brandIconMaxWidth": 320,
        "colorPrimary": "#1D4F91",
        "colorLink": "#1D4F91",
        "colorInfo": "#2F6DB5",
        "colorError": "#C8372D",
        "colorWarning": "#E08A1E",
        "colorSuccess": "#2E8B6F",
        "colorBgLayout": "#EEF2F7",
        "borderRadius": 4,
        "echartsOptionsOverridesByChartType": {
            chart: {"legend": {"selector": False}} for chart in ("mixed_timeseries", "echarts_timeseries_bar")
        },
        "fontUrls": [],
        "fontFamily": FONTS,
        "fontFamilyCode": "'Noto Sans Mono CJK SC',Consolas,'Courier New',monospace",
    },
    "algorithm": "default",
}
THEME_DARK = None
ENABLE_UI_THEME_ADMINISTRATION = False
THEME_FONT_URL_ALLOWED_DOMAINS: list[str] = []
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "lakewarden",
        "label": "监管蓝",
        "description": "监管总览用色",
        "isDefault": True,
        "colors": ["#1D4F91", "#E08A1E", "#2E8B6F", "#C8372D", "#5B8FD0", "#8C6BB1", "#4FB3BF", "#B5893C"],
    }
]
EXTRA_SEQUENTIAL_COLOR_SCHEMES = [
    {
        "id": "lakewarden_heat",
        "label": "监管热度",
        "description": "由浅到深",
        "isDiverging": False,
        "isDefault": True,
        "colors": ["#E3EDF8", "#B4CFEA", "#7FAEDB", "#4A86C5", "#1D4F91"],
    }
]

TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'"],
        "script-src": ["'self'", "'strict-dynamic'"],
        "frame-ancestors": ["'self'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
ENABLE_CORS = False
CORS_OPTIONS: dict[str, Any] = {}
DECKGL_BASE_MAP = [["", "无底图"]]
SESSION_COOKIE_SECURE = os.environ.get("LAKEWARDEN_SUPERSET_HTTPS") == "1"
SESSION_COOKIE_SAMESITE = "Lax"
PERMANENT_SESSION_LIFETIME = timedelta(hours=12)
PREVENT_UNSAFE_DB_CONNECTIONS = True
FAB_API_SWAGGER_UI = False
FAB_ADD_SECURITY_API = True
RATELIMIT_ENABLED = True
RATELIMIT_STORAGE_URI = "memory://"
# An office comes through one address, and opening the dashboard is 40 requests: Superset's 50 a second would refuse
# charts to the third who opens it. Attempts to log in stay limited, to 5 a second.
RATELIMIT_APPLICATION = None

CUSTOM_SECURITY_MANAGER = RequestRights
EVENT_LOGGER = AuditLog()
DB_CONNECTION_MUTATOR = SERVED.mutator()


def file_cache(name: str, timeout: timedelta) -> CacheConfig:
    """A cache on the file system under the home folder."""
    return {
        "CACHE_TYPE": "dashboards.superset.cache.ServedCache",
        "LAKEWARDEN_SERVED": SERVED,
        "CACHE_DIR": str(STATE / "superset-cache" / name),
        "CACHE_DEFAULT_TIMEOUT": int(timeout.total_seconds()),
        "CACHE_THRESHOLD": 5000,
        "CACHE_KEY_PREFIX": "",
    }


CACHE_CONFIG = file_cache("objects", timedelta(minutes=10))
DATA_CACHE_CONFIG = file_cache("data", timedelta(days=1))
