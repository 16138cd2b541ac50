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
_WIDEST = 48
"""Tiles in one folder within the picture; what is smaller than those shares one tile. The picture's own has all."""
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
    """A tile and its place. A folder's `heading` is its name alone, above tiles of what is in it."""

    tile: Tile
    box: Box
    heading: bool = False


def placed_tiles(folder: SiteFolder, box: Box) -> list[PlacedTile]:
    """The tiles of a folder in `box`, in pixels, sized by the questions that people wrote."""
    return list(_inside(folder, box, _opened(folder), TILES - 1))


def _opened(folder: SiteFolder) -> frozenset[str]:
    """The folders that are drawn by what is in them: the largest first, as long as there are tiles for it, and of a
    large folder none so small that its tiles would be dust."""
    opened, tiles = {folder.name}, _shown_of(folder, TILES - 1)
    least = folder.questions * _LEAST_OPENED if folder.count > TILES else 0
    waiting = [(-below.questions, below.name, below) for below in folder.folders]
    heapq.heapify(waiting)
    while waiting:
        size, name, largest = heapq.heappop(waiting)
        more = _shown_of(largest, _WIDEST) - 1
        if tiles + more <= TILES and -size >= least:
            opened.add(name)
            tiles += more
            for below in largest.folders:
                heapq.heappush(waiting, (-below.questions, below.name, below))
    return frozenset(opened)


def _shown_of(folder: SiteFolder, widest: int) -> int:
    return min(len(folder.folders) + len(folder.leaves), widest + 1)


def _inside(
    folder: SiteFolder, box: Box, opened: frozenset[str], widest: int = _WIDEST
) -> Iterator[PlacedTile]:
    tiles: list[Tile] = sorted([*folder.folders, *folder.leaves], key=lambda tile: (-_size(tile), tile.name))
    if len(tiles) > widest + 1:
        tiles = [*tiles[:widest], _rest(folder, tiles[widest:])]
    for tile, found in zip(tiles, squarified([_size(tile) for tile in tiles], box), strict=True):
        while isinstance(tile, SiteFolder) and len(tile.folders) == 1 and not tile.leaves:
            tile = tile.folders[0]  # nothing is seen between a folder and its only one
        if isinstance(tile, SiteFolder) and tile.name in opened and found.height > 3 * HEADER:
            yield PlacedTile(tile, Box(found.x, found.y, found.width, HEADER), heading=True)
            below = Box(found.x, found.y + HEADER, found.width, found.height - HEADER)
            yield from _inside(tile, below, opened)
        else:
            yield PlacedTile(tile, found)


def _size(tile: Tile) -> float:
    return max(1, tile.questions)


def _rest(folder: SiteFolder, tiles: Sequence[Tile]) -> Rest:
    """What there is no tile for, as one."""
    standings = sum((standings_of(tile) for tile in tiles), Counter[Standing]())
    return Rest(folder.name, standings.total(), sum(tile.questions for tile in tiles), standings)


def standings_of(tile: Tile) -> Counter[Standing]:
    """How many leaves of a tile stand where."""
    return Counter([tile.standing]) if isinstance(tile, LeafSummary) else tile.standings
