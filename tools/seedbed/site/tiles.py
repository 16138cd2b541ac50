"""Which tiles a picture of a folder has, and where each lies: a leaf, a folder, or what is too small for its own."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seedbed.site.folders import SiteFolder
from seedbed.site.leaf_facts import LeafSummary, Standing
from seedbed.site.treemap import Box, squarified

TILES = 160
"""At most: a page stays small, and no tile too small to see."""
HEADER = 20
"""Height that the name of a folder takes above the tiles in it."""
_LEAST_OPENED = 0.03
"""Of a large folder's questions: a folder in it that has fewer stays one tile."""


@dataclass(frozen=True, slots=True)
class Rest:
    """All that is too small for tiles of its own in the folder `name`."""

    name: str
    count: int  # leaves
    questions: int
    standings: Counter[Standing]


Tile = SiteFolder | LeafSummary | Rest


@dataclass(frozen=True, slots=True)
class PlacedTile:
    """A tile, its place, and its name within the folder around it.

    A folder's `heading` is its name alone, above tiles of what is in it.
    """

    tile: Tile
    box: Box
    label: str
    heading: bool = False


def placed_tiles(folder: SiteFolder, box: Box, *, tiles: int, widest: int) -> list[PlacedTile]:
    """At most so many tiles of a folder in `box`, in pixels, sized by the questions that people wrote.

    In one folder within the picture there are `widest` at most; what is smaller than those shares one tile. The
    picture's own folder has as many as there is room for.
    """
    return list(_inside(folder, box, _opened(folder, tiles, widest), tiles - 1, widest))


def _opened(folder: SiteFolder, most: int, widest: int) -> frozenset[str]:
    """The folders that are drawn by what is in them: the largest first, as long as there are tiles for it, and of a
    large folder none so small that its tiles would be dust."""
    opened, tiles = {folder.name}, _shown_of(folder, most - 1)
    least = folder.questions * _LEAST_OPENED if folder.count > most else 0
    waiting = [(-below.questions, below.name, below) for below in folder.folders]
    heapq.heapify(waiting)
    while waiting:
        size, name, largest = heapq.heappop(waiting)
        more = _shown_of(largest, widest) - 1
        if tiles + more <= most and -size >= least:
            opened.add(name)
            tiles += more
            for below in largest.folders:
                heapq.heappush(waiting, (-below.questions, below.name, below))
    return frozenset(opened)


def _shown_of(folder: SiteFolder, widest: int) -> int:
    return min(len(folder.folders) + len(folder.leaves), widest + 1)


def _inside(
    folder: SiteFolder, box: Box, opened: frozenset[str], here: int, below: int
) -> Iterator[PlacedTile]:
    """At most `here` tiles and one for the rest, and in each folder within it `below`."""
    tiles: list[Tile] = sorted([*folder.folders, *folder.leaves], key=lambda tile: (-_size(tile), tile.name))
    if len(tiles) > here + 1:
        tiles = [*tiles[:here], _rest(folder, tiles[here:])]
    for tile, found in zip(tiles, squarified([_size(tile) for tile in tiles], box), strict=True):
        tile = _without_a_choice(tile)
        label = _label(tile, folder.name)
        if isinstance(tile, SiteFolder) and tile.name in opened and found.height > 3 * HEADER:
            yield PlacedTile(tile, Box(found.x, found.y, found.width, HEADER), label, heading=True)
            space = Box(found.x, found.y + HEADER, found.width, found.height - HEADER)
            yield from _inside(tile, space, opened, below, below)
        else:
            yield PlacedTile(tile, found, label)


def _without_a_choice(tile: Tile) -> Tile:
    """What a folder leads to that holds one thing alone: nothing is seen between the two."""
    while isinstance(tile, SiteFolder) and len(tile.folders) + len(tile.leaves) == 1:
        tile = tile.folders[0] if tile.folders else tile.leaves[0]
    return tile


def _label(tile: Tile, inside: str) -> str:
    if isinstance(tile, Rest):
        return f"+{tile.count:,} leaves"
    return tile.name.removeprefix(f"{inside}/").replace("_", " ").replace("/", " / ")


def _size(tile: Tile) -> float:
    return max(1, tile.questions)


def _rest(folder: SiteFolder, tiles: Sequence[Tile]) -> Rest:
    """What there is no tile for, as one."""
    standings = sum((standings_of(tile) for tile in tiles), Counter[Standing]())
    return Rest(folder.name, standings.total(), sum(tile.questions for tile in tiles), standings)


def standings_of(tile: Tile) -> Counter[Standing]:
    """How many leaves of a tile stand where."""
    return Counter([tile.standing]) if isinstance(tile, LeafSummary) else tile.standings
