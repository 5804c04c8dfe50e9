"""Shortcuts: noise is not flagged, whatever the prevalence; what tells the label is, by name."""

from __future__ import annotations

import os

import numpy as np
import pytest

from curate.labels.exchange import design
from curate.labels.shortcuts import ALPHA, JOINT, find_shortcuts, p_values
from tests.unit.labels.noise import PREVALENCES, clustered, encoded, gap, uniform

# `python -m bench shortcuts` asks a thousand of each; CURATE_SEEDS=1000 does so here.
SEEDS = int(os.environ.get("CURATE_SEEDS", "40"))


def _most(seeds: int) -> int:
    """Return how many false alarms the nominal rate leaves room for."""
    return int(seeds * ALPHA)


@pytest.mark.parametrize("prevalence", PREVALENCES)
def test_noise_is_flagged_at_most_as_often_as_the_nominal_rate(prevalence: float) -> None:
    """Uniform noise tells nothing, with few real ones among many fakes as well."""
    flagged = sum(
        any(
            tell.flagged
            for tell in find_shortcuts(*uniform(seed, prevalence), permutations=99).tells
        )
        for seed in range(SEEDS)
    )

    assert flagged <= _most(SEEDS)


def test_the_camera_of_few_people_is_not_evidence_of_many_pictures() -> None:
    """All pictures of a person share camera and label: rows are no independent witnesses."""
    grouped = [find_shortcuts(*clustered(seed), permutations=99) for seed in range(SEEDS)]
    apart = [
        find_shortcuts(features, label, np.arange(len(label)), permutations=99)
        for features, label, _ in map(clustered, range(SEEDS))
    ]

    assert sum(found.tells[0].flagged for found in grouped) <= _most(SEEDS)
    # The same rows taken one by one do raise the alarm, so the world above is one that can.
    assert sum(found.tells[0].flagged for found in apart) > SEEDS // 4


@pytest.mark.parametrize("prevalence", PREVALENCES)
def test_a_quality_gap_is_flagged_by_name_and_nothing_else_is(prevalence: float) -> None:
    found = find_shortcuts(*gap(7, prevalence), permutations=199)

    assert {tell.name for tell in found.tells if tell.flagged} == {"jpeg_quality", JOINT}
    worst = next(tell for tell in found.tells if tell.name == "jpeg_quality")
    assert worst.p_adjusted <= ALPHA
    assert worst.balanced_accuracy > 0.75


def test_a_gap_within_people_is_seen_where_everyone_has_both_labels() -> None:
    """Pairs of a real picture and a fake of it are exchanged within the person."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(40), 4)
    label = np.tile([0, 0, 1, 1], 40)
    features = encoded(
        {"sharpness": rng.normal(0, 1, 160) - 2 * label, "person": rng.random(40)[group]}, label
    )

    found = {tell.name: tell for tell in find_shortcuts(features, label, group).tells}

    assert found["sharpness"].flagged
    assert not found["person"].flagged


def test_rows_that_came_as_one_are_exchanged_as_one() -> None:
    """Frames of two clips of each person: the clips are the witnesses."""
    group = np.repeat(np.arange(3), 40)
    unit = np.repeat(np.arange(6), 20)
    label = np.tile(np.repeat([0, 1], 20), 3)

    plan = design(label, group, unit)

    assert plan.label.tolist() == [0, 1] * 3
    assert plan.sets.tolist() == [0, 2, 4, 6]
    assert plan.groups == 3


def test_groups_of_one_size_and_label_are_exchanged_with_the_next_sizes() -> None:
    """Large groups are all fake: they are exchanged with smaller ones, and never with rows."""
    sizes = [1, 1, 1, 8, 8, 2, 2]
    group = np.repeat(np.arange(len(sizes)), sizes)
    label = np.repeat([0, 1, 0, 1, 1, 0, 1], sizes)

    plan = design(label, group)

    # Eights with twos, whose labels differ; ones among themselves.
    assert sorted(np.diff(plan.sets).tolist()) == [3, 4]
    assert plan.can_exchange()


def test_folds_part_no_group() -> None:
    _, label, group = clustered(3)

    plan = design(label, group)

    fold = np.repeat(np.arange(len(plan.starts) - 1), np.diff(plan.starts))
    held = group[plan.order]
    assert all(len(set(fold[held == person])) == 1 for person in np.unique(held))
    assert len(plan.starts) - 1 == 5


def test_labels_that_cannot_be_exchanged_are_told_as_such_and_not_flagged() -> None:
    """One person real, one fake: nothing can be told apart from who it is."""
    label = np.repeat([0, 1], [5, 300])
    features = encoded({"sharpness": label.astype(float)}, label)

    found = find_shortcuts(features, label, np.zeros(305, int) + label)

    # Two groups, which can be exchanged in two ways: that is no evidence.
    assert not any(tell.flagged for tell in found.tells)


def test_several_methods_are_told_apart_too() -> None:
    rng = np.random.default_rng(1)
    label = rng.integers(0, 4, 400)
    features = encoded(
        {"encoder": np.where(label == 2, "x264", "mpeg4"), "noise": rng.random(400)}, label
    )

    found = {tell.name: tell for tell in find_shortcuts(features, label, np.arange(400)).tells}

    assert found["encoder"].flagged
    assert not found["noise"].flagged
    # One of four labels is told for certain; the other three share what is left.
    assert found["encoder"].balanced_accuracy == pytest.approx(0.5, abs=0.01)


def test_the_same_rows_in_another_order_tell_the_same_areas_without_chance() -> None:
    """Folds follow groups, so what a feature tells does not hang on the order of rows."""
    features, label, group = gap(2)

    once = find_shortcuts(features, label, group, permutations=50, jobs=1)
    again = find_shortcuts(features, label, group, permutations=50, jobs=2)

    assert once.tells == again.tells


def test_adjusted_p_values_are_those_of_the_step_down_maximum() -> None:
    """Held against Westfall and Young's algorithm written out."""
    rng = np.random.default_rng(5)
    found, chance = rng.normal(0.5, 1, 5), rng.normal(0, 1, (60, 5))
    every = np.vstack([found, chance])
    z = (every - every.mean(axis=0)) / every.std(axis=0)
    ranked = np.argsort(-z[0])
    expected, before = np.empty(5), 0.0
    for place, feature in enumerate(ranked):
        rest = ranked[place:]
        before = max(before, sum(row[rest].max() >= z[0][feature] for row in z) / len(z))
        expected[feature] = before

    alone, adjusted = p_values(found, chance)

    assert adjusted == pytest.approx(expected)
    assert alone == pytest.approx([(every[:, f] >= found[f]).mean() for f in range(5)])
    assert (adjusted >= alone - 1e-12).all()
