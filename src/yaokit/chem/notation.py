"""What the text of a structure is, before any chemistry: SMILES, or something else and what to do."""

import re
import unicodedata
from functools import cache

from rdkit import Chem

from yaokit.chem.data import rows
from yaokit.core.reasons import Failure

MAX_LENGTH = 2_000  # characters of a SMILES or InChI
MAX_BLOCK_LENGTH = 200_000  # characters of a mol block

SPACE = " \t\r\n\v\f"
_ORDINARY = re.compile(r"[A-Za-z0-9@+\-\[\]()=#/\\%.]+")
_PRINTABLE = re.compile(r"[!-~]+")
_CX = re.compile(r"\s+\|[ -~]*\|$")
_PATTERN = re.compile(r"~|\[#|\*")
_BARE_ATOMS = re.compile(r"(?:\[(?:C|N|O|S|P|F|Cl|Br|I)\]){2,}")
_WORDS = frozenset(
    "NO YES NAN NA N/A #N/A #NAME? #REF! #VALUE! NONE NULL NIL N.D. N.A. ND TBD INF TRUE FALSE "  # noqa: SIM905
    "UNKNOWN MISSING BLANK EMPTY ERROR - -- ? .".split()
)
_KINDS = (  # of texts that RDKit cannot read: what they look like, and what to say
    (r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?%?", "a number, not a structure"),
    (r"\d{2,7}-\d\d-\d", "a CAS number, not a structure; look its SMILES up"),
    (r"[A-Z]{14}-[A-Z]{10}-[A-Z]", "an InChIKey, which holds no structure; look its SMILES up"),
    (
        r"(?=.*[ADEG-MQRT-Z])[A-Za-z]{3,10}[-_: ]?\d+|"
        r"[A-Za-z]{1,10}[-_: ]?\d{3,}[A-Za-z]?",
        "an identifier, not a structure; look its SMILES up",
    ),
    (r"(?=.*H)(?:(?:[CHNOSPFI]|Cl|Br)\d*)+", "a formula, not a structure"),
    (r"[A-Za-z]+|(?=.*[ADEG-MQRT-Z])[A-Za-z][-A-Za-z]+\d*", "a word, not a structure"),
)
_PATTERN_SIGN = re.compile(r"[!&;,~$]|\[[^\[\]]*[RXDvxhr]\d")
_R_GROUP = re.compile(r"\[(?:[AQGMX]|R\w?)'*\]")
_SELFIES = re.compile(r"(?=.*\[(?:[=#/\\]\w+|[=#]?(?:Ring|Branch)\d)\])(?:\[[^\[\]]+\]|\.)+")


def trimmed(text: str | None) -> str:
    """A line without the spaces and the pair of quotes around it; a mol block as it is."""
    line = (text or "").strip(SPACE)
    if is_block(line):
        return str(text)
    if len(line) > 1 and line[0] == line[-1] and line[0] in "\"'":
        return line[1:-1].strip(SPACE)
    return line


def is_block(text: str) -> bool:
    """Whether the text is a whole mol block, not one line."""
    return "\n" in text or "\r" in text


def text_failure(text: str | None) -> Failure | None:
    """What is wrong with the text alone, before any chemistry; None if nothing. Under 1 µs for most."""
    if text and len(text) <= MAX_LENGTH and _ORDINARY.fullmatch(text) and not _is_suspect(text):
        return None
    text = trimmed(text)
    if not text:
        return Failure("EMPTY", "no structure in the cell")
    return _block_failure(text) if is_block(text) else _line_failure(text)


def _is_suspect(text: str) -> bool:
    return len(text) < 8 or "[#" in text or text.startswith("[")


def _line_failure(text: str) -> Failure | None:
    smiles = _CX.sub("", text) if text.endswith("|") else text
    if smiles.upper() in _WORDS:
        return Failure("NAME", f"{smiles!r} is a word, not a structure")
    if not _PRINTABLE.fullmatch(smiles):
        return _odd_letter(smiles)
    if len(smiles) > MAX_LENGTH:
        return Failure("TOO_BIG", f"{len(smiles):,} characters; the limit is {MAX_LENGTH:,}")
    if smiles.startswith("InChI="):
        return None
    if ">" in smiles and ">" in smiles.replace("->", ""):  # "->" is a dative bond
        return _reaction(smiles)
    if _BARE_ATOMS.fullmatch(smiles) and "[C]" in smiles:
        return Failure("NAME", "looks like SELFIES; convert it to SMILES")
    if found := _PATTERN.search(smiles):
        what = "an attachment point" if found[0] == "*" else "part of a pattern (SMARTS)"
        return Failure("QUERY", f"{found[0]!r} at character {found.start() + 1} is {what}")
    return None


def _block_failure(text: str) -> Failure | None:
    if "$RXN" in text[:200]:
        return Failure("REACTION", "a reaction file; give one molecule per row, usually the product")
    if "V2000" not in text and "V3000" not in text:
        return Failure("NAME", f"several lines that are no mol block: {text.strip(SPACE)[:40]!r}")
    if "M  END" not in text:
        return Failure("SYNTAX", "a mol block without its last line, M  END: it was cut off")
    if len(text) > MAX_BLOCK_LENGTH:
        return Failure("TOO_BIG", f"{len(text):,} characters; the limit is {MAX_BLOCK_LENGTH:,}")
    return None


def not_smiles(text: str) -> Failure | None:
    """What else a text is that RDKit cannot read as SMILES; None if it looks like SMILES."""
    for pattern, what in _KINDS:
        if re.fullmatch(pattern, text):
            return Failure("NAME", f"{text[:40]!r} is {what}")
    if _SELFIES.fullmatch(text):
        return Failure("NAME", "looks like SELFIES; convert it to SMILES")
    if word := _word(text):
        return Failure("NAME", f"{text[:40]!r} is a name, not a structure: {word!r} is not SMILES")
    if found := _R_GROUP.search(text):
        return Failure("QUERY", f"{found[0]!r} at character {found.start() + 1} is an R group")
    if _PATTERN_SIGN.search(text) and Chem.MolFromSmarts(text) is not None:
        return Failure("QUERY", "a SMARTS pattern, not a molecule")
    return None


def _word(text: str) -> str | None:
    """A run of lower-case letters outside brackets that no SMILES can have."""
    bare = re.sub(r"\[[^\[\]]*\]|Cl|Br", " ", text)
    runs = re.findall(r"[A-Za-z]{3,}", bare)
    return next((run for run in runs if re.search(r"[adeghijklmqrtuvwxyz]", run)), None)


def _reaction(smiles: str) -> Failure:
    product = smiles.rpartition(">")[2]
    advice = f"for instance the product, {product[:60]}" if product else "usually the product"
    return Failure("REACTION", f"a reaction; give one molecule per row, {advice}")


def _odd_letter(text: str) -> Failure:
    at, letter = next((i, c) for i, c in enumerate(text) if not _PRINTABLE.fullmatch(c))
    if letter in SPACE:
        if _word(text[:at]):
            return Failure("NAME", f"{text[:40]!r} is a name, not a structure")
        return Failure("NAME", f"text after the SMILES: {text[at:].strip(SPACE)[:40]!r}")
    return Failure("NON_ASCII", f"character {at + 1} is {_described(letter)}")


def _described(letter: str) -> str:
    name = unicodedata.name(letter, "").lower()
    if unicodedata.category(letter) in ("Cc", "Cf", "Zs", "Zl", "Zp"):
        return f"U+{ord(letter):04X} ({name or 'a control character'}), which looks like a space or nothing"
    like = _lookalikes().get(letter) or unicodedata.normalize("NFKC", letter)
    looks = f", which only looks like {like!r}" if _PRINTABLE.fullmatch(like) else ", not plain ASCII"
    return f"{letter!r} ({name or f'U+{ord(letter):04X}'}){looks}"


@cache
def _lookalikes() -> dict[str, str]:
    return {chr(int(row["code"], 16)): row["looks_like"] for row in rows("lookalikes.csv")}
