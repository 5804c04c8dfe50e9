"""The layout of a recipe: a dataset is read as its recipe says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from curate.ingest.layout import About
from curate.ingest.layouts.manifest import add_row, below_root
from curate.ingest.listing import Listing, Target, walk_files
from curate.ingest.locators import Rejected, is_litter, kind_of, not_media
from curate.ingest.recipe import Recipe, filled, said_by_path
from curate.ingest.recipe_rows import recipe_rows
from curate.rows import Row

NAME = "recipe"


class RecipeLayout:
    """A dataset as its recipe describes it."""

    name = NAME
    about = About(title="A recipe", shape="a folder, with a recipe", reads=())

    def __init__(self, recipe: Recipe) -> None:
        """Read by `recipe`."""
        self.recipe = recipe

    def recognises(self, path: Path) -> bool:
        """Return whether `path` is a folder."""
        return path.is_dir()

    def read(self, target: Target, into: Listing) -> None:
        """List every row of the lists, or every file.

        Raises:
            PathNotFoundError: A list is not there.
            InvalidFileError: A list cannot be read.
        """
        strip = (*self.recipe.strip, *target.config.strip)
        target = replace(target, config=replace(target.config, strip=strip))
        refused = set()
        lists = set()
        if self.recipe.lists:
            for row in recipe_rows(self.recipe, target.path, into):
                path = None
                try:
                    path = self._path(row, target)
                    self._add(row, path, target, into)
                except Rejected as rejected:
                    into.reject(row.place, rejected.reason, rejected.detail, locator=path)
                    refused.add(path)
            lists = {
                file.relative_to(target.path).as_posix()
                for one in self.recipe.lists
                for file in target.path.glob(one.file)
            }
        for locator in walk_files(target.root, into):
            if into.lists(locator) or locator in refused or locator in lists:
                continue
            with into.attempt(locator, locator=locator):
                self._file(locator, target, into)

    def _file(self, locator: str, target: Target, into: Listing) -> None:
        """List a file that no list names.

        Raises:
            Rejected: It is no entry.
        """
        if kind_of(locator) == "unknown" or is_litter(locator):
            raise not_media(locator)
        if any(fnmatch(locator, pattern) for pattern in self.recipe.skip):
            raise Rejected("skipped", "the recipe says that this is no entry")
        if self.recipe.lists:
            raise Rejected("not-in-manifest", "no row of the recipe's lists names this file")
        self._add(Row(locator, {"path": locator}), locator, target, into)

    def _path(self, row: Row, target: Target) -> str:
        """Return the path that a row names, from the root on.

        Raises:
            Rejected: The row cannot be read, or names none.
        """
        if row.problem:
            raise Rejected("bad-row", row.problem)
        path = filled(self.recipe.columns.get("path", "path"), row.values)
        if path is None:
            raise Rejected("no-path", "the row has not all that makes a path by the recipe")
        return below_root(path, target)

    def _add(self, row: Row, path: str, target: Target, into: Listing) -> None:
        said = said_by_path(self.recipe, path)
        if said is None and self.recipe.patterns:
            raise Rejected("no-fit", f"{path!r} fits no pattern of the recipe")
        values: dict[str, Any] = dict(self._told(row.values, said or {}))
        for column, value in self.recipe.fixed.items():
            values.setdefault(column, value)
        add_row(Row(row.place, values | {"path": path}), target, into)

    def _told(self, row: dict[str, Any], said: dict[str, str]) -> Iterator[tuple[str, Any]]:
        """Yield what a row and its path say, by columns of a manifest; the rest as it is called.

        Raises:
            Rejected: They contradict one another, or a word has no meaning.
        """
        every = {**said, **row}
        taken = set(self.recipe.columns.values())
        for column in dict.fromkeys((*self.recipe.columns, *every)):
            source = self.recipe.columns.get(column)
            if source is None and column in taken:
                continue
            value = every.get(column) if source is None else filled(source, every)
            if value is None:
                continue
            word = self._meaning(column, value)
            other = said.get(column)
            if other is not None and self._meaning(column, other) != word:
                raise Rejected(
                    "contradiction", f"{column} is {value!r}, and the path says {other!r}"
                )
            yield column, word

    def _meaning(self, column: str, word: Any) -> Any:
        known = self.recipe.values.get(column)
        if known is None:
            return word
        # Parquet and JSON give numbers, and the recipe's words are texts.
        if str(word) not in known and str(word) in known.values():
            return word
        if str(word) not in known:
            raise Rejected("unknown-value", f"{column} {str(word)!r} has no meaning in the recipe; "
                           f"known are {', '.join(known)}")  # fmt: skip
        return known[str(word)]
