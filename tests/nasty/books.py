"""Excel workbooks and Parquet files."""

import datetime
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference

from nasty.case import Case, Kept, Rejected, Row, refused

ABC = (Kept("CCO"), Kept("CCN"), Kept("CCS"))
ROWS = [["smiles", "id", "x"], ["CCO", "a", 1], ["CCN", "b", 2], ["CCS", "c", 3]]
_STAMP = (2020, 1, 1, 0, 0, 0)
_DOCTYPE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
_LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a0 "CCO">'
    + b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 10))
    + b"]>"
)


def book(
    change: Callable[[Workbook], object] = lambda _: None, rows: list[list[Any]] = ROWS
) -> Callable[[Path], None]:
    """Writes a workbook with these rows on its first sheet, after `change`."""

    def write(path: Path) -> None:
        workbook = Workbook()
        for row in rows:
            workbook.worksheets[0].append(row)
        change(workbook)
        workbook.save(path)

    return write


def repacked(change: Callable[[str, bytes], bytes]) -> Callable[[Path], None]:
    """Writes the plain workbook with every part inside it passed through `change`."""

    def write(path: Path) -> None:
        plain = io.BytesIO()
        book()(plain)  # type: ignore[arg-type]
        with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                new.writestr(
                    zipfile.ZipInfo(name, _STAMP), change(name, old.read(name)), zipfile.ZIP_DEFLATED
                )

    return write


def with_entity(doctype: bytes, entity: bytes) -> Callable[[Path], None]:
    """The first sheet's XML with a DOCTYPE, its first structure an entity."""

    def change(name: str, content: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return content
        cell = b'<c r="A2" t="inlineStr"><is><t>' + entity + b"</t></is></c>"
        start = content.index(b'<c r="A2"')
        end = content.index(b"</c>", start) + 4
        return doctype + content[:start] + cell + content[end:]

    return repacked(change)


def bomb(path: Path) -> None:
    """A sheet of 250 MB of blanks before its rows, a quarter of a megabyte when packed."""

    def change(name: str, content: bytes) -> bytes:
        return (
            content.replace(b"<sheetData>", b"<sheetData>" + b" " * 250_000_000)
            if "sheet1" in name
            else content
        )

    repacked(change)(path)


def hidden_first(workbook: Workbook) -> None:
    sheet = workbook.create_sheet("hidden", 0)
    sheet.append(["smiles", "id"])
    sheet.append(["c1ccccc1", "not this"])
    sheet.sheet_state = "hidden"
    workbook.active = 1


def chart_first(workbook: Workbook) -> None:
    chart = BarChart()
    chart.add_data(Reference(workbook.worksheets[0], min_col=3, min_row=1, max_row=4), titles_from_data=True)
    workbook.create_chartsheet("chart", 0).add_chart(chart)


def merged(workbook: Workbook) -> None:
    workbook.worksheets[0].merge_cells("B2:B4")


def dates(workbook: Workbook) -> None:
    sheet = workbook.worksheets[0]
    sheet["D1"], sheet["D2"], sheet["D3"] = (
        "when",
        datetime.date(2020, 2, 29),
        datetime.datetime(2021, 1, 1, 12, 30),
    )
    sheet["E1"], sheet["E2"] = "took", datetime.timedelta(hours=30)


def parquet(columns: dict[str, Any]) -> Callable[[Path], None]:
    return lambda path: pq.write_table(pa.table(columns), path)


def parquet_bytes(columns: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def case(
    name: str,
    content: Callable[[Path], object] | bytes,
    rows: tuple[Row, ...],
    file: str = "t.xlsx",
    *args: str,
    says: str = "",
) -> Case:
    return Case(
        name, "workbook" if file.endswith("xlsx") else "parquet", file, content, rows, args=args, says=says
    )


def sheet(name: str, content: Callable[[Path], object] | bytes, says: str, **more: object) -> Case:
    return refused("workbook", name, "t.xlsx", content, says, **more)


WORKBOOKS = [
    case("xlsx", book(), ABC),
    case("a workbook called .csv", book(), ABC, "t.csv"),
    case(
        "a formula without its value",
        book(rows=[*ROWS[:3], ['=CONCATENATE("CC","S")', "c", 3]]),
        (*ABC[:2], Rejected("EMPTY")),
    ),
    case("a formula in another column", book(rows=[*ROWS[:3], ["CCS", "=1+1", "=2+2"]]), ABC),
    case("dates and durations", book(dates), ABC),
    case("merged cells", book(merged), ABC),
    case("blank rows above and between", book(rows=[[], [], ROWS[0], ROWS[1], [], ROWS[2], ROWS[3]]), ABC),
    case("a hidden sheet first", book(hidden_first), ABC),
    case("a chart first", book(chart_first), ABC),
    case(
        "numbers stored as text",
        book(rows=[["smiles", "pIC50"], ["CCO", "6.5"], ["CCN", 7.25], ["CCS", " 8 "]]),
        (Kept("CCO", 6.5), Kept("CCN", 7.25), Kept("CCS", 8.0)),
        "t.xlsx",
        *("--value", "pIC50"),
    ),
    case(
        "numbers for structures",
        book(rows=[["smiles", "x"], ["CCO", 1], [12.5, 2], [True, 3]]),
        (ABC[0], Rejected("NAME SYNTAX"), Rejected("NAME SYNTAX")),
    ),
    case("text that looks like a formula", book(rows=[*ROWS[:3], ["CCS", "c", "'=1+1"]]), ABC),
    sheet("an empty sheet", book(rows=[]), "empty", code=3),
    sheet("a header without rows", book(rows=ROWS[:1]), "no rows", code=3),
    sheet("an external entity", with_entity(_DOCTYPE, b"&a;"), "(?i)entit|doctype|damaged|not an excel|xml"),
    sheet(
        "a billion laughs",
        with_entity(_LAUGHS, b"&a9;"),
        "(?i)entit|doctype|damaged|not an excel|xml",
        alone=True,
    ),
    sheet("a zip bomb", bomb, "(?i)unpack|bomb|too (large|big)|GB|MB", alone=True, readable=ABC),
    sheet("a zip that is no workbook", repacked(lambda name, content: b""), "(?i)workbook|damaged|excel"),
    sheet("text called .xlsx", b"smiles,id\nCCO,a\n", "(?i)not an excel"),
]
WORKBOOKS.append(
    sheet(
        "a cut workbook",
        lambda path: (book()(path), path.write_bytes(path.read_bytes()[:-800])),
        "(?i)workbook|damaged|excel",
    )
)
PLAIN = {"smiles": ["CCO", "CCN", "CCS"], "x": [1, 2, 3]}
PARQUETS = [
    case(
        "nested columns",
        parquet({**PLAIN, "l": [[1], None, [2, 3]], "s": [{"a": 1}, None, {"a": 2}]}),
        ABC,
        "t.parquet",
    ),
    case(
        "dictionary encoding",
        parquet({"smiles": pa.array(PLAIN["smiles"]).dictionary_encode()}),
        ABC,
        "t.parquet",
    ),
    case("structures as bytes", parquet({"smiles": [b"CCO", b"CCN", b"CCS"]}), ABC, "t.parquet"),
    case(
        "dates and decimals",
        parquet({**PLAIN, "d": [datetime.date(2020, 1, 1), None, None]}),
        ABC,
        "t.parquet",
    ),
    case(
        "missing structures",
        parquet({"smiles": ["CCO", None, ""]}),
        (ABC[0], Rejected("EMPTY"), Rejected("EMPTY")),
        "t.parquet",
    ),
    case("parquet called .csv", parquet_bytes(PLAIN), ABC, "t.csv"),
    refused(
        "parquet",
        "integers for structures",
        "t.parquet",
        parquet({"smiles": [1, 2, 3]}),
        "NAME|SYNTAX",
        code=3,
    ),
    refused(
        "parquet", "no rows", "t.parquet", parquet({"smiles": pa.array([], pa.string())}), "no rows", code=3
    ),
    refused("parquet", "cut", "t.parquet", parquet_bytes(PLAIN)[:-20], "(?i)parquet"),
    refused("parquet", "text called .parquet", "t.parquet", b"smiles\nCCO\n", "(?i)parquet"),
]
CASES = [*WORKBOOKS, *PARQUETS]
