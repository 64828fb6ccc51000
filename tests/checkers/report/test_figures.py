"""The report's figures: well-formed, the same bytes for the same facts, readable on light and dark pages, with ticks and units."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import msgspec
import pytest

from checkers.records.decisions import CheckRun, PowerRun
from checkers.report import figures, threshold
from checkers.report.margins import margins
from checkers.report.where import axes_of, where
from tests.checkers.report import full_size
from theorems import registry
from theorems.language.instance import QUANTITIES

FACTS = full_size.facts()
OWN = [one for one in FACTS.check.verdicts if one.id == "sign-flips"]
ROWS = [one for one in FACTS.scaling if one.id == "sign-flips"]
assert FACTS.threshold is not None
assert FACTS.deep_norms is not None
DRAWN: dict[str, Callable[[], str]] = {
    "margins": lambda: margins(FACTS.check, FACTS.power, ["forward-norm", "sign-flips"]),
    "where": lambda: where(OWN),
    "scaling": lambda: figures.scaling(ROWS),
    "threshold": lambda: threshold.figure(FACTS.threshold),  # type: ignore[arg-type]
    "training": lambda: figures.training_curves(FACTS.trainings[:6], FACTS.titles[:6]),
    "depth": lambda: figures.deep_norms(FACTS.deep_norms),  # type: ignore[arg-type]
}
WHITE, DARK = "#ffffff", "#0d1117"  # the ground of GitHub's light and dark pages


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour: str, ground: str) -> float:
    light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(scope="module")
def svg() -> dict[str, str]:
    return {name: draw() for name, draw in DRAWN.items()}


@pytest.mark.parametrize("name", DRAWN)
def test_figures_are_well_formed_transparent_and_reproducible(name: str, svg: dict[str, str]) -> None:
    assert DRAWN[name]() == svg[name]
    assert ElementTree.fromstring(svg[name]).tag == "{http://www.w3.org/2000/svg}svg"
    assert not re.search(r"fill: #(ffffff|000000)\b", svg[name])


@pytest.mark.parametrize("name", DRAWN)
def test_every_colour_has_a_contrast_of_4_5_on_a_light_page_and_on_a_dark_one(name: str, svg: dict[str, str]) -> None:
    style = re.search(r"@media \(prefers-color-scheme: dark\)\{(.*)\}</style>", svg[name])
    assert style is not None
    dark = re.findall(r'\[style\*="(fill|stroke): (#[0-9a-f]{6})"\]\{\1:(#[0-9a-f]{6})!important\}', style[1])
    replaced = {(part, light): other for part, light, other in dark}
    used = set(re.findall(r"(fill|stroke): (#[0-9a-f]{6})", svg[name].replace(style[0], "")))
    assert used == set(replaced)
    for (_, light), other in replaced.items():
        assert contrast(light, WHITE) >= 4.5
        assert contrast(light, DARK) >= 4.0  # where nobody says that the page is dark
        assert contrast(other, DARK) >= 4.5


@pytest.mark.parametrize("colour", figures.ON_DARK)
def test_every_colour_of_the_palette_has_the_contrast_whether_it_is_used_or_not(colour: str) -> None:
    assert contrast(colour, WHITE) >= 4.5
    assert contrast(figures.ON_DARK[colour], DARK) >= 4.5
    assert {figures.GREY, figures.RED, *figures.RUN_COLOURS} <= set(figures.ON_DARK)


def test_no_colour_has_it_on_both() -> None:
    """Why there are two of each."""
    both = contrast(WHITE, DARK) ** 0.5
    assert both < 4.5


@pytest.mark.parametrize(("colour", "ground"), [("#ffffff", "#ffffff"), ("#7f868e", "#ffffff"), ("#1a1a1a", "#0d1117")])
def test_colours_that_vanish_are_noticed(colour: str, ground: str) -> None:
    assert contrast(colour, ground) < 4.5


def texts(content: str) -> list[str]:
    return ["".join(one.itertext()) for one in ElementTree.fromstring(content).iter("{http://www.w3.org/2000/svg}text")]


def panels(content: str) -> list[ElementTree.Element]:
    found = ElementTree.fromstring(content).iter("{http://www.w3.org/2000/svg}g")
    return [one for one in found if one.get("id", "").startswith("axes_")]


@pytest.mark.parametrize("name", ["scaling", "threshold", "where", "depth", "training"])
def test_every_panel_has_at_least_two_ticks_on_each_axis(name: str, svg: dict[str, str]) -> None:
    for panel in panels(svg[name]):
        ids = [one.get("id", "") for one in panel.iter()]
        assert sum(one.startswith("xtick_") for one in ids) >= 2
        assert sum(one.startswith("ytick_") for one in ids) >= 2


@pytest.mark.parametrize("name", ["scaling", "threshold", "where"])
def test_axes_say_what_they_show_and_in_what(name: str, svg: dict[str, str]) -> None:
    shown = " ".join(texts(svg[name]))
    said = {"scaling": "measured side / bound without", "threshold": "least sufficient width m, neurons", "where": "left side / right side"}
    assert said[name] in shown
    axes = {"scaling": {row.axis for row in ROWS}, "threshold": {"samples", "depth", "separation"}, "where": set(axes_of(OWN))}
    for axis in axes[name]:
        assert f"{QUANTITIES[axis][0]}, {QUANTITIES[axis][1].split()[0]}" in shown


def test_papers_that_ask_for_the_same_are_both_seen(svg: dict[str, str]) -> None:
    """The dashes of one stand in the gaps of the other."""
    dashes = set(re.findall(r"stroke-dasharray: ([\d.,]+); stroke-dashoffset: ([\d.]+)", svg["threshold"]))
    assert len({pattern for pattern, _ in dashes}) == 1
    period = sum(map(float, next(iter(dashes))[0].split(",")))
    offsets = sorted(float(offset) for _, offset in dashes)
    assert offsets == pytest.approx([0.0, period / 2])


def test_architectures_can_be_told_apart_and_a_mark_beyond_the_border_is_explained() -> None:
    held = [msgspec.structs.replace(one, worst_ratio=0.5) for one in OWN]
    within = margins(CheckRun(seed=0, alpha=1e-6, profile="quick", verdicts=held), FACTS.power, ["sign-flips"])
    names = ["fully connected", "residual", "convolutional"]
    assert [name for name in names if f"{name}, holds" not in texts(within)] == []
    assert not any("probability" in one for one in texts(within))
    beyond = [msgspec.structs.replace(held[0], worst_ratio=3.3, failures=12), *held[1:]]
    drawn = margins(CheckRun(seed=0, alpha=1e-6, profile="quick", verdicts=beyond), FACTS.power, ["sign-flips"])
    assert "fully connected, holds; may fail with a probability" in texts(drawn)
    refuted = [msgspec.structs.replace(beyond[0], verdict="REFUTED"), *held[1:]]
    drawn = margins(CheckRun(seed=0, alpha=1e-6, profile="quick", verdicts=refuted), FACTS.power, ["sign-flips"])
    assert "fully connected, refuted" in texts(drawn)


def test_figures_of_nothing_can_be_drawn() -> None:
    empty = CheckRun(seed=0, alpha=1e-6, profile="quick", verdicts=[])
    none = PowerRun(seed=0, alpha=1e-6, profile="quick", variants=[])
    ElementTree.fromstring(margins(empty, none, []))
    ElementTree.fromstring(figures.training_curves([], []))
    ElementTree.fromstring(figures.scaling([]))


@pytest.mark.parametrize(("low", "high"), [(1, 2), (0.3, 0.4), (1e-5, 1e5), (7, 9), (99, 101), (1, 1.0001)])
def test_ticks_are_two_or_more_and_within_the_axis(low: float, high: float) -> None:
    found = figures.ticks(low, high)
    assert 2 <= len(found) <= 6
    assert low <= min(found) <= max(found) <= high


def test_every_statement_has_a_figure_of_its_instances() -> None:
    assert all(axes_of([one]) for one in FACTS.check.verdicts)
    assert len({one.id for one in FACTS.check.verdicts}) == len(list(registry))
