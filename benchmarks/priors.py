"""What priors draw: valid, different, new, and like the molecules they learned from?

    python benchmarks/priors.py PRIOR … --data DIR [--corpora DIR] [--seeds K] -o DIR

PRIOR is a folder or a shipped name. DIR of --data holds corpora/moses_test.csv.gz, that of --corpora the
prepared corpora by name (build/corpora). Needs the package fcd_torch, whose wheel brings ChemNet:
`pip install --no-deps fcd_torch`. Of 10,000 strings drawn (after MOSES, Polykovskiy 2020,
doi:10.3389/fphar.2020.565644):

- validity: RDKit reads them; uniqueness: different molecules among the valid ones; novelty: of these, not in
  the corpus; diversity: 1 - the mean Tanimoto similarity of two of them (Morgan, radius 2, 2,048 bits)
- stereo, charged: the share with a marked stereo center or double bond, with a charged atom
- FCD to test: Fréchet ChemNet distance of the valid ones to all of MOSES' test set; FCD to corpus: to
  30,000 molecules of the corpus

The fewer molecules, the larger the distance, by about 1,300 / n: 10,000 molecules of MOSES' own training set
are 0.13 from its test set, 30,000 (so many are drawn for the published numbers) 0.05. So the distance to test
is also given for 30,000, and for infinitely many, from the line through both (Chong 2020, arXiv:1911.07023).
Where the corpus is there, the same of its own molecules tells what a perfect prior would reach.
"""

import argparse
import csv
import gzip
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rdkit import rdBase
from results import how, write_results

from yaokit.bench import codehash
from yaokit.chem.fingerprints import bits, flat_morgan
from yaokit.chem.parse import quiet_rdkit
from yaokit.core.store import file_hash
from yaokit.generate.language import CHUNK, canonical
from yaokit.nn.causal import load_prior, sample
from yaokit.nn.pretrained import PRIORS, Pretrained, open_pretrained
from yaokit.pretrain.corpus import Corpus, open_corpus

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "build" / "bench"
MEASURED = ("generate/language.py", "nn/causal.py", "nn/pretrained.py")
ASKED = {  # of the shipped priors, in docs/benchmarks/priors.md
    "moses": {"validity": 0.98, "uniqueness": 0.999, "novelty": 0.80, "fcd_10k": 0.15},
    "default": {"validity": 0.97},
}
FEW, MANY = 10_000, 30_000  # strings drawn
N_CORPUS = 30_000
SHOWN = {
    "validity": "Validity",
    "uniqueness": "Uniqueness",
    "novelty": "Novelty",
    "diversity": "Diversity",
    "stereo": "Stereo",
    "charged": "Charged",
    "fcd_10k": "FCD to test, 10,000",
    "fcd_30k": "30,000",
    "fcd_limit": "∞",
    "fcd_corpus": "FCD to corpus",
}
_STEREO, _CHARGED = re.compile(r"[@/\\]"), re.compile(r"\[[^\]]*[+-]")

Row = dict[str, Any]
Moments = tuple[np.ndarray, np.ndarray]


class ChemNet:
    """The network whose last layer is compared (Preuer 2018, doi:10.1021/acs.jcim.8b00234)."""

    def __init__(self) -> None:
        try:
            import fcd_torch
            from fcd_torch import utils
        except ImportError:
            raise SystemExit("fcd_torch is missing: pip install --no-deps fcd_torch") from None
        weights = Path(fcd_torch.__file__).with_name("ChemNet_v0.13_pretrained.pt")
        self.net = utils.load_imported_model(torch.load(weights, weights_only=True)).eval()
        self.code = utils.get_one_hot

    def moments(self, smiles: Sequence[str], sizes: Sequence[int]) -> list[Moments]:
        """Mean (512,) and covariance (512, 512) of the first so many canonical SMILES, for each size."""
        found = []
        with torch.inference_mode():
            for start in range(0, len(smiles), 256):
                codes = np.stack([self.code(text, 350) for text in smiles[start : start + 256]]) / 35
                last = self.net(torch.from_numpy(codes).float().transpose(1, 2))
                found.append(last.numpy().copy())  # a view would keep all steps of the network
        activations = np.concatenate(found).astype(np.float64)
        return [(activations[:n].mean(axis=0), np.cov(activations[:n].T)) for n in sizes]


def frechet(a: Moments, b: Moments) -> float:
    """|μa - μb|² + tr(Σa + Σb - 2 (Σa Σb)^½); the root's trace by the eigenvalues of Σa^½ Σb Σa^½."""
    values, vectors = np.linalg.eigh(a[1])
    half = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    root = np.sqrt(np.linalg.eigvalsh(half @ b[1] @ half).clip(0)).sum()
    return float(((a[0] - b[0]) ** 2).sum() + np.trace(a[1]) + np.trace(b[1]) - 2 * root)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("priors", nargs="+", metavar="PRIOR")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--corpora", type=Path, default=ROOT / "build" / "corpora")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("-o", "--out", type=Path, required=True)
    asked = parser.parse_args(argv)
    torch.set_num_threads(1)
    start = time.monotonic()
    net = ChemNet()
    test = moses_test(net, asked.data)
    rows = []
    for prior in asked.priors:
        found = open_pretrained(prior, PRIORS)
        corpus = corpus_of(found, asked.corpora)
        reference = learned(net, corpus, test) if corpus else {}
        for seed in range(asked.seeds):
            rows.append(measure(net, found, reference, test, seed))
            print(*(f"{key} {value}" for key, value in rows[-1].items()), sep=", ", flush=True)
    names = dict.fromkeys(Path(prior).name for prior in asked.priors)
    about = {
        "command": f"python benchmarks/priors.py {' '.join(names)} --data DIR -o DIR",
        "code_hash": code_hash(),
        "seeds": list(range(asked.seeds)),
        "seconds": round(time.monotonic() - start, 1),
        "rows": rows,
        "summary": summary(rows),
    }
    write_results("priors", asked.out, about, page)
    return 0


def moses_test(net: ChemNet, data: Path) -> Moments:
    """Of all molecules of MOSES' test set."""
    path = data / "corpora" / "moses_test.csv.gz"

    def smiles() -> list[str]:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            return [found for row in csv.DictReader(file) if (found := canonical(row["SMILES"]))]

    return kept(net, f"{file_hash(path)[:16]}-{rdBase.rdkitVersion}", smiles, [176_074])[0]


def kept(net: ChemNet, name: str, smiles: Callable[[], Sequence[str]], sizes: Sequence[int]) -> list[Moments]:
    """The moments of molecules, minutes of work, kept in build/."""
    path = CACHE / f"chemnet-{name}.npz"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        means, covariances = zip(*net.moments(smiles(), sizes), strict=True)
        np.savez(path, mean=np.stack(means), covariance=np.stack(covariances))
    with np.load(path) as found:
        return list(zip(found["mean"], found["covariance"], strict=True))


def corpus_of(prior: Pretrained, corpora: Path) -> Corpus | None:
    """The corpus that the prior has learned from, if it is there."""
    about = prior.card.get("corpus", {})
    folder = corpora / str(about.get("name"))
    if not (folder / "corpus.json").exists():
        return None
    corpus = open_corpus(folder)
    if corpus.about["key"] != about.get("key"):
        raise SystemExit(f"{folder} is another corpus than that of the prior: prepare it again")
    return corpus


def learned(net: ChemNet, corpus: Corpus, test: Moments) -> Row:
    """What as many molecules of the corpus itself have, and the moments of others of them."""
    smiles = corpus.sample(MANY + N_CORPUS)
    ours = kept(net, f"{corpus.key}-drawn", lambda: smiles[:MANY], (FEW, MANY))
    (others,) = kept(net, f"{corpus.key}-others", lambda: smiles[MANY:], (N_CORPUS,))
    return {
        "molecules": {text for shard in range(len(corpus.sizes)) for text in corpus.smiles(shard)},
        "moments": others,
        "told": {**properties(smiles[:FEW]), **distances(ours, test, others)},
    }


def measure(net: ChemNet, prior: Pretrained, reference: Row, test: Moments, seed: int) -> Row:
    """One prior and seed."""
    start = time.process_time()
    drawn = sample(load_prior(prior), MANY, seed, batch=CHUNK)
    seconds = time.process_time() - start
    with quiet_rdkit():
        found = [canonical(text) for text in drawn]
    valid = [text for text in found[:FEW] if text]
    different = list(dict.fromkeys(valid))
    known, card = reference.get("molecules"), prior.card
    moments = net.moments([text for text in found if text], (len(valid), MANY))
    return {
        "prior": card.get("name"),
        "key": prior.key,
        "seed": seed,
        "validity": rounded(len(valid) / FEW),
        "uniqueness": rounded(len(different) / max(1, len(valid))),
        "novelty": rounded(np.mean([text not in known for text in different])) if known else None,
        **properties(valid),
        **distances(moments, test, reference.get("moments")),
        "of_corpus": reference.get("told"),
        "molecules_per_cpu_s": round(MANY / seconds),
        **{name: card.get(name) for name in ("parameters", "epochs", "cpu_hours", "is_finished")},
    }


def properties(smiles: Sequence[str]) -> Row:
    """What can be said of any molecules."""
    return {
        "diversity": diversity(smiles),
        "stereo": share(_STEREO, smiles),
        "charged": share(_CHARGED, smiles),
    }


def distances(ours: Sequence[Moments], test: Moments, corpus: Moments | None) -> Row:
    """Of few and of many molecules to the test set, their limit, and of few to the corpus."""
    few, many = (frechet(moments, test) for moments in ours)
    limit = many - (few - many) / (MANY / FEW - 1)
    found = {"fcd_10k": few, "fcd_30k": many, "fcd_limit": limit}
    if corpus is not None:
        found["fcd_corpus"] = frechet(ours[0], corpus)
    return {name: rounded(value) for name, value in found.items()}


def diversity(smiles: Sequence[str], n: int = 2_000) -> float:
    """1 - the mean similarity of two of the first n molecules."""
    found = bits(flat_morgan(smiles[:n]))
    common = np.asarray((found @ found.T).todense(), np.float64)
    sizes = common.diagonal()
    similarity = common / (sizes[:, None] + sizes - common).clip(1)
    pairs = ~np.eye(len(sizes), dtype=bool)
    return rounded(1 - similarity[pairs].mean())


def share(pattern: re.Pattern[str], smiles: Sequence[str]) -> float:
    """Of the SMILES in which the pattern is found."""
    return rounded(np.mean([bool(pattern.search(text)) for text in smiles]))


def rounded(value: Any) -> float:
    return round(float(value), 4)


def summary(rows: Sequence[Row]) -> Row:
    """Means over the seeds of each prior."""
    names = dict.fromkeys(row["prior"] for row in rows)
    keys = ("validity", "uniqueness", "novelty", "fcd_10k", "fcd_30k", "fcd_limit")
    return {f"{name} {key}": _mean(rows, name, key) for name in names for key in keys}


def _mean(rows: Sequence[Row], name: str, key: str) -> float | None:
    found = [row[key] for row in rows if row["prior"] == name]
    return None if None in found else rounded(np.mean(found))


def page(results: Row) -> str:
    """The results as Markdown."""
    lines = [
        "# Priors",
        "",
        "What the language models draw; what is measured stands at the head of `benchmarks/priors.py`. "
        "In brackets: the same of as many molecules of the corpus.",
        "",
        how(results),
        "",
        f"| Prior | Seed | {' | '.join(SHOWN.values())} | Molecules a CPU second | Parameters | Epochs "
        "| CPU hours |",
        "|---" + "|---:" * (len(SHOWN) + 5) + "|",
    ]
    for row in results["rows"]:
        told = row["of_corpus"] or {}
        cells = [f"`{row['prior']}`{'' if row['is_finished'] else ' (not finished)'}", row["seed"]]
        for key in SHOWN:
            corpus = f" ({told[key]})" if key in told else ""
            cells.append(f"{'–' if row.get(key) is None else row[key]}{corpus}")
        cells += [row["molecules_per_cpu_s"], f"{row['parameters']:,}", row["epochs"], row["cpu_hours"]]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += ["", "| Prior | Asked | Reached |", "|---|---|---|"]
    for name, bounds in ASKED.items():
        for key, bound in bounds.items():
            if (found := results["summary"].get(f"{name} {key}")) is not None:
                sign = "≤" if key.startswith("fcd") else "≥"
                lines.append(f"| `{name}` | {SHOWN[key]} {sign} {bound} | {found} |")
    return "\n".join(lines) + "\n"


def code_hash() -> str:
    """Of the code that the numbers depend on."""
    return codehash.code_hash(*MEASURED, scripts=[Path(__file__)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
