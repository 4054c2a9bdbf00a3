#!/usr/bin/env bash
# Makes an environment with the packages that the benchmarks compare with: benchmarks/peers.sh [FOLDER]
set -euo pipefail
folder=${1:-$(dirname "$0")/../build/peers/venv}
[ -x "$folder/bin/python" ] || "${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet rdkit==2026.9.1 datamol==0.13.0 FPSim2==0.7.4 openpyxl==3.1.5 zstandard==0.25.0
echo "$folder"
