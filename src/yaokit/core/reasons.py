"""Why a row was rejected: one code each, the same in every command."""

from dataclasses import dataclass

REASONS: dict[str, str] = {
    # text of the structure
    "EMPTY": "no structure in the cell",
    "NON_ASCII": "a letter that is not plain ASCII, often a look-alike",
    "NAME": "a word or name, or text after the SMILES",
    "REACTION": "a reaction, not a molecule",
    "TOO_BIG": "longer or with more atoms than the limit",
    # chemistry
    "SYNTAX": "not a SMILES",
    "VALENCE": "an atom with an impossible valence",
    "KEKULIZE": "aromatic atoms without a valid Kekulé structure",
    "QUERY": "a pattern or an open structure (*, R groups), not one molecule",
    "NO_CARBON": "no organic fragment",
    "METAL": "a metal bonded to the molecule",
    "MIXTURE": "several molecules, none of which is the main one",
    "ROUND_TRIP": "written and read again it is another molecule",
    # running it
    "TIMEOUT": "took longer than the time limit",
    "MEMORY": "needed more than the memory limit",
    "CRASH": "made the chemistry engine fail",
    # measured values
    "VALUE_MISSING": "no measured value in any value column",
    "VALUE_TEXT": "a value that is not a number",
    "VALUE_RANGE": "a value that its unit does not allow",
    "UNIT": "a unit that is not known",
    "CONFLICT": "replicates that contradict each other",
    "GRAY_ZONE": "a value between the classes",
    # files
    "RAGGED": "a line with more or fewer cells than the header",
    "TRUNCATED": "a record that the file ends in the middle of",
    # choices made later on
    "MEASURED": "already measured",
    "DUPLICATE": "the same molecule as one listed before",
    "BELOW_TOP": "ranked below the number asked for",
    "FILTER": "does not pass the chosen filters",
    "HELD_OUT": "in the test part of a benchmark",
}


@dataclass(frozen=True)
class Failure:
    """Why one item gave no result: a code of REASONS and a sentence for the user."""

    code: str
    message: str
