"""Cells of measured values, and tables whose values are easy to misread."""

from math import inf, log10

from nasty.case import Case, Cell, Kept, Merged, Rejected, Row, table

BAD_NUMBER = Rejected("VALUE_TEXT")


def nm(value: float, relation: str = "=", raw: float | None = None) -> Kept:
    """A value in nM; relations turn around on the p-scale."""
    return Kept("", 9 - log10(value), relation, raw=value if raw is None else raw)


# Each stands beside a molecule of its own, under the header IC50, read with --unit nM.
VALUES = [
    Cell("a plain number", "120", nm(120)),
    Cell("unit in the cell", "12.5 nM", nm(12.5)),
    Cell("another unit in the cell", "12.5 uM", nm(12_500, raw=12.5)),
    Cell("micro sign", "3 µM", nm(3_000, raw=3)),
    Cell("Greek mu", "3 μM", nm(3_000, raw=3)),
    Cell("no blank before the unit", "<0.1nM", nm(0.1, ">")),
    Cell("a lower bound", ">10000", nm(10_000, "<")),
    Cell("at least", "≥ 30 µM", nm(30_000, "<", raw=30)),
    Cell("about", "~5", nm(5)),
    Cell("thousands separators", "1,234", nm(1234)),
    Cell("thousands and a point", "1,234.5", nm(1234.5)),
    Cell("scientific", "2.5E-3", nm(0.0025)),
    Cell("with an error", "5.2 ± 0.3", nm(5.2)),
    Cell("a range", "1-3 uM", BAD_NUMBER),
    Cell("not determined", "n.d.", Rejected("VALUE_MISSING")),
    Cell("an empty value", "", Rejected("VALUE_MISSING")),
    Cell("a word", "active", BAD_NUMBER),
    Cell("more than a float holds", "1e400", Rejected("VALUE_RANGE")),
    Cell("inf", "inf", Rejected("VALUE_TEXT VALUE_RANGE", raw=inf)),
    Cell("below zero", "-5", Rejected("VALUE_RANGE", raw=-5)),
    Cell("zero", "0", Rejected("VALUE_RANGE", raw=0)),
    Cell("percent", "5%", Rejected("UNIT")),
    Cell("two points", "1.2.3", BAD_NUMBER),
    Cell("hexadecimal", "0x10", BAD_NUMBER),
    Cell("an underscore", "1_000", BAD_NUMBER),
    Cell("a formula", "=1+1", Rejected("VALUE_TEXT")),
    Cell("a division by zero", "#DIV/0!", BAD_NUMBER),
    Cell("two relations", "> <5", BAD_NUMBER),
    Cell("a unit that is none", "12 bananas", Rejected("VALUE_TEXT UNIT")),
    Cell("a weight", "5 mg", Rejected("VALUE_TEXT UNIT")),
]


def _case(name: str, content: bytes, rows: tuple[Row, ...], *args: str, **more: object) -> Case:
    return Case(name, "values", "values.csv", content, rows, args=args, **more)  # type: ignore[arg-type]


IN_NM = ("--value", "IC50", "--unit", "nM")
IN_P = ("--value", "pIC50")
CASES = [
    _case(
        "thousands in a p-scale column",
        table("CCO,6.5", 'CCN,"1,234"', "CCC,17", "CCS,-4", header="smiles,pIC50"),
        (
            Kept("CCO", 6.5),
            *(Rejected("VALUE_RANGE VALUE_TEXT", faithful=text) for text in ("CCN", "CCC", "CCS")),
        ),
        *IN_P,
    ),
    _case(
        "decimal commas and points for thousands",
        table("CCO;1.234,5", "CCN;0,5", "CCS;12", header="smiles;IC50"),
        (nm(1234.5)._replace(smiles="CCO"), nm(0.5)._replace(smiles="CCN"), nm(12)._replace(smiles="CCS")),
        *IN_NM,
    ),
    _case(
        "decimal commas in quotes",
        table('CCO,"6,5"', 'CCN,"7,25"', header="smiles,pIC50"),
        (Kept("CCO", 6.5, raw=6.5), Kept("CCN", 7.25, raw=7.25)),
        *IN_P,
    ),
    _case(
        "units row by row",
        table("CCO,10,nM", "CCN,10,uM", "CCS,10,%", "CCC,10,ug.mL-1", "CCF,10,", header="smiles,IC50,Units"),
        (
            Kept("CCO", 8.0, raw=10),
            Kept("CCN", 5.0, raw=10),
            Rejected("UNIT", faithful="CCS", raw=10),
            Rejected("UNIT", faithful="CCC", raw=10),
            Kept("CCF", 8.0, raw=10),
        ),
        *IN_NM,
        "--unit-column",
        "Units",
    ),
    _case(
        "relations in a column",
        table("CCO,10,=", "CCN,10,>", "CCS,10,<=", "CCF,10,'~'", "CCC,10,??", header="smiles,IC50,relation"),
        (
            Kept("CCO", 8.0, "=", raw=10),
            Kept("CCN", 8.0, "<", raw=10),
            Kept("CCS", 8.0, ">", raw=10),
            Kept("CCF", 8.0, "=", raw=10),
            Rejected("VALUE_TEXT", faithful="CCC", raw=10),
        ),
        *IN_NM,
        "--relation",
        "relation",
    ),
    _case(
        "replicates three log units apart",
        table("CCO,1", "OCC,1000", "C(O)C,30", "CCN,5", header="smiles,IC50"),
        (
            Kept("CCO", 9 - log10(30), raw=1),
            Merged("CCO"),
            Merged("CCO"),
            nm(5)._replace(smiles="CCN"),
        ),
        *IN_NM,
        says="(?i)conflict|contradict|apart",
    ),
    _case(
        "an exact value among bounds",
        table("CCO,>10000", "OCC,20000", "CCN,>1000", "NCC,>10000", header="smiles,IC50"),
        (
            Kept("CCO", 9 - log10(20_000), "="),
            Merged("CCO"),
            Kept("CCN", 5.0, "<"),
            Merged("CCN"),
        ),
        *IN_NM,
    ),
    _case(
        "a value that looks missing to a spreadsheet",
        table("CCO,NULL", "CCN,#N/A", "CCS,-", "CCF,9", header="smiles,IC50"),
        (
            *[Rejected("VALUE_MISSING", faithful=s) for s in ("CCO", "CCN", "CCS")],
            nm(9)._replace(smiles="CCF"),
        ),
        *IN_NM,
    ),
]
