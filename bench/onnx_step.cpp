// One arm of bench/onnx_vs_genai.py: decode steps of our ONNX engine in a fresh process.
//
//   onnx_step MODEL_FOLDER THREADS MAX_CONTEXT STEPS ID,ID,...
//
// Prints {"engine_version","library","step_ns":[...],"tokens":[...]}: the time of each step, and the token of the
// prefill followed by that of each step. Exit code 1 with the reason on stderr when something fails.
#include <charconv>
#include <cstdio>
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

core::Json report(const engines::StepRecorder& recorder, core::Instant start,
                  const engines::onnx::OrtLibrary& library) {
  core::Json out;
  out["engine_version"] = library.version();
  out["library"] = library.path();
  out["tokens"] = {recorder.tokens(0)[0]};
  out["step_ns"] = core::Json::array();
  for (std::size_t i = 0; i < recorder.steps(); ++i) {
    out["step_ns"].push_back(core::between(start, recorder.stamps()[i]).value);
    out["tokens"].push_back(recorder.tokens(i + 1)[0]);
    start = recorder.stamps()[i];
  }
  return out;
}

core::Result<std::string> run(char** arguments) {
  PHASEGATE_TRY(threads, number(arguments[2]));
  PHASEGATE_TRY(context, number(arguments[3]));
  PHASEGATE_TRY(steps, number(arguments[4]));
  PHASEGATE_TRY(prompt, ids(arguments[5]));
  PHASEGATE_TRY(library, engines::onnx::OrtLibrary::open());
  PHASEGATE_TRY(made, engines::onnx::factory().make());
  const auto engine = engines::make_checked(std::move(made));
  const core::SystemClock clock;
  const core::StopToken stop(clock, core::after(clock.now(), core::seconds(600)));
  engines::Placement placement;
  placement.threads = threads;
  placement.max_context = context;
  PHASEGATE_CHECK_OK(engine->load({arguments[1], {}, {}}, placement, stop));
  engines::StepRecorder recorder(static_cast<std::size_t>(steps), 1);
  const std::vector<engines::Prompt> rows{{prompt}};
  PHASEGATE_CHECK_OK(engine->prefill(rows, recorder, stop));
  PHASEGATE_TRY(sample, engine->decode(steps, recorder, stop));
  return core::canonical_json(report(recorder, sample.start, *library));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) {
    std::fprintf(stderr, "use: onnx_step MODEL_FOLDER THREADS MAX_CONTEXT STEPS ID,ID,...\n");
    return 2;
  }
  const auto text = run(arguments);
  if (!text) {
    std::fprintf(stderr, "onnx_step: %s\n", text.error().message().c_str());
    return 1;
  }
  std::puts(text->c_str());
  return 0;
}
