#!/usr/bin/env python3
"""The program as a user meets it, on simulated engines: the steps, resume after kill -9, tampering, locks, bad input.

Usage: test_program.py PHASEGATE [unittest arguments]
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PHASEGATE = ""

PROFILE = """sim: 1
name: {name}
latency: {{prefill_base_ms: 1, prefill_per_token_ms: {prefill}, decode_base_ms: {decode}, decode_per_row_ms: 0.1}}
noise: {{sigma: 0.01, session_sigma: 0.01}}
"""

MATRIX = """name: program
seed: 7
rounds: {rounds}
models:
  - {{name: a, path: a.yaml, weight_set: w}}
  - {{name: b, path: b.yaml, weight_set: w}}
candidates:
  - {{engine: sim, model: a, label: a}}
  - {{engine: sim, model: b, label: b}}
scenarios:
  axes: {{prompt: [32, 128], gen: [8, 64], batch: [1, 4]}}
control: {{prompt: 32, gen: 8, batch: 1, every: 8, calls: 3}}
default_safe: b
accuracy: {{tokens: 48, greedy_tokens: 8, reference: {{engine: sim, model: b}}}}
"""


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.store = self.folder / "store"
        (self.folder / "a.yaml").write_text(PROFILE.format(name="a", prefill=0.1, decode=5))
        (self.folder / "b.yaml").write_text(PROFILE.format(name="b", prefill=0.14, decode=7))
        self.write_matrix(rounds=5)

    def tearDown(self):
        self.temporary.cleanup()

    def write_matrix(self, rounds=5, text=None):
        (self.folder / "matrix.yaml").write_text(text or MATRIX.format(rounds=rounds))

    def call(self, *arguments, expect=None, environment=None, json_output=True):
        command = [PHASEGATE, "--store", str(self.store)] + (["--json"] if json_output else []) + list(arguments)
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ, **(environment or {})})
        if expect is not None:
            self.assertEqual(done.returncode, expect, f"{arguments}: {done.stdout[-500:]} {done.stderr[-1500:]}")
        return done

    def document(self, *arguments, expect=0, **kwargs):
        return json.loads(self.call(*arguments, expect=expect, **kwargs).stdout)

    def matrix(self):
        return str(self.folder / "matrix.yaml")

    def run_folder(self):
        return sorted((self.store / "runs").iterdir())[-1]

    def test_the_chain_step_by_step_gives_the_same_policy_as_run(self):
        whole = self.document("run", self.matrix())
        validated = self.document("validate", "last")
        self.assertTrue(validated["runs"][0]["valid"])
        self.assertIn("cells", self.document("analyze", "last")["runs"][0])
        self.assertIn("economics", self.document("price", "last"))
        self.assertEqual(self.document("decide", "last")["policy"], whole["policy"])
        self.assertEqual(self.document("card", "last"), whole["content"])
        explained = self.document("explain", "last", "--prompt-tokens", "64", "--gen-tokens", "64", "--batch", "1")
        self.assertEqual(explained["route"], "a")
        outside = self.document("explain", "last", "--prompt-tokens", "4000", "--gen-tokens", "64")
        self.assertEqual((outside["route"], outside["reason"]), ("b", "out_of_envelope"))
        text = self.call("card", "last", json_output=False, expect=0).stdout
        self.assertIn("uality is not measured here", text)
        page = self.folder / "card.html"
        self.call("card", "last", "--html", str(page), expect=0)
        html = page.read_text()
        self.assertNotIn("<script src", html)
        self.assertNotIn("http://", html.replace("http://www.w3.org", ""))

    def test_decide_gives_the_same_bytes_under_any_locale_time_zone_and_thread_count(self):
        self.document("run", self.matrix())
        ids = set()
        for environment in ({}, {"LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Tokyo"}, {"LC_ALL": "C", "TZ": "America/New_York", "OMP_NUM_THREADS": "8"}):
            ids.add(self.document("decide", "last", environment=environment)["policy"])
        self.assertEqual(len(ids), 1)

    def test_two_runs_of_one_plan_have_one_hash_and_never_opposite_winners(self):
        plans = {self.document("run", self.matrix(), "--plan")["hash"] for _ in range(2)}
        self.assertEqual(len(plans), 1)
        winners = []
        for _ in range(2):
            rules = self.document("run", self.matrix())["content"]["rules"]
            winners.append({(r["class"], json.dumps(r["bucket"])): r["winner"] for r in rules})
        for key, winner in winners[0].items():
            self.assertIn(winners[1][key], (winner, None))

    def start_and_kill_when(self, records):
        """Starts a run and kills it with SIGKILL once that many records are in its file."""
        process = subprocess.Popen([PHASEGATE, "--store", str(self.store), "run", self.matrix()], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        try:
            while time.monotonic() < deadline and process.poll() is None:
                files = list(self.store.glob("runs/*/records.jsonl"))
                if files and files[0].read_bytes().count(b"\n") >= records:
                    break
                time.sleep(0.002)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        return (self.run_folder() / "records.jsonl").read_bytes().count(b"\n")

    @staticmethod
    def cells(folder):
        lines = (folder / "records.jsonl").read_text().splitlines()
        steady = [r for r in map(json.loads, lines) if r["regime"] == "steady"]
        # A kill may fall between the three records of one call: resume closes that call as aborted and says why.
        torn = [r for r in steady if r["status"] != "ok"]
        assert len(torn) <= 2 and all("killed between" in r["error"] for r in torn), torn
        return sorted((r["cell"], r["session"]["round"], r["session"]["control"], r["phase"]) for r in steady)

    def test_kill_9_in_the_middle_and_resume_ends_in_the_same_set_of_cells(self):
        self.write_matrix(rounds=12)
        left = self.start_and_kill_when(records=200)
        self.assertLess(left, 12 * 8 * 2 * 2 * 3)
        with open(self.run_folder() / "records.jsonl", "ab") as file:
            file.write(b'{"seq": 99999, "torn')  # what a crash in the middle of a write leaves
        refused = self.call("decide", "last", expect=1)
        self.assertIn("error", json.loads(refused.stdout))
        self.document("run", "--resume", "last")
        self.assertTrue(self.document("validate", "last")["runs"][0]["valid"])
        resumed = self.cells(self.run_folder())
        self.store = self.folder / "other"
        self.document("run", self.matrix())
        self.assertEqual(resumed, self.cells(self.run_folder()))

    def test_ctrl_c_leaves_a_valid_prefix_and_says_how_to_go_on(self):
        self.write_matrix(rounds=40)
        process = subprocess.Popen([PHASEGATE, "--store", str(self.store), "run", self.matrix()], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            files = list(self.store.glob("runs/*/records.jsonl"))
            if files and files[0].stat().st_size > 20000:
                break
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, stderr)
        self.assertIn("--resume", stderr)
        for line in (self.run_folder() / "records.jsonl").read_text().splitlines():
            json.loads(line)
        self.assertEqual(json.loads((self.run_folder() / "manifest.json").read_text())["state"], "interrupted")

    def test_one_flipped_byte_fails_validate_and_decide(self):
        self.document("run", self.matrix())
        raw = self.run_folder() / "records.jsonl"
        content = bytearray(raw.read_bytes())
        for offset in (len(content) // 3, len(content) // 2):
            changed = bytearray(content)
            changed[offset] ^= 1
            raw.write_bytes(changed)
            validated = self.document("validate", "last", expect=1)
            self.assertFalse(validated["runs"][0]["valid"])
            self.call("decide", "last", expect=1)
        raw.write_bytes(content)
        self.document("decide", "last")

    def test_a_changed_policy_is_refused(self):
        policy = self.document("run", self.matrix())["policy"]
        file = self.store / "policies" / (policy + ".json")
        file.chmod(0o644)
        file.write_text(file.read_text().replace('"winner":"a"', '"winner":"b"', 1))
        self.call("card", policy, expect=1)

    def test_a_store_in_use_names_its_writer(self):
        self.write_matrix(rounds=40)
        process = subprocess.Popen([PHASEGATE, "--store", str(self.store), "run", self.matrix()], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and not list(self.store.glob("runs/*/records.jsonl")):
                time.sleep(0.005)
            second = self.call("run", self.matrix(), expect=3)
            self.assertIn(str(process.pid), second.stderr)
        finally:
            process.kill()
            process.wait()

    def test_a_store_of_a_newer_version_is_refused(self):
        self.document("run", self.matrix())
        version = next(f for f in self.store.iterdir() if "version" in f.name)
        version.write_text(version.read_text().replace("1", "99"))
        self.assertIn("newer", self.call("decide", "last", expect=3).stderr)

    def test_bad_matrices_name_file_line_and_key(self):
        good = MATRIX.format(rounds=5)
        cases = {
            "unknown key": good + "colour: red\n",
            "wrong type": good.replace("rounds: 5", "rounds: many"),
            "empty axis": good.replace("gen: [8, 64]", "gen: []"),
            "too large": good.replace("prompt: [32, 128]", "prompt: [" + ", ".join(map(str, range(1, 9000))) + "]"),
            "unknown model": good.replace("model: a,", "model: zebra,"),
            "not yaml": "name: [",
        }
        for name, text in cases.items():
            with self.subTest(name):
                self.write_matrix(text=text)
                done = self.call("run", self.matrix(), expect=2)
                self.assertIn("matrix.yaml", done.stderr)
                self.assertFalse(list(self.store.glob("runs/*")))

    def test_missing_files_and_models_say_what_is_missing(self):
        self.assertIn("nowhere.yaml", self.call("run", str(self.folder / "nowhere.yaml"), expect=2).stderr)
        self.assertIn("nowhere.gguf", self.call("measure", "--engine", "sim", "--model", "nowhere.gguf", expect=2).stderr)
        self.assertIn("nothing", self.call("validate", "nothing", expect=2).stderr)
        self.call("card", str(self.folder), expect=2)

    def test_a_model_with_another_hash_than_the_matrix_says_is_not_measured(self):
        self.write_matrix(text=MATRIX.format(rounds=5).replace("{name: a, path: a.yaml, weight_set: w}", "{name: a, path: a.yaml, weight_set: w, sha256: " + "0" * 64 + "}"))
        self.call("run", self.matrix())
        records = [json.loads(line) for line in (self.run_folder() / "records.jsonl").read_text().splitlines()]
        of_a = [r for r in records if r["cell"].startswith("a/")]
        self.assertTrue(of_a)
        self.assertFalse([r for r in of_a if r["status"] == "ok"])

    def test_measure_prints_the_documented_document(self):
        document = self.document("measure", "--engine", "sim", "--model", str(self.folder / "a.yaml"), "--prompt", "64,128", "--gen", "16",
                                 "--rounds", "5", "--repetitions", "5")
        self.assertEqual({c["phase"] for c in document["cells"]}, {"prefill", "decode", "e2e"})
        cell = next(c for c in document["cells"] if c["phase"] == "decode" and c["prompt_tokens"] == 64)
        self.assertAlmostEqual(cell["tok_s"]["median"], 1000 / 5.1, delta=20)
        low, high = cell["tok_s"]["ci95"]
        self.assertLess(low, cell["tok_s"]["median"])
        self.assertGreater(high, cell["tok_s"]["median"])
        self.assertEqual(cell["latency_ms"]["n"], 25)
        thin = self.document("measure", "--engine", "sim", "--model", str(self.folder / "a.yaml"), "--prompt", "64", "--gen", "16",
                             "--repetitions", "5")["cells"][0]
        self.assertIsNone(thin["tok_s"]["ci95"])
        self.assertIsNone(thin["latency_ms"]["p95"])
        self.assertTrue(thin["reason"])

    def test_a_budget_that_is_too_small_ends_with_balanced_evidence(self):
        self.write_matrix(rounds=200)
        done = self.call("run", self.matrix(), "--budget", "2s")
        self.assertIn(done.returncode, (0, 1))
        records = [json.loads(line) for line in (self.run_folder() / "records.jsonl").read_text().splitlines()]
        spent = [r for r in records if r["reason"] == "budget_spent"]
        self.assertTrue(spent)
        rounds = {}
        for record in records:
            if record["status"] == "ok" and record["regime"] == "steady" and not record["session"]["control"]:
                rounds.setdefault(record["cell"].split("/")[0], set()).add(record["session"]["round"])
        self.assertLessEqual(abs(len(rounds["a"]) - len(rounds["b"])), 1)

    def test_doctor_and_version_speak_json(self):
        document = json.loads(self.call("doctor").stdout)
        self.assertIn("engines", document)
        self.assertIn("cpu_model", document["machine"])
        self.assertIn("formats", self.document("version"))

    def test_forge_from_a_seed_writes_the_same_bytes_twice(self):
        first = self.document("forge", "--seed", "3", "--to", "gguf", "--out", str(self.folder / "one"))
        second = self.document("forge", "--seed", "3", "--to", "gguf", "--out", str(self.folder / "two"))
        self.assertEqual(first["weight_set"], second["weight_set"])
        self.assertEqual(first["files"], second["files"])
        self.call("forge", "--from", str(self.folder / "a.yaml"), "--to", "gguf", "--out", str(self.folder / "three"), expect=2)
        self.call("forge", "--out", str(self.folder / "four"), expect=2)


if __name__ == "__main__":
    PHASEGATE = sys.argv.pop(1)
    unittest.main(verbosity=1)
