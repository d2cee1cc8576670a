"""Pages by address, tables to take along, and the menu."""

from __future__ import annotations

from nashforge.cli.dashboard.views.compare import compare
from nashforge.cli.dashboard.views.episode import episode
from nashforge.cli.dashboard.views.equilibria import equilibria
from nashforge.cli.dashboard.views.lineage import lineage
from nashforge.cli.dashboard.views.models import models
from nashforge.cli.dashboard.views.program import panel, program
from nashforge.cli.dashboard.views.programs import programs, rows
from nashforge.cli.dashboard.views.run import run
from nashforge.cli.dashboard.views.runs import runs
from nashforge.cli.dashboard.views.studies import studies, study
from nashforge.cli.dashboard.views.workers import workers
from nashforge.cli.dashboard.views.writing import request

PAGES = {
    "/runs": runs,
    "/runs/{run}": run,
    "/runs/{run}/lineage": lineage,
    "/runs/{run}/programs": programs,
    "/runs/{run}/models": models,
    "/runs/{run}/requests/{token}": request,
    "/programs": programs,
    "/programs/{program}": program,
    "/programs/{program}/panel": panel,
    "/programs/{program}/episode": episode,
    "/compare": compare,
    "/studies": studies,
    "/studies/{study}": study,
    "/workers": workers,
    "/equilibria": equilibria,
}
"""Pages by address."""

TABLES = {"/runs/{run}/programs.csv": rows, "/programs.csv": rows}
"""Tables to take along, by address."""

MENU = {address.strip("/"): address for address in PAGES if address.count("/") == 1}
"""Entries of the menu, and where they lead."""
