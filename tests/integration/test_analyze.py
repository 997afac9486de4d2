#!/usr/bin/env python3
"""`analyze` of imported and native runs, as the whole program: test_analyze.py PHASEGATE.

Imports what stands under tests/conformance, analyzes it under two locales, and reads the artifact and the page back.
"""
import html.parser
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "tests/conformance"
PHASEGATE = ""


def run(*args, store, code=0, locale="C.UTF-8"):
    environment = {**os.environ, "LC_ALL": locale, "TZ": "Asia/Kolkata"}
    done = subprocess.run([PHASEGATE, "--store", store, *args], capture_output=True, text=True, env=environment, cwd=store)
    assert done.returncode == code, f"{args}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.titles, self.links = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name == "title":
                self.titles.append(value)
            if name in ("src", "href"):
                self.links.append(value)


class Analyze(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.store = self.folder.name

    def tearDown(self):
        self.folder.cleanup()

    def analyzed(self, path, *options, locale="C.UTF-8"):
        run("import", "--from", "auto", str(path), store=self.store)
        return json.loads(run("analyze", "last", "--json", *options, store=self.store, locale=locale))["runs"][0]

    def test_published_scaling_run(self):
        run_ = self.analyzed(DATA / "reports/tr121/20251224_002149")
        self.assertEqual((run_["rows"], len(run_["cells"])), (684, 171))
        fit = run_["fits"]["ollama/e2e_sum/b1/geometric_mean"]
        law = fit["power_law"]
        self.assertAlmostEqual(law["slope"], 0.6481736290203813, places=12)
        self.assertAlmostEqual(law["slope_ci95"][0], 0.4778505962818196, places=12)
        self.assertAlmostEqual(law["slope_ci95"][1], 1.440075027110837, places=12)
        self.assertTrue(law["actionable"])
        self.assertGreater(len(fit["precisions"]), 1)  # its models differ in quantization too
        self.assertFalse(run_["fits"]["hf_gpu_fp16/e2e_sum/b1/geometric_mean"]["power_law"]["actionable"])
        self.assertAlmostEqual(run_["warmup_spread"]["ratio_max"], 194.447, places=2)

    def test_artifact_is_the_same_under_every_locale(self):
        path = DATA / "reports/tr120/controlled/20251221_173112"
        first = self.analyzed(path)
        self.assertEqual(first, json.loads(run("analyze", "last", "--json", store=self.store, locale="de_DE.UTF-8"))["runs"][0])
        tail = first["tails"]["transformers-gpu-compile fp32/models%2Ftiny-gpt2/prefill/-"]
        self.assertEqual((tail["dominant"], tail["slow"]), ("stress_single", 30))
        run_folder = next(pathlib.Path(self.store, "runs").iterdir())
        written = json.loads((run_folder / "analysis/observed.json").read_text())
        self.assertEqual(written["cells"], first["cells"])
        self.assertIn("observations.jsonl", written["inputs"])

    def test_requests_of_another_tool(self):
        run_ = self.analyzed(DATA / "foreign/vllm")
        cell = next(iter(run_["cells"].values()))
        self.assertEqual(cell["ttft_ms"]["n"], 40)
        self.assertIsNone(cell["latency_ms"]["p99"]["value"])
        self.assertEqual(cell["latency_ms"]["p99"]["reason"], "n_below_100")

    def test_page_is_one_file_of_tables_first(self):
        run("import", "--from", "auto", str(DATA / "foreign/aiperf"), store=self.store)
        run("analyze", "last", "--report", "html", "--out", "page.html", store=self.store)
        text = pathlib.Path(self.store, "page.html").read_text()
        page = Page(text)
        self.assertNotIn("script", page.tags)
        self.assertEqual(page.links, [])
        self.assertLess(page.tags.index("table"), page.tags.index("figure"))
        self.assertTrue(any(title.startswith("analysis/observed.json · cells.") for title in page.titles))

    def test_native_run_has_a_page_too(self):
        run("analyze", str(ROOT / "examples/smollm2-cpu/run"), "--report", "html", "--out", "native.html", store=self.store)
        page = Page(pathlib.Path(self.store, "native.html").read_text())
        self.assertTrue(any(title.startswith("analysis/cells.json · cells.") for title in page.titles))

    def test_wrong_use(self):
        run("analyze", "nothing", store=self.store, code=2)
        example = str(ROOT / "examples/smollm2-cpu/run")
        run("analyze", example, example, "--report", "html", "--out", "a.html", store=self.store, code=2)
        run("analyze", example, "--report", "pdf", store=self.store, code=2)


if __name__ == "__main__":
    PHASEGATE = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=1)
