"""`python -m dbt_project.render` writes what has changed and names it."""

import sys

from dbt_project.render import render

for written in render():
    print(written.name, file=sys.stderr)
