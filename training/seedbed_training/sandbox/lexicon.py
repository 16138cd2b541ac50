"""The words that the sandbox models can read and write: one token each, by class.

A closed vocabulary is what lets a model of a million parameters copy words without garbling them; it is also why the
sandbox refuses every leaf that uses other words.
"""

from __future__ import annotations

THINGS = tuple(
    """apple anchor arrow basket beach bell bench blanket boat book bottle box bread bridge brush bucket button cabin
    candle carpet castle chain chair cheese clock cloud coat comb corn crown cup desk door drum egg engine feather
    fence flag flower fork forest garden gate glass glove grape guitar hammer harbour hat hill honey horn house ink
    island jar kettle key kite knife ladder lake lamp leaf lemon letter lock map marble meadow milk mirror moon
    mountain nail needle nest net olive onion oven paddle paper pear pencil pepper piano pillow pipe plate plum pocket
    pond pot quilt radio rain ring river road rock roof rope rose sail salt sand saw scarf shell ship shirt shoe silk
    snow soap sock spoon stamp star stone stool storm stove sugar table tea tent thread ticket torch towel train tree
    trumpet tunnel umbrella vase violin wagon wall watch water wheel whistle window wood wool""".split()
)
NAMES = tuple(
    """Ada Alma Bram Carla Dario Edda Emil Fenna Gita Hana Hugo Ines Ivo Jana Jonas Kaia Lars Lena Livia Marco Mila Nadia
    Nico Odile Olav Orla Petra Quinn Rafa Rosa Sami Selma Tara Theo Ulla Vera Viktor Wanda Yara Zeno""".split()
)
TOWNS = tuple(
    """Aldmoor Brasko Calder Dunvik Elmsted Farrow Gellin Hartwell Istria Jorvik Kelda Lorne Marrow Nordby Osk Pellan
    Quarr Rillet Sorrel Tarn Umber Velm Wexley Yarrow""".split()
)
JOBS = tuple(
    """actor artist baker barber builder butcher carpenter chemist cleaner clerk cook dancer dentist diver doctor driver
    farmer fisher gardener guard judge lawyer mason miner nurse painter pilot plumber porter potter printer sailor
    singer smith tailor teacher waiter weaver writer""".split()
)
PETS = tuple(
    "bear cat cow crab deer dog dove duck eagle fox frog goat goose hare hawk hen horse mouse owl parrot pig".split()
)
COLOURS = tuple(
    "amber black blue brown gold green grey ivory orange pink purple red scarlet silver teal violet white yellow".split()
)
METALS = tuple("brass bronze chrome copper iron lead nickel pewter steel tin titanium zinc".split())
DAYS = tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
NUMBERS = tuple(str(number) for number in range(1, 61))
COUNTS = ("two", "three", "four", "five", "six", "seven")  # `COUNTS[n - 2]` is the word for n

MODIFIERS = tuple(
    """north south east west old new main small great upper lower inner outer left right front rear first second third
    round square narrow wide""".split()
)
PARTS = tuple(
    """pier dock crane buoy tower lighthouse ramp warehouse anchorage signal ferry channel pump valve lever gear piston
    gauge boiler belt switch filter hopper spindle nozzle tile piece card counter board token marker fort ford camp
    shrine market mill well barn stall arch vault""".split()
)

CODE_WORDS = tuple(
    """zib mor tal vex nup kel dri fos gam hul jep lod pim qua rin sot tuk wib yad zor bix cav dun fep gol hib juv kam
    lis mep nov ond pux ras suv tib vam wol yex zan""".split()
)
"""Names that mean nothing to a reader: the base student learns operations under these, never under plain words."""

ALL_WORDS = tuple(
    dict.fromkeys(
        THINGS
        + NAMES
        + TOWNS
        + JOBS
        + PETS
        + COLOURS
        + METALS
        + DAYS
        + NUMBERS
        + COUNTS
        + MODIFIERS
        + PARTS
        + CODE_WORDS
    )
)
