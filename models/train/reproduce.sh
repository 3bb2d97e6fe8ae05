#!/bin/sh
# The shipped models from nothing: reproduce.sh DATA BASE RUNS
# DATA: folder with MANIFEST.tsv, train, dev, test and triage. BASE: folder of the unpacked base
# encoder. RUNS: an empty folder outside the repository. HEARKEN names the program when it is
# not the one built in this checkout.
set -eu
data=$1 base=$2 runs=$3
here=$(cd "$(dirname "$0")" && pwd)
hearken=${HEARKEN:-$here/../../target/release/hearken}
cd "$here"
export OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

# run NAME [WEIGHTS]: trains a recipe, from the base or from weights, to $runs/NAME.pt
run() {
  python train.py --data "$data" --base "$base" --run "$runs/$1" --recipe "recipes/$1.json" ${2:+--init "$2"}
  last=$(ls "$runs/$1"/step*.pt | sed 's/.*step\([0-9]*\)\.pt/\1/' | sort -n | tail -1)
  cp "$runs/$1/step$last.pt" "$runs/$1.pt"
}
mkdir -p "$runs"
run two-epochs
run one-epoch
run no-brands
run complaints
python average.py "$runs/pair.pt" "$runs/one-epoch.pt=1" "$runs/no-brands.pt=1"
run polish-1 "$runs/pair.pt"
python average.py "$runs/five.pt" "$runs/one-epoch.pt=1" "$runs/no-brands.pt=1" \
  "$runs/two-epochs.pt=1" "$runs/polish-1.pt=1" "$runs/complaints.pt=1"
run polish-2 "$runs/five.pt"
python average.py "$runs/final.pt" "$runs/polish-2.pt=0.45" "$runs/five.pt=0.55"

models=$runs/models
"$hearken" model train --linear --data "$data" --out "$models/hearken-linear" \
  --except fdu_amazon_reviews --beside en=0.2
python export.py --checkpoint "$runs/final.pt" --base "$base" --out "$models/hearken-en"
"$hearken" model calibrate "$data/dev" --json --model "$models/hearken-en" --only \
  tweeteval_sentiment,entity_brand_tweets,sanders_tweets,cf_brand_emotions_sxsw,sst3,skytrax_lounge_seat,minibar_app_en,opener_hotel_en,alexa_reviews \
  > "$runs/calibration.json"
python export.py --checkpoint "$runs/final.pt" --base "$base" --out "$models/hearken-en" \
  --calibration "$runs/calibration.json" --trained "$(date -u +%F)"
"$hearken" model eval "$data/test" --model "$models/hearken-en"
