#include "engines/llamacpp/attribution.h"

#include <ggml-backend.h>
#include <ggml.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace phasegate::engines::llamacpp {

namespace {

using core::Result;

// Long enough that attention and matrix products take the path of a prompt.
constexpr int kProbeTokens = 32;

// One pass through a graph.
struct Observed {
  PhaseAttribution phase;
  std::map<std::string, ggml_type> weights;        // by tensor name
  std::map<ggml_type, std::int64_t> weight_bytes;  // of matrices in products and look-ups
  std::set<std::string> kv_types;
  int flash_nodes = 0;
};

// ggml keeps these in the graph for their shapes; nothing executes.
bool is_view(ggml_op op) {
  return op == GGML_OP_NONE || op == GGML_OP_VIEW || op == GGML_OP_RESHAPE || op == GGML_OP_PERMUTE ||
         op == GGML_OP_TRANSPOSE;
}

const ggml_tensor& owner(const ggml_tensor& tensor) { return tensor.view_src != nullptr ? *tensor.view_src : tensor; }

// The CPU's buffers have no device of their own.
std::string device_of(const ggml_tensor& tensor) {
  ggml_backend_buffer_t buffer = owner(tensor).buffer;
  if (buffer == nullptr) return "unknown";
  ggml_backend_dev_t device = ggml_backend_buft_get_device(ggml_backend_buffer_get_type(buffer));
  return device == nullptr ? "CPU" : ggml_backend_dev_name(device);
}

void observe_source(const ggml_tensor& source, Observed& seen) {
  const ggml_tensor& tensor = owner(source);
  const std::string_view name = tensor.name;
  if (name.rfind("cache_k", 0) == 0 || name.rfind("cache_v", 0) == 0) seen.kv_types.insert(ggml_type_name(tensor.type));
  if (tensor.buffer == nullptr || ggml_backend_buffer_get_usage(tensor.buffer) != GGML_BACKEND_BUFFER_USAGE_WEIGHTS)
    return;
  if (!seen.weights.emplace(name, tensor.type).second) return;
  seen.weight_bytes[tensor.type] += static_cast<std::int64_t>(ggml_nbytes(&tensor));
}

bool on_node(ggml_tensor* node, bool ask, void* data) {
  if (!ask || is_view(node->op)) return false;
  auto& seen = *static_cast<Observed*>(data);
  ++seen.phase.nodes_by_op[ggml_op_name(node->op)];
  ++seen.phase.nodes_by_device[device_of(*node)];
  if (node->op == GGML_OP_FLASH_ATTN_EXT) ++seen.flash_nodes;
  for (const ggml_tensor* source : node->src) {
    if (source != nullptr) observe_source(*source, seen);
  }
  return false;
}

void judge_fallback(PhaseAttribution& phase, const std::string& requested) {
  for (const auto& [device, count] : phase.nodes_by_device) {
    if (device == requested) continue;
    phase.fallback = true;
    phase.fallback_reason = fmt::format("{} nodes ran on {}, asked for {}", count, device, requested);
  }
}

std::string joined(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : "+") + name;
  return out;
}

ggml_type dominant(const std::map<ggml_type, std::int64_t>& bytes) {
  return std::max_element(bytes.begin(), bytes.end(), [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

}  // namespace

Result<Attribution> attribute(llama_model& model, const Placement& placement, const Backend& backend,
                              const core::StopToken& stop) {
  Observed seen;
  StopWatch watch;
  Placement one_row = placement;
  one_row.max_batch = 1;
  llama_context_params params = context_params(one_row, watch);
  params.cb_eval = on_node;
  params.cb_eval_user_data = &seen;
  PHASEGATE_TRY(context, make_context(model, params));
  watch.stop = &stop;
  std::vector<llama_token> tokens(static_cast<std::size_t>(std::min(kProbeTokens, placement.max_context - 1)), 0);
  const auto run = [&](std::int32_t count, const char* call) -> core::Status {
    seen.phase = {};
    seen.flash_nodes = 0;
    PHASEGATE_CHECK_OK(
        check_decode(llama_decode(context.get(), llama_batch_get_one(tokens.data(), count)), stop, call));
    llama_synchronize(context.get());
    judge_fallback(seen.phase, "CPU");
    return {};
  };
  Attribution a;
  PHASEGATE_CHECK_OK(run(static_cast<std::int32_t>(tokens.size()), "attribution of prefill"));
  a.prefill = seen.phase;
  PHASEGATE_CHECK_OK(run(1, "attribution of decode"));
  a.decode = seen.phase;
  if (seen.weight_bytes.empty()) {
    return core::fail(core::ErrorKind::engine, "attribution saw no weights in the graph of this model");
  }
  a.engine = "llamacpp";
  a.engine_version = backend.version;
  a.engine_build = backend.build;
  a.device_actual = "CPU";
  a.backend_actual = backend.cpu_variant;
  for (const auto& [name, type] : seen.weights) ++a.weight_tensors_by_type[ggml_type_name(type)];
  const ggml_type weight = dominant(seen.weight_bytes);
  a.weight_type = ggml_type_name(weight);
  a.activation_type = ggml_type_name(backend.type_traits(weight)->vec_dot_type);
  a.kv_type = joined(seen.kv_types);
  a.attention = seen.flash_nodes > 0 ? "flash" : "plain";
  a.threads = llama_n_threads(context.get());
  return a;
}

}  // namespace phasegate::engines::llamacpp
