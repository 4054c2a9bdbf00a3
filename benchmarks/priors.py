"""What priors draw: valid, different, new, and like the molecules they learned from?

    python benchmarks/priors.py PRIOR … --data DIR [--corpora DIR] [--n N] [--seeds K] -o DIR

PRIOR is a folder or a shipped name. DIR of --data holds corpora/moses_test.csv.gz, that of --corpora the
prepared corpora by name (build/corpora). Needs the package fcd_torch, whose wheel brings ChemNet:
`pip install --no-deps fcd_torch`. Of N strings drawn (after MOSES, Polykovskiy 2020,
doi:10.3389/fphar.2020.565644):

- validity: RDKit reads them; uniqueness: different molecules among the valid ones; novelty: of these, not in
  the corpus; diversity: 1 - the mean Tanimoto similarity of two of them (Morgan, radius 2, 2,048 bits)
- FCD to test: Fréchet ChemNet distance of the valid ones to all of MOSES' test set; FCD to corpus: to
  30,000 molecules of the corpus
- stereo, charged: the share with a marked stereo center or double bond, with a charged atom

Where the corpus is there, the same of N of its own molecules tells what a perfect prior would reach.
"""

import argparse
import csv
import gzip
import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rdkit import rdBase

from yaokit import __version__
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
    "moses": {"validity": 0.98, "uniqueness": 0.999, "novelty": 0.80, "fcd_test": 0.15},
    "default": {"validity": 0.97},
}
N_CORPUS = 30_000
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

    def moments(self, smiles: Sequence[str]) -> Moments:
        """Mean (512,) and covariance (512, 512) of canonical SMILES."""
        found = []
        with torch.inference_mode():
            for start in range(0, len(smiles), 256):
                codes = np.stack([self.code(text, 350) for text in smiles[start : start + 256]]) / 35
                last = self.net(torch.from_numpy(codes).float().transpose(1, 2))
                found.append(last.numpy().copy())  # a view would keep all steps of the network
        activations = np.concatenate(found).astype(np.float64)
        return activations.mean(axis=0), np.cov(activations.T)


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
    parser.add_argument("--n", type=int, default=10_000)
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
        reference = learned(net, found, corpus, test, asked.n) if corpus else {}
        for seed in range(asked.seeds):
            rows.append(measure(net, found, corpus, reference, test, asked.n, seed))
            print(*(f"{key} {value}" for key, value in rows[-1].items()), sep=", ", flush=True)
    results = {
        "benchmark": "priors",
        "command": f"python benchmarks/priors.py {' '.join(asked.priors)} --data DIR --n {asked.n} -o DIR",
        "version": __version__,
        "rdkit": rdBase.rdkitVersion,
        "code_hash": code_hash(),
        "seeds": list(range(asked.seeds)),
        "seconds": round(time.monotonic() - start, 1),
        "rows": rows,
        "summary": summary(rows),
    }
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "priors.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    (asked.out / "priors.md").write_text(page(results))
    return 0


def moses_test(net: ChemNet, data: Path) -> Moments:
    """Of all molecules of MOSES' test set; minutes of work, kept in build/."""
    path = data / "corpora" / "moses_test.csv.gz"
    kept = CACHE / f"chemnet-{file_hash(path)[:16]}-{rdBase.rdkitVersion}.npz"
    if not kept.exists():
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            smiles = [found for row in csv.DictReader(file) if (found := canonical(row["SMILES"]))]
        CACHE.mkdir(parents=True, exist_ok=True)
        mean, covariance = net.moments(smiles)
        np.savez(kept, mean=mean, covariance=covariance)
    with np.load(kept) as found:
        return found["mean"], found["covariance"]


def corpus_of(prior: Pretrained, corpora: Path) -> Corpus | None:
    """The corpus that the prior has learned from, if it is there."""
    about = prior.card.get("corpus", {})
    folder = corpora / str(about.get("name"))
    if not (folder / "corpus.json").exists():
        return None
    corpus = open_corpus(folder)
    if corpus.key != about.get("key"):
        raise SystemExit(f"{folder} is another corpus than that of the prior: prepare it again")
    return corpus


def learned(net: ChemNet, prior: Pretrained, corpus: Corpus, test: Moments, n: int) -> Row:
    """What n molecules of the corpus itself have, and its moments."""
    smiles = corpus.sample(N_CORPUS + n)
    few, many = smiles[:n], smiles[n:]
    ours, moments = net.moments(few), net.moments(many)
    return {
        "molecules": {text for shard in range(len(corpus.sizes)) for text in corpus.smiles(shard)},
        "moments": moments,
        "told": {
            "stereo": share(_STEREO, few),
            "charged": share(_CHARGED, few),
            "diversity": diversity(few),
            "fcd_test": rounded(frechet(ours, test)),
            "fcd_corpus": rounded(frechet(ours, moments)),
        },
    }


def measure(
    net: ChemNet, prior: Pretrained, corpus: Corpus | None, reference: Row, test: Moments, n: int, seed: int
) -> Row:
    """One prior and seed."""
    start = time.process_time()
    drawn = sample(load_prior(prior), n, seed, batch=CHUNK)
    seconds = time.process_time() - start
    with quiet_rdkit():
        valid = [found for text in drawn if (found := canonical(text))]
    different = list(dict.fromkeys(valid))
    known = reference.get("molecules")
    moments = net.moments(valid)
    card = prior.card
    return {
        "prior": card.get("name"),
        "key": prior.key,
        "seed": seed,
        "n": n,
        "validity": rounded(len(valid) / n),
        "uniqueness": rounded(len(different) / max(1, len(valid))),
        "novelty": rounded(np.mean([text not in known for text in different])) if known else None,
        "diversity": diversity(valid),
        "fcd_test": rounded(frechet(moments, test)),
        "fcd_corpus": rounded(frechet(moments, reference["moments"])) if reference else None,
        "stereo": share(_STEREO, valid),
        "charged": share(_CHARGED, valid),
        "of_corpus": reference.get("told"),
        "molecules_per_cpu_s": round(n / seconds),
        "parameters": card.get("parameters"),
        "epochs": card.get("epochs"),
        "cpu_hours": card.get("cpu_hours"),
        "is_finished": card.get("is_finished"),
    }


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


def rounded(value: float) -> float:
    return round(float(value), 4)


def summary(rows: Sequence[Row]) -> Row:
    """Means over the seeds of each prior."""
    names = dict.fromkeys(row["prior"] for row in rows)
    keys = ("validity", "uniqueness", "novelty", "fcd_test")
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
        f"`{results['command']}`, yaokit {results['version']}, RDKit {results['rdkit']}, "
        f"{results['seconds']:.0f} s.",
        "",
        "| Prior | Seed | Validity | Uniqueness | Novelty | Diversity | FCD to test | FCD to corpus | Stereo "
        "| Charged | Molecules a CPU second | Parameters | Epochs | CPU hours |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in results["rows"]:
        told = row["of_corpus"] or {}
        cells = [f"`{row['prior']}`{'' if row['is_finished'] else ' (not finished)'}", row["seed"]]
        for key in (
            "validity",
            "uniqueness",
            "novelty",
            "diversity",
            "fcd_test",
            "fcd_corpus",
            "stereo",
            "charged",
        ):
            corpus = f" ({told[key]})" if key in told else ""
            cells.append(f"{'–' if row[key] is None else row[key]}{corpus}")
        cells += [row["molecules_per_cpu_s"], f"{row['parameters']:,}", row["epochs"], row["cpu_hours"]]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += ["", "| Prior | Asked | Reached |", "|---|---|---|"]
    for name, bounds in ASKED.items():
        for key, bound in bounds.items():
            if (found := results["summary"].get(f"{name} {key}")) is not None:
                sign = "≤" if key.startswith("fcd") else "≥"
                lines.append(f"| `{name}` | {key.replace('_', ' to ')} {sign} {bound} | {found} |")
    return "\n".join(lines) + "\n"


def code_hash() -> str:
    """Of the code that the numbers depend on."""
    return codehash.code_hash(*MEASURED, scripts=[Path(__file__)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
