"""Structure cells: text that is no SMILES, look-alikes, odd chemistry, monsters."""

from rdkit import Chem

from nasty.case import Cell, Kept, Rejected

C60 = (
    "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11"
    "c2c2c7c3c3c8c4c4c9c5c1c1c6c2c3c41"
)
ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
PAMOIC = "OC(=O)c1cc2ccccc2c(Cc2c(O)c(cc3ccccc23)C(O)=O)c1O"
PYRANTEL = "CN1CCCN=C1/C=C/c1cccs1"
DESS_MARTIN = "CC(=O)OI1(OC(C)=O)(OC(C)=O)OC(=O)c2ccccc12"
TEMPO = "CC1(C)CCCC(C)(C)N1[O]"
ODD_LETTER = Rejected("NON_ASCII")
WORD = Rejected("NAME")
NO_SMILES = Rejected("SYNTAX NAME")


def _cage(width: int, length: int) -> str:
    """A tube of `length` rings of `width` carbons; every atom but those at its ends has four rings."""
    mol = Chem.RWMol()
    for _ in range(width * length):
        mol.AddAtom(Chem.Atom(6))
    for at in range(width * length):
        mol.AddBond(at, at - at % width + (at + 1) % width, Chem.BondType.SINGLE)
        if at + width < width * length:
            mol.AddBond(at, at + width, Chem.BondType.SINGLE)
    return Chem.MolToSmiles(mol, canonical=False)


TEXT = [
    Cell("full-width C", "ＣCO", ODD_LETTER, "(?i)full-?width"),
    Cell("full-width O at the end", "CCＯ", ODD_LETTER, "(?i)full-?width"),
    Cell("Greek omicron", "CCΟ", ODD_LETTER, "(?i)omicron"),
    Cell("Cyrillic Es", "СCO", ODD_LETTER, "(?i)cyrillic"),
    Cell("non-breaking space inside", "CC\u00a0O", ODD_LETTER, "(?i)no-break|non-breaking"),
    Cell("zero-width space", "CC\u200bO", ODD_LETTER, "(?i)zero.width"),
    Cell("soft hyphen", "CC\u00adO", ODD_LETTER, "(?i)soft hyphen"),
    Cell("typographic minus", "CC(=O)[O−]", ODD_LETTER, "(?i)minus"),
    Cell("en dash for minus", "CC(=O)[O–]", ODD_LETTER, "(?i)dash"),
    Cell("emoji after a SMILES", "CCO🧪", ODD_LETTER, "(?i)test tube"),
    Cell("emoji alone", "🧪", ODD_LETTER),
    Cell("subscript digit", "C₂H₆", ODD_LETTER, "(?i)subscript"),
    Cell("empty cell", "", Rejected("EMPTY")),
    Cell("blank cell", "   ", Rejected("EMPTY")),
    Cell("blanks around", "  CCOCC ", Kept("CCOCC")),
    Cell("NO, the word", "NO", WORD),
    Cell("nan", "nan", Rejected("NAME EMPTY")),
    Cell("N/A", "N/A", Rejected("NAME EMPTY")),
    Cell("TRUE", "TRUE", WORD),
    Cell("aspirin", "aspirin", WORD),
    Cell("a ChEMBL name", "CHEMBL25", WORD),
    Cell("a CAS number", "50-78-2", WORD),
    Cell("an InChIKey", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N", WORD),
    Cell("a sum formula", "C6H12O6", NO_SMILES),
    Cell("a condensed formula", "CH3CH2OH", NO_SMILES),
    Cell("a spreadsheet's error", "#REF!", NO_SMILES),
    Cell("a spreadsheet's date", "2-Oct", NO_SMILES),
    Cell("a spreadsheet's number", "1E+10", NO_SMILES),
    Cell("see paper", "see paper", WORD),
    Cell("two SMILES in one cell", "CCO or CCN", WORD),
    Cell("a name after the SMILES", "CCO ethanol", Rejected("NAME", faithful="CCO")),
    Cell("a comma between two", "CCO,CCN", NO_SMILES),
    Cell(
        "InChI",
        "InChI=1S/C9H8O4/c1-6(10)13-8-5-3-2-4-7(8)9(11)12/h2-5H,1H3,(H,11,12)",
        Kept(ASPIRIN, note="InChI"),
    ),
    Cell("a cut InChI", "InChI=1S/C9H8O4/c1-6(10)13-8-5-3-2", NO_SMILES, "(?i)inchi"),
    Cell("a reaction", "CCO.CC(=O)O>>CCOC(C)=O", Rejected("REACTION"), "(?i)reaction"),
    Cell("a reaction with agents", "CCO>[H+]>C=C", Rejected("REACTION")),
    Cell("a reaction SMARTS", "[C:1]=[O:2]>>[C:1][O:2]", Rejected("REACTION")),
    Cell("a SMARTS", "[#6]~[#7]", Rejected("QUERY SYNTAX")),
    Cell("an atom list", "[C,N]CC", Rejected("QUERY SYNTAX")),
    Cell("CXSMILES with coordinates", "CCOC |(0,0,;1,0,;2,0,;3,0,)|", Kept("CCOC")),
    Cell("a broken CXSMILES", "CCO |(1,2|", NO_SMILES),
    Cell("a polymer's repeat unit", "*CC* |Sg:n:1,2::ht|", Rejected("QUERY")),
    Cell("HTML escapes", "CC(C)&gt;CO", Rejected("SYNTAX NAME REACTION")),
    Cell("an apostrophe before", "'CCO", NO_SMILES),
    Cell("a cut SMILES", "CC(C)(C", Rejected("SYNTAX")),
    Cell("an open ring", "C1CCC", Rejected("SYNTAX")),
    Cell("chlorine in capitals", "CCCL", NO_SMILES),
    Cell("all lower case", "cco", Rejected("SYNTAX KEKULIZE NAME")),
    Cell("two bonds in a row", "C==C", Rejected("SYNTAX")),
    Cell("a dot at the end", "CCO.", Rejected("SYNTAX")),
    Cell("an unknown element", "[Xx]C", Rejected("SYNTAX NAME QUERY")),
]
CHEMISTRY = [
    Cell("dummy atom", "*c1ccccc1", Rejected("QUERY", faithful="*c1ccccc1")),
    Cell("numbered dummy atom", "[1*]CCN", Rejected("QUERY", faithful="[1*]CCN")),
    Cell("attachment point", "[*:1]CCN", Rejected("QUERY", faithful="[*:1]CCN")),
    Cell("R group", "[R1]c1ccccc1", Rejected("QUERY SYNTAX")),
    Cell("any halogen", "XC(=O)c1ccccc1", NO_SMILES._replace(codes="SYNTAX NAME QUERY")),
    Cell("radical", TEMPO, Kept(TEMPO)),
    Cell("isotopes", "[2H]C([2H])([2H])OC", Kept("[2H]C([2H])([2H])OC")),
    Cell("ring number above 99", "C%(100)CCCCCC%(100)", Kept("C1CCCCCC1")),
    Cell("C60", C60, Kept(C60)),
    Cell("60 glycines", "NCC(=O)" * 60 + "O", Kept("NCC(=O)" * 60 + "O")),
    Cell("10,000 atoms", "C" * 10_000, Rejected("TOO_BIG", faithful="C" * 10_000)),
    Cell("a polymer of 1,900 characters", "C" * 1900, Rejected("TOO_BIG", faithful="C" * 1900)),
    Cell("5,000 open brackets", "C(" * 5000 + "C" + ")" * 5000, Rejected("TOO_BIG", faithful="C" * 5001)),
    Cell("500 unclosed brackets", "C(" * 500, Rejected("SYNTAX")),
    Cell("500 square brackets", "[" * 500, Rejected("SYNTAX NAME")),
    Cell("1,000 rings", "C1CC1" * 1000, Rejected("TOO_BIG", faithful="C1CC1" * 1000)),
    Cell("cisplatin", "N[Pt](N)(Cl)Cl", Rejected("METAL NO_CARBON", faithful="N[Pt](N)(Cl)Cl")),
    Cell(
        "ferrocene",
        "[Fe+2].c1cc[cH-]c1.c1cc[cH-]c1",
        Rejected("METAL", faithful="[Fe+2].c1cc[cH-]c1.c1cc[cH-]c1"),
    ),
    Cell("Grignard reagent", "C[Mg]Br", Rejected("METAL", faithful="C[Mg]Br")),
    Cell("zinc chloride", "[Zn+2].[Cl-].[Cl-]", Rejected("NO_CARBON METAL", faithful="[Zn+2].[Cl-].[Cl-]")),
    Cell(
        "sodium salt", "[Na+].[O-]C(=O)c1ccccc1F", Kept("OC(=O)c1ccccc1F", drawn="[Na+].[O-]C(=O)c1ccccc1F")
    ),
    Cell("hydrochloride", "Cl.CCNCC", Kept("CCNCC", drawn="Cl.CCNCC", note="fragment")),
    Cell("two counter-ions", "Br.Br.NCCN", Kept("NCCN", drawn="Br.Br.NCCN")),
    Cell("solvate", "CN1CCCC1c1cccnc1.CCO", Kept("CN1CCCC1c1cccnc1", drawn="CN1CCCC1c1cccnc1.CCO")),
    Cell("a salt with a big acid", f"{PYRANTEL}.{PAMOIC}", Kept(PYRANTEL, drawn=f"{PYRANTEL}.{PAMOIC}")),
    Cell(
        "two drugs in one",
        "CN1C=NC2=C1C(=O)N(C)C(=O)N2C.CC(=O)Nc1ccc(O)cc1",
        Rejected("MIXTURE", faithful="Cn1cnc2c1c(=O)n(C)c(=O)n2C.CC(=O)Nc1ccc(O)cc1"),
    ),
    Cell("the same twice", "OCCS.OCCS", Kept("OCCS", drawn="OCCS.OCCS")),
    Cell("water", "O", Rejected("NO_CARBON", faithful="O")),
    Cell("table salt", "[Na+].[Cl-]", Rejected("NO_CARBON", faithful="[Na+].[Cl-]")),
    Cell("hydrogen", "[H][H]", Rejected("NO_CARBON EMPTY", faithful="[H][H]")),
    Cell("a bare proton", "[H+]", Rejected("NO_CARBON EMPTY", faithful="[H+]")),
    Cell("nitro, pentavalent", "CN(=O)=O", Kept("C[N+](=O)[O-]")),
    Cell("nitro, charge-separated", "CC[N+](=O)[O-]", Kept("CC[N+](=O)[O-]")),
    Cell("azide, pentavalent", "CN=N#N", Kept("CN=[N+]=[N-]")),
    Cell("azide, other charges", "CC[N-][N+]#N", Kept("CCN=[N+]=[N-]", drawn="CC[N-][N+]#N")),
    Cell("N-oxide, pentavalent", "O=n1ccccc1C", Kept("[O-][n+]1ccccc1C")),
    Cell("amidinium", "N=[CH+](N)", Kept("N=CN")),
    Cell("substituted amidinium", "N=[C+](N)c1ccccc1", Kept("N=C(N)c1ccccc1")),
    Cell(
        "perchlorate",
        "C[N+](C)(C)C.[O-]Cl(=O)(=O)=O",
        Kept("C[N+](C)(C)C", drawn="C[N+](C)(C)C.[O-]Cl(=O)(=O)=O"),
    ),
    Cell("Dess-Martin periodinane", DESS_MARTIN, Kept(DESS_MARTIN)),
    Cell("pentavalent carbon", "CC(C)(C)(C)C", Rejected("VALENCE")),
    Cell("five bonds on nitrogen", "C[N+](C)(C)(C)C", Rejected("VALENCE")),
    Cell("trivalent oxygen", "CO(C)C", Rejected("VALENCE")),
    Cell("a ring that cannot alternate", "c1cccc1", Rejected("KEKULIZE")),
    Cell("no hydrogen on either nitrogen", "Cc1cncn1", Rejected("KEKULIZE")),
    Cell(
        "stereo marks that contradict",
        "F/C(\\Cl)=C/F",
        Rejected("SYNTAX STEREO ROUND_TRIP", faithful="FC(Cl)=CF"),
    ),
    Cell("an allene with a mark", "CC=[C@]=CC", Kept("CC=C=CC", note="allene")),
    Cell(
        "a racemate marked so",
        "CC[C@H](N)C(=O)O |&1:2|",
        Kept("CCC(N)C(=O)O", drawn="CC[C@H](N)C(=O)O", note="racemic"),
    ),
    Cell("sulfoxide", "CS(=O)CC", Kept("CC[S+](C)[O-]", drawn="CS(=O)CC")),
    Cell("a cage of 240 carbons", _cage(4, 60), Kept(_cage(4, 60))),
    Cell("chirality where there is none", "C[C@H](C)N", Kept("CC(C)N")),
    Cell("zwitterion", "[NH3+]CC(=O)[O-]", Kept("NCC(=O)O", drawn="[NH3+]CC(=O)[O-]")),
    Cell("explicit hydrogens", "[H]C([H])([H])C([H])([H])N", Kept("CCN")),
    Cell("boronic acid", "OB(O)c1ccccc1", Kept("OB(O)c1ccccc1")),
]
MOLECULES = [*TEXT, *CHEMISTRY]
