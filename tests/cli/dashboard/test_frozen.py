"""A report in a real browser: one file, read without a network, in which everything works that is shown."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from nashforge.cli.report.whole import report_page

from .test_browser import LOW_CONTRAST, NAMED, NARROW, SECONDS, UNNAMED, WIDE, archive, chromium

__all__ = ["archive", "chromium"]


@pytest.fixture(scope="module")
def report(archive, tmp_path_factory):
    """Return the file of a run's report."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_page(archive, archive.runs.get("clear-brook"), tier=None)[0], encoding="utf-8")
    return path


@pytest.mark.parametrize(("width", "mode"), [(WIDE, "light"), (NARROW, "dark")])
def test_a_report_is_read_and_used_without_a_network(chromium, report, width, mode):
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=mode, offline=True)
    page, wrong = context.new_page(), []
    page.set_default_timeout(SECONDS)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri(), wait_until="load")
    page.wait_for_selector(".plot canvas")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(LOW_CONTRAST) == []
    assert page.evaluate(UNNAMED, NAMED) == []
    node = page.locator("svg.tree circle").nth(2)
    name = node.get_attribute("data-t").split()[1]
    node.click()
    expect(page.locator("#panel h3")).to_contain_text(name)
    expect(page.locator("#panel pre").last).to_contain_text("class CFRPlus")
    page.locator("svg.tree").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#panel h3")).not_to_contain_text(name)
    page.get_by_role("button", name=name).click()
    expect(page.locator("#panel h3")).to_contain_text(name)
    table = page.locator("table.sortable")
    table.get_by_role("button", name="train").click()
    first = table.locator("tbody tr").first.inner_text()
    table.get_by_role("button", name="train").click()
    assert table.locator("tbody tr").first.inner_text() != first
    assert asked == [report.as_uri()]
    assert wrong == []
    context.close()
