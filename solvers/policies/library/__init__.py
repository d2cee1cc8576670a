"""The library's policies, one file each, in the very form that evolves: seeds, baselines and partners."""

from __future__ import annotations

from importlib import resources

from games.naming import choice


class UnknownPolicyError(ValueError):
    """No policy of the library has the name that was given."""


def policy_names() -> tuple[str, ...]:
    """Return the names of the library's policies, sorted."""
    files = resources.files(__package__).iterdir()
    names = (file.name.removesuffix(".py") for file in files if file.name.endswith(".py"))
    return tuple(sorted(name for name in names if not name.startswith("_")))


def policy_source(name: str) -> str:
    """Return the source of a policy.

    Raises
    ------
    UnknownPolicyError
        If there is none of that name.
    """
    if name not in policy_names():
        raise UnknownPolicyError(
            f"there is no policy {name!r} in the library; {choice(name, policy_names())}"
        )
    return resources.files(__package__).joinpath(f"{name}.py").read_text(encoding="utf-8")
