// One arm of bench/onnx_vs_genai.py: decode steps of our ONNX engine, a chunk at a time, so that two arms can
// alternate.
//
//   onnx_step MODEL_FOLDER THREADS MAX_CONTEXT CHUNK ID,ID,...
//
// Loads, prefills and prints {"engine_version","library"}. Then for each line of its input it does CHUNK steps more and
// prints {"step_ns":[...],"tokens":[...]}: the time and the token of each. Between lines it waits in a read. Exit code
// 1 with the reason on stderr when something fails.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "engines/engine.h"
#include "engines/onnx/onnx_engine.h"
#include "engines/onnx/ort_library.h"

namespace {

using namespace phasegate;

core::Result<int> number(std::string_view text) {
  int value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size()) return value;
  return core::fail(core::ErrorKind::invalid_input, "'{}' is not a number", text);
}

core::Result<std::vector<engines::TokenId>> ids(std::string_view list) {
  std::vector<engines::TokenId> out;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    PHASEGATE_TRY(id, number(list.substr(0, comma)));
    out.push_back(id);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return out;
}

core::Status print_line(const core::Json& value) {
  PHASEGATE_TRY(text, core::canonical_json(value));
  std::puts(text.c_str());
  std::fflush(stdout);
  return {};
}

core::Status print_chunk(const engines::StepRecorder& recorder, std::size_t first, core::Instant start) {
  core::Json out;
  out["step_ns"] = core::Json::array();
  out["tokens"] = core::Json::array();
  for (std::size_t i = first; i < recorder.steps(); ++i) {
    out["step_ns"].push_back(core::between(start, recorder.stamps()[i]).value);
    out["tokens"].push_back(recorder.tokens(i + 1)[0]);
    start = recorder.stamps()[i];
  }
  return print_line(out);
}

core::Status run(char** arguments) {
  PHASEGATE_TRY(threads, number(arguments[2]));
  PHASEGATE_TRY(context, number(arguments[3]));
  PHASEGATE_TRY(chunk, number(arguments[4]));
  PHASEGATE_TRY(prompt, ids(arguments[5]));
  PHASEGATE_TRY(library, engines::onnx::OrtLibrary::open());
  PHASEGATE_TRY(made, engines::onnx::factory().make());
  const auto engine = engines::make_checked(std::move(made));
  const core::SystemClock clock;
  const core::StopToken stop(clock, core::kNoDeadline);
  engines::Placement placement;
  placement.threads = threads;
  placement.max_context = context;
  PHASEGATE_CHECK_OK(engine->load({arguments[1], {}, {}}, placement, stop));
  engines::StepRecorder recorder(static_cast<std::size_t>(context), 1);
  const std::vector<engines::Prompt> rows{{prompt}};
  PHASEGATE_CHECK_OK(engine->prefill(rows, recorder, stop));
  PHASEGATE_CHECK_OK(print_line({{"engine_version", library->version()}, {"library", library->path()}}));
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t first = recorder.steps();
    PHASEGATE_TRY(sample, engine->decode(chunk, recorder, stop));
    PHASEGATE_CHECK_OK(print_chunk(recorder, first, sample.start));
  }
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) {
    std::fprintf(stderr, "use: onnx_step MODEL_FOLDER THREADS MAX_CONTEXT CHUNK ID,ID,...\n");
    return 2;
  }
  const auto done = run(arguments);
  if (!done) std::fprintf(stderr, "onnx_step: %s\n", done.error().message().c_str());
  return done ? 0 : 1;
}
