#!/usr/bin/env python3
"""Fails when a module includes a header of a module that it may not depend on.

The allowed dependencies stand here and nowhere else; they are architecture, so a change of them is a decision.
Tests (x_test.cpp) and src/cli/main.cpp, which wires everything, may use any module.
"""
import pathlib
import re
import sys

ALLOWED = {
    "core": set(),
    "evidence": {"core"},
    "models": {"core"},
    "engines": {"core", "evidence", "models"},
    "analysis": {"core", "evidence"},
    "report": {"core", "evidence", "analysis"},
    "readers": {"core", "evidence"},
    "claims": {"core", "evidence", "analysis", "readers"},
    "conformance": {"core", "evidence", "analysis", "readers"},
    "bench": {"core", "evidence", "engines", "analysis"},
    "policy": {"core", "evidence", "analysis", "report"},
    "control": {"core", "evidence", "analysis", "policy"},
    "cli": {"core", "evidence", "models", "engines", "analysis", "report", "readers", "claims", "conformance", "bench", "policy", "control"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([a-z_]+)/', re.M)


def main() -> int:
    source = pathlib.Path(__file__).resolve().parent.parent / "src"
    found = sorted(p.name for p in source.iterdir() if p.is_dir())
    problems = [f"src/{name}: a module that tools/check_layers.py does not know" for name in found if name not in ALLOWED]
    files = 0
    for path in sorted(source.rglob("*")):
        if path.suffix not in {".h", ".cpp"} or path.stem.endswith("_test"):
            continue
        files += 1
        module = path.relative_to(source).parts[0]
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(text)
            if match and match[1] in ALLOWED and match[1] != module and match[1] not in ALLOWED.get(module, set()):
                problems.append(f"{path.relative_to(source.parent)}:{line}: {module} may not include {match[1]}/")
    for problem in problems:
        print(problem)
    print(f"layers: {files} files, {len(problems)} breaks")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
