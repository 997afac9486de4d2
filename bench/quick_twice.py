#!/usr/bin/env python3
"""Two `run --quick` of one plan: the same plan hash, never opposite winners; prints the ratio of medians of each cell.

Usage: quick_twice.py PHASEGATE FORGED_FOLDER STORE
"""
import json
import math
import statistics
import subprocess
import sys


def quick(phasegate, model, store):
    done = subprocess.run([phasegate, "--json", "--store", store, "run", "--quick", "--model", model], stdout=subprocess.PIPE, text=True)
    document = json.loads(done.stdout)
    folder = f"{store}/runs/{document['run']}"
    cells = json.load(open(f"{folder}/analysis/cells.json"))["cells"]
    return document, json.load(open(f"{folder}/manifest.json"))["plan_sha256"], cells


def main():
    phasegate, model, store = sys.argv[1:4]
    first, second = (quick(phasegate, model, store) for _ in range(2))
    same_plan = first[1] == second[1]
    print(f"plan hash equal: {same_plan}")
    opposite = 0
    other = {(r["class"], json.dumps(r["bucket"], sort_keys=True)): r["winner"] for r in second[0]["content"]["rules"]}
    for rule in first[0]["content"]["rules"]:
        again = other[(rule["class"], json.dumps(rule["bucket"], sort_keys=True))]
        opposite += rule["winner"] is not None and again is not None and again != rule["winner"]
        print(f"  {rule['class']:14} {json.dumps(rule['bucket'])}: {rule['winner']} / {again}")
    logs = []
    for key, cell in sorted(first[2].items()):
        a, b = cell["tok_s"]["value"], second[2][key]["tok_s"]["value"]
        if a and b:
            logs.append(math.log(a / b))
            print(f"  {key:60} {a:9.2f} {b:9.2f}  ratio {a / b:.4f}")
    print(f"opposite winners: {opposite}; ratio of medians: median {math.exp(statistics.median(logs)):.4f}, "
          f"range {math.exp(min(logs)):.4f} to {math.exp(max(logs)):.4f}")
    return 0 if same_plan and not opposite else 1


if __name__ == "__main__":
    sys.exit(main())
