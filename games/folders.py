"""Folders that only their user can write: what is read from there was written by that user."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path


def writable_by_others(folder: str | Path) -> str | None:
    """Return the reason why somebody else could put files into a folder, or None if nobody can.

    A folder is trusted if it and all folders above it belong to this user or the system's, and nobody else
    may write there. Folders such as ``/tmp``, in which everybody may write and nobody may move what belongs
    to others (the sticky bit), may be above it. A folder that does not exist is judged by those above it.

    Returns
    -------
    str or None
        A clause that names the folder and what to do about it.
    """
    if sys.platform == "win32":  # permissions are lists there, and the user's folders are the user's
        return None
    place = Path(os.path.realpath(folder))
    for step in (place, *place.parents):
        try:
            status = step.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            return f"{step} cannot be examined ({error.strerror})"
        if status.st_uid not in (0, os.geteuid()):
            return f"{step} belongs to another user; choose a folder of your own"
        sticky_above = step != place and status.st_mode & stat.S_ISVTX
        if _shared(status) and not sticky_above:
            return f"others can write to {step}; take the right from them with `chmod go-w {step}`"
    return None


def _shared(status: os.stat_result) -> bool:
    if status.st_mode & stat.S_IWOTH:
        return True
    return bool(status.st_mode & stat.S_IWGRP) and not _private_group(status.st_gid)


def _private_group(gid: int) -> bool:
    """Whether a group has no member but this user (or is the system's): many systems give each user one."""
    import grp
    import pwd

    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    named = gid == 0 or (gid == user.pw_gid and group.gr_name == user.pw_name)
    return named and set(group.gr_mem) <= {user.pw_name, "root"}
