from dataclasses import replace
from pathlib import Path

import pytest
from toy_pretraining import written, zinc

from yaokit.core.errors import UsageError
from yaokit.core.lazy import resolve
from yaokit.core.progress import Silent
from yaokit.core.store import read_json, write_json
from yaokit.pretrain import KINDS
from yaokit.pretrain.plan import SCHEDULES, Plan
from yaokit.pretrain.recipe import _fits, corpus_of, excluded_files, read_recipe, sources_of

RECIPES = Path(__file__).parents[2] / "recipes"
NAMES = sorted(path.stem for path in RECIPES.glob("*.toml"))
SMALL = """
name = "small"
kind = "causal"

[corpus]
name = "few"
exclude = ["held.smi"]

[[corpus.sources]]
path = "*.smi"
licence = "MIT"
rows = 1_000

[training]
steps = 3
"""


def _recipe(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_shipped_recipes_can_be_built(name):
    recipe = read_recipe(RECIPES / f"{name}.toml")
    assert recipe.name == name
    assert recipe.kind
    assert recipe.corpus
    assert recipe.training.schedule in SCHEDULES
    objective = resolve(KINDS[recipe.kind])(**recipe.network)
    assert sum(parameter.numel() for parameter in objective.module().parameters()) > 100_000


@pytest.mark.parametrize("name", ["default", "graph", "masked"])
def test_what_users_begin_with_has_seen_no_test_molecule(name):
    corpus = read_recipe(RECIPES / f"{name}.toml").corpus
    assert corpus
    assert corpus.exclude == ("../build/held_out.txt",)
    paths = [source.path for source in corpus.sources]
    assert not [path for path in paths if "moses_test" in path or path.startswith("tdc_admet_group")]


@pytest.mark.parametrize("name", ["moses", "zinc"])
def test_priors_of_benchmarks_know_one_file(name):
    corpus = read_recipe(RECIPES / f"{name}.toml").corpus
    assert corpus
    assert len(corpus.sources) == 1


def test_the_recipe_of_the_documentation_is_one(tmp_path):
    page = (RECIPES.parent / "docs" / "pretrain.md").read_text(encoding="utf-8")
    recipe = read_recipe(_recipe(tmp_path, page.split("```toml\n")[1].split("```")[0]))
    assert recipe.kind == "graph"
    assert recipe.training == replace(Plan(), epochs=3)
    assert resolve(KINDS["graph"])(**recipe.network)


def test_a_corpus_is_made_from_the_files_of_a_recipe(tmp_path):
    smiles = zinc(60)
    written(tmp_path / "a.smi", smiles[:40])
    written(tmp_path / "b.smi", smiles[40:])
    (tmp_path / "lists").mkdir()
    written(tmp_path / "lists" / "held.smi", smiles[:5])
    recipe = read_recipe(_recipe(tmp_path, SMALL))
    assert recipe.corpus
    assert [source.name for source in sources_of(recipe.corpus, tmp_path)] == ["a.smi", "b.smi"]
    beside = tmp_path / "lists"
    corpus = corpus_of(recipe, tmp_path / "c", tmp_path, beside)
    assert (len(corpus), corpus.about["counts"]["n_held_out"]) == (55, 5)
    assert [source["licence"] for source in corpus.about["sources"]] == ["MIT", "MIT"]
    assert corpus_of(recipe, tmp_path / "c", tmp_path / "elsewhere", beside).about == corpus.about
    other = recipe.model_copy(update={"corpus": recipe.corpus.model_copy(update={"name": "many"})})
    with pytest.raises(UsageError, match="its name is 'few', the recipe wants 'many'"):
        corpus_of(other, tmp_path / "c", tmp_path, beside)


EDITS = [
    ('name = "few"', 'name = "few"\nseed = 1', "its seed is 0, the recipe wants 1"),
    ('["held.smi"]', "[]", "it excludes held.smi, the recipe nothing"),
    ('path = "*.smi"', 'path = "[b-z].smi"', "it has a.smi, which the recipe has not"),
    ("[training]", '[[corpus.sources]]\npath = "c.csv"\nlicence = "MIT"\n[training]', "it has no c.csv"),
    ("rows = 1_000", "rows = 10", "rows of a.smi is 1000, the recipe wants 10; rows of b.smi"),
    ('"MIT"', '"CC0"', "licence of a.smi is 'MIT', the recipe wants 'CC0'"),
]


def test_a_recipe_that_was_edited_does_not_open_its_old_corpus(tmp_path):
    smiles = zinc(20)
    (tmp_path / "data").mkdir()
    for name, some in (("a", smiles[:10]), ("b", smiles[10:])):
        written(tmp_path / "data" / f"{name}.smi", some)
    held = written(tmp_path / "held.smi", smiles[:5])
    arguments = (tmp_path / "c", tmp_path / "data", tmp_path)
    corpus_of(read_recipe(_recipe(tmp_path, SMALL)), *arguments)
    for old, new, message in EDITS:
        recipe = read_recipe(_recipe(tmp_path, SMALL.replace(old, new)))
        with pytest.raises(UsageError, match="is not the corpus of the recipe") as error:
            corpus_of(recipe, *arguments)
        assert message in str(error.value)
    written(held, smiles[:6])
    with pytest.raises(UsageError, match=r"held\.smi, which it excludes, has changed"):
        corpus_of(read_recipe(_recipe(tmp_path, SMALL)), *arguments)


@pytest.mark.parametrize(
    ("name", "pattern", "fits"),
    [
        ("a/b.csv", "a/*.csv*", True),
        ("a/b/c.csv", "a/*.csv", False),
        ("b.csv", "*/b.csv", False),
        ("a/b/c.csv", "**/c.csv", True),
        ("c.csv", "**/c.csv", True),
        ("builtin:esol", "builtin:esol", True),
    ],
)
def test_a_pattern_fits_what_it_finds(name, pattern, fits):
    assert _fits(name, pattern) == fits


def test_missing_files_are_named(tmp_path):
    recipe = read_recipe(_recipe(tmp_path, SMALL))
    assert recipe.corpus
    with pytest.raises(UsageError, match=r"no file .*\*\.smi; give --data"):
        sources_of(recipe.corpus, tmp_path)
    with pytest.raises(UsageError, match=r"no file .*held\.smi or .*held\.smi"):
        excluded_files(recipe.corpus, tmp_path, tmp_path / "other")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[training]\nspeed = 3", "training.speed is no setting; there are: steps, epochs"),
        ('[corpus]\nname = "x"\nsources = []', r"corpus\.sources: .*at least 1"),
        (
            '[corpus]\nname = "x"\n[[corpus.sources]]\npath = "a"',
            r"corpus\.sources\.0\.licence: Field required",
        ),
        ('kind = "fancy"', "kind: Input should be 'masked', 'graph' or 'causal'"),
        ("colour = 1", "colour is no setting; there are: name, kind"),
        ("[training]\nbatch_size = 0", "training: .*batch_size = 0: must be 1 or more"),
        ('[training]\nschedule = "steep"', "no schedule is called 'steep'; choose one of: cosine"),
        ("kind = ", r"recipe\.toml: "),
        ('corpus = "none.toml"', r"none\.toml: no such recipe"),
    ],
)
def test_what_is_wrong_in_a_recipe_is_said(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        read_recipe(_recipe(tmp_path, text))


def test_a_recipe_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UsageError, match="no such recipe"):
        read_recipe(tmp_path / "x.toml")
    with pytest.raises(UsageError, match="is not a recipe"):
        read_recipe(tmp_path)


class Told(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def made(tmp_path):
    """A recipe, and where its corpus, data and lists are; the corpus is made."""
    smiles = zinc(30)
    (tmp_path / "data").mkdir()
    for i, name in enumerate("abc"):
        written(tmp_path / "data" / f"{name}.smi", smiles[10 * i : 10 * i + 10])
    written(tmp_path / "held.smi", smiles[:2])
    recipe = read_recipe(_recipe(tmp_path, SMALL))
    corpus_of(recipe, tmp_path / "c", tmp_path / "data", tmp_path)
    return recipe, tmp_path / "c", tmp_path / "data", tmp_path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: written(data / "d.smi", ["CCO"]), r"d\.smi in .*data is new"),
        (lambda data: (data / "b.smi").unlink(), r"b\.smi is no longer in .*data"),
        (lambda data: written(data / "b.smi", ["CCO"]), r"b\.smi has changed: 4 bytes, not \d"),
        (
            lambda data: [path.unlink() for path in data.iterdir()],
            r"a\.smi .*b\.smi .*c\.smi is no longer in",
        ),
    ],
    ids=["new", "gone", "changed", "all gone"],
)
def test_a_recipe_whose_files_changed_does_not_open_its_old_corpus(made, change, message):
    assert len(corpus_of(*made)) == 28
    change(made[2])
    with pytest.raises(UsageError, match=rf"is not the corpus of the recipe: .*{message}"):
        corpus_of(*made)


def test_only_some_of_many_new_files_are_named(made):
    for i in range(9):
        written(made[2] / f"n{i}.smi", ["CCO"])
    with pytest.raises(UsageError, match=r"n4\.smi in \S* is new; and 4 more\."):
        corpus_of(*made)


def test_a_corpus_whose_sizes_were_not_written_is_compared_by_names(made):
    path = made[1] / "corpus.json"
    about = read_json(path)
    for source in about["sources"]:
        del source["bytes"]
    write_json(path, about)
    written(made[2] / "b.smi", ["CCO"])
    assert len(corpus_of(*made)) == 28


@pytest.mark.parametrize("data", [None, Path("elsewhere")])
def test_without_its_data_a_corpus_is_opened_and_that_is_said(made, data):
    recipe, folder, _, beside = made
    told = Told()
    assert len(corpus_of(recipe, folder, data, beside, progress=told)) == 28
    assert [line for line in told.lines if "its sources were not looked at" in line]
    told.lines.clear()
    corpus_of(*made, progress=told)
    assert not told.lines
