import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from toy_pretraining import small_corpus, written, zinc

RECIPE = """
name = "tiny"
kind = "causal"
licence = "CC0"

[corpus]
name = "few"

[[corpus.sources]]
path = "few.smi"
licence = "ZINC"

[network]
size = "gru"
width = 32

[training]
steps = 6
batch_size = 32
warmup = 2
n_valid = 20
precision = "32-true"
"""
HERE = ("--device", "cpu", "--workers", "1", "--quiet")


@pytest.fixture
def few(tmp_path: Path) -> Path:
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return written(tmp_path / "few.smi", [*zinc(200), "garbage"])


@pytest.mark.usefixtures("few")
def test_a_recipe_becomes_a_network(yaokit: Callable, tmp_path: Path) -> None:
    words = ("pretrain", "--recipe", "recipe.toml", "--data", ".", "-o", "net", *HERE)
    done = yaokit(*words)
    assert done.returncode == 0, done.stderr
    assert "200 molecules in 1 shard, of 201 lines: 1 rejected (1 NAME)" in done.stdout
    assert "6 of 6" in done.stdout
    card = json.loads((tmp_path / "net" / "card.json").read_text())
    assert (card["name"], card["recipe"], card["licence"]) == ("tiny", "recipe.toml", "CC0")
    assert card["data_licences"] == ["ZINC"]
    done = yaokit(*words, "--json")
    assert json.loads(done.stdout)["is_finished"]


def test_files_become_a_network_and_time_may_end_before(yaokit: Callable, few: Path, tmp_path: Path) -> None:
    words = ("pretrain", few, "--kind", "causal", "--steps", "2", "-o", "net", *HERE)
    done = yaokit(*words, "--time-limit", "0")
    assert done.returncode == 0, done.stderr
    assert "none yet" in done.stdout
    assert "run the same command again to go on" in done.stdout
    assert not (tmp_path / "net" / "card.json").exists()


def test_a_time_limit_stops_the_preparation_of_the_corpus(yaokit: Callable, tmp_path: Path) -> None:
    words = ("pretrain", "builtin:zinc250k", "--kind", "causal", "-o", "net", *HERE)
    done_before = 0
    for limit in ("0.03", "0"):
        began = time.monotonic()
        done = yaokit(*words, "--time-limit", limit)
        assert time.monotonic() - began < 60
        assert done.returncode == 0, done.stderr
        n = json.loads((tmp_path / "net" / "corpus" / "work" / "state.json").read_text())["n_in"]
        assert done_before < n < 100_000
        assert f"not finished: {n:,} of 249,456 lines standardized" in done.stdout
        assert "run the same command again to go on" in done.stdout
        done_before = n


def test_only_the_corpus(yaokit: Callable, few: Path, tmp_path: Path) -> None:
    done = yaokit(
        "pretrain", "shards", "--recipe", "recipe.toml", "--data", ".", "--steps", "0", "-o", "net", *HERE
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "shards" / "corpus.json").is_file()
    assert [path.name for path in (tmp_path / "net").iterdir()] == [".lock"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "nothing to learn from; give CORPUS"),
        (("few.smi",), "--kind is missing"),
        (("none.smi", "--kind", "causal"), "none.smi"),
        ((".", "--kind", "causal"), "is no prepared corpus"),
        (
            ("few.smi", "--recipe", "recipe.toml", "--kind", "graph"),
            "is a recipe for --kind causal, not graph",
        ),
        (("few.smi", "--recipe", "none.toml"), "no such recipe"),
        (("few.smi", "--recipe", "recipe.toml"), "has a [corpus] of its own, so CORPUS must be a folder"),
        (("none.smi.gz", "--recipe", "recipe.toml"), "must be a folder, not none.smi.gz"),
        (("few.smi", "--kind", "causal", "--time-limit", "nan"), "--time-limit nan: a number of minutes"),
    ],
)
@pytest.mark.usefixtures("few")
def test_wrong_words_say_what_to_do(yaokit: Callable, words: tuple[str, ...], message: str) -> None:
    done = yaokit("pretrain", *words, "-o", "net", *HERE)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.skipif(torch.cuda.device_count() > 0 or torch.backends.mps.is_available(), reason="has a GPU")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--device", "auto", "--devices", "2"), "2 GPUs asked for, but this machine has none"),
        (("--device", "cuda"), "1 cuda asked for, but this machine has no GPU"),
    ],
)
def test_a_gpu_that_is_missing_is_told_before_the_corpus_is_made(
    yaokit: Callable, few: Path, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    done = yaokit("pretrain", few, "--kind", "causal", "-o", "net", "--workers", "1", "--quiet", *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "net").exists()


@pytest.mark.parametrize(
    ("n", "told"), [(0, None), (1, "1 letter of the corpus' lines is no token"), (1_200, "1,200 letters of")]
)
def test_unknown_tokens_are_told(yaokit: Callable, tmp_path: Path, n: int, told: str | None) -> None:
    path = small_corpus(tmp_path, 20).folder / "corpus.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "n_unknown_tokens": n}))
    done = yaokit("pretrain", "corpus", "--kind", "causal", "--steps", "0", "-o", "net", *HERE)
    assert done.returncode == 0, done.stderr
    assert (told in done.stdout) if told else ("no token" not in done.stdout)


def test_a_setting_the_network_lacks_is_named(yaokit: Callable, few: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text('kind = "causal"\n[network]\ncolour = 1\n')
    done = yaokit("pretrain", few, "--recipe", "recipe.toml", "-o", "net", *HERE)
    assert done.returncode == 2
    assert "no setting 'colour'" in done.stderr


def test_lines_of_what_stays_out_that_are_no_molecule_are_told(
    yaokit: Callable, few: Path, tmp_path: Path
) -> None:
    text = RECIPE.replace('name = "few"', 'name = "few"\nexclude = ["held.smi"]')
    (tmp_path / "recipe.toml").write_text(text)
    written(tmp_path / "held.smi", [*zinc(3), "xx"])
    done = yaokit("pretrain", "--recipe", "recipe.toml", "--data", ".", "--steps", "0", "-o", "net", *HERE)
    assert done.returncode == 0, done.stderr
    assert "1 of 4 lines of held.smi are no molecule" in done.stdout


@pytest.mark.parametrize("more", [("--time-limit", "0"), ("--steps", "0")])
@pytest.mark.parametrize(("name", "text"), [("card.json", '{"kind": "regression"}'), ("notes.txt", "mine")])
def test_a_folder_of_something_else_is_left_alone(
    yaokit: Callable, few: Path, tmp_path: Path, name: str, text: str, more: tuple[str, str]
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / name).write_text(text)
    done = yaokit("pretrain", few, "--kind", "causal", "-o", "model", *more, *HERE)
    assert done.returncode == 2
    assert "is no folder of a pre-training; choose another one" in done.stderr
    assert [path.name for path in (tmp_path / "model").iterdir()] == [name]
    assert (tmp_path / "model" / name).read_text() == text
