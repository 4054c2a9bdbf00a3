"""The nasty inputs: files with the outcome of every row, and cells with theirs."""

from nasty import archives, books, molecules, paths, sdfs, texts, values
from nasty.case import Case

MOLECULES, VALUES = molecules.MOLECULES, values.VALUES
CASES: list[Case] = [*archives.CASES, *books.CASES, *paths.CASES, *sdfs.CASES, *texts.CASES, *values.CASES]
