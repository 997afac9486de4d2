#!/usr/bin/env python3
"""import as a user meets it: real files, hostile files, exit codes, and that what the files say reaches the store.

Usage: test_import.py PHASEGATE [unittest arguments]
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PHASEGATE = ""
DATA = pathlib.Path(__file__).resolve().parents[1] / "conformance"
TR121 = DATA / "reports/tr121/20251224_002149"


class ImportTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.store = self.folder / "store"

    def tearDown(self):
        self.temporary.cleanup()

    def call(self, *arguments, expect, json_output=True):
        command = [PHASEGATE, "--store", str(self.store)] + (["--json"] if json_output else []) + [str(a) for a in arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, expect, f"{arguments}: {done.stdout[-500:]} {done.stderr[-1500:]}")
        return done

    def document(self, *arguments, expect=0):
        return json.loads(self.call(*arguments, expect=expect).stdout)

    def stored_runs(self):
        runs = self.store / "runs"
        return sorted(runs.iterdir()) if runs.exists() else []

    def data(self, name="data"):
        folder = self.folder / name
        folder.mkdir()
        return folder

    def cut(self, lines, name="data"):
        """A folder with the first lines of TR121's runs.jsonl and its manifest."""
        folder = self.data(name)
        shutil.copy(TR121 / "manifest.json", folder)
        rows = (TR121 / "runs.jsonl").read_text().splitlines(keepends=True)[:lines]
        (folder / "runs.jsonl").write_text("".join(rows))
        return folder

    def test_every_run_under_a_folder_is_imported_and_graded(self):
        result = self.document("import", DATA / "foreign")
        self.assertEqual({run["format"] for run in result["runs"]},
                         {"aiperf", "guidellm", "vllm", "llama-bench", "mlperf-loadgen"})
        self.assertEqual(len(self.stored_runs()), len(result["runs"]))
        for run in result["runs"]:
            self.assertIsNone(run["error"])
            self.assertGreater(run["rows"], 0)
            self.assertEqual(run["bad_rows"], 0)
            self.assertEqual(sum(run["by_status"].values()), run["rows"])
            self.assertTrue(run["lacks"] and run["forbidden"], run["name"])
            graded = json.loads(subprocess.run([PHASEGATE, "--store", str(self.store), "--json", "validate", run["run"]],
                                               capture_output=True, text=True, timeout=300).stdout)
            self.assertFalse(graded["runs"][0]["valid"])  # each lacks an environment
        self.assertTrue(any("stub_truth.jsonl: " in line for line in result["unplaced"]))

    def test_the_same_files_are_one_run(self):
        folder = self.cut(20)
        first = self.document("import", folder)["runs"][0]
        moved = self.folder / "elsewhere"
        folder.rename(moved)
        second = self.document("import", moved)["runs"][0]
        self.assertEqual(second["run"], first["run"])
        self.assertTrue(second["already_there"])
        self.assertEqual(len(self.stored_runs()), 1)

    def test_bad_rows_are_named_and_their_neighbours_are_imported(self):
        folder = self.cut(10)
        rows = (folder / "runs.jsonl").read_text().splitlines()
        good = json.loads(rows[0])
        rows[2] = json.dumps({**good, "latency_ms": "fast"})
        rows[4] = rows[4][:40]
        rows[6] = '{"task_idx": 1, "task_idx": 2}'
        rows[8] = '{"deep": ' + "[" * 1000 + "]" * 1000 + "}"
        (folder / "runs.jsonl").write_text("\r\n".join(rows) + "\r\n", encoding="utf-8-sig")
        run = self.document("import", "--from", "tr121", folder)["runs"][0]
        self.assertEqual((run["rows"], run["bad_rows"]), (6, 4))
        self.assertEqual([(bad["file"], bad["line"]) for bad in run["bad"]], [("runs.jsonl", line) for line in (3, 5, 7, 9)])
        self.assertEqual(run["bad"][0]["key"], "latency_ms")
        self.assertEqual(run["bad"][0]["found"], '"fast"')
        text = self.call("import", folder, expect=0, json_output=False).stdout
        self.assertIn('runs.jsonl:3: latency_ms: expected a number, found "fast"', text)

    def test_a_run_without_a_good_row_is_not_imported(self):
        folder = self.cut(2)
        rows = [json.dumps({**json.loads(row), "latency_ms": "fast"}) for row in (folder / "runs.jsonl").read_text().splitlines()]
        (folder / "runs.jsonl").write_text("\n".join(rows))
        result = self.document("import", folder, expect=1)
        self.assertIn("none of its 2 rows can be taken", result["runs"][0]["error"])
        self.assertIsNone(result["runs"][0]["run"])
        self.assertEqual(self.stored_runs(), [])

    def test_one_run_is_chosen_by_name_or_format(self):
        self.cut(6, "a")
        shutil.copytree(DATA / "foreign/vllm", self.folder / "a/other")
        self.assertEqual(len(self.document("import", self.folder / "a")["runs"]), 2)
        only = self.document("import", "--from", "vllm", self.folder / "a")["runs"]
        self.assertEqual([run["format"] for run in only], ["vllm"])
        named = self.document("import", "--run", only[0]["name"], self.folder / "a")["runs"]
        self.assertEqual([run["name"] for run in named], [only[0]["name"]])
        self.assertIn("it holds", self.document("import", "--run", "none", self.folder / "a", expect=2)["error"]["next"])
        self.assertIn("it holds", self.document("import", "--from", "tr118", self.folder / "a", expect=2)["error"]["next"])

    def test_what_cannot_be_imported_says_why(self):
        empty = self.data("empty")
        (empty / "empty.jsonl").write_text("")
        (empty / "packed.json").write_bytes(b"\x1f\x8b\x08")
        error = self.document("import", empty, expect=2)["error"]
        self.assertIn("empty.jsonl: is empty", error["what"])
        self.document("import", self.folder / "none", expect=2)
        self.call("import", "--from", "tr999", empty, expect=2, json_output=False)
        self.assertEqual(self.stored_runs(), [])

    def test_a_link_out_of_the_folder_is_not_followed(self):
        folder = self.data()
        (folder / "linked").symlink_to(TR121)
        (folder / "runs.jsonl").symlink_to(TR121 / "runs.jsonl")
        error = self.document("import", folder, expect=2)["error"]
        self.assertIn("leaves the folder", error["what"])


if __name__ == "__main__":
    PHASEGATE = sys.argv.pop(1)
    unittest.main()
