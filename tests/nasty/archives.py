"""Compressed files: cut, corrupt, bombs, and archives under the wrong name."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pyarrow as pa

from nasty.case import Case, Kept, Row, refused, table

N = 3000
_LINES = [f"{'C' * (i % 40 + 1)}O,n{i * 7919 % 10007}" for i in range(N)]
TABLE = table(*_LINES)
ABC = (Kept("CCO"), Kept("CCN"), Kept("CCS"))
PLAIN = table("CCO,a", "CCN,b", "CCS,c")


def zstd(content: bytes) -> bytes:
    return pa.compress(content, codec="zstd", asbytes=True)


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


def tarred(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def gz_of(start: bytes, unit: bytes, times: int) -> bytes:
    """A gzip file of `start` and then `times` times the 16 MB that `unit` fills."""
    block = (unit * (2**24 // len(unit) + 1))[: 2**24]
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(start)
    member = gzip.compress(block, 9, mtime=0)
    return out.getvalue() + member * times


def case(name: str, file: str, content: bytes, rows: tuple[Row, ...]) -> Case:
    return Case(name, "archive", file, content, rows)


def bad_crc(path: Path) -> None:
    content = bytearray(gzip.compress(TABLE, mtime=0))
    content[-6] ^= 0xFF
    path.write_bytes(content)


def flipped(path: Path) -> None:
    content = bytearray(gzip.compress(TABLE, mtime=0))
    content[len(content) // 2] ^= 0x55
    path.write_bytes(content)


def gz_bomb(path: Path) -> None:
    path.write_bytes(gz_of(b"smiles,id\nCCO,", b"\0", 256))


def gz_line(path: Path) -> None:
    path.write_bytes(gz_of(b"smiles,id\nCCO,", b"y", 256))


def gz_quote(path: Path) -> None:
    path.write_bytes(gz_of(b'smiles,id\nCCO,"', b"y\n", 2))


CASES = [
    case("gz", "t.csv.gz", gzip.compress(PLAIN, mtime=0), ABC),
    case("gz called .csv", "t.csv", gzip.compress(PLAIN, mtime=0), ABC),
    case("plain text called .gz", "t.csv.gz", PLAIN, ABC),
    case(
        "several gz members",
        "t.csv.gz",
        gzip.compress(PLAIN[:14], mtime=0) + gzip.compress(PLAIN[14:], mtime=0),
        ABC,
    ),
    case("zst", "t.csv.zst", zstd(PLAIN), ABC),
    refused("archive", "an empty gz", "t.csv.gz", gzip.compress(b"", mtime=0), "empty", code=3),
    refused(
        "archive",
        "truncated gz",
        "t.csv.gz",
        gzip.compress(TABLE, mtime=0)[:-4000],
        r"(?i)(damaged|cut|truncated|incomplete).* line [\d,]+",
    ),
    refused(
        "archive",
        "gz cut in its header",
        "t.csv.gz",
        gzip.compress(TABLE, mtime=0)[:6],
        "(?i)damaged|cut|truncated|incomplete",
    ),
    refused(
        "archive",
        "gz without its last bytes",
        "t.csv.gz",
        gzip.compress(PLAIN, mtime=0)[:-3],
        "(?i)damaged|cut|truncated|incomplete",
    ),
    refused("archive", "wrong checksum", "t.csv.gz", bad_crc, "(?i)damaged|corrupt"),
    refused("archive", "a flipped bit", "t.csv.gz", flipped, "(?i)damaged|corrupt"),
    refused(
        "archive", "truncated zst", "t.csv.zst", zstd(TABLE)[:-2000], "(?i)damaged|cut|truncated|incomplete"
    ),
    refused("archive", "corrupt zst", "t.csv.zst", zstd(TABLE)[:40] + bytes(400), "(?i)damaged|corrupt|cut"),
    refused(
        "archive",
        "4 GB of zeros in gz",
        "t.csv.gz",
        gz_bomb,
        "(?i)line|too (long|large)|not a text",
        alone=True,
    ),
    refused("archive", "a line of 4 GB in gz", "t.csv.gz", gz_line, "(?i)line", alone=True),
    refused("archive", "a zip called .csv", "t.csv", zipped("t.csv", PLAIN), "(?i)zip", readable=ABC),
    refused("archive", "a zip", "t.zip", zipped("t.csv", PLAIN), "(?i)zip|cannot be read", readable=ABC),
    refused(
        "archive",
        "a zip that climbs out",
        "t.csv",
        zipped("../../escaped.csv", PLAIN),
        "(?i)zip",
        readable=ABC,
    ),
    refused("archive", "a tar", "t.tar", tarred("t.csv", PLAIN), "(?i)tar|cannot be read", readable=ABC),
    refused(
        "archive",
        "a tar in gz, called .csv.gz",
        "t.csv.gz",
        gzip.compress(tarred("t.csv", PLAIN), mtime=0),
        "(?i)tar|archive|not a text",
        readable=ABC,
    ),
    refused(
        "archive",
        "7z called .csv",
        "t.csv",
        b"7z\xbc\xaf\x27\x1c" + bytes(range(256)) * 3,
        "(?i)7z|archive|not a text",
    ),
]
