#!/usr/bin/env python3
"""conformance and claims as a user meets them: the reports' data, one changed value, imported runs, a policy.

Usage: test_conformance.py PHASEGATE [unittest arguments]
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PHASEGATE = ""
ROOT = pathlib.Path(__file__).resolve().parents[2]
REPORTS = ROOT / "tests/conformance/reports"
EXAMPLE = ROOT / "examples/smollm2-cpu"
STATUSES = {"supported", "not_supported", "not_identifiable", "false"}


class ConformanceTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)

    def tearDown(self):
        self.temporary.cleanup()

    def call(self, *arguments, expect=0, json_output=True):
        command = [PHASEGATE, "--store", str(self.folder / "store")] + (["--json"] if json_output else [])
        done = subprocess.run(command + [str(a) for a in arguments], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, expect, f"{arguments}: {done.stdout[-500:]} {done.stderr[-1500:]}")
        return json.loads(done.stdout) if json_output else done.stdout

    def test_the_reports_hold(self):
        document = self.call("conformance", REPORTS)
        self.assertEqual(set(document), {"values", "unplaced", "summary"})
        self.assertEqual(document["summary"]["verdicts"]["fail"], 0)
        self.assertGreaterEqual(document["summary"]["verdicts"]["pass"], 26648)
        self.assertGreaterEqual(document["summary"]["verdicts"]["known_discrepancy"], 53)
        keys = {"run", "source", "name", "published", "derived", "tolerance", "verdict"}
        self.assertTrue(all(set(value) == keys for value in document["values"]))
        # A known discrepancy always shows both values.
        for value in document["values"]:
            if value["verdict"] == "known_discrepancy":
                self.assertIsNotNone(value["derived"], value)
                self.assertNotEqual(value["published"], value["derived"], value)

    def test_the_text_names_what_disagrees(self):
        text = self.call("conformance", REPORTS, json_output=False)
        self.assertIn("holds: nothing fails", text)
        self.assertIn("energy/rows_with_evidence", text)

    def test_a_changed_row_fails(self):
        run = self.folder / "moved"
        shutil.copytree(REPORTS / "tr119", run)
        rows = run / "raw/bench_tr119_1766283570.jsonl"
        rows.write_text(rows.read_text().replace('"throughput_tok_s": [', '"throughput_tok_s": [1', 1))
        document = self.call("conformance", run, expect=1)
        self.assertGreater(document["summary"]["verdicts"]["fail"], 10)

    def test_bad_input(self):
        self.call("conformance", self.folder / "nothing", expect=2)
        (self.folder / "empty").mkdir()
        self.call("conformance", self.folder / "empty", expect=1)
        self.call("claims", self.folder / "empty", expect=2)

    def test_claims_of_report_data(self):
        ledger = self.call("claims", REPORTS)
        status = {claim["id"]: claim["status"] for claim in ledger["claims"]}
        self.assertTrue(set(status.values()) <= STATUSES)
        self.assertEqual(status["decision.decode_default"], "not_supported")
        self.assertEqual(status["decision.energy_gate"], "supported")
        self.assertEqual(status["decision.cold_start"], "supported")
        self.assertEqual(status["decision.compile_prefill"], "supported")
        self.assertEqual(status["decision.decode_eager"], "not_identifiable")
        self.assertEqual(status["finding.int8"], "false")
        self.assertEqual(status["finding.compile_tail"], "false")
        self.assertEqual(status["finding.scaling_gpu"], "not_identifiable")
        anchors = {a["path"]: a["here"] for claim in ledger["claims"] for a in claim["anchors"]}
        self.assertEqual(sum(here is not None for here in anchors.values()), 3)
        self.assertIsNone(anchors["scripts/tr122/results/20251225_190043/generation_events.jsonl"])

    def test_claims_of_imported_runs_are_those_of_the_folder(self):
        self.call("import", REPORTS)
        folder = {c["id"]: c["status"] for c in self.call("claims", REPORTS)["claims"]}
        store = {c["id"]: c["status"] for c in self.call("claims")["claims"]}
        # The audit of TR117's label is tables without rows: nothing to import, so the store cannot judge it.
        self.assertEqual(store.pop("finding.compile_tail"), "not_supported")
        self.assertEqual(folder.pop("finding.compile_tail"), "false")
        self.assertEqual(folder, store)

    def test_each_rule_of_a_policy_has_a_supported_claim(self):
        ledger = self.call("claims", EXAMPLE)
        policy = json.loads((EXAMPLE / "policy.json").read_text())
        self.assertEqual(len(ledger["claims"]), len(policy["rules"]))
        for claim in ledger["claims"]:
            self.assertEqual(claim["status"], "supported", claim)

    def test_claims_of_a_native_run(self):
        ledger = self.call("claims", EXAMPLE / "run")
        self.assertEqual({c["id"] for c in ledger["claims"]},
                         {"run.canonical", "run.decode_dominates", "run.cold_start"})

    def test_the_ledger_is_kept(self):
        self.call("claims", REPORTS)
        first = (self.folder / "store/claims.jsonl").read_text().splitlines()
        self.call("claims", REPORTS)
        self.call("claims", EXAMPLE)
        lines = [json.loads(line) for line in (self.folder / "store/claims.jsonl").read_text().splitlines()]
        self.assertEqual(sum(line["subject"] == str(REPORTS) for line in lines), len(first))
        self.assertGreater(len(lines), len(first))


if __name__ == "__main__":
    PHASEGATE = sys.argv[1]
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=1)
