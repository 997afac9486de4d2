#include "models/gguf_header.h"

#include "core/random.h"
#include "models/test_support.h"

namespace phasegate::models {
namespace {

constexpr std::uint32_t kF32 = GGML_TYPE_F32;
constexpr std::uint32_t kQ8 = GGML_TYPE_Q8_0;

// Two keys, an array of texts, two tensors.
RawGguf good() {
  RawGguf file;
  file.head(2, 4).key_text("general.architecture", "llama").key_u32("answer", 42);
  file.key("words", GgufType::array).u32(static_cast<std::uint32_t>(GgufType::string)).u64(2).text("one").text("two");
  file.key("flag", GgufType::boolean).bytes += '\x01';
  file.tensor("a", 8, kF32, 0).tensor("b", 64, kQ8, 32).data(32 + 2 * 34);
  return file;
}

void expect_refused(const RawGguf& file, std::string_view part, core::ErrorKind kind = core::ErrorKind::invalid_input) {
  const auto header = file.parse();
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().kind, kind) << header.error().message();
  EXPECT_NE(header.error().what.find(part), std::string::npos) << header.error().message();
}

TEST(GgufHeader, ReadsKeysAndTensors) {
  const RawGguf file = good();
  const auto header = file.parse();
  ASSERT_TRUE(header) << header.error().message();
  EXPECT_EQ(header->integer("answer").value(), 42U);
  EXPECT_EQ(header->text("general.architecture").value(), "llama");
  EXPECT_EQ(header->boolean("flag").value(), true);
  EXPECT_EQ(header->texts("words").value(), (std::vector<std::string_view>{"one", "two"}));
  EXPECT_EQ(header->integer("nothing").value(), std::nullopt);
  ASSERT_NE(header->find_tensor("b"), nullptr);
  EXPECT_EQ(header->find_tensor("b")->elements(), 64);
  EXPECT_EQ(header->find_tensor("b")->data.size(), 68U);
  EXPECT_EQ(header->find_tensor("c"), nullptr);
}

TEST(GgufHeader, SaysWhenAKeyHasAnotherType) {
  const RawGguf file = good();
  const auto header = file.parse();
  ASSERT_TRUE(header);
  EXPECT_FALSE(header->text("answer"));
  EXPECT_FALSE(header->integer("general.architecture"));
  EXPECT_FALSE(header->real("answer"));
  EXPECT_FALSE(header->boolean("answer"));
  EXPECT_FALSE(header->integers("words"));
}

TEST(GgufHeader, RefusesANegativeCount) {
  RawGguf file;
  file.head(0, 1).key("n", GgufType::i32).u32(0xFFFFFFFFU);
  const auto header = file.parse();
  ASSERT_TRUE(header);
  EXPECT_FALSE(header->integer("n"));
}

TEST(GgufHeader, EveryPrefixIsCutShort) {
  const RawGguf whole = good();
  for (std::size_t size = 0; size < whole.bytes.size(); ++size) {
    RawGguf part;
    part.bytes = whole.bytes.substr(0, size);
    EXPECT_FALSE(part.parse()) << size;
  }
}

TEST(GgufHeader, RefusesWrongMagicAndVersions) {
  RawGguf file = good();
  file.bytes[0] = 'X';
  expect_refused(file, "not a GGUF file");
  expect_refused(RawGguf().head(0, 0, 1), "version 1", core::ErrorKind::unsupported);
  expect_refused(RawGguf().head(0, 0, 0x03000000U), "big-endian", core::ErrorKind::unsupported);
}

TEST(GgufHeader, RefusesCountsThatTheFileCannotHold) {
  expect_refused(RawGguf().head(std::uint64_t{1} << 60, 0), "claims");
  expect_refused(RawGguf().head(0, std::uint64_t{1} << 60), "claims");
  RawGguf array;
  array.head(0, 1).key("k", GgufType::array).u32(static_cast<std::uint32_t>(GgufType::u64)).u64(std::uint64_t{1} << 61);
  expect_refused(array, "no room");
  RawGguf text;
  text.head(0, 1).key("k", GgufType::string).u64(~std::uint64_t{0});
  expect_refused(text, "cut short");
  RawGguf one_over;
  one_over.head(0, 1).key("k", GgufType::string).u64(4).bytes += "abc";
  expect_refused(one_over, "4 bytes are needed");
}

TEST(GgufHeader, RefusesWhatIsThereTwice) {
  expect_refused(RawGguf().head(0, 2).key_u32("k", 1).key_u32("k", 2), "'k' twice");
  expect_refused(RawGguf().head(2, 0).tensor("t", 8, kF32, 0).tensor("t", 8, kF32, 32).data(64), "'t' twice");
}

TEST(GgufHeader, RefusesUnknownTypesByName) {
  RawGguf key;
  key.head(0, 1).text("odd").u32(13).u64(0);
  expect_refused(key, "'odd' has the unknown value type 13");
  expect_refused(RawGguf().head(1, 0).tensor("t", 8, 200, 0).data(64), "'t' has type 200",
                 core::ErrorKind::unsupported);
  // 4 was Q4_2, which ggml dropped.
  expect_refused(RawGguf().head(1, 0).tensor("t", 8, 4, 0).data(64), "'t' has type 4", core::ErrorKind::unsupported);
  RawGguf nested;
  nested.head(0, 1).key("k", GgufType::array).u32(static_cast<std::uint32_t>(GgufType::array)).u64(1);
  expect_refused(nested, "array of arrays", core::ErrorKind::unsupported);
}

TEST(GgufHeader, RefusesTensorsThatDoNotFit) {
  expect_refused(RawGguf().head(1, 0).tensor("t", 33, kQ8, 0).data(64), "block of 32");
  expect_refused(RawGguf().head(1, 0).tensor("t", 0, kF32, 0).data(64), "impossible size");
  expect_refused(RawGguf().head(1, 0).tensor("t", std::uint64_t{1} << 63, kF32, 0).data(64), "impossible size");
  expect_refused(RawGguf().head(1, 0).tensor("t", 32, kF32, 0).data(64), "cut short");
  expect_refused(RawGguf().head(1, 0).tensor("t", 8, kF32, 32).data(64), "offset 32, 0 was expected");
  RawGguf product;  // each size is possible, their product is not
  product.head(1, 0).text("t").u32(4);
  for (int d = 0; d < 4; ++d) product.u64(std::uint64_t{1} << 20);
  expect_refused(product.u32(kF32).u64(0).data(64), "impossible size");
}

TEST(GgufHeader, RefusesAlignmentsAndTruthValuesThatAreNone) {
  expect_refused(RawGguf().head(0, 1).key_u32("general.alignment", 0), "alignment 0");
  expect_refused(RawGguf().head(0, 1).key_u32("general.alignment", 48), "alignment 48");
  RawGguf flag;
  flag.head(0, 1).key("f", GgufType::boolean).bytes += '\x02';
  expect_refused(flag, "neither 0 nor 1");
}

// Whatever is accepted lies inside the file: the sanitizers watch the reads.
TEST(GgufHeader, MutationsNeverLeadOutside) {
  const std::string whole = good().bytes;
  core::Random random(7);
  int accepted = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    RawGguf file;
    file.bytes = whole;
    for (std::uint64_t flips = 1 + random.below(3); flips > 0; --flips) {
      file.bytes[random.below(whole.size())] = static_cast<char>(random.below(256));
    }
    const auto header = file.parse();
    if (!header) continue;
    ++accepted;
    const auto* end = reinterpret_cast<const std::byte*>(file.bytes.data() + file.bytes.size());
    for (const auto& tensor : header->tensors) EXPECT_LE(tensor.data.data() + tensor.data.size(), end);
    for (const auto& entry : header->entries) EXPECT_LE(entry.raw.data() + entry.raw.size(), end);
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace phasegate::models
