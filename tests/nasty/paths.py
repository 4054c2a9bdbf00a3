"""Things that are no regular files, and odd places for files."""

import os
from pathlib import Path

from nasty.case import Case, Kept, refused, table

ABC = (Kept("CCO"), Kept("CCN"), Kept("CCS"))
PLAIN = table("CCO,a", "CCN,b", "CCS,c")


def loop(path: Path) -> None:
    path.symlink_to(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def unreadable(path: Path) -> None:
    path.write_bytes(PLAIN)
    path.chmod(0)


def dangling(path: Path) -> None:
    path.symlink_to("nothing-here.csv")


CASES = [
    refused("path", "a folder", "t.csv", Path.mkdir, "folder"),
    refused(
        "path",
        "a pipe without a writer",
        "t.csv",
        os.mkfifo,
        "(?i)not a (regular )?file|pipe|fifo",
        alone=True,
    ),
    refused("path", "a link to itself", "t.csv", loop, "(?i)no such file|link|loop"),
    refused("path", "a link to nothing", "t.csv", dangling, "no such file"),
    refused("path", "/dev/zero", "t.csv", endless, "(?i)not a (regular )?file|device", alone=True),
    refused("path", "a file without permission", "t.csv", unreadable, "permission", alone=True),
    refused("path", "no file", "t.csv", lambda path: None, "no such file"),
    Case("Chinese name", "path", "化合物 (新).csv", PLAIN, ABC),
    Case("a line end in the name", "path", "a\nb.csv", PLAIN, ABC),
    Case("a name that looks like an option", "path", "=1+1.csv", PLAIN, ABC),
]
