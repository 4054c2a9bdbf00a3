#!/usr/bin/env bash
# Makes an environment with the packages that the benchmarks compare with: benchmarks/peers.sh [FOLDER] [chemprop]
# chemprop, which benchmarks/predictors.py compares with, wants an older RDKit than the rest: give it its own FOLDER.
set -euo pipefail
folder=${1:-$(dirname "$0")/../build/peers/venv}
[ -x "$folder/bin/python" ] || "${PYTHON:-python3}" -m venv "$folder"
pip() { "$folder/bin/python" -m pip install --quiet "$@"; }
if [ "${2:-}" = chemprop ]; then
  pip ${YAOKIT_TORCH_INDEX:+--index-url "$YAOKIT_TORCH_INDEX"} torch==2.13.0
  pip chemprop==2.3.1
else
  pip rdkit==2026.9.1 datamol==0.13.0 FPSim2==0.7.4 openpyxl==3.1.5 zstandard==0.25.0
fi
echo "$folder"
