import pytest
from rdkit import Chem
from rdkit.Chem.inchi import InchiToInchiKey, MolToInchi
from toy_pretraining import written, zinc

from yaokit.core.errors import UsageError
from yaokit.core.store import file_hash
from yaokit.pretrain.held import Held, held_hash, held_of, joined, read_held, skeleton, write_held

ALIKE = [
    ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"),  # stereo
    ("Oc1ccccn1", "O=c1cccc[nH]1"),  # tautomer
    ("CC(=O)O", "CC(=O)[O-].[Na+]"),  # salt
    ("CCO", "[2H]C([2H])([2H])CO"),  # isotopes
    ("Cc1c[nH]cn1", "Cc1cnc[nH]1"),
]


@pytest.mark.parametrize(("held", "asked"), ALIKE)
def test_a_molecule_drawn_another_way_is_held_too(held, asked):
    known = held_of([held])
    (found,) = [Chem.MolFromSmiles(text) for text in [asked.split(".")[0].replace("[O-]", "O")]]
    assert known.has(Chem.MolToSmiles(found), found)


@pytest.mark.parametrize("other", ["C1CCCCC1O", "Oc1ccccc1C", "Nc1ccccc1", "Oc1ccccn1"])
def test_another_molecule_is_not_held(other):
    mol = Chem.MolFromSmiles(other)
    assert not held_of(["Oc1ccccc1"]).has(Chem.MolToSmiles(mol), mol)


def test_a_skeleton_is_that_of_any_order_of_atoms_and_of_few_others():
    smiles = zinc(300)
    mols = [Chem.MolFromSmiles(text) for text in smiles]
    again = [Chem.MolFromSmiles(Chem.MolToRandomSmilesVect(mol, 1, randomSeed=7)[0]) for mol in mols]
    assert list(map(skeleton, mols)) == list(map(skeleton, again))
    assert len(set(map(skeleton, mols))) > 290


def test_a_list_is_read_as_it_was_written(tmp_path):
    held = joined([held_of(zinc(20)), Held(frozenset(), frozenset({7}))])
    write_held(tmp_path / "held.txt", held)
    assert read_held(tmp_path / "held.txt") == held
    assert read_held(written(tmp_path / "a.smi", zinc(20))).blocks == held.blocks


def test_nothing_held_is_a_list_too(tmp_path):
    write_held(tmp_path / "held.txt", Held())
    assert (tmp_path / "held.txt").read_text().startswith("# yaokit: ")
    assert read_held(tmp_path / "held.txt") == Held()


def test_molecules_whose_names_look_like_a_list_are_molecules(tmp_path):
    path = written(tmp_path / "a.smi", [f"{text} {i:016x}" for i, text in enumerate(zinc(5))])
    assert read_held(path) == held_of(zinc(5))


def test_a_line_that_is_none_of_a_list_is_named(tmp_path):
    path = tmp_path / "held.txt"
    write_held(path, held_of(zinc(3)))
    path.write_text(path.read_text()[:-9])
    with pytest.raises(UsageError, match=r"held\.txt line 4 is damaged: make the list again"):
        read_held(path)


def test_the_hash_of_a_list_is_that_of_its_lines(tmp_path):
    write_held(tmp_path / "held.txt", held_of(zinc(3)))
    _, _, lines = (tmp_path / "held.txt").read_text().partition("\n")
    (tmp_path / "lines.txt").write_text(lines)
    assert held_hash(tmp_path / "held.txt") == file_hash(tmp_path / "lines.txt")
    assert held_hash(tmp_path / "lines.txt") == file_hash(tmp_path / "lines.txt")


COMPLEX = "[NH3]->[Pt](Cl)(Cl)<-[NH3]"


def test_a_complex_that_has_no_inchi_can_be_held_and_its_list_read(tmp_path):
    assert not InchiToInchiKey(MolToInchi(Chem.MolFromSmiles(COMPLEX)) or "x")
    held = held_of([*zinc(3), COMPLEX])
    write_held(tmp_path / "held.txt", held)
    assert read_held(tmp_path / "held.txt") == held
    mol = Chem.MolFromSmiles(COMPLEX)
    assert held.has(Chem.MolToSmiles(mol), mol)
    other = Chem.MolFromSmiles(COMPLEX.replace("Cl", "Br"))
    assert not held.has(Chem.MolToSmiles(other), other)


def test_a_keto_form_is_not_held_with_its_enol_form():
    mol = Chem.MolFromSmiles("CC(O)=CC(C)=O")
    assert not held_of(["CC(=O)CC(C)=O"]).has(Chem.MolToSmiles(mol), mol)


def test_lines_that_are_no_molecule_are_counted():
    found = joined([held_of(["CCO", "xx", "C1CC"]), held_of(["CCN"])])
    assert (found.n_in, found.n_failed) == (4, 2)
