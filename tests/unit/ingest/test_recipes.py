"""Recipes: datasets without a layout, read by what a file says of their lists and paths."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from PIL import Image

import curate
from curate.cli.main import main
from curate.errors import ConfigError, CurateError, PathNotFoundError
from curate.ingest.by_recipe import RecipeLayout
from curate.ingest.recipe import parse_recipe
from curate.ingest.recipe_start import starting_recipe
from curate.model.config import Config
from tests.unit.ingest.trees import (
    Tables,
    entries,
    labels,
    listed,
    people,
    rejected,
    relations,
    touch,
)


def by(text: str, root: Path) -> Tables:
    """Return what a recipe makes of a folder."""
    return listed(RecipeLayout(parse_recipe(text, where="r.toml")), root)


def test_paths_alone(tmp_path: Path) -> None:
    """A pattern names who is in a clip, and what the folders mean."""
    touch(tmp_path, "real/id1_0001.mp4", "fake/swap/id1_id2_0001.mp4", "odd.mp4", "notes.txt",
          "real/._id1_0001.mp4")  # fmt: skip

    tables = by(
        """
        pattern = ["{label:fake}/{method}/{target:w}_{donor:w}_{_:d}.mp4",
                   "{label:real}/{subject:w}_{_:d}.mp4"]
        set = {source = "studio-a"}
        """,
        tmp_path,
    )

    real, fake = "real/id1_0001.mp4", "fake/swap/id1_id2_0001.mp4"
    assert labels(tables) == {real: "real", fake: "fake"}
    assert people(tables) == {
        (real, "id1", "depicted"), (fake, "id1", "target"), (fake, "id2", "donor"),
    }  # fmt: skip
    assert entries(tables)[fake]["method"] == "swap"
    assert {row["source_id"] for row in tables["media"]} == {"studio-a"}
    assert rejected(tables) == {
        "odd.mp4": "no-fit", "notes.txt": "not-media", "real/._id1_0001.mp4": "litter",
    }  # fmt: skip


def test_lists_without_headers_are_joined(tmp_path: Path) -> None:
    """One list says who, another in which split; words of a list get a meaning."""
    touch(tmp_path, "img/000001.jpg", "img/000002.jpg", "img/000004.jpg")
    (tmp_path / "identity.txt").write_text("000001.jpg 2880\n000002.jpg 2937\n000003.jpg 2880\n")
    (tmp_path / "partition.txt").write_text(
        "image partition\n000001.jpg 0\n000002.jpg 2\n000003.jpg 7\n000009.jpg 0\n"
    )

    tables = by(
        """
        [[lists]]
        file = "identity.txt"
        columns = ["image", "subject"]
        [[lists]]
        file = "partition.txt"
        columns = ["image", "split"]
        skip = 1
        join = "image"
        [columns]
        path = "img/{image}"
        [values.split]
        "0" = "train"
        "1" = "val"
        "2" = "test"
        """,
        tmp_path,
    )

    assert {k: (r["split"], r["status"]) for k, r in entries(tables).items()} == {
        "img/000001.jpg": ("train", "present"), "img/000002.jpg": ("test", "present"),
    }  # fmt: skip
    assert people(tables) == {
        ("img/000001.jpg", "2880", "depicted"), ("img/000002.jpg", "2937", "depicted"),
    }  # fmt: skip
    assert rejected(tables) == {
        "identity.txt:3": "unknown-value", "partition.txt:5": "not-joined",
        "img/000004.jpg": "not-in-manifest",
    }  # fmt: skip


def test_table_with_words_and_paths_of_another_machine(tmp_path: Path) -> None:
    """A prefix is taken off, numbers mean labels, and several files are one list."""
    touch(tmp_path, "a/1.jpg", "a/2.jpg")
    (tmp_path / "part1.csv").write_text("file;y;clip\nD:\\set\\a\\1.jpg;1;c1\n")
    (tmp_path / "part2.csv").write_text("file;y;clip\nD:\\set\\a\\2.jpg;0;c1\nD:\\x.jpg;0;\n")

    tables = by(
        """
        strip = ["D:/set"]
        lists = [{file = "part*.csv", set = {split = "test"}}]
        columns = {path = "file", label = "y", group = "clip"}
        values = {label = {0 = "real", 1 = "fake"}}
        """,
        tmp_path,
    )

    assert labels(tables) == {"a/1.jpg": "fake", "a/2.jpg": "real"}
    assert {(r["split"], r["group"]) for r in tables["media"]} == {("test", "c1")}
    assert {r for r in relations(tables) if r[1] == "from_source"} == {
        ("a/1.jpg", "from_source", "d:c1"), ("a/2.jpg", "from_source", "d:c1"),
    }  # fmt: skip
    assert rejected(tables) == {"part2.csv:3": "outside-root"}


def test_path_and_row_that_contradict_one_another(tmp_path: Path) -> None:
    """Neither is believed."""
    (tmp_path / "m.csv").write_text("path,label\nreal/a.jpg,fake\nreal/b.jpg,real\n")

    tables = by('lists = [{file = "m.csv"}]\npattern = ["{label}/{_}"]', tmp_path)

    assert labels(tables) == {"real/b.jpg": "real"}
    assert rejected(tables) == {"m.csv:2": "contradiction"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "x"),
        ("columns = {pth = 'file'}", "'pth' is no column of a manifest"),
        ("set = {labl = 'real'}", "'labl' is no column"),
        ("pattern = ['{a']", "pattern"),
        ("pattern = ['{a b}/x']", "no name of a field"),
        ("lists = [{file = 'a', join = 'b'}]", "none names entries"),
        ("lists = [{columns = ['a']}]", "file"),
        ("pattern = ['{a:s}/x']", "the form 's' is none"),
        ("lists = 3", "lists"),
        ("lists = [{file = '../a.csv'}]", "leads out of the folder"),
        ("lists = [{file = '/a.csv'}]", "leads out of the folder"),
        ("columns = {path = '{a'}", "columns.path"),
        ("=", "not TOML"),
    ],
)
def test_recipes_that_are_none(text: str, said: str) -> None:
    """It is said what is wrong, and where."""
    with pytest.raises(ConfigError, match=said) as told:
        parse_recipe(text, where="r.toml")
    assert told.value.where == "r.toml"
    assert "recipe" in told.value.hint


def test_recipes_of_the_guide_are_recipes() -> None:
    """What people copy from there can be read."""
    guide = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text("utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)

    recipes = [parse_recipe(text, where="docs/recipes.md") for text in blocks]

    assert [len(one.lists) for one in recipes] == [0, 2, 1]


def test_list_that_is_not_there(tmp_path: Path) -> None:
    """A recipe for another dataset lists nothing."""
    with pytest.raises(PathNotFoundError, match="a list that is not there"):
        by('lists = [{file = "no.csv"}]', tmp_path)
    (tmp_path / "no.txt").write_text("a.jpg real\n")
    with pytest.raises(CurateError, match="has no header"):
        by('lists = [{file = "no.txt"}]', tmp_path)


def test_recipe_to_start_from(tmp_path: Path) -> None:
    """It names what the folder has, and gives no word a meaning that nobody told."""
    touch(tmp_path, "imgs/a.jpg")
    (tmp_path / "index_all.csv").write_text("img,target,partition\nimgs/a.jpg,1,train\n")

    text = starting_recipe(tmp_path, Config())

    made = tomllib.loads(text)
    assert made["lists"] == [{"file": "index_all.csv"}]
    assert made["columns"] == {"path": "img", "label": "target", "split": "partition"}
    assert made["values"] == {"label": {}}
    assert "# file" not in text
    assert '# "1" = "real" or "fake"' in text
    assert rejected(by(text, tmp_path)) == {"index_all.csv:2": "unknown-value"}
    known = text.replace('# "1" = "real" or "fake"', '"1" = "fake"')
    assert labels(by(known, tmp_path)) == {"imgs/a.jpg": "fake"}


def test_start_finds_the_folder_of_the_files_and_names_other_lists(tmp_path: Path) -> None:
    """A list without folders is tied to where its files lie."""
    touch(tmp_path, "deep/img/a.jpg", "deep/img/b.jpg")
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text("a.jpg 7\nb.jpg 8\n")

    text = starting_recipe(tmp_path, Config())

    assert '# file = "two.txt"' in text
    assert rejected(by(text, tmp_path)) == {"two.txt": "not-media"}
    assert {row["status"] for row in by(text, tmp_path)["media"]} == {"present"}


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["train/real/a.jpg", "test/fake/b.jpg"], "{split:test|train}/{label:fake|real}/{_}"),
        (["x/a.jpg", "y/b.jpg"], "{_}/{_}"),
    ],
)
def test_recipe_for_a_folder_without_lists(tmp_path: Path, names: list[str], pattern: str) -> None:
    """Its folders are what there is to go by."""
    touch(tmp_path, *names)

    text = starting_recipe(tmp_path, Config())

    assert tomllib.loads(text)["pattern"] == [pattern]
    assert sorted(entries(by(text, tmp_path))) == sorted(names)


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A start is written, tried out and used; a dry run keeps nothing."""
    media, ws = tmp_path / "faces", str(tmp_path / "ws")
    for number in range(4):
        place = media / "pics" / f"p{number // 2}_{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (50 * number, 0, 0)).save(place)
    rows = "".join(f"pics/p{n // 2}_{n}.png {n % 2}\n" for n in range(4))
    (media / "list.txt").write_text(rows)
    project = curate.init(ws)
    recipe = tmp_path / "faces.toml"

    assert main(["ingest", str(media), "-w", ws, "--write-recipe", str(recipe)]) == 0
    told = capsys.readouterr()
    assert "nothing was kept" in told.out
    assert "pics/p0_0.png" in told.out
    assert project.catalog.count("media") == 0
    assert main(["ingest", str(media), "-w", ws, "--write-recipe", str(recipe)]) == 2
    recipe.write_text(
        """
        pattern = ["{subject:w}_{_:d}.png"]
        lists = [{file = "list.txt", columns = ["path", "label"]}]
        values = {label = {0 = "real"}}
        """
    )

    assert main(["ingest", str(media), "-w", ws, "--recipe", str(recipe), "--dry-run"]) == 0
    told = capsys.readouterr()
    assert "label real; people p0 as depicted" in told.out
    assert "2 unknown-value (1): give the word a meaning" in told.out
    assert project.catalog.count("media") == 0
    assert main(["ingest", str(media), "-w", ws, "--recipe", str(recipe)]) == 0

    recipe.write_text(recipe.read_text().replace('0 = "real"', '0 = "real", 1 = "fake"'))
    again = project.ingest(media, recipe=recipe)
    assert (again.layout, again.entries, again.changed, again.rejections) == (
        "recipe", 4, 2, {},
    )  # fmt: skip
    assert project.ingest(media, recipe=recipe).changed == 0
    assert main(["ingest", str(media), "-w", ws, "--recipe", str(recipe), "--layout", "dfdc"]) == 2
