#!/bin/sh
# The shipped model from nothing: reproduce.sh DATA BASE RUN
# DATA: folder with MANIFEST.tsv, train, dev and test. BASE: folder of the unpacked base encoder.
# RUN: an empty folder outside the repository.
set -eu
data=$1 base=$2 run=$3
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
export OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
python train.py --data "$data" --base "$base" --run "$run"
last=$(ls "$run"/step*.pt | sed 's/.*step\([0-9]*\)\.pt/\1/' | sort -n | tail -1)
python export.py --checkpoint "$run/step$last.pt" --base "$base" --out "$run/model"
python evaluate.py "$run/model" "$data" --split dev --save "$run/logits"
python calibrate.py "$run/logits" --out "$run/calibration.json"
python export.py --checkpoint "$run/step$last.pt" --base "$base" --out "$run/model" \
  --calibration "$run/calibration.json" --trained "$(date -u +%F)"
python evaluate.py "$run/model" "$data" --split test
