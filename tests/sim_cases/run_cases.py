#!/usr/bin/env python3
"""Known truth end to end: each case programs simulated engines, runs the real program, and compares its decision.

A case is one text file: a comment, sections "--- NAME" that become files, and a last section "--- expect" with lines
  exit N                              exit code of `run`
  winner CLASS NAME                   every rule of that class has this winner
  no_winner CLASS [REASON]            no rule of that class has one (and its reason is this code)
  never_winner NAME                   no rule at all has this winner
  rejected NAME GATE                  that candidate was rejected by that gate in some rule
  default_safe NAME · settle          the policy's default; each rule without a winner says what would settle it
  provisional WORD                    the policy is provisional and its reason contains the word
  status STATUS [REASON]              some record has this status (and reason)
  flag NAME FLAG                      some cell of the candidate has this flag in the analysis
Usage: run_cases.py PHASEGATE [CASE...]
"""
import json
import pathlib
import subprocess
import sys
import tempfile


def sections(text):
    files, name = {}, None
    for line in text.splitlines():
        if line.startswith("--- "):
            name = line[4:].strip()
            files[name] = []
        elif name is not None:
            files[name].append(line)
    return {key: "\n".join(lines) + "\n" for key, lines in files.items()}


class Outcome:
    def __init__(self, phasegate, folder):
        self.store = folder / "store"
        self.base = [phasegate, "--json", "--store", str(self.store)]
        done = subprocess.run(self.base + ["run", str(folder / "matrix.yaml")], capture_output=True, text=True, timeout=300)
        self.exit, self.stderr = done.returncode, done.stderr
        document = json.loads(done.stdout) if done.stdout.strip() else {}
        self.policy = document.get("content", {})
        runs = sorted((self.store / "runs").iterdir())
        self.run = runs[0] if runs else None

    def rules(self, workload=None):
        return [r for r in self.policy.get("rules", []) if workload in (None, r["class"])]

    def records(self):
        return [json.loads(line) for line in (self.run / "records.jsonl").read_text().splitlines()]

    def analysis(self):
        return json.loads((self.run / "analysis" / "cells.json").read_text())


def met(line, outcome):
    word, *rest = line.split()
    rules = outcome.rules()
    if word == "exit":
        return outcome.exit == int(rest[0])
    if word == "winner":
        found = outcome.rules(rest[0])
        return bool(found) and all(r["winner"] == rest[1] for r in found)
    if word == "no_winner":
        found = outcome.rules(rest[0])
        return bool(found) and all(r["winner"] is None and (len(rest) < 2 or r["reason"] == rest[1]) for r in found)
    if word == "never_winner":
        return bool(rules) and all(r["winner"] != rest[0] for r in rules)
    if word == "rejected":
        return any(x["candidate"] == rest[0] and x["gate"] == rest[1] for r in rules for x in r["rejected"])
    if word == "default_safe":
        return outcome.policy.get("default_safe") == rest[0]
    if word == "settle":
        return all(r["settle"] for r in rules if r["winner"] is None)
    if word == "provisional":
        return outcome.policy.get("provisional") is True and rest[0] in outcome.policy.get("provisional_reason", "")
    if word == "status":
        return any(r["status"] == rest[0] and (len(rest) < 2 or r["reason"] == rest[1]) for r in outcome.records())
    if word == "flag":
        return any(key.startswith(rest[0] + "/") and cell["flags"].get(rest[1]) is True for key, cell in outcome.analysis()["cells"].items())
    raise ValueError("unknown expectation: " + line)


def run_case(phasegate, path):
    files = sections(path.read_text())
    expected = [line for line in files.pop("expect").splitlines() if line.strip()]
    if not expected:
        raise ValueError(f"{path}: expects nothing")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for name, text in files.items():
            (folder / name).write_text(text)
        outcome = Outcome(phasegate, folder)
        missed = [line for line in expected if not met(line, outcome)]
        print(f"{'FAIL' if missed else 'ok  '} {path.stem}")
        for line in missed:
            print(f"     not met: {line}")
        if missed:
            print(f"     exit {outcome.exit}; stderr: {outcome.stderr[-600:]}")
            for rule in outcome.rules():
                print(f"     {rule['class']} {rule['bucket']}: winner {rule['winner']} reason {rule['reason']} "
                      f"rejected {[(x['candidate'], x['gate'], x['reason']) for x in rule['rejected']]}")
        return not missed


def main():
    phasegate, wanted = sys.argv[1], sys.argv[2:]
    here = pathlib.Path(__file__).parent
    cases = [p for p in sorted(here.glob("*.txt")) if not wanted or p.stem in wanted]
    failed = sum(not run_case(phasegate, path) for path in cases)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
