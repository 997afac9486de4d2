#!/usr/bin/env python3
"""Change control as a user meets it, on simulated engines: approve, history, rollback, freeze, watch, plan30, bad input.

Usage: test_change_control.py PHASEGATE [unittest arguments]
"""
import fcntl
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

PHASEGATE = ""

PROFILE = """sim: 1
name: {name}
latency: {{prefill_base_ms: 1, prefill_per_token_ms: {prefill}, decode_base_ms: {decode}, decode_per_row_ms: 0.1}}
noise: {{sigma: 0.01, session_sigma: 0.01}}
"""

MATRIX = """name: change
seed: 7
rounds: 5
pricing: {pricing}
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

PRICING = """version: 1
id: ours
date: "2099-01-01"
currency: USD
hardware_id: any
shadow: true
usd_per_hour: {usd}
source: test
"""

BY = ("--by", "platform team", "--why", "measured")


class ChangeControlTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.store = self.folder / "store"
        (self.folder / "pricing.yaml").write_text(PRICING.format(usd=0.2))
        (self.folder / "matrix.yaml").write_text(MATRIX.format(pricing=self.folder / "pricing.yaml"))

    def tearDown(self):
        self.temporary.cleanup()

    def call(self, *arguments, expect=None, json_output=True):
        command = [PHASEGATE, "--store", str(self.store)] + (["--json"] if json_output else []) + list(arguments)
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=self.folder)
        if expect is not None:
            self.assertEqual(done.returncode, expect, f"{arguments}: {done.stdout[-1500:]} {done.stderr[-1500:]}")
        return done

    def document(self, *arguments, expect=0):
        return json.loads(self.call(*arguments, expect=expect).stdout)

    def measure(self, a_decode, b_decode):
        """A policy for two engines of these speeds; its id."""
        (self.folder / "a.yaml").write_text(PROFILE.format(name="a", prefill=0.1, decode=a_decode))
        (self.folder / "b.yaml").write_text(PROFILE.format(name="b", prefill=0.14, decode=b_decode))
        return self.document("run", str(self.folder / "matrix.yaml"))["policy"]

    def lines(self):
        return (self.store / "approvals.jsonl").read_text().splitlines()

    def test_approve_diff_history_rollback_watch_plan(self):
        first = self.measure(5, 7)
        opened = self.document("plan30")
        self.assertEqual({i["id"]: i["state"] for i in opened["items"]}["routing"], "open")
        self.assertEqual(self.call("watch", "--once").returncode, 2)  # nothing was approved
        step = self.document("approve", first[:12], *BY)["step"]
        self.assertEqual((step["policy"], step["seq"], step["previous_policy"]), (first, 0, None))
        secret = self.store / "keys" / "approver"
        self.assertEqual(secret.stat().st_mode & 0o777, 0o600)
        matching = self.document("watch", "--once")
        self.assertFalse(matching["stale"], matching["drifts"])
        self.assertEqual(self.document("card", "approved"), self.document("card", first))

        second = self.measure(9, 7)  # the winner of decode changes, and with it the model file of a
        found = self.document("diff", "approved", "last")
        self.assertGreater(found["summary"]["winner_changed"], 0)
        changed = next(c for c in found["cells"] if c["verdict"] == "winner_changed" and c["class"] == "decode_heavy")
        self.assertEqual((changed["was"]["winner"], changed["is"]["winner"]), ("a", "b"))
        self.assertTrue(changed["costs"][0]["usd_per_1M_is"])
        self.assertEqual(self.document("watch", "--once", expect=1)["drifts"][0]["trigger"], "model")

        unseen = self.call("approve", second, *BY, expect=3, json_output=False)
        self.assertIn("winner changed", unseen.stdout)
        self.assertIn("--against " + first[:12], unseen.stderr)
        self.call("approve", second, "--against", second, *BY, expect=3)
        self.call("approve", second, "--against", first[:12], *BY, expect=0)
        self.assertFalse(self.document("watch", "--once")["stale"])

        history = self.document("history")
        self.assertEqual([s["step"] for s in history["steps"]], ["approve", "stale", "approve"])
        self.assertEqual(history["approved"], second)
        text = self.call("history", json_output=False, expect=0).stdout
        self.assertIn("by platform team: measured", text)
        self.assertIn("verified: 3 line(s)", text)
        self.document("history", "--trust", str(secret) + ".pub")

        self.assertEqual(self.document("rollback", *BY)["step"]["policy"], first)
        self.call("rollback", *BY, expect=2)  # nothing before it
        self.assertEqual(self.document("history")["approved"], first)
        stale = self.document("watch", "--once", expect=1)  # a.yaml is the new one
        self.assertTrue(stale["recorded"])
        self.assertEqual(stale["proposals"][0]["rerun"], "S1-S3")
        self.assertTrue(stale["proposals"][0]["commands"][0].startswith("phasegate run "))
        steps = len(self.lines())
        self.document("watch", "--once", expect=1)
        self.assertEqual(len(self.lines()), steps)  # marked once
        self.assertEqual({i["id"]: i["state"] for i in self.document("plan30")["items"]}["routing"], "partial")

    def test_the_proposed_command_mends_what_drifted(self):
        self.document("approve", self.measure(5, 7), *BY)
        (self.folder / "pricing.yaml").write_text(PRICING.format(usd=0.4))
        stale = self.document("watch", "--once", expect=1)
        self.assertEqual([d["trigger"] for d in stale["drifts"]], ["prices"])
        self.assertEqual(stale["proposals"][0]["rerun"], "pricing alone")
        decide = stale["proposals"][0]["commands"][0].split()[1:]
        new = self.document(*decide)["policy"]
        against = stale["policy"]
        self.document("approve", new, "--against", against, *BY)
        self.assertFalse(self.document("watch", "--once")["stale"])

    def test_a_mix_far_from_the_declared_one_is_stale(self):
        self.measure(5, 7)
        near = "mix:\n  - {prompt: 128, gen: 64, batch: 1, weight: 0.8}\n  - {prompt: 32, gen: 8, batch: 4, weight: 0.2}\n"
        (self.folder / "near.yaml").write_text(near)
        (self.folder / "far.yaml").write_text(near.replace("0.8", "0.1").replace("0.2", "0.9"))
        self.document("decide", "last", "--pricing", "pricing.yaml", "--mix", "near.yaml")
        self.document("approve", "last", *BY)
        self.assertEqual(self.document("watch", "--once", "--mix", "near.yaml")["mix"]["distance"], 0)
        far = self.document("watch", "--once", "--mix", "far.yaml", expect=1)
        self.assertAlmostEqual(far["mix"]["distance"], 0.7)
        self.assertIn("--mix far.yaml", far["proposals"][0]["commands"][0])
        (self.folder / "trace.csv").write_text(
            "timestamp,prompt_tokens,gen_tokens\n" + "".join(f"{i},100,64\n" for i in range(50)) + "50,5000,64\n")
        traced = self.document("watch", "--once", "--trace", "trace.csv", expect=1)
        self.assertAlmostEqual(traced["mix"]["out_of_envelope"], 1 / 51)

    def test_a_changed_history_counts_for_nothing(self):
        self.document("approve", self.measure(5, 7), *BY)
        self.document("freeze", "--until", "2098-01-01", *BY)
        file = self.store / "approvals.jsonl"
        original = file.read_text()
        for damaged in (original.replace("platform team", "E. Vill", 1), original + self.lines()[0] + "\n", self.lines()[0] + "\n"):
            file.write_text(damaged)
            for command in (("history",), ("card", "approved"), ("watch", "--once"), ("plan30",), ("approve", "last", *BY),
                            ("rollback", *BY)):
                refused = self.call(*command, expect=1)
                self.assertIn("error", json.loads(refused.stdout), command)
        file.write_text(original + '{"torn')
        self.assertTrue(self.document("history")["torn_line"])
        (self.store / "keys" / "approver").unlink()
        missing = self.call("freeze", "--lift", *BY, expect=2)
        self.assertIn("--new-key", missing.stderr)

    def test_approvals_are_refused_where_they_must_be(self):
        first = self.measure(5, 7)
        self.document("freeze", "--from", "2020-01-01", "--until", "2098-01-01", *BY)
        frozen = self.call("approve", first, *BY, expect=1)
        self.assertIn("frozen until 2098", frozen.stderr)
        step = self.document("approve", first, "--override", "the old one crashes", *BY)["step"]
        self.assertEqual(step["overrides"][0]["reason"], "the old one crashes")
        self.document("freeze", "--lift", *BY)

        # A changed policy file, one of another machine, an expired one.
        policy = json.loads((self.store / "policies" / f"{first}.json").read_text())
        (self.store / "policies" / f"{first}.json").rename(self.folder / "kept.json")
        policy["default_safe"] = "a"
        (self.store / "policies" / f"{first}.json").write_text(json.dumps(policy, sort_keys=True, separators=(",", ":")))
        self.call("approve", first, *BY, expect=1)
        self.call("approve", str(self.store / "policies" / f"{first}.json"), *BY, expect=1)
        (self.folder / "kept.json").rename(self.store / "policies" / f"{first}.json")

        text = (self.store / "policies" / f"{first}.json").read_text()

        def variant(key, value):
            """The same policy with one text of its canonical JSON replaced."""
            was = policy[key] if key in policy else policy["boundary"]["environment"][key]
            changed = text.replace(f'"{key}":{json.dumps(was)}', f'"{key}":{json.dumps(value)}', 1)
            self.assertNotEqual(changed, text)
            folder = self.folder / "variant"
            folder.mkdir(exist_ok=True)
            (folder / "policy.json").write_text(changed)
            return str(folder)

        expired = self.call("approve", variant("expires", "2020-01-01T00:00:00.000Z"), "--against", first, *BY, expect=1)
        self.assertIn("expired", expired.stderr)
        other = variant("cpu_model", "Another CPU")
        refused = self.call("approve", other, "--against", first, *BY, expect=1)
        self.assertIn("Another CPU", refused.stderr)
        step = self.document("approve", other, "--against", first, "--other-machine", "its twin", *BY)["step"]
        self.assertEqual(step["overrides"][0]["rule"], "other_machine")

        # Evidence that is no longer what the policy was decided on.
        manifest = next(self.store.glob("runs/*/manifest.json"))
        manifest.write_text(manifest.read_text().replace('"seed":"7"', '"seed":"8"'))
        self.call("approve", first, "--against", self.document("history")["approved"], *BY, expect=1)

    def test_two_writers_and_missing_words(self):
        first = self.measure(5, 7)
        with open(self.store / "lock", "r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.call("approve", first, *BY, expect=3)
            self.assertFalse((self.store / "approvals.jsonl").exists())
        self.document("approve", first, *BY)
        (self.folder / "a.yaml").write_text(PROFILE.format(name="a", prefill=0.1, decode=6))
        with open(self.store / "lock", "r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            unrecorded = self.document("watch", "--once", expect=1)  # the verdict is said all the same
            self.assertFalse(unrecorded["recorded"])
        self.assertEqual(len(self.lines()), 1)
        self.call("approve", first, "--by", "x", expect=2)
        self.call("approve", first, "--by", "x", "--why", " ", expect=2)
        self.call("freeze", *BY, expect=2)
        self.call("freeze", "--until", "soon", *BY, expect=2)
        self.call("plan30", "--start", "soon", expect=2)
        self.call("watch", expect=2)  # --json is one document


if __name__ == "__main__":
    PHASEGATE = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=1)
