"""Chooses what ships: of the named runs' weights and averages of them, the best on dev.

Writes RUN/chosen.pt, and RUN/chosen.json with the figure of every candidate. Test files have no
part in it.
"""
import argparse
import itertools
import json
from pathlib import Path

import torch

from average import average
from data import sha256
from multi.train import Split, dev_figures, mean_f1, new_model, recipe_of, HERE


def candidates(runs):
    """Each run's last and averaged weights, the averages of all of either, and of each two."""
    singles = [(f"{run}/{which}.pt",) for run in runs for which in ("last", "average")]
    of_all = [tuple(f"{run}/{which}.pt" for run in runs) for which in ("last", "average")]
    of_two = [tuple(f"{run}/average.pt" for run in two) for two in itertools.combinations(runs, 2)]
    return list(dict.fromkeys(singles + of_all + of_two))


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--run", required=True)
    ap.add_argument("runs", nargs="+", metavar="RECIPE")
    ap.add_argument("--limit", type=int, help="only the first texts of dev, to try something out")
    a = ap.parse_args()
    run = Path(a.run)
    sources, dev = json.loads((run / "sources.json").read_text()), Split(run, "dev", a.limit)
    model = new_model(run, recipe_of(HERE / f"recipes/{a.runs[0]}.json") | {"init": None})
    found, best = {}, None
    for files in candidates(a.runs):
        state = average([(torch.load(run / f, map_location="cpu", weights_only=True), 1) for f in files])
        model.load_state_dict(state)
        value = round(mean_f1(dev_figures(model, dev, sources)), 4)
        found[" + ".join(files)] = value
        print(value, *files, flush=True)
        if best is None or value > best[0]:
            best = value, files, state
    torch.save(best[2], run / "chosen.pt")
    (run / "chosen.json").write_text(json.dumps(
        {"chosen": {f: sha256(run / f) for f in best[1]}, "mean_f1_on_dev": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
