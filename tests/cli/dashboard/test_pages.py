"""Pages: they show what the commands tell, in any archive, and nothing foreign comes alive in them."""

from __future__ import annotations

import csv
import io
import re

import pytest

from nashforge.archive import Archive, CallStatus, NewEvaluation, Parent, Score, Status
from nashforge.cli.dashboard.app import table_lines
from nashforge.cli.rendering.output import number
from nashforge.cli.rendering.runs.summary import short_game
from nashforge.cli.report.kin import kin_of
from nashforge.cli.report.page import page
from nashforge.cli.report.study import study_page
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Fitness
from nashforge.evolve.results.report import report_of
from nashforge.evolve.results.studies import study_status
from nashforge.solvers import rule_source

from ..hostile import EVIL, hostile_run
from .markup import Page, check_inert, pages_of


def test_every_page_of_a_run_is_whole_and_inert(searched, client):
    seen = set()
    for address in pages_of(searched.database):
        page = Page(client.get(address))
        check_inert(page)
        seen |= {
            link.partition("?")[0].partition("#")[0] for link in page.links() if link.startswith("/runs")
        }
    for link in seen:
        assert client.get(link).status_code == 200, link


def test_the_page_of_runs_tells_what_the_command_does(searched, client):
    page = Page(client.get("/runs"))
    (row,) = searched.json("runs")
    for known in (
        row["run"],
        row["state"],
        row["best"]["nickname"] if isinstance(row["best"], dict) else row["best"],
    ):
        assert known in page.text
    for split in ("train", "validation", "test"):
        assert f"{searched.run['fitness'][split]:+.3f}" in page.text
    assert "8 of 8" in page.text
    assert "first-light" not in Page(client.get("/runs?q=elsewhere")).text.replace("first-light.html", "")
    assert "first-light" in Page(client.get("/runs?q=FIRST")).text


def test_the_page_of_a_run_has_its_history_and_where_it_wins(searched, client):
    page = Page(client.get("/runs/first-light"))
    history = page.data["history"]
    lines = {line["label"]: line["values"] for line in history["lines"]}
    assert len(lines["best so far"]) == len(history["x"])
    assert set(lines["best so far"]) <= set(lines["training games"])
    assert lines["best so far"][0] == lines["training games"][0]
    assert lines["test games"].count(None) < len(history["x"])
    standing = searched.json("status", "first-light")["standing"]
    for game, value in standing["games"].items():
        assert game.partition("(")[0] in page.text
        assert f"{value:+.3f}" in page.text
    over_time = Page(client.get("/runs/first-light?x=seconds")).data["history"]["x"]
    assert over_time == sorted(over_time)
    assert over_time[-1] > 0


def test_the_page_of_a_program_shows_what_was_changed_and_reached(searched, client):
    with Archive.open(searched.database) as archive:
        best = archive.programs.get(searched.run["best"])
    page = Page(client.get(f"/programs/{best.hash}"))
    assert best.source.strip() in page.text
    assert "dcfr_plus" in page.text
    assert any(data.get("ylog") for data in page.data.values())
    start = Page(client.get(f"/programs/{best.hash}?against=seed"))
    assert "@@" in start.text
    wrong = Page(client.get(f"/programs/{best.hash}?against=nobody"))
    assert "nobody" in wrong.text


def test_programs_are_sorted_filtered_and_taken_along(searched, client):
    rows = list(csv.DictReader(io.StringIO(client.get("/runs/first-light/programs.csv").text)))
    measured = [float(row["train"]) for row in rows if row["train"]]
    assert len(measured) >= 2
    page = client.get("/runs/first-light/programs?sort=train&dir=desc&kind=measured").text
    cells = re.findall(r'<tr id="c\d+">.*?</th>.*?<td class="number">(.*?)</td>', page, flags=re.DOTALL)
    shown = [float(text) for text in cells]
    assert shown == sorted((round(value, 3) for value in measured), reverse=True)
    down = list(csv.DictReader(io.StringIO(client.get("/programs.csv?sort=index&dir=desc").text)))
    assert [int(row["index"]) for row in down] == sorted((int(row["index"]) for row in rows), reverse=True)
    assert "No program fits" in client.get("/programs?q=%25nothing%25").text


@pytest.mark.parametrize(
    ("label", "short"),
    [
        ("leduc_poker(players=2)", "leduc_poker(players=2)"),
        ("gathering(agents=4,map=gathering,horizon=200) seed=1001", "gathering(…) seed=1001"),
        ("liars_dice(numdice=1,dice_sides=5,bidding_rule=x) (disguised)", "liars_dice(…) (disguised)"),
        ("repeated_game(stage_game=matrix_pd(),num_repetitions=20)", "repeated_game(…)"),
    ],
)
def test_games_keep_what_tells_them_apart_where_their_names_are_cut(label, short):
    assert short_game(label) == short


def test_nothing_foreign_comes_alive(tmp_path, opened_at):
    hostile_run(tmp_path / "evil.db")
    client = opened_at(tmp_path / "evil.db", control=True)
    with Archive.open(tmp_path / "evil.db") as archive:
        run = archive.runs.get("bad-news")
        archive.notes.add(run, EVIL, author=EVIL)
        archive.runs.set_value(run, "tags", [EVIL])
    for address in pages_of(tmp_path / "evil.db"):
        answer = client.get(address)
        page = Page(answer)
        check_inert(page)
        assert "\u202e" not in answer.text
    for address in ("/runs", "/runs/bad-news", "/runs/bad-news/programs", "/runs?q=" + EVIL, f"/runs/{EVIL}"):
        text = client.get(address).text
        assert "<script>alert" not in text
        assert 'onerror="alert' not in text
    assert "<script>alert(1)</script>" in Page(client.get("/runs/bad-news")).text


def test_formulas_are_texts_to_a_spreadsheet_and_nothing_is_nothing():
    rows = [{"note": note, "reason": "", "train": -1.0} for note in ("=1+1", "@a", "plain")]
    assert "".join(table_lines(rows)).split("\r\n") == [
        "note,reason,train",
        "'=1+1,,-1.0",
        "'@a,,-1.0",
        "plain,,-1.0",
        "",
    ]


def test_a_run_without_a_program_and_of_an_unknown_domain(tmp_path, opened_at):
    with Archive.open(tmp_path / "new.db") as archive:
        run = archive.runs.create("weather", {"domain": "weather"}, nickname="early-bird")
        candidate = archive.candidates.add(run, operator="seed", proposer="offline")
        program = archive.programs.add("def act():\n    pass\n", "weather")
        archive.candidates.set_program(candidate, program)
        archive.candidates.finish(candidate, Status.OK, train=1.0)
    client = opened_at(tmp_path / "new.db")
    for address in pages_of(tmp_path / "new.db"):
        if not address.startswith("/compare?"):
            check_inert(Page(client.get(address)))
        else:
            assert "no domain" in client.get(address).text


def test_an_archive_without_runs(tmp_path, opened_at):
    Archive.open(tmp_path / "none.db").close()
    client = opened_at(tmp_path / "none.db")
    assert "no runs" in Page(client.get("/runs")).text
    answer = client.get("/runs/nobody")
    assert answer.status_code == 404
    assert "nobody" in answer.text


def test_a_tree_has_every_program_and_a_straight_line_to_the_best(tmp_path, opened_at):
    with Archive.open(tmp_path / "tree.db") as archive:
        run = archive.runs.create("cfr", {"domain": "cfr"}, nickname="old-oak")
        ids = []
        for index in range(12):
            parents = [Parent(ids[index // 2 - (index % 3 == 0)])] if ids else []
            candidate = archive.candidates.add(run, operator="mutate", proposer="offline", parents=parents)
            archive.candidates.set_program(
                candidate, archive.programs.add(rule_source("cfr") + f"# {index}\n", "cfr")
            )
            archive.candidates.finish(candidate, Status.OK, train=float(index))
            ids.append(candidate.id)
    page = Page(opened_at(tmp_path / "tree.db").get("/runs/old-oak/lineage"))
    nodes = page.all("circle")
    assert len(nodes) == 12
    assert len({(node["cx"], node["cy"]) for node in nodes}) == 12, "two programs lie on each other"
    best = [node for node in nodes if node["class"] == "best"]
    assert len({node["cx"] for node in best}) == 1
    assert best[-1]["data-t"].startswith("#11 ")


def test_fitness_at_its_limit_everywhere_is_told_wherever_a_run_is(tmp_path, opened_at):
    with Archive.open(tmp_path / "limit.db") as archive:
        run = archive.runs.create("cfr", {"domain": "cfr"}, nickname="far-hill")
        archive.studies.add_run(
            archive.studies.create("cfr", {"domain": "cfr"}, nickname="far-hills"), run, 0
        )
        program = archive.programs.add(rule_source("cfr"), "cfr")
        candidate = archive.candidates.add(run, program=program, operator="seed", proposer="offline")
        measured = NewEvaluation(
            program=program.hash,
            suite="cfr-train",
            split="train",
            status=Status.OK,
            scores=(Score("kuhn_poker", domain("cfr").metric, 0.5, iteration=10),),
            settings={
                "references": {"kuhn_poker": 1e-6},
                "fitness": Fitness(kind="log_ratio", clip=2.0).model_dump(mode="json"),
            },
        )
        archive.candidates.finish(candidate, Status.OK, evaluations=[measured], train=-2.0)
        kin = kin_of(archive, run)
        told = [page(report_of(archive, run), kin, None)]
        told.append(study_page(archive, study_status(archive, archive.studies.get("far-hills"))))
    client = opened_at(tmp_path / "limit.db")
    told += [client.get(address).text for address in ("/runs/far-hill", "/studies/far-hills")]
    for text in told:
        assert "give programs more iterations (--horizon)" in text


def test_a_table_to_take_along_holds_no_formulas(tmp_path, opened_at):
    with Archive.open(tmp_path / "sums.db") as archive:
        run = archive.runs.create("cfr", {"domain": "cfr"}, nickname="big-sum")
        archive.candidates.add(
            run, operator="=1+1", proposer="@me", status=Status.REJECTED, reason="-x", note="a"
        )
    (row,) = csv.DictReader(io.StringIO(opened_at(tmp_path / "sums.db").get("/programs.csv").text))
    assert (row["operator"], row["proposer"], row["reason"], row["note"]) == ("'=1+1", "'@me", "'-x", "a")


def test_programs_are_compared_by_what_was_measured(searched, client, tmp_path):
    best = searched.run["best"]
    page = Page(client.get(f"/compare?p={best}+dcfr_plus+cfr_plus"))
    check_inert(page)
    profile = page.data["profile"]
    shares = {line["label"]: line["values"] for line in profile["lines"]}
    assert set(shares) == {best, "dcfr_plus", "cfr_plus"}
    assert all(values == sorted(values) for values in shares.values())
    assert any(values[0] > 0 for values in shares.values()), "somebody is the best of each game"
    assert page.data["tradeoff"]["x"] == sorted(page.data["tradeoff"]["x"])
    told = searched.json(
        "compare", best, "dcfr_plus", "--suite", searched.suite, "--iterations", 50, "--reference", "none"
    )
    for row in told:
        assert number(row["value"]) in page.text
    other = Page(client.get(f"/compare?p={best}+dcfr_plus&x=seconds&y=exploitability"))
    assert other.data["tradeoff"]["xlabel"].startswith("time")
    assert "never measured" in client.get("/compare?p=dcfr").text


def test_a_file_of_this_machine_is_no_program(client, tmp_path):
    (tmp_path / "secret.py").write_text("PASSWORD = 'x'\n")
    for name in (f"{tmp_path}/secret.py", "/etc/passwd", "../secret.py"):
        assert client.get("/compare", params={"p": name}).status_code == 404
        assert client.get(f"/programs/{searchable(name)}?against=/etc/passwd").status_code == 404


def searchable(name):
    """Return a name as it stands in an address."""
    return name.replace("/", "%2F")


def test_models_are_shown_with_what_was_sent_and_said(tmp_path, opened_at):
    with Archive.open(tmp_path / "talk.db") as archive:
        run = archive.runs.create("cfr", {"domain": "cfr"}, nickname="long-talk")
        archive.runs.set_value(run, "system abc", f"You write rules. {EVIL}")
        archive.runs.set_value(run, "bandit", {"p:m": {"asked": 2.0, "told": 2.0, "gain": 1.0, "cost": 0.5}})
        candidate = archive.candidates.add(run, operator="mutate", proposer="p:m")
        call = archive.calls.reserve(
            run,
            provider="p",
            model="m",
            request={"system": "abc", "user": f"Improve this. {EVIL}", "purpose": "mutate"},
            reserved_cost=0.1,
            candidate=candidate,
        )
        archive.calls.settle(
            call, CallStatus.OK, cost=0.05, response={"text": f"Here. {EVIL}"}, output_tokens=12_345
        )
    page = Page(opened_at(tmp_path / "talk.db").get("/runs/long-talk/models"))
    check_inert(page)
    for known in ("You write rules.", "Improve this.", "Here.", "$0.05", "12k", EVIL):
        assert known in page.text


def test_a_study_has_medians_over_its_seeds(tmp_path, opened_at):
    with Archive.open(tmp_path / "seeds.db") as archive:
        study = archive.studies.create("cfr", {"domain": "cfr"}, nickname="wide-sea")
        for seed in range(3):
            run = archive.runs.create("cfr", {"domain": "cfr"}, seed=seed, nickname=f"wide-sea-seed{seed}")
            archive.studies.add_run(study, run, seed)
            for k in range(3):
                candidate = archive.candidates.add(run, operator="seed", proposer="offline")
                program = archive.programs.add(rule_source("cfr") + f"# {seed} {k}\n", "cfr")
                archive.candidates.set_program(candidate, program)
                archive.candidates.finish(candidate, Status.OK, train=float(seed + k), validation=float(seed))
    client = opened_at(tmp_path / "seeds.db")
    page = Page(client.get("/studies/wide-sea"))
    check_inert(page)
    (medians,) = [line["values"] for line in page.data["study-1"]["lines"] if line["kind"] == "line"]
    assert medians == [1.0, 2.0, 3.0]
    assert "+3.000" in page.text
    every = Page(client.get("/studies?s=wide-sea"))
    check_inert(every)
    assert "9 of" in every.text


def test_workers_are_shown_with_what_they_have_in_hand(tmp_path, opened_at):
    with Archive.open(tmp_path / "work.db") as archive:
        archive.workers.register(EVIL[:100], host="here", pid=1, kinds="evaluate", slots=2, versions={})
    page = Page(opened_at(tmp_path / "work.db").get("/workers"))
    check_inert(page)
    assert "idle" in page.text
    assert "0/2" in page.text


def test_metrics_that_only_tell_how_programs_work_have_no_best(tmp_path, opened_at):
    told = {"exploitability": (0.5, 0.1), "solver_seconds": (1.0, 2.0), "policies": (5.0, 9.0)}
    with Archive.open(tmp_path / "many.db") as archive:
        run = archive.runs.create("psro", {"domain": "psro"}, nickname="many-hands")
        programs = []
        for index in range(2):
            operator = ("seed", "mutate")[index]
            candidate = archive.candidates.add(run, operator=operator, proposer="offline")
            programs.append(archive.programs.add(f"# {index}\n", "psro"))
            archive.candidates.set_program(candidate, programs[-1])
            scores = [
                Score(game, name, values[index], "max" if name == "policies" else "min", 10)
                for name, values in told.items()
                for game in ("kuhn_poker", "leduc_poker")
            ]
            row = NewEvaluation(
                program=programs[-1].hash,
                suite="tiny",
                split="train",
                status=Status.OK,
                evaluator=domain("psro").evaluator,
                settings={"horizon": 10},
                scores=tuple(scores),
            )
            archive.candidates.finish(candidate, Status.OK, train=1.0 + index, evaluations=[row])
    client = opened_at(tmp_path / "many.db")
    text = client.get(f"/programs/{programs[1].hash}").text
    rows = {
        name: (better, cells.count("best"))
        for name, better, cells in re.findall(
            r'class="game">([^<(]+?)(?: \(s\))? <span class="faint">(.*?)</span></th>(.*?)</tr>',
            text,
            flags=re.DOTALL,
        )
    }
    assert rows == {
        "time in the meta-solver": ("less is better", 1),
        "policies in each population": ("neither is better", 0),
    }
    drawn = client.get("/compare", params={"p": f"{programs[0].hash} {programs[1].hash}", "y": "policies"})
    labels = [line["label"] for line in Page(drawn).data["tradeoff"]["lines"]]
    assert not any("not beaten" in label for label in labels)
