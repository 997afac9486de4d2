#!/usr/bin/env python3
"""`phasegate check` from outside: what a file of another tool may be claimed to show, the exit codes, one JSON document.

usage: test_check.py PHASEGATE
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ""
FOREIGN = pathlib.Path(__file__).resolve().parents[1] / "conformance" / "foreign"
VLLM = FOREIGN / "vllm" / "bench-serve-detailed-2qps.json"


def check(*arguments):
    done = subprocess.run([PROGRAM, "check", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def claims(report):
    return {claim["id"]: claim for claim in report["claims"]}


class Check(unittest.TestCase):
    def test_text_names_claims_reasons_and_fixes(self):
        code, out, _ = check(VLLM)
        self.assertEqual(code, 0)
        for text in ("p99 of the request latency", "40 samples [n_below_100]", "needs at least 100 samples",
                     "[no_data: no_cold_split]", "energy", "no_data: not_measured"):
            self.assertIn(text, out)
        self.assertNotIn("\x1b", out)

    def test_json_is_one_document(self):
        code, out, _ = check(VLLM, "--json")
        self.assertEqual(code, 0)
        document = json.loads(out)
        self.assertEqual(len(document["reports"]), 1)
        report = document["reports"][0]
        self.assertEqual(report["format"], "vllm")
        self.assertEqual(report["rows"], 40)
        self.assertEqual(sum(report["summary"].values()), len(report["claims"]))
        p99 = claims(report)["percentile.ttft_ms.p99"]
        self.assertEqual(p99["verdict"], "not_supported")
        self.assertIsNone(p99["value"])
        self.assertEqual(p99["evidence"], {"file": VLLM.name, "key": "p99_ttft_ms", "n": 40})

    def test_any_name_and_place(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(VLLM, pathlib.Path(folder) / "notes.txt")
            code, out, _ = check(pathlib.Path(folder) / "notes.txt", "--json")
        self.assertEqual(code, 0)
        self.assertEqual(json.loads(out)["reports"][0]["format"], "vllm")

    def test_files_of_one_run_are_one_report(self):
        code, out, _ = check(*sorted((FOREIGN / "aiperf").glob("profile_export*")), "--json")
        self.assertEqual(code, 0)
        reports = json.loads(out)["reports"]
        self.assertEqual(len(reports), 1)
        self.assertEqual(len(reports[0]["files"]), 3)

    def test_a_contradiction_is_exit_code_1(self):
        document = json.loads(VLLM.read_text())
        document["p95_ttft_ms"] *= 2
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "r.json"
            path.write_text(json.dumps(document))
            code, out, _ = check(path)
        self.assertEqual(code, 1)
        self.assertIn("Contradicts itself", out)
        self.assertIn("published_not_from_rows", out)

    def test_what_cannot_be_read_is_exit_code_2_and_the_others_are_judged(self):
        with tempfile.TemporaryDirectory() as folder:
            torn = pathlib.Path(folder) / "torn.json"
            torn.write_text(VLLM.read_text()[:9000])
            code, out, errors = check(torn, VLLM, "--json")
            self.assertEqual(code, 2)
            self.assertIn("torn.json", errors)
            document = json.loads(out)
            self.assertEqual(len(document["reports"]), 1)
            self.assertEqual(len(document["errors"]), 1)
            other = pathlib.Path(folder) / "poem.txt"
            other.write_text("roses are red\n")
            code, _, errors = check(other)
            self.assertEqual(code, 2)
            self.assertIn("of no format that is known", errors)
        self.assertEqual(check("/nowhere/r.json")[0], 2)
        self.assertEqual(check()[0], 2)

    def test_nothing_is_stored(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([PROGRAM, "check", str(VLLM)], cwd=folder, capture_output=True, check=True, timeout=60)
            self.assertEqual(list(pathlib.Path(folder).iterdir()), [])


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
