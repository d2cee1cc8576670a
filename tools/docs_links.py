"""Links of the documentation's pages to files outside of it: on the site they lead to the repository."""

from __future__ import annotations

import posixpath
import re
from typing import Any

_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Return a page whose links out of the documentation are absolute; called by MkDocs for every page."""

    def absolute(match: re.Match[str]) -> str:
        place = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page.file.src_uri), match[1]))
        if place.startswith("docs/"):
            return match[0]
        return f"]({config['repo_url']}/blob/main/{place}{match[2] or ''})"

    return _LINK.sub(absolute, markdown)
