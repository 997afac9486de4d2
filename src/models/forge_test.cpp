#include "models/forge.h"

#include <gguf.h>

#include <cmath>

#include "core/json.h"
#include "models/onnx_mini_reader.h"
#include "models/test_support.h"

namespace phasegate::models {
namespace {

namespace fs = std::filesystem;

constexpr SyntheticSpec kTiny{.layers = 2, .embd = 64, .heads = 4, .kv_heads = 2, .ff = 96, .ctx = 32, .vocab = 80};
constexpr std::int64_t kHeadDim = 16;

ForgeOptions seeded(const fs::path& out, std::optional<Quant> quant, std::uint64_t seed = 1) {
  ForgeOptions options;
  options.seed = seed;
  options.spec = kTiny;
  options.quant = quant;
  options.out = out;
  return options;
}

std::vector<float> gguf_values(const GgufFile& file, const std::string& name) {
  const GgufTensor& tensor = *file.header.find_tensor(name);
  return dequantize(tensor.type, tensor.data, tensor.elements()).value();
}

// GGUF's row (head, i, half) is Hugging Face's row (head, half, i); written out here apart from the code under test.
std::vector<float> hf_rows(const std::vector<float>& values, std::size_t columns) {
  std::vector<float> out;
  for (std::size_t head = 0; head < values.size() / columns / kHeadDim; ++head) {
    for (std::size_t half = 0; half < 2; ++half) {
      for (std::size_t i = 0; i < kHeadDim / 2; ++i) {
        const std::size_t row = head * kHeadDim + 2 * i + half;
        out.insert(out.end(), values.begin() + static_cast<std::ptrdiff_t>(row * columns),
                   values.begin() + static_cast<std::ptrdiff_t>((row + 1) * columns));
      }
    }
  }
  return out;
}

std::vector<float> as_floats(std::string_view bytes) {
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

// (q - zero point) * scale as the operator's documentation defines it.
std::vector<float> nbits_values(const MiniModel& model, const std::string& weight, const std::string& scales,
                                std::uint64_t bits) {
  const std::string& quants = model.tensors.at(weight).bytes;
  const auto scale = as_floats(model.tensors.at(scales).bytes);
  std::vector<float> out;
  for (const char c : quants) {
    const auto byte = static_cast<unsigned char>(c);
    const auto push = [&](int q) { out.push_back(static_cast<float>(q) * scale.at(out.size() / 32)); };
    if (bits == 8) {
      push(byte - 128);
    } else {
      push((byte & 15) - 8);
      push((byte >> 4) - 8);
    }
  }
  return out;
}

class ForgeEachQuant : public testing::TestWithParam<Quant> {};

TEST_P(ForgeEachQuant, SameBytesTwice) {
  const TempDir one, two;
  const auto first = forge(seeded(one.path(), GetParam()));
  const auto second = forge(seeded(two.path(), GetParam()));
  ASSERT_TRUE(first) << first.error().message();
  ASSERT_TRUE(second);
  EXPECT_EQ(slurp(one.path() / "forge.json"), slurp(two.path() / "forge.json"));
  ASSERT_EQ(first->files.size(), 7U);  // gguf; model, data, genai_config; safetensors and its two configs
  for (const auto& file : first->files) {
    EXPECT_EQ(core::sha256_file(one.path() / file.name).value(), file.sha256) << file.name;
    EXPECT_EQ(fs::file_size(two.path() / file.name), file.bytes) << file.name;
  }
}

TEST_P(ForgeEachQuant, GgmlReadsTheGguf) {
  const TempDir dir;
  ASSERT_TRUE(forge(seeded(dir.path(), GetParam())));
  const std::string path = (dir.path() / "gguf/model.gguf").string();
  const auto ours = open_gguf(path);
  ASSERT_TRUE(ours) << ours.error().message();
  gguf_context* theirs = gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = nullptr});
  ASSERT_NE(theirs, nullptr);
  ASSERT_EQ(static_cast<std::size_t>(gguf_get_n_tensors(theirs)), ours->header.tensors.size());
  EXPECT_EQ(gguf_get_data_offset(theirs), ours->header.data_offset);
  for (std::int64_t i = 0; i < gguf_get_n_tensors(theirs); ++i) {
    const GgufTensor& tensor = ours->header.tensors[static_cast<std::size_t>(i)];
    EXPECT_EQ(gguf_get_tensor_name(theirs, i), tensor.name);
    EXPECT_EQ(gguf_get_tensor_type(theirs, i), tensor.type);
    const auto offset = static_cast<std::size_t>(tensor.data.data() - ours->map.bytes().data());
    EXPECT_EQ(gguf_get_tensor_offset(theirs, i) + gguf_get_data_offset(theirs), offset);
    EXPECT_EQ(gguf_get_tensor_size(theirs, i), tensor.data.size());
  }
  gguf_free(theirs);
}

TEST_P(ForgeEachQuant, BlocksAreNearTheSeededValues) {
  const TempDir exact, coarse;
  ASSERT_TRUE(forge(seeded(exact.path(), Quant::f32)));
  ASSERT_TRUE(forge(seeded(coarse.path(), GetParam())));
  const auto a = open_gguf(exact.path() / "gguf/model.gguf");
  const auto b = open_gguf(coarse.path() / "gguf/model.gguf");
  ASSERT_TRUE(a && b);
  const auto want = gguf_values(*a, "blk.1.ffn_up.weight");
  const auto got = gguf_values(*b, "blk.1.ffn_up.weight");
  const float largest = 0.22F;  // sqrt(3 / 64): a block's scale is at most this over 8, 127 or 2^11
  const float step = GetParam() == Quant::q4_0   ? largest / 8
                     : GetParam() == Quant::q8_0 ? largest / 127
                                                 : largest / 2048;
  for (std::size_t i = 0; i < want.size(); ++i) {
    ASSERT_NEAR(want[i], got[i], GetParam() == Quant::f32 ? 0.0F : step * 1.01F) << i;
  }
}

TEST_P(ForgeEachQuant, SafetensorsHoldTheSameValues) {
  const TempDir dir;
  const auto report = forge(seeded(dir.path(), GetParam()));
  ASSERT_TRUE(report);
  const auto gguf = open_gguf(dir.path() / "gguf/model.gguf");
  const std::string file = slurp(dir.path() / "safetensors/model.safetensors");
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof length);
  ASSERT_EQ(length % 8, 0U);
  const auto header = core::parse_json(std::string_view(file).substr(8, length), "header");
  ASSERT_TRUE(header) << header.error().message();
  std::uint64_t bytes = 0;
  for (const auto& [name, tensor] : header->items()) {
    if (name == "__metadata__") continue;
    bytes += tensor["data_offsets"][1].get<std::uint64_t>() - tensor["data_offsets"][0].get<std::uint64_t>();
  }
  EXPECT_EQ(8 + length + bytes, file.size());
  const auto values = [&](const std::string& name) {
    const auto& info = header->at(name);
    const auto begin = info["data_offsets"][0].get<std::uint64_t>();
    const std::string_view data =
        std::string_view(file).substr(8 + length + begin, info["data_offsets"][1].get<std::uint64_t>() - begin);
    const ggml_type type = info["dtype"] == "F32" ? GGML_TYPE_F32 : GGML_TYPE_F16;
    return dequantize(type, std::as_bytes(std::span(data)),
                      static_cast<std::int64_t>(data.size() / ggml_type_size(type)))
        .value();
  };
  const auto expect_same = [&](const std::string& name, const std::vector<float>& want) {
    const auto got = values(name);
    ASSERT_EQ(got.size(), want.size()) << name;
    for (std::size_t i = 0; i < want.size(); ++i) {
      const float exact = GetParam() == Quant::f32 ? want[i] : ggml_fp16_to_fp32(ggml_fp32_to_fp16(want[i]));
      ASSERT_EQ(got[i], exact) << name << " " << i;
    }
  };
  EXPECT_EQ(header->at("model.layers.0.self_attn.k_proj.weight")["shape"], core::Json::array({32, 64}));
  EXPECT_EQ(header->at("model.norm.weight")["shape"], core::Json::array({64}));
  EXPECT_EQ(header->at("model.embed_tokens.weight")["dtype"], GetParam() == Quant::f32 ? "F32" : "F16");
  expect_same("model.embed_tokens.weight", gguf_values(*gguf, "token_embd.weight"));
  expect_same("model.layers.1.self_attn.q_proj.weight", hf_rows(gguf_values(*gguf, "blk.1.attn_q.weight"), 64));
  expect_same("model.layers.0.self_attn.k_proj.weight", hf_rows(gguf_values(*gguf, "blk.0.attn_k.weight"), 64));
  expect_same("model.layers.0.self_attn.v_proj.weight", gguf_values(*gguf, "blk.0.attn_v.weight"));
  expect_same("model.layers.1.mlp.down_proj.weight", gguf_values(*gguf, "blk.1.ffn_down.weight"));
  expect_same("model.layers.1.post_attention_layernorm.weight", gguf_values(*gguf, "blk.1.ffn_norm.weight"));
}

TEST_P(ForgeEachQuant, OnnxHoldsTheSameValues) {
  const TempDir dir;
  ASSERT_TRUE(forge(seeded(dir.path(), GetParam())));
  const auto gguf = open_gguf(dir.path() / "gguf/model.gguf");
  const std::string text = slurp(dir.path() / "onnx/model.onnx"), data = slurp(dir.path() / "onnx/model.onnx.data");
  const MiniModel model = read_mini_model(text, data);
  const auto values = [&](const std::string& prefix, std::uint64_t bits) {
    if (GetParam() == Quant::f32) return as_floats(model.tensors.at(prefix + ".weight").bytes);
    if (GetParam() == Quant::f16) {
      const auto& bytes = model.tensors.at(prefix + ".weight").bytes;
      return dequantize(GGML_TYPE_F16, std::as_bytes(std::span(bytes)), static_cast<std::int64_t>(bytes.size() / 2))
          .value();
    }
    return nbits_values(model, prefix + ".weight", prefix + ".scales", bits);
  };
  const std::uint64_t bits = GetParam() == Quant::q4_0 ? 4 : 8;
  auto qkv = hf_rows(gguf_values(*gguf, "blk.1.attn_q.weight"), 64);
  for (const auto& part :
       {hf_rows(gguf_values(*gguf, "blk.1.attn_k.weight"), 64), gguf_values(*gguf, "blk.1.attn_v.weight")}) {
    qkv.insert(qkv.end(), part.begin(), part.end());
  }
  EXPECT_EQ(values("layers.1.qkv_proj", bits), qkv);
  auto gate_up = gguf_values(*gguf, "blk.0.ffn_gate.weight");
  const auto up = gguf_values(*gguf, "blk.0.ffn_up.weight");
  gate_up.insert(gate_up.end(), up.begin(), up.end());
  EXPECT_EQ(values("layers.0.gate_up_proj", bits), gate_up);
  EXPECT_EQ(values("layers.1.o_proj", bits), gguf_values(*gguf, "blk.1.attn_output.weight"));
  EXPECT_EQ(values("layers.1.down_proj", bits), gguf_values(*gguf, "blk.1.ffn_down.weight"));
  EXPECT_EQ(values("embed_tokens", 8), gguf_values(*gguf, "token_embd.weight"));
  EXPECT_EQ(as_floats(model.tensors.at("final_norm.weight").bytes), gguf_values(*gguf, "output_norm.weight"));
  EXPECT_EQ(as_floats(model.tensors.at("layers.1.input_norm.weight").bytes),
            gguf_values(*gguf, "blk.1.attn_norm.weight"));
}

INSTANTIATE_TEST_SUITE_P(All, ForgeEachQuant, testing::Values(Quant::f32, Quant::f16, Quant::q8_0, Quant::q4_0),
                         [](const auto& quant) { return std::string(to_string(quant.param)); });

TEST(Forge, OnnxGraphIsClosedAndNamedAsItsEcosystemExpects) {
  const TempDir dir;
  ASSERT_TRUE(forge(seeded(dir.path(), Quant::q4_0)));
  const std::string text = slurp(dir.path() / "onnx/model.onnx"), data = slurp(dir.path() / "onnx/model.onnx.data");
  const MiniModel model = read_mini_model(text, data);
  EXPECT_EQ(model.inputs.size(), 2U + 2U * 2U);
  EXPECT_EQ(model.inputs.at("attention_mask").dims, (std::vector<std::string>{"batch_size", "total_sequence_length"}));
  EXPECT_EQ(model.inputs.at("past_key_values.1.key").dims,
            (std::vector<std::string>{"batch_size", "2", "past_sequence_length", "16"}));
  EXPECT_EQ(model.outputs.at("logits").dims, (std::vector<std::string>{"batch_size", "1", "80"}));
  EXPECT_EQ(model.outputs.count("present.0.value"), 1U);
  std::map<std::string, int> ops, known{{"", 1}};
  for (const auto& [name, value] : model.inputs) known[name] = 1;
  for (const auto& [name, value] : model.tensors) known[name] = 1;
  for (const auto& node : model.nodes) {
    ++ops[node.op];
    for (const auto& input : node.inputs)
      EXPECT_TRUE(known.count(input)) << node.op << " reads " << input << " before it is made";
    for (const auto& output : node.outputs)
      EXPECT_TRUE(output.empty() || known.emplace(output, 1).second) << output << " is made twice";
    if (node.op == "MatMulNBits") {
      EXPECT_EQ(node.integers.at("accuracy_level"), 4U);
    }
  }
  for (const auto& [name, value] : model.outputs) EXPECT_TRUE(known.count(name)) << name;
  EXPECT_EQ(ops["MatMulNBits"], 2 * 4 + 1);
  EXPECT_EQ(ops["GroupQueryAttention"], 2);
  EXPECT_EQ(ops["GatherND"], 2);
}

TEST(Forge, SeedsAndSizesDecideTheWeights) {
  const TempDir dir;
  auto options = seeded(dir.path(), std::nullopt);
  options.formats = {Format::gguf};
  const auto one = forge(options);
  options.quant = Quant::f32;
  const auto same = forge(options);
  options.seed = 2;
  const auto two = forge(options);
  ASSERT_TRUE(one && same && two);
  EXPECT_EQ(one->weight_set, same->weight_set);
  EXPECT_NE(one->weight_set, two->weight_set);
  EXPECT_EQ(one->parameters, 80U * 64 + 64 + 2U * (2 * 64 + 2 * 64 * 64 + 2 * 32 * 64 + 3 * 96 * 64));
  // The bytes that a seed gives are part of a plan's identity: they may change only with the forge version.
  EXPECT_EQ(one->weight_set, "09ebf80be66baa86965a50d71c8aeff81bb7d28251fdb3c24992b1cae94a53a2");
}

TEST(Forge, OneWeightSetWhateverTheFormats) {
  const TempDir a, b;
  auto all = seeded(a.path(), Quant::q8_0);
  auto only = seeded(b.path(), Quant::q8_0);
  only.formats = {Format::onnx};
  const auto first = forge(all), second = forge(only);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->weight_set, second->weight_set);
  EXPECT_EQ(slurp(a.path() / "onnx/model.onnx.data"), slurp(b.path() / "onnx/model.onnx.data"));
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(b.path())) left.push_back(entry.path().filename());
  std::sort(left.begin(), left.end());
  EXPECT_EQ(left, (std::vector<std::string>{"forge.json", "onnx"}));
}

TEST(Forge, ForgingAForgedFileKeepsItsBlocks) {
  const TempDir a, b;
  ASSERT_TRUE(forge(seeded(a.path(), Quant::q4_0)));
  ForgeOptions options;
  options.from = a.path() / "gguf/model.gguf";
  options.out = b.path();
  const auto again = forge(options);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(slurp(a.path() / "gguf/model.gguf"), slurp(b.path() / "gguf/model.gguf"));
  EXPECT_EQ(slurp(a.path() / "onnx/model.onnx.data"), slurp(b.path() / "onnx/model.onnx.data"));
  EXPECT_EQ(again->source_sha256, core::sha256_file(*options.from).value());
}

TEST(Forge, ProgressEndsAtOneForEachFormat) {
  const TempDir dir;
  std::map<std::string, double> last;
  auto options = seeded(dir.path(), Quant::q4_0);
  options.progress = [&last](std::string_view stage, double fraction) {
    EXPECT_GT(fraction, last[std::string(stage)]);
    last[std::string(stage)] = fraction;
  };
  ASSERT_TRUE(forge(options));
  EXPECT_EQ(last, (std::map<std::string, double>{{"gguf", 1.0}, {"onnx", 1.0}, {"safetensors", 1.0}}));
}

}  // namespace
}  // namespace phasegate::models
