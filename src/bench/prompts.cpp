#include "bench/prompts.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/random.h"
#include "core/sha256.h"

namespace phasegate::bench {

using engines::TokenId;

namespace {

constexpr std::size_t kRandomIds = 1 << 16;

void append_bytes(std::string& bytes, const std::vector<TokenId>& ids) {
  for (const TokenId id : ids) {
    const auto value = static_cast<std::uint32_t>(id);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>((value >> shift) & 0xFFU));
  }
}

std::string hash_of(const std::vector<std::vector<TokenId>>& rows) {
  std::string bytes;
  for (const auto& row : rows) append_bytes(bytes, row);
  return core::sha256_hex(bytes);
}

// Near the golden section, so that neighbouring rows start far apart.
std::uint64_t coprime_stride(std::uint64_t size) {
  auto stride = static_cast<std::uint64_t>(static_cast<double>(size) * 0.6180339887);
  stride = std::max<std::uint64_t>(stride, 1);
  while (std::gcd(stride, size) != 1) ++stride;
  return stride;
}

}  // namespace

core::Result<PromptSource> PromptSource::from_text(std::string_view text, const Tokenizer& tokenizer,
                                                   std::uint64_t seed) {
  PromptSource source;
  PHASEGATE_TRY(ids, tokenizer(text));
  if (ids.size() < 2) {
    return core::fail(core::Error{core::ErrorKind::invalid_input,
                                  fmt::format("the text of {} bytes gives {} tokens", text.size(), ids.size()), "text",
                                  "choose a longer text"});
  }
  source.ids_ = std::move(ids);
  source.source_hash_ = core::sha256_hex(text);
  source.stride_ = coprime_stride(source.ids_.size());
  source.start_ = core::Random(core::derive_seed(seed, "prompts")).below(source.ids_.size());
  return source;
}

PromptSource PromptSource::random(std::uint64_t seed) {
  PromptSource source;
  core::Random random(core::derive_seed(seed, "prompts"));
  source.ids_.reserve(kRandomIds);
  for (std::size_t i = 0; i < kRandomIds; ++i) source.ids_.push_back(static_cast<TokenId>(random.below(1U << 30U)));
  source.source_hash_ = hash_of({source.ids_});
  source.stride_ = coprime_stride(source.ids_.size());
  source.start_ = random.below(source.ids_.size());
  return source;
}

PromptRows PromptSource::rows(std::int64_t first_row, int count, int length, int vocab) const {
  PHASEGATE_CHECK(first_row >= 0 && count > 0 && length > 0 && vocab > 1);
  PromptRows prompts;
  const std::uint64_t size = ids_.size();
  for (int row = 0; row < count; ++row) {
    const auto number = static_cast<std::uint64_t>(first_row + row) % size;
    std::vector<TokenId> ids;
    ids.reserve(static_cast<std::size_t>(length));
    for (int i = 0; i < length; ++i) {
      ids.push_back(ids_[(start_ + number * stride_ + static_cast<std::uint64_t>(i)) % size] % vocab);
    }
    prompts.rows.push_back(std::move(ids));
  }
  prompts.hash = hash_of(prompts.rows);
  auto sorted = prompts.rows;
  std::sort(sorted.begin(), sorted.end());
  prompts.distinct = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
  return prompts;
}

std::vector<TokenId> PromptSource::head(int length, int vocab) const {
  std::vector<TokenId> ids;
  for (std::size_t i = 0; i < static_cast<std::size_t>(std::max(length, 0)); ++i) {
    ids.push_back(ids_[i % ids_.size()] % vocab);
  }
  return ids;
}

const std::string& default_text_sha256() {
  static const std::string hash = core::sha256_hex(default_text());
  return hash;
}

}  // namespace phasegate::bench
