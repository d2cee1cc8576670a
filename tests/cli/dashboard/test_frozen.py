"""A report in a real browser: one file, read without a network, in which everything works that is shown."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from nashforge.cli.report.study import study_page
from nashforge.cli.report.whole import report_page
from nashforge.evolve.results.studies import study_status

from .test_browser import LOW_CONTRAST, NAMED, NARROW, SECONDS, UNNAMED, WIDE, archive, chromium

__all__ = ["archive", "chromium"]


@pytest.fixture(scope="module")
def report(archive, tmp_path_factory):
    """Return the file of a run's report."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_page(archive, archive.runs.get("clear-brook"), tier=None)[0], encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def study_report(archive, tmp_path_factory):
    """Return the file of a study's report."""
    path = tmp_path_factory.mktemp("report") / "study.html"
    told = study_status(archive, archive.studies.get("two-seeds"))
    path.write_text(study_page(archive, told), encoding="utf-8")
    return path


@contextmanager
def offline(chromium, file, width, mode):
    """Open a file without a network; afterwards nothing else was asked for, and nothing went wrong."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=mode, offline=True)
    page, wrong, asked = context.new_page(), [], []
    page.set_default_timeout(SECONDS)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri(), wait_until="load")
    page.wait_for_selector(".plot canvas")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(LOW_CONTRAST) == []
    assert page.evaluate(UNNAMED, NAMED) == []
    yield page
    assert asked == [file.as_uri()]
    assert wrong == []
    context.close()


LOOKS = [(WIDE, "light"), (NARROW, "dark")]


@pytest.mark.parametrize(("width", "mode"), LOOKS)
def test_a_report_is_read_and_used_without_a_network(chromium, report, width, mode):
    with offline(chromium, report, width, mode) as page:
        use_run(page)


@pytest.mark.parametrize(("width", "mode"), LOOKS)
def test_a_report_of_a_study_is_read_and_used_without_a_network(chromium, archive, study_report, width, mode):
    with offline(chromium, study_report, width, mode) as page:
        use_study(page)


def use_study(page):
    """Hover over a median, sort the searches, look at the best program of each."""
    assert page.locator(".plot canvas").count() == 3
    page.locator(".u-over").first.hover()
    legend = page.locator(".u-legend").first
    expect(legend).to_contain_text("low of two-seeds")
    expect(legend.locator(".u-series").nth(1).locator(".u-value")).not_to_have_text("–")
    table = page.locator("table.sortable")
    rows = table.locator("tbody tr th")
    assert rows.all_inner_texts() == ["two-seeds-0", "two-seeds-1"]
    head = table.get_by_role("button", name="validation")
    head.click()
    head.click()
    assert rows.all_inner_texts() == ["two-seeds-1", "two-seeds-0"]
    panel = page.locator("#panel")
    for place in (1, 0):
        button = table.locator("[data-program]").nth(place)
        name = button.inner_text()
        button.click()
        expect(panel.locator("h3")).to_contain_text(name)
        expect(panel.locator("pre").last).to_contain_text("class CFRPlus")
        expect(panel.locator("summary").first).to_contain_text("Change from")


def use_run(page):
    """Choose programs in the tree by mouse, keys and the table; sort it."""
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
