#include "engines/onnx/graph_facts.h"

#include <algorithm>
#include <set>
#include <utility>

namespace phasegate::engines::onnx {

using core::Error;
using core::ErrorKind;
using core::fail;
using core::Result;

namespace {

constexpr const char* kNext = "give a folder that `phasegate forge --to onnx` wrote";
constexpr const char* kMicrosoft = "com.microsoft";
constexpr std::int64_t kInt8Activations = 4;  // accuracy_level of MatMulNBits

bool is_op(const GraphNode& node, const char* op, const char* domain) { return node.op == op && node.domain == domain; }

// Inputs of GroupQueryAttention, by position.
constexpr std::size_t kCosCache = 7;
constexpr std::size_t kSinCache = 8;
// Inputs that quantized nodes share: MatMulNBits is (A, B, scales, zero points), GatherBlockQuantized (data, indices,
// ...).
constexpr std::size_t kScales = 2;
constexpr std::size_t kZeroPoints = 3;

std::string element_name(ElementType type) {
  switch (type) {
    case ElementType::f32: return "f32";
    case ElementType::f16: return "f16";
    case ElementType::bf16: return "bf16";
    case ElementType::f64: return "f64";
    case ElementType::u8: return "u8";
    case ElementType::i8: return "i8";
    case ElementType::u4: return "u4";
    case ElementType::i4: return "i4";
    case ElementType::i32: return "i32";
    case ElementType::i64: return "i64";
  }
  return fmt::format("type {}", static_cast<int>(type));
}

bool is_float(ElementType type) {
  return type == ElementType::f32 || type == ElementType::f16 || type == ElementType::bf16 || type == ElementType::f64;
}

bool is_small_integer(ElementType type) {
  return type == ElementType::u8 || type == ElementType::i8 || type == ElementType::u4 || type == ElementType::i4;
}

std::string block_type_name(std::int64_t bits, std::int64_t block, bool zero_points) {
  if (block == 32 && !zero_points && (bits == 4 || bits == 8)) return bits == 4 ? "q4_0" : "q8_0";
  return fmt::format("int{} block {}{}", bits, block, zero_points ? " with zero points" : "");
}

class Describer {
 public:
  explicit Describer(const OnnxGraph& graph) : graph_(graph) {}

  Result<GraphFacts> run() {
    PHASEGATE_CHECK_OK(inputs());
    for (const GraphNode& node : graph_.nodes) {
      if (is_op(node, "GroupQueryAttention", kMicrosoft)) PHASEGATE_CHECK_OK(attention(node));
      if (is_op(node, "MatMulNBits", kMicrosoft)) matmul_nbits(node);
      if (is_op(node, "GatherBlockQuantized", kMicrosoft)) gather_quantized(node);
      if (is_op(node, "Cast", "")) widen(node);
      if (is_op(node, "MatMul", "") || is_op(node, "Gemm", "") || is_op(node, "FusedMatMul", kMicrosoft)) {
        factors_.insert(node.input(1));
      }
    }
    for (const std::string& factor : factors_) plain_product(factor);
    if (facts_.n_layer == 0) {
      return fail(Error{ErrorKind::unsupported,
                        "the graph has no GroupQueryAttention, so its KV cache cannot grow in place", "", kNext});
    }
    for (const auto& [name, tensor] : graph_.initializers) {
      if (!done_.contains(name)) plain(tensor);
    }
    finish();
    return facts_;
  }

 private:
  // The rest of the contract is checked on the loaded session (graph_contract.h); this spares a foreign model's load.
  core::Status inputs() const {
    for (const char* name : {"input_ids", "attention_mask", "past_key_values.0.key", "past_key_values.0.value"}) {
      if (std::find(graph_.inputs.begin(), graph_.inputs.end(), name) != graph_.inputs.end()) continue;
      return fail(Error{ErrorKind::unsupported,
                        fmt::format("not a decoder of phasegate's ONNX contract: it has no input '{}'", name), "",
                        kNext});
    }
    return {};
  }

  core::Status attention(const GraphNode& node) {
    const auto heads = static_cast<int>(node.integer("num_heads", 0));
    const auto kv_heads = static_cast<int>(node.integer("kv_num_heads", 0));
    if (facts_.n_layer > 0 && (heads != facts_.n_head || kv_heads != facts_.n_head_kv)) {
      return fail(ErrorKind::unsupported, "layers differ in their number of heads ({} and {})", facts_.n_head, heads);
    }
    facts_.n_head = heads;
    facts_.n_head_kv = kv_heads;
    ++facts_.n_layer;
    done_.insert(node.input(kCosCache));
    done_.insert(node.input(kSinCache));
    if (const GraphTensor* table = graph_.initializer(node.input(kCosCache));
        table != nullptr && !table->dims.empty()) {
      facts_.rotary_positions = table->dims[0];
    }
    return {};
  }

  void matmul_nbits(const GraphNode& node) {
    activations_.insert(node.integer("accuracy_level", 0) == kInt8Activations ? "int8 per block" : "f32");
    if (const GraphTensor* weight = graph_.initializer(node.input(1)); weight != nullptr) {
      std::int64_t logical = 0;
      if (__builtin_mul_overflow(node.integer("N", 0), node.integer("K", 0), &logical)) logical = 0;
      quantized(node, *weight, logical, node.integer("block_size", 0));
    }
  }

  void gather_quantized(const GraphNode& node) {
    const GraphTensor* table = graph_.initializer(node.input(0));
    if (table == nullptr) return;
    const std::int64_t bits = node.integer("bits", 4);
    const bool packed = table->type == ElementType::u8 && bits > 0 && bits < 8;
    const std::int64_t per_element = packed ? 8 / bits : 1;
    const std::int64_t logical = table->elements() * per_element;
    if (!table->dims.empty() && table->dims[0] > 0) facts_.n_embd = static_cast<int>(logical / table->dims[0]);
    quantized(node, *table, logical, node.integer("block_size", 128));
  }

  void quantized(const GraphNode& node, const GraphTensor& weight, std::int64_t logical, std::int64_t block) {
    const std::string& zero_points = node.input(kZeroPoints);
    const GraphTensor* scales = graph_.initializer(node.input(kScales));
    add(weight, block_type_name(node.integer("bits", 4), block, !zero_points.empty()), logical,
        scales == nullptr ? 0 : scales->bytes);
    done_.insert({weight.name, node.input(kScales), zero_points});
  }

  void plain(const GraphTensor& tensor) {
    if (tensor.elements() < 2 || !(is_float(tensor.type) || is_small_integer(tensor.type))) return;  // a constant
    add(tensor, element_name(tensor.type), tensor.elements(), 0);
  }

  // A weight that is stored narrow and widened when the model is loaded is multiplied in the wide type.
  void widen(const GraphNode& node) {
    if (graph_.initializer(node.input(0)) == nullptr || node.outputs.empty()) return;
    widened_[node.outputs.front()] = static_cast<ElementType>(node.integer("to", 0));
  }

  void plain_product(const std::string& factor) {
    if (const auto wide = widened_.find(factor); wide != widened_.end()) {
      activations_.insert(element_name(wide->second));
    } else if (const GraphTensor* weight = graph_.initializer(factor); weight != nullptr) {
      activations_.insert(element_name(weight->type));
    }
  }

  void add(const GraphTensor& tensor, const std::string& type, std::int64_t logical, std::uint64_t extra_bytes) {
    if (done_.contains(tensor.name)) return;
    const bool shared = !tensor.location.empty() && !places_.insert({tensor.location, tensor.offset}).second;
    if (shared) return;
    ++facts_.weight_tensors_by_type[type];
    bytes_by_type_[type] += tensor.bytes + extra_bytes;
    facts_.parameters += logical;
  }

  void finish() {
    std::uint64_t most = 0;
    for (const auto& [type, bytes] : bytes_by_type_) {
      if (bytes > most) {
        most = bytes;
        facts_.weight_type = type;
      }
    }
    for (const std::string& type : activations_) {
      facts_.activation_type += (facts_.activation_type.empty() ? "" : " and ") + type;
    }
    if (facts_.n_embd == 0) facts_.n_embd = embedding_width();
  }

  // Width of the table that the token ids select from.
  int embedding_width() const {
    for (const GraphNode& node : graph_.nodes) {
      if (node.op != "Gather" || node.input(1) != "input_ids") continue;
      const GraphTensor* table = graph_.initializer(node.input(0));
      if (table != nullptr && table->dims.size() == 2) return static_cast<int>(table->dims[1]);
    }
    return 0;
  }

  const OnnxGraph& graph_;
  GraphFacts facts_;
  std::set<std::string> done_;                              // initializers that are counted, or are no weights
  std::set<std::pair<std::string, std::uint64_t>> places_;  // bytes that are counted
  std::map<std::string, std::uint64_t> bytes_by_type_;
  std::set<std::string> factors_;  // second operands of plain matrix products
  std::map<std::string, ElementType> widened_;
  std::set<std::string> activations_;
};

}  // namespace

Result<GraphFacts> describe_graph(const OnnxGraph& graph) { return Describer(graph).run(); }

}  // namespace phasegate::engines::onnx
