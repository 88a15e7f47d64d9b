"""What is read out of a funnel, before it is put into words or drawn."""

from collections import Counter
from itertools import pairwise

import pytest
from report_funnels import DOCUMENTED, FUNCTIONS, SEEDS, empty, large, small, unfinished

from veristone.generators.pages.drawing import Bar, Bars
from veristone.generators.pages.sections import Figures
from veristone.generators.seeds.funnel import Funnel, SourceFunnel, StepFunnel
from veristone.generators.seeds.report.facts import stages
from veristone.generators.seeds.report.sections import funnel_rows, report


def source(candidates: int, **seen: int) -> SourceFunnel:
    return SourceFunnel(source="s", candidates=candidates, seen=Counter(seen))


def test_the_large_funnel_narrows_without_a_gap():
    found = stages(large())
    assert [stage.name for stage in found[:3]] == ["functions", "documented", "exact_duplicates"]
    assert (found[0].kept, found[1].kept, found[-1].kept) == (FUNCTIONS, DOCUMENTED, SEEDS)
    for before, after in pairwise(found):
        assert after.given == before.kept
        assert after.kept <= after.given
        assert after.waiting == 0
        if after.step:
            assert sum(number for _, number in after.reasons) == after.given - after.kept


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        ([source(3, functions=9, documented=5)], ["functions", "documented", "candidates"]),
        ([source(5, functions=9, documented=5)], ["functions", "documented"]),
        ([source(5, functions=5, documented=5)], ["functions"]),
        ([source(5, functions=9)], ["functions", "candidates"]),
        ([source(5)], ["candidates"]),
        # Snippets of one source are no functions of the other.
        ([source(5, functions=9, documented=5), source(100)], ["candidates"]),
        ([], ["candidates"]),
    ],
)
def test_counting_begins_where_it_holds_all_candidates(
    sources: list[SourceFunnel], names: list[str]
):
    assert [stage.name for stage in stages(Funnel(sources=sources))] == names


def test_seeds_that_a_step_has_not_seen_are_waiting():
    found = stages(unfinished())
    assert [stage.waiting for stage in found if stage.waiting] == [899_120 - 120_000]
    assert "779,120 still waiting" in funnel_rows(unfinished())[-2][-1]


def test_a_funnel_without_sources_begins_at_its_first_step():
    found = stages(Funnel(steps=[StepFunnel(step="length", given=4, kept=1)]))
    assert [(stage.name, stage.given, stage.kept) for stage in found] == [
        ("candidates", 4, 4),
        ("length", 4, 1),
    ]


def bars(funnel: Funnel, title: str) -> list[Bar]:
    """The bars of a plot of the report."""
    blocks = [block for section in report(funnel).sections for block in section.blocks]
    plots = [plot for block in blocks if isinstance(block, Figures) for plot in block.plots]
    [found] = [plot for plot in plots if isinstance(plot, Bars) and plot.title == title]
    return [bar for group in found.groups for bar in group.bars]


def test_languages_of_any_step_and_of_the_seeds_are_there():
    funnel = Funnel(
        steps=[StepFunnel(step="x", by_language={"go": (4, 2)}), StepFunnel(step="y")],
        by_language={"rust": 1},
    )
    found = bars(funnel, "By language")
    assert [(bar.label, bar.behind, bar.value) for bar in found] == [("rust", 0, 1), ("go", 4, 0)]


def test_speed_counts_what_was_judged_and_only_where_time_was_measured():
    steps = [
        StepFunnel(step="some", given=10, not_applicable=4, cpu_s=2.0),
        StepFunnel(step="unmeasured", given=10),
        StepFunnel(step="none", given=4, not_applicable=4, cpu_s=1.0),
    ]
    found = bars(Funnel(steps=steps), "Functions per CPU second")
    assert [(bar.label, bar.value) for bar in found] == [("some", 3)]


def test_documents_left_out_are_added_up_over_sources():
    sources = [
        SourceFunnel(source="a", reasons=Counter(too_large=1)),
        SourceFunnel(source="b", reasons=Counter(too_large=2, not_text=1)),
    ]
    found = bars(Funnel(sources=sources), "Documents left out")
    assert [(bar.label, bar.value) for bar in found] == [("too_large", 3), ("not_text", 1)]


@pytest.mark.parametrize(
    ("funnel", "headline"),
    [
        (large(), "248,934 seeds from 22,311,478 functions"),
        (small(), "1 seed from 2 candidates"),
        (empty(), "Nothing was found"),
        (Funnel(), "Nothing was found"),
        (Funnel(sources=[source(1, functions=1)]), "No seeds from 1 function"),
    ],
)
def test_headline(funnel: Funnel, headline: str):
    assert report(funnel).headline == headline


def test_the_summary_of_the_large_funnel():
    assert report(large()).findings == [
        "1 in 90 became a seed.",
        "12,963,983 documents read (73.0 GiB) from 2 sources; 681,331 documents left out.",
        "1 d 03 h of CPU time, 3 h 59 min by the clock in 8 processes.",
    ]
    assert report(Funnel()).findings == []


def test_few_reasons_are_all_told_and_many_are_not():
    step = StepFunnel(step="x", given=9, reasons=Counter(a=3, b=2, c=1, d=1))
    assert funnel_rows(Funnel(steps=[step]))[1][-1] == "a 3, b 2, c 1, d 1"
    step.reasons["e"] = 1
    assert funnel_rows(Funnel(steps=[step]))[1][-1] == "a 3, b 2, c 1, 2 others 2"


def test_the_rows_of_the_large_funnel():
    rows = funnel_rows(large())
    assert rows[0] == ["all functions", "", "22,311,478", "", "100%", ""]
    assert rows[1][:5] == ["documented", "22,311,478", "5,359,051", "24.0%", "24.02%"]
    assert rows[3] == [
        "returns",
        "4,480,000",
        "3,212,400",
        "71.7%",
        "14.40%",
        "no_value_returned 1,140,840, generator 126,760",
    ]
    assert rows[-1] == ["seeds", "", "248,934", "", "1.12%", ""]
