"""Text tables: encodings, line ends, delimiters, quotes, headers, and files that are no tables."""

from nasty.case import Case, Kept, Merged, Rejected, Row, refused, table

ABC = (Kept("CCO"), Kept("CCN"), Kept("CCS"))
PLAIN = table("CCO,a", "CCN,b", "CCS,c")
FORMULAS = ("=cmd|' /C calc'!A0", "@SUM(A1)", "+1+2", "-2+3", "\t=1+1", "＝1+1", " =1+1", '=HYPERLINK("x")')
LONG_HEADER = (
    "IC50 (nM) ± SD [n=3], human recombinant CYP3A4 (µM-corrected; batch 2019/07) {internal} #7 'final'"
)


def case(
    name: str, content: bytes, rows: tuple[Row, ...], *args: str, file: str = "t.csv", says: str = ""
) -> Case:
    return Case(name, "text", file, content, rows, args=args, says=says)


ENCODINGS = [
    case("only CR", PLAIN.replace(b"\n", b"\r"), ABC),
    case("CRLF", PLAIN.replace(b"\n", b"\r\n"), ABC),
    case("mixed line ends", b"smiles,id\r\nCCO,a\rCCN,b\nCCS,c\r\n", ABC),
    case("no line end at the end", PLAIN[:-1], ABC),
    case("BOM", b"\xef\xbb\xbf" + PLAIN, ABC),
    case("UTF-16 with mark, little endian", PLAIN.decode().encode("utf-16"), ABC),
    case("UTF-16 with mark, big endian", b"\xfe\xff" + PLAIN.decode().encode("utf-16-be"), ABC),
    case("UTF-16 without mark, little endian", PLAIN.decode().encode("utf-16-le"), ABC),
    case("UTF-16 without mark, big endian", PLAIN.decode().encode("utf-16-be"), ABC),
    case(
        "Latin-1 header",
        "smiles,name,IC50 (µM) ± SD\nCCO,Käse,5\nCCN,é,6\nCCS,c,7\n".encode("latin-1"),
        (Kept("CCO", 9 - 3.69897), Kept("CCN", 9 - 3.778151), Kept("CCS", 9 - 3.845098)),
        *("--value", "IC50 (µM) ± SD", "--unit", "uM"),
    ),
    case("GB18030 header", "化合物,smiles,活性\n甲,CCO,高\n乙,CCN,低\n丙,CCS,高\n".encode("gb18030"), ABC),
    case(
        "BOM inside",
        PLAIN + b"\xef\xbb\xbf" + table("CCF,d"),
        (*ABC, Rejected("NON_ASCII NAME SYNTAX"), Kept("CCF")),
    ),
    case("NUL bytes in a name", b"smiles,id\nCCO,a\0b\nCCN,b\nCCS,c\n", ABC),
    case("Ctrl-Z at the end", PLAIN + b"\x1a", ABC),
    case("invalid UTF-8 in one name", b"smiles,id\nCCO,na\xefve\nCCN,b\nCCS,c\n", ABC),
    case("a line of 200,000 characters", table("CCO,a", "CCN," + "x" * 200_000, "CCS,c"), ABC),
    case("control characters in ids", b"smiles,id\nCCO,a\x07b\nCCN,\x1b[31mred\nCCS," + b"c" * 99, ABC),
]
SHAPES = [
    case(
        "ragged rows",
        b"smiles,id,x\nCCO,a,1\nCCN,b\nCCF,c,3,4\nCCS,d,5\n",
        (Kept("CCO"), Rejected("RAGGED"), Rejected("RAGGED"), Kept("CCS")),
    ),
    case(
        "a quote that opens in the middle",
        table("CCO,a", 'CCF,"b', "CCN,c", "CCS,d"),
        (Kept("CCO"), Rejected("RAGGED"), Kept("CCN"), Kept("CCS")),
    ),
    case(
        "a quote that opens at the end",
        table("CCO,a", "CCN,b", 'CCF,"c'),
        (Kept("CCO"), Kept("CCN"), Rejected("RAGGED")),
    ),
    case("quotes inside cells", table('CCO,5\'-"x"', 'CCN,"say ""hi"""', 'CCS,a"b'), ABC),
    case("line ends inside quotes", table('CCO,"a\nb"', 'CCN,"c\r\nd"', "CCS,e"), ABC),
    case("delimiters inside quotes", table('CCO,"a,b;c\td|e"', "CCN,b", "CCS,c"), ABC),
    case(
        "the same name twice",
        b"smiles,x,x,smiles\nCCO,1,2,O\nCCN,3,4,O\nCCS,5,6,O\n",
        ABC,
        says="repeats the name",
    ),
    case("columns without names", b"smiles,,\nCCO,1,2\nCCN,3,4\nCCS,5,6\n", ABC),
    case(
        "a header of 100 characters", table("CCO,5", "CCN,6", "CCS,7", header=f'smiles,"{LONG_HEADER}"'), ABC
    ),
    case("blank lines", b"\n\nsmiles,id\n\nCCO,a\n   \nCCN,b\n\nCCS,c\n\n\n", ABC),
    case("semicolons", PLAIN.replace(b",", b";"), ABC),
    case("tabs in .csv", PLAIN.replace(b",", b"\t"), ABC),
    case("bars", PLAIN.replace(b",", b"|"), ABC),
    case("Excel's separator line", b"sep=;\n" + PLAIN.replace(b",", b";"), ABC),
    case(
        "no header",
        b"CCOCC,a,5.5\nCCNCC,b,6.5\nCCSCC,c,7\n",
        (Kept("CCOCC"), Kept("CCNCC"), Kept("CCSCC")),
        says="no line of column names",
    ),
    case("no extension case", PLAIN, ABC, file="T.CSV"),
    case(
        "SMILES in an odd column",
        table("a,CCO", "b,CCN", "c,CCCCS", header="Nr,Struktur"),
        (Kept("CCO"), Kept("CCN"), Kept("CCCCS")),
    ),
    case("ids given twice", table("CCO,a", "CCN,a", "CCS,a"), ABC, says="share their id"),
    case("ids that look missing", table("CCO,NA", "CCN,nan", "CCS,None"), ABC),
    case(
        "formulas in cells",
        table(*(f'{"C" * (i + 1)}O,"{f.replace(chr(34), chr(34) * 2)}"' for i, f in enumerate(FORMULAS))),
        tuple(Kept("C" * (i + 1) + "O") for i in range(len(FORMULAS))),
    ),
    case(
        "formulas in the header",
        b"smiles,id,=1+1,@x,+y,-z\nCCO,a,1,2,3,4\nCCN,b,1,2,3,4\nCCS,c,1,2,3,4\n",
        ABC,
    ),
    case(
        "formulas as structures",
        table("=1+1,a", "@SUM(A1),b", "CCO,c"),
        (Rejected("SYNTAX NAME"), Rejected("SYNTAX NAME"), Kept("CCO")),
    ),
    case("one cell of 300 KB in quotes", table(f'CCO,"{"y," * 150_000}"', "CCN,b", "CCS,c"), ABC),
    case(
        "the same molecule in several spellings",
        table(
            "Oc1ccccn1,a",
            "O=c1cccc[nH]1,b",
            "C1=CC=CC=C1C,c",
            "Cc1ccccc1,d",
            "CC(=O)O,e",
            "[Na+].CC(=O)[O-],f",
        ),
        (
            Kept("Oc1ccccn1"),
            Kept("O=c1cccc[nH]1"),
            Kept("Cc1ccccc1"),
            Merged("Cc1ccccc1"),
            Kept("CC(=O)O"),
            Merged("CC(=O)O", drawn="[Na+].CC(=O)[O-]"),
        ),
    ),
    case(
        "stereoisomers",
        table("C[C@H](N)C(=O)O,a", "C[C@@H](N)C(=O)O,b", "CC(N)C(=O)O,c", "F/C=C/F,d", "F/C=C\\F,e"),
        (
            Kept("C[C@H](N)C(=O)O"),
            Kept("C[C@@H](N)C(=O)O"),
            Kept("CC(N)C(=O)O"),
            Kept("F/C=C/F"),
            Kept("F/C=C\\F"),
        ),
    ),
    case("a .smi with names of several words", b"CCO ethanol 95 %\nCCN\tamine\tx\nCCS\n", ABC, file="t.smi"),
    case(
        "a .smi with damage",
        b"CCO a\n\nC1CC b\nCCN c\n",
        (Kept("CCO"), Rejected("SYNTAX"), Kept("CCN")),
        file="t.smi",
    ),
    case("a CSV called .smi", PLAIN, ABC, file="t.smi"),
    case("a CSV called .sdf", PLAIN, ABC, file="t.sdf"),
]
_HTML = b"<!DOCTYPE html>\n<html><head><title>404</title></head><body>Not found</body></html>\n"
NO_TABLES = [
    refused("text", "an empty file", "t.csv", b"", "empty", code=3),
    refused("text", "only a BOM", "t.csv", b"\xef\xbb\xbf", "empty", code=3),
    refused("text", "only blank lines", "t.csv", b"\n \r\n\n", "empty", code=3),
    refused("text", "only a header", "t.csv", b"smiles,id\n", "no rows", code=3),
    refused(
        "text", "only a header, CRLF and blank lines", "t.csv", b"smiles,id\r\n\r\n\r\n", "no rows", code=3
    ),
    refused("text", "an empty .smi", "t.smi", b"", "empty", code=3),
    refused("text", "HTML saved as .csv", "t.csv", _HTML, "(?i)html|web page"),
    refused("text", "HTML saved as .sdf", "t.sdf", _HTML, "(?i)html|web page"),
    refused("text", "XML", "t.csv", b"<?xml version='1.0'?><a><b>CCO</b></a>", "(?i)xml"),
    refused(
        "text",
        "JSON",
        "t.csv",
        b'{"error": "rate limit", "smiles": ["CCO", "CCN"]}\n',
        "(?i)json|no column of SMILES",
    ),
    refused("text", "PDF", "t.csv", b"%PDF-1.7\n" + bytes(range(256)) * 4, "PDF"),
    refused(
        "text",
        "binary noise",
        "t.csv",
        bytes((i * 7919 + i * i) % 256 for i in range(5000)),
        "not a text file|binary",
    ),
    refused(
        "text", "an image", "t.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not a text file|binary|image"
    ),
    refused("text", "an old Excel file", "t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), r"xlsx"),
    refused(
        "text",
        "no structures",
        "t.csv",
        table("aspirin,5", "caffeine,6", header="drug,ic50"),
        "no column of SMILES",
    ),
    refused(
        "text", "nothing usable", "t.csv", table("aspirin,5", "C1CC,6"), "(?=.*NAME)(?=.*SYNTAX)", code=3
    ),
    refused("text", "an unknown ending", "t.doc", PLAIN, "cannot be read", readable=ABC),
]
CASES = [*ENCODINGS, *SHAPES, *NO_TABLES]
