"""SD files and mol blocks, damaged the ways that programs, mails and downloads damage them."""

from collections.abc import Sequence

from nasty.case import Case, Kept, Rejected, Row, refused

Atoms = Sequence[str]
Bonds = Sequence[tuple[int, int, int]]


def block(
    title: str, atoms: Atoms, bonds: Bonds = (), *, flat: bool = False, extra: Sequence[str] = ()
) -> str:
    """A V2000 mol block, its atoms on a zigzag (or all at the origin), without `M  END`."""
    counts = f"{len(atoms):3d}{len(bonds):3d}  0  0  0  0  0  0  0  0999 V2000"
    places = [(0.0, 0.0) if flat else (1.2 * i, 0.7 * (i % 2)) for i in range(len(atoms))]
    rows = [
        f"{x:10.4f}{y:10.4f}{0:10.4f} {a:<3} 0  0  0  0  0  0  0  0  0  0  0  0"
        for a, (x, y) in zip(atoms, places, strict=True)
    ]
    links = [f"{i:3d}{j:3d}{order:3d}  0" for i, j, order in bonds]
    return "\n".join([title, "  hand-made", "", counts, *rows, *links, *extra]) + "\n"


def chain(title: str, *atoms: str, **more: bool) -> str:
    """Atoms in a row, single bonds between them."""
    return block(title, atoms, [(i, i + 1, 1) for i in range(1, len(atoms))], **more)


END = "M  END\n"
STOP = "$$$$\n"


def record(mol: str, **tags: str) -> str:
    """The block, its end, its data items and the record's end."""
    return mol + END + "".join(f"> <{tag}>\n{value}\n\n" for tag, value in tags.items()) + STOP


ETHANOL, AMINE, THIOL = chain("a", "C", "C", "O"), chain("b", "C", "C", "N"), chain("c", "C", "C", "S")
ABC = (Kept("CCO"), Kept("CCN"), Kept("CCS"))
PLAIN = record(ETHANOL, x="1") + record(AMINE, x="2") + record(THIOL, x="3")
V3000 = """v3
  hand-made

  0  0  0     0  0            999 V3000
M  V30 BEGIN CTAB
M  V30 COUNTS 3 2 0 0 0
M  V30 BEGIN ATOM
M  V30 1 C 0.0 0.0 0.0 0
M  V30 2 C 1.2 0.7 0.0 0
M  V30 3 S 2.4 0.0 0.0 0
M  V30 END ATOM
M  V30 BEGIN BOND
M  V30 1 1 1 2
M  V30 2 1 2 3
M  V30 END BOND
M  V30 END CTAB
"""
BENZENE = block("bz", ["C"] * 6, [(i + 1, (i + 1) % 6 + 1, 1 + i % 2) for i in range(6)])


def case(name: str, text: str | bytes, rows: tuple[Row, ...], file: str = "t.sdf", says: str = "") -> Case:
    content = text.encode() if isinstance(text, str) else text
    return Case(name, "sdf", file, content, rows, says=says)


CASES = [
    case("SDF", PLAIN, ABC),
    case("SDF with CR", PLAIN.replace("\n", "\r"), ABC),
    case("SDF with CRLF", PLAIN.replace("\n", "\r\n"), ABC),
    case("SDF with a BOM", b"\xef\xbb\xbf" + PLAIN.encode(), ABC),
    case("SDF called .csv", PLAIN, ABC, file="t.csv"),
    case("V3000 among V2000", record(ETHANOL) + record(AMINE) + record(V3000), ABC),
    case("a mol file", ETHANOL + END, (Kept("CCO"),), file="t.mol"),
    case(
        "no M  END",
        ETHANOL + STOP + record(AMINE) + record(THIOL),
        (Rejected("SYNTAX TRUNCATED", faithful="CCO"), *ABC[1:]),
    ),
    case(
        "no end of record",
        ETHANOL + END + "> <x>\n1\n\n" + record(AMINE) + record(THIOL),
        (Kept("CCO"), Kept("CCN"), Kept("CCS")),
    ),
    case("no last $$$$", PLAIN[: -len(STOP)], ABC),
    case(
        "cut in the last mol block",
        record(ETHANOL) + record(AMINE) + THIOL[:-30],
        (*ABC[:2], Rejected("TRUNCATED SYNTAX")),
    ),
    case(
        "cut in the last data item",
        record(ETHANOL) + record(AMINE) + THIOL + END + "> <x>\n1",
        (*ABC[:2], Rejected("TRUNCATED", faithful="CCS")),
    ),
    case(
        "a tag twice", ETHANOL + END + "> <x>\n1\n\n> <x>\n2\n\n" + STOP + record(AMINE) + record(THIOL), ABC
    ),
    case(
        "values of several lines",
        ETHANOL + END + "> <x>\n1\n2\n3\n\n" + STOP + record(AMINE) + record(THIOL),
        ABC,
    ),
    case(
        "odd tags",
        record(ETHANOL, **{"IC50 (nM) ± <b>": "1", "=1+1": "=2", "": "3"}) + record(AMINE) + record(THIOL),
        ABC,
    ),
    case(
        "$$$$ inside a data item",
        ETHANOL + END + "> <price>\nabout $$$$ a gram\n\n" + STOP + record(AMINE) + record(THIOL),
        ABC,
    ),
    case("Latin-1 property", PLAIN.replace("1\n\n$$$$", "5 µM ± 1\n\n$$$$", 1).encode("latin-1"), ABC),
    case(
        "all atoms at the origin",
        record(chain("a", "C", "C", "O", flat=True)) + record(AMINE) + record(THIOL),
        ABC,
    ),
    case(
        "an empty record",
        record(ETHANOL) + STOP + record(AMINE) + record(THIOL),
        (ABC[0], Rejected("EMPTY SYNTAX"), *ABC[1:]),
    ),
    case(
        "a molecule without atoms",
        record(ETHANOL) + record(block("none", [])) + record(AMINE),
        (ABC[0], Rejected("EMPTY"), ABC[1]),
    ),
    case(
        "blank title lines",
        record(chain("", "C", "C", "O"))
        + record(chain("", "C", "C", "N"))
        + record(chain("", "C", "C", "S")),
        ABC,
    ),
    case("a line too many before the title", "\n" + PLAIN, ABC),
    case(
        "wrong counts",
        record(ETHANOL.replace("  3  2", "  5  4")) + record(AMINE) + record(THIOL),
        (Rejected("SYNTAX"), *ABC[1:]),
    ),
    case(
        "more atoms than counted",
        record(ETHANOL.replace("  3  2", "  2  1")) + record(AMINE) + record(THIOL),
        (Rejected("SYNTAX"), *ABC[1:]),
    ),
    case(
        "counts run together",
        record(chain("a", *["C"] * 120, "O")) + record(AMINE),
        (Kept("C" * 120 + "O"), Kept("CCN")),
    ),
    case(
        "1,000 atoms in V2000",
        record(chain("a", *["C"] * 999, "O")) + record(AMINE),
        (Rejected("SYNTAX TOO_BIG", faithful="C" * 999 + "O"), Kept("CCN")),
    ),
    case(
        "letters where numbers stand",
        record(ETHANOL.replace("    1.2000", "    x.yz00")) + record(AMINE) + record(THIOL),
        (Rejected("SYNTAX"), *ABC[1:]),
    ),
    case(
        "an unknown element in SDF",
        record(chain("a", "C", "Xq")) + record(AMINE),
        (Rejected("SYNTAX QUERY"), ABC[1]),
    ),
    case(
        "an atom list in SDF",
        record(ETHANOL, x="1") + record(chain("q", "C", "L")) + record(AMINE),
        (ABC[0], Rejected("QUERY SYNTAX"), ABC[1]),
    ),
    case(
        "an R group",
        record(ETHANOL) + record(chain("q", "C", "R#")) + record(AMINE),
        (ABC[0], Rejected("QUERY SYNTAX"), ABC[1]),
    ),
    case(
        "five bonds on carbon",
        record(ETHANOL) + record(block("q", ["C"] * 6, [(1, i, 1) for i in range(2, 7)])) + record(AMINE),
        (ABC[0], Rejected("VALENCE"), ABC[1]),
    ),
    case("a ring with double bonds", record(BENZENE) + record(AMINE), (Kept("c1ccccc1"), Kept("CCN"))),
    case("blanks after $$$$", PLAIN.replace("$$$$", "$$$$  "), ABC),
    case(
        "a million blank lines",
        record(ETHANOL) + "\n" * 10**6 + record(AMINE) + record(THIOL),
        ABC,
    ),
    refused("sdf", "an empty SDF", "t.sdf", b"", "empty", code=3),
    refused("sdf", "only record ends", "t.sdf", (STOP * 3).encode(), "EMPTY|SYNTAX|empty", code=3),
]
