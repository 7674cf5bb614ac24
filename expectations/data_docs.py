"""What Great Expectations renders flows in; pages flow out that run no script and load nothing from elsewhere.

Its own ask half a dozen content networks for their style and tables, and are empty where those cannot be reached; their
logo tells its maker which project is looked at. The templates in pages/ take the place of its own of the same names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from great_expectations.render.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, Environment, FileSystemLoader

from expectations.words import in_chinese

TEMPLATES = Path(__file__).parent / "pages"


class Page(DefaultJinjaPageView):  # type: ignore[misc]
    """A suite, the result of a validation, or the index of all of them."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.env.loader = ChoiceLoader([FileSystemLoader(TEMPLATES), self.env.loader])

    def render(self, document: Any, template: Any = None, **given: Any) -> str:
        """The page in Chinese and China's time."""
        page: str = super().render(document, template, **given)
        return in_chinese(page, getattr(document, "expectation_suite_name", "") or "") if template is None else page


def index(deliveries: list[dict[str, Any]]) -> str:
    """The page that leads to all others, a row a delivery; that of Great Expectations has one a run and feed."""
    env = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    suites = {one["feed"]: one["title"] for one in sorted(deliveries, key=lambda one: str(one["feed"]))}
    return env.get_template("deliveries.j2").render(deliveries=deliveries, suites=suites)


def site(docs: Path) -> dict[str, Any]:
    """The configuration of a site of such pages in that folder."""
    ours = {"view": {"module_name": __name__, "class_name": Page.__name__}}
    return {
        "class_name": "SiteBuilder",
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs)},
        "show_how_to_buttons": False,
        "site_section_builders": {"expectations": ours, "validations": ours, "profiling": "none"},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", **ours},
    }
