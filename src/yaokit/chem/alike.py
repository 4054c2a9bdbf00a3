"""Different molecules whose fingerprints are equal: no model that reads these can tell them apart."""

from collections import defaultdict
from collections.abc import Sequence

from rdkit import Chem
from scipy.sparse import csr_array

Pair = tuple[int, int]


def alike(fingerprints: csr_array, smiles: Sequence[str]) -> list[Pair]:
    """Every two rows with equal counts and different SMILES, by number; columns ascend in each row."""
    groups: dict[tuple[bytes, bytes], list[int]] = defaultdict(list)
    for i, (start, end) in enumerate(zip(fingerprints.indptr, fingerprints.indptr[1:], strict=False)):
        row = slice(start, end)
        groups[fingerprints.indices[row].tobytes(), fingerprints.data[row].tobytes()].append(i)
    return [
        (i, j)
        for its in groups.values()
        for k, i in enumerate(its)
        for j in its[k + 1 :]
        if smiles[i] != smiles[j]
    ]


def without_stereo(smiles: str) -> str:
    """The SMILES, which must parse, without stereo marks: that of stereoisomers is one."""
    mol = Chem.MolFromSmiles(smiles)
    Chem.RemoveStereochemistry(mol)
    return Chem.MolToSmiles(Chem.RemoveHs(mol))
