#!/usr/bin/env python3
"""A/A on real sessions: measures one candidate in 20 fresh sessions and lets aa_false_alarms resample them in 200 trials.

Usage: resample_sessions.py PHASEGATE FORGED_FOLDER AA_FALSE_ALARMS
"""
import json
import pathlib
import subprocess
import sys
import tempfile


def main():
    phasegate, model, alarms = sys.argv[1:4]
    with tempfile.TemporaryDirectory() as temporary:
        store = pathlib.Path(temporary) / "store"
        done = subprocess.run([phasegate, "--json", "--store", str(store), "measure", "--engine", "llamacpp", "--model", f"{model}/gguf/model.gguf",
                               "--prompt", "32", "--gen", "32", "--rounds", "20", "--repetitions", "5"], stdout=subprocess.PIPE, text=True, check=True)
        run = store / "runs" / json.loads(done.stdout)["run"]
        sessions = {}
        for line in (run / "records.jsonl").read_text().splitlines():
            record = json.loads(line)
            if record["phase"] == "decode" and record["regime"] == "steady" and record["status"] == "ok":
                sessions.setdefault(record["session"]["round"], []).append(record["timing"]["duration_ns"])
        file = pathlib.Path(temporary) / "sessions.json"
        file.write_text(json.dumps({"rounds": [sessions[key] for key in sorted(sessions)]}))
        return subprocess.run([alarms, "--resample", str(file)]).returncode


if __name__ == "__main__":
    sys.exit(main())
