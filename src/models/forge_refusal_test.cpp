// What forge and inspect refuse, and what is left on disk then.
#include <cstdlib>

#include "core/json.h"
#include "models/forge.h"
#include "models/inspect.h"
#include "models/test_support.h"
#include "models/tokenizer_files.h"

namespace phasegate::models {
namespace {

namespace fs = std::filesystem;

constexpr SyntheticSpec kTiny{.layers = 1, .embd = 64, .heads = 2, .kv_heads = 1, .ff = 96, .ctx = 32, .vocab = 64};

fs::path tiny_gguf(const TempDir& dir) {
  ForgeOptions options;
  options.seed = 1;
  options.spec = kTiny;
  options.formats = {Format::gguf};
  options.out = dir.path() / "tiny";
  EXPECT_TRUE(forge(options));
  return dir.path() / "tiny/gguf/model.gguf";
}

// A copy of the file with its matrices in a type that forge itself never writes.
void requantize(const fs::path& from, const fs::path& to, ggml_type type) {
  const auto file = open_gguf(from);
  ASSERT_TRUE(file);
  GgufKeys keys;
  for (const auto& entry : file->header.entries) keys.copy(entry);
  std::vector<GgufTensorPlan> plan;
  std::vector<std::vector<std::byte>> blocks;
  for (const auto& tensor : file->header.tensors) {
    const ggml_type own = tensor.n_dims == 1 ? tensor.type : type;
    plan.push_back({std::string(tensor.name), {tensor.ne.begin(), tensor.ne.begin() + tensor.n_dims}, own});
    blocks.push_back(
        quantize(own, dequantize(tensor.type, tensor.data, tensor.elements()).value(), tensor.ne[0]).value());
  }
  auto writer = GgufWriter::create(to, keys, plan);
  ASSERT_TRUE(writer);
  for (const auto& data : blocks) ASSERT_TRUE(writer->tensor(data));
  ASSERT_TRUE(writer->finish());
}

void replace_first(std::string& bytes, std::string_view after, std::string_view from, std::string_view to) {
  const std::size_t at = bytes.find(from, bytes.find(after) + after.size());
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, from.size(), to);
}

bool mentions(const core::Error& error, std::string_view part) {
  return error.message().find(part) != std::string::npos;
}

TEST(ForgeRefuses, WrongOptions) {
  ForgeOptions options;
  options.out = "nowhere";
  EXPECT_FALSE(forge(options));  // neither source
  options.seed = 1;
  options.from = "x.gguf";
  EXPECT_FALSE(forge(options));  // both
  options.from.reset();
  options.formats.clear();
  EXPECT_FALSE(forge(options));
  EXPECT_FALSE(fs::exists("nowhere"));
  EXPECT_FALSE(parse_quant("q4_k"));
  EXPECT_FALSE(parse_format("pickle"));
}

TEST(ForgeRefuses, ATypeThatOnnxHasNoFormOf) {
  const TempDir dir;
  const fs::path source = dir.path() / "q4_1.gguf";
  requantize(tiny_gguf(dir), source, GGML_TYPE_Q4_1);
  ForgeOptions options;
  options.from = source;
  options.out = dir.path() / "out";
  const auto refused = forge(options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, core::ErrorKind::unsupported);
  EXPECT_TRUE(mentions(refused.error(), "q4_1") && mentions(refused.error(), "--quant")) << refused.error().message();
  EXPECT_FALSE(fs::exists(options.out));
  options.formats = {Format::gguf, Format::safetensors};  // both have a form of it
  EXPECT_TRUE(forge(options));
  options.formats = {Format::onnx};
  options.quant = Quant::q4_0;
  EXPECT_TRUE(forge(options));
}

TEST(ForgeRefuses, RowsThatBlocksDoNotFill) {
  const TempDir dir;
  ForgeOptions options;
  options.seed = 1;
  options.spec = kTiny;
  options.spec.ff = 80;
  options.quant = Quant::q8_0;
  options.out = dir.path() / "out";
  const auto refused = forge(options);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(mentions(refused.error(), "ffn_down")) << refused.error().message();
  EXPECT_FALSE(fs::exists(options.out / "forge.json"));
  EXPECT_FALSE(fs::exists(options.out / "gguf/model.gguf"));
}

TEST(ForgeRefuses, ShapesThatAreNoDecoder) {
  ForgeOptions options;
  options.seed = 1;
  options.out = "nowhere";
  for (const SyntheticSpec spec :
       {SyntheticSpec{.heads = 0}, SyntheticSpec{.heads = 6, .kv_heads = 4}, SyntheticSpec{.layers = -1},
        SyntheticSpec{.embd = 257, .heads = 8}, SyntheticSpec{.vocab = std::int64_t{1} << 40}}) {
    options.spec = spec;
    EXPECT_FALSE(forge(options));
  }
}

TEST(ForgeRefuses, ValuesThatAreNotFinite) {
  const std::vector<float> values(32, std::numeric_limits<float>::infinity());
  EXPECT_FALSE(quantize(GGML_TYPE_Q8_0, values, 32));
  EXPECT_FALSE(quantize(GGML_TYPE_F16, std::vector<float>(32, 70000.0F), 32));
  EXPECT_TRUE(quantize(GGML_TYPE_F32, std::vector<float>(32, 70000.0F), 32));
}

TEST(Inspect, TellsWhatATinyModelIs) {
  const TempDir dir;
  const auto info = inspect(tiny_gguf(dir));
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->architecture, "llama");
  EXPECT_EQ(info->parameters, 64U * 64 + 64 + 2 * 64 + 2 * 64 * 64 + 2 * 32 * 64 + 3 * 96 * 64);
  EXPECT_EQ(info->shape.n_head_kv, 1);
  EXPECT_EQ(info->shape.head_dim, 32);
  EXPECT_EQ(info->shape.n_vocab, 64);
  EXPECT_TRUE(info->shape.tied_embeddings);
  EXPECT_EQ(info->tokenizer_model, "none");
  EXPECT_EQ(info->tensor_types, (std::map<std::string, std::uint64_t>{{"f32", 11}}));
  EXPECT_EQ(info->bytes, fs::file_size(dir.path() / "tiny/gguf/model.gguf"));
}

TEST(Inspect, KnowsSmolLM2) {
  const char* model = std::getenv("PHASEGATE_TEST_MODEL");
  if (model == nullptr || *model == '\0') GTEST_SKIP() << "no model: see deps/models.sh";
  const auto info = inspect(model);
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->parameters, 134'515'008U);
  EXPECT_EQ(info->shape.n_layer, 30);
  EXPECT_EQ(info->shape.n_embd, 576);
  EXPECT_EQ(info->shape.n_head_kv, 3);
  EXPECT_EQ(info->shape.n_vocab, 49152);
  EXPECT_EQ(info->tensor_types, (std::map<std::string, std::uint64_t>{{"f32", 61}, {"q4_1", 210}, {"q8_0", 1}}));
  EXPECT_EQ(info->tokenizer_pre, "smollm");
}

TEST(Inspect, NamesAnUnknownArchitecture) {
  const TempDir dir;
  std::string bytes = slurp(tiny_gguf(dir));
  replace_first(bytes, "general.architecture", "llama", "gemma");
  spill(dir.path() / "gemma.gguf", bytes);
  const auto refused = inspect(dir.path() / "gemma.gguf");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, core::ErrorKind::unsupported);
  EXPECT_TRUE(mentions(refused.error(), "'gemma'") && mentions(refused.error(), "gemma.gguf"));
}

TEST(Inspect, NamesAMissingTensor) {
  const TempDir dir;
  std::string bytes = slurp(tiny_gguf(dir));
  replace_first(bytes, "tokenizer", "blk.0.attn_q.weight", "blk.0.attn_q.wEight");
  spill(dir.path() / "odd.gguf", bytes);
  const auto refused = inspect(dir.path() / "odd.gguf");
  ASSERT_FALSE(refused);
  EXPECT_TRUE(mentions(refused.error(), "lacks the tensor 'blk.0.attn_q.weight'")) << refused.error().message();
}

TEST(Inspect, NamesATensorThatHasNoPlace) {
  const TempDir dir;
  const auto file = open_gguf(tiny_gguf(dir));
  ASSERT_TRUE(file);
  GgufKeys keys;
  for (const auto& entry : file->header.entries) keys.copy(entry);
  std::vector<GgufTensorPlan> plan;
  for (const auto& tensor : file->header.tensors) {
    plan.push_back({std::string(tensor.name), {tensor.ne.begin(), tensor.ne.begin() + tensor.n_dims}, tensor.type});
  }
  plan.push_back({"blk.0.attn_q.bias", {64}, GGML_TYPE_F32});
  auto writer = GgufWriter::create(dir.path() / "bias.gguf", keys, plan);
  ASSERT_TRUE(writer);
  for (const auto& tensor : file->header.tensors) ASSERT_TRUE(writer->tensor(tensor.data));
  ASSERT_TRUE(writer->tensor(std::vector<std::byte>(64 * sizeof(float))));
  ASSERT_TRUE(writer->finish());
  const auto refused = inspect(dir.path() / "bias.gguf");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, core::ErrorKind::unsupported);
  EXPECT_TRUE(mentions(refused.error(), "'blk.0.attn_q.bias'")) << refused.error().message();
}

TEST(Inspect, RefusesATruncatedAndAMissingFile) {
  const TempDir dir;
  const std::string bytes = slurp(tiny_gguf(dir));
  spill(dir.path() / "cut.gguf", bytes.substr(0, bytes.size() - 64));
  const auto cut = inspect(dir.path() / "cut.gguf");
  ASSERT_FALSE(cut);
  EXPECT_TRUE(mentions(cut.error(), "cut short")) << cut.error().message();
  spill(dir.path() / "empty.gguf", "");
  EXPECT_FALSE(inspect(dir.path() / "empty.gguf"));
  const auto missing = inspect(dir.path() / "none.gguf");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, core::ErrorKind::not_found);
}

RawGguf with_tokenizer(std::string_view model, std::string_view pre, std::uint32_t bos) {
  RawGguf file;
  file.head(0, 7).key_text("tokenizer.ggml.model", model).key_text("tokenizer.ggml.pre", pre);
  file.key("tokenizer.ggml.tokens", GgufType::array).u32(static_cast<std::uint32_t>(GgufType::string)).u64(4);
  file.text("<s>").text("a").text("b").text("ab");
  file.key("tokenizer.ggml.token_type", GgufType::array).u32(static_cast<std::uint32_t>(GgufType::i32)).u64(4);
  file.u32(3).u32(1).u32(1).u32(1);
  file.key("tokenizer.ggml.merges", GgufType::array)
      .u32(static_cast<std::uint32_t>(GgufType::string))
      .u64(1)
      .text("a b");
  file.key_u32("tokenizer.ggml.bos_token_id", bos);
  file.key("tokenizer.ggml.add_bos_token", GgufType::boolean).bytes += '\x01';
  return file;
}

TEST(Tokenizer, WritesByteLevelBpe) {
  const RawGguf file = with_tokenizer("gpt2", "smollm", 0);
  LlamaShape shape;
  shape.n_vocab = 4;
  const auto made = make_tokenizer_files(file.parse().value(), shape);
  ASSERT_TRUE(made) << made.error().message();
  ASSERT_TRUE(std::holds_alternative<TokenizerFiles>(*made));
  const auto json = core::parse_json(std::get<TokenizerFiles>(*made).tokenizer_json, "tokenizer.json").value();
  EXPECT_EQ(json["model"]["vocab"]["ab"], 3);
  EXPECT_EQ(json["model"]["merges"], core::Json::array({"a b"}));
  ASSERT_EQ(json["added_tokens"].size(), 1U);
  EXPECT_EQ(json["added_tokens"][0]["content"], "<s>");
  EXPECT_EQ(json["pre_tokenizer"]["pretokenizers"][0]["type"], "Digits");
  EXPECT_EQ(json["post_processor"]["special_tokens"]["<s>"]["ids"], core::Json::array({0}));
  const auto config = core::parse_json(std::get<TokenizerFiles>(*made).tokenizer_config_json, "config").value();
  EXPECT_EQ(config["bos_token"], "<s>");
}

TEST(Tokenizer, SaysWhatItDoesNotWrite) {
  LlamaShape shape;
  shape.n_vocab = 4;
  for (const auto& [model, pre] : {std::pair{"llama", "default"}, std::pair{"gpt2", "tekken"}, std::pair{"none", ""}}) {
    const RawGguf file = with_tokenizer(model, pre, 0);
    const auto made = make_tokenizer_files(file.parse().value(), shape);
    ASSERT_TRUE(made);
    EXPECT_TRUE(std::holds_alternative<NoTokenizer>(*made)) << model;
  }
}

TEST(Tokenizer, RefusesContradictions) {
  LlamaShape shape;
  shape.n_vocab = 5;
  const RawGguf small = with_tokenizer("gpt2", "smollm", 0);
  EXPECT_FALSE(make_tokenizer_files(small.parse().value(), shape));
  shape.n_vocab = 4;
  const RawGguf outside = with_tokenizer("gpt2", "smollm", 9);
  EXPECT_FALSE(make_tokenizer_files(outside.parse().value(), shape));
}

}  // namespace
}  // namespace phasegate::models
