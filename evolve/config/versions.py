"""The versions of what results depend on."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("nashforge", "open_spiel", "numpy", "numba", "scipy", "sqlalchemy")


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that results depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
