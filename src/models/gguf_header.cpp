#include "models/gguf_header.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace phasegate::models {
namespace {

using core::ErrorKind;

static_assert(std::endian::native == std::endian::little, "GGUF is read in place: the host must be little-endian");

// A short form of hostile text for an error message: printable ASCII, at most 80 characters.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, 80));
  std::replace_if(out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

std::size_t scalar_bytes(GgufType type) {
  switch (type) {
    case GgufType::u8:
    case GgufType::i8:
    case GgufType::boolean: return 1;
    case GgufType::u16:
    case GgufType::i16: return 2;
    case GgufType::u32:
    case GgufType::i32:
    case GgufType::f32: return 4;
    case GgufType::u64:
    case GgufType::i64:
    case GgufType::f64: return 8;
    case GgufType::string:
    case GgufType::array: break;
  }
  return 0;
}

template <class T>
T load(std::span<const std::byte> bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class Reader {
 public:
  explicit Reader(std::span<const std::byte> file) : file_(file) {}

  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::size_t left() const { return file_.size() - position_; }
  [[nodiscard]] std::span<const std::byte> since(std::size_t start) const {
    return file_.subspan(start, position_ - start);
  }

  core::Result<std::span<const std::byte>> take(std::uint64_t bytes) {
    if (bytes > left()) {
      return core::fail(
          {ErrorKind::invalid_input,
           fmt::format("is cut short: {} bytes are needed at byte {}, {} are left", bytes, position_, left()),
           {},
           "fetch the file again and compare its size and sha256"});
    }
    const auto out = file_.subspan(position_, static_cast<std::size_t>(bytes));
    position_ += out.size();
    return out;
  }

  template <class T>
  core::Result<T> number() {
    PHASEGATE_TRY(bytes, take(sizeof(T)));
    return load<T>(bytes);
  }

  core::Result<std::string_view> string(std::uint64_t max_bytes) {
    PHASEGATE_TRY(length, number<std::uint64_t>());
    if (length > max_bytes) {
      return core::fail(ErrorKind::invalid_input, "has a text of {} bytes at byte {}, the limit is {}", length,
                        position_, max_bytes);
    }
    PHASEGATE_TRY(bytes, take(length));
    return as_text(bytes);
  }

 private:
  std::span<const std::byte> file_;
  std::size_t position_ = 0;
};

core::Result<GgufType> read_type(Reader& in, std::string_view key) {
  PHASEGATE_TRY(number, in.number<std::uint32_t>());
  if (number > static_cast<std::uint32_t>(GgufType::f64)) {
    return core::fail(ErrorKind::invalid_input, "key '{}' has the unknown value type {}", shown(key), number);
  }
  return static_cast<GgufType>(number);
}

core::Status check_booleans(std::span<const std::byte> bytes, std::string_view key) {
  if (std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b <= std::byte{1}; })) return {};
  return core::fail(ErrorKind::invalid_input, "key '{}' holds a truth value that is neither 0 nor 1", shown(key));
}

core::Status read_array(Reader& in, GgufEntry& entry) {
  PHASEGATE_TRY(element, read_type(in, entry.key));
  PHASEGATE_TRY(count, in.number<std::uint64_t>());
  if (element == GgufType::array) {
    return core::fail(ErrorKind::unsupported, "key '{}' is an array of arrays, which ggml does not read either",
                      shown(entry.key));
  }
  entry.element = element;
  entry.count = count;
  const std::size_t start = in.position();
  if (element == GgufType::string) {
    for (std::uint64_t i = 0; i < count; ++i) PHASEGATE_CHECK_OK(in.string(std::numeric_limits<std::uint64_t>::max()));
  } else {
    const std::size_t width = scalar_bytes(element);
    if (count > in.left() / width) {
      return core::fail(ErrorKind::invalid_input, "key '{}' claims {} elements, which the file has no room for",
                        shown(entry.key), count);
    }
    PHASEGATE_CHECK_OK(in.take(count * width));
  }
  entry.payload = in.since(start);
  return element == GgufType::boolean ? check_booleans(entry.payload, entry.key) : core::Status{};
}

core::Result<GgufEntry> read_entry(Reader& in) {
  GgufEntry entry;
  const std::size_t start = in.position();
  PHASEGATE_TRY(key, in.string(kMaxGgufKeyBytes));
  entry.key = key;
  if (key.empty()) return core::fail(ErrorKind::invalid_input, "has an empty key at byte {}", start);
  PHASEGATE_TRY(type, read_type(in, key));
  entry.type = type;
  if (type == GgufType::array) {
    PHASEGATE_CHECK_OK(read_array(in, entry));
  } else if (type == GgufType::string) {
    PHASEGATE_TRY(text, in.string(std::numeric_limits<std::uint64_t>::max()));
    entry.payload = std::as_bytes(std::span(text));
  } else {
    PHASEGATE_TRY(bytes, in.take(scalar_bytes(type)));
    entry.payload = bytes;
    if (type == GgufType::boolean) PHASEGATE_CHECK_OK(check_booleans(bytes, key));
  }
  entry.raw = in.since(start);
  return entry;
}

core::Status read_dims(Reader& in, GgufTensor& tensor) {
  PHASEGATE_TRY(n_dims, in.number<std::uint32_t>());
  if (n_dims < 1 || n_dims > GGML_MAX_DIMS) {
    return core::fail(ErrorKind::invalid_input, "tensor '{}' has {} dimensions, 1 to {} are allowed",
                      shown(tensor.name), n_dims, GGML_MAX_DIMS);
  }
  tensor.n_dims = static_cast<int>(n_dims);
  std::int64_t elements = 1;
  for (std::uint32_t d = 0; d < n_dims; ++d) {
    PHASEGATE_TRY(size, in.number<std::int64_t>());
    if (size < 1 || size > std::numeric_limits<std::int64_t>::max() / 64 / elements) {
      return core::fail(ErrorKind::invalid_input, "tensor '{}' has the impossible size {} in dimension {}",
                        shown(tensor.name), size, d);
    }
    tensor.ne[d] = size;
    elements *= size;
  }
  return {};
}

// Block sizes of ggml_type; a number that ggml does not know, or no longer knows, is an error that names it.
core::Status check_tensor_type(GgufTensor& tensor, std::uint32_t number) {
  if (number >= GGML_TYPE_COUNT || ggml_blck_size(static_cast<ggml_type>(number)) <= 0 ||
      ggml_type_size(static_cast<ggml_type>(number)) == 0) {
    return core::fail(ErrorKind::unsupported, "tensor '{}' has type {}, which this ggml does not know",
                      shown(tensor.name), number);
  }
  tensor.type = static_cast<ggml_type>(number);
  if (tensor.ne[0] % ggml_blck_size(tensor.type) != 0) {
    return core::fail(ErrorKind::invalid_input, "tensor '{}' has rows of {} values, not a multiple of {}'s block of {}",
                      shown(tensor.name), tensor.ne[0], ggml_type_name(tensor.type), ggml_blck_size(tensor.type));
  }
  return {};
}

std::uint64_t tensor_bytes(const GgufTensor& tensor) {
  const auto blocks = static_cast<std::uint64_t>(tensor.elements() / ggml_blck_size(tensor.type));
  return blocks *
         ggml_type_size(tensor.type);  // no overflow: elements are below 2^57 and a block's bytes below 64 a value
}

struct TensorInfo {
  GgufTensor tensor;
  std::uint64_t offset = 0;
};

core::Result<TensorInfo> read_tensor_info(Reader& in) {
  TensorInfo info;
  PHASEGATE_TRY(name, in.string(GGML_MAX_NAME - 1));
  info.tensor.name = name;
  PHASEGATE_CHECK_OK(read_dims(in, info.tensor));
  PHASEGATE_TRY(type, in.number<std::uint32_t>());
  PHASEGATE_CHECK_OK(check_tensor_type(info.tensor, type));
  PHASEGATE_TRY(offset, in.number<std::uint64_t>());
  info.offset = offset;
  return info;
}

// ggml demands that tensor data follow one another in order, each padded to the alignment, and so does this.
core::Status place_tensors(std::span<const std::byte> file, std::vector<TensorInfo>& infos, GgufHeader& header) {
  std::uint64_t expected = 0;
  const std::uint64_t room = file.size() >= header.data_offset ? file.size() - header.data_offset : 0;
  for (auto& [tensor, offset] : infos) {
    const std::uint64_t bytes = tensor_bytes(tensor);
    if (offset != expected) {
      return core::fail(ErrorKind::invalid_input, "tensor '{}' lies at offset {}, {} was expected", shown(tensor.name),
                        offset, expected);
    }
    if (offset > room || bytes > room - offset) {
      return core::fail({ErrorKind::invalid_input,
                         fmt::format("is cut short: tensor '{}' needs {} bytes at offset {} of the {} data bytes",
                                     shown(tensor.name), bytes, offset, room),
                         {},
                         "fetch the file again and compare its size and sha256"});
    }
    tensor.data = file.subspan(static_cast<std::size_t>(header.data_offset + offset), static_cast<std::size_t>(bytes));
    expected = (offset + bytes + header.alignment - 1) / header.alignment * header.alignment;
    header.tensors.push_back(tensor);
  }
  return {};
}

struct Counts {
  std::uint64_t tensors = 0;
  std::uint64_t keys = 0;
};

core::Result<Counts> read_preamble(Reader& in, GgufHeader& header) {
  PHASEGATE_TRY(magic, in.take(4));
  if (as_text(magic) != "GGUF") {
    return core::fail({ErrorKind::invalid_input, "is not a GGUF file: its first bytes are not 'GGUF'", {}, {}});
  }
  PHASEGATE_TRY(version, in.number<std::uint32_t>());
  if (version != 2 && version != 3) {
    const bool swapped = (version & 0xFFFFU) == 0;
    return core::fail(ErrorKind::unsupported, "has GGUF version {}{}; versions 2 and 3 are read", version,
                      swapped ? " (a big-endian file)" : "");
  }
  header.version = version;
  PHASEGATE_TRY(tensors, in.number<std::uint64_t>());
  PHASEGATE_TRY(keys, in.number<std::uint64_t>());
  if (tensors > kMaxGgufTensors || keys > kMaxGgufKeys) {
    return core::fail(ErrorKind::invalid_input, "claims {} tensors and {} keys, the limits are {} and {}", tensors,
                      keys, kMaxGgufTensors, kMaxGgufKeys);
  }
  return Counts{tensors, keys};
}

core::Status read_alignment(GgufHeader& header) {
  header.alignment = 32;
  const GgufEntry* entry = header.find("general.alignment");
  if (entry == nullptr) return {};
  if (entry->type != GgufType::u32) {
    return core::fail(ErrorKind::invalid_input, "key 'general.alignment' is not a 32 bit number");
  }
  header.alignment = load<std::uint32_t>(entry->payload);
  if (!std::has_single_bit(header.alignment) || header.alignment > kMaxGgufAlignment) {
    return core::fail(ErrorKind::invalid_input, "has the alignment {}, not a power of two up to {}", header.alignment,
                      kMaxGgufAlignment);
  }
  return {};
}

core::Result<std::optional<std::uint64_t>> not_negative(std::string_view key, std::int64_t value) {
  if (value < 0) return core::fail(ErrorKind::invalid_input, "key '{}' is negative: {}", shown(key), value);
  return static_cast<std::uint64_t>(value);
}

tl::unexpected<core::Error> wrong_type(std::string_view key, const char* expected) {
  return core::fail(ErrorKind::invalid_input, "key '{}' is not {}", shown(key), expected);
}

}  // namespace

const GgufEntry* GgufHeader::find(std::string_view key) const {
  const auto it = entry_index.find(key);
  return it == entry_index.end() ? nullptr : &entries[it->second];
}

const GgufTensor* GgufHeader::find_tensor(std::string_view name) const {
  const auto it = tensor_index.find(name);
  return it == tensor_index.end() ? nullptr : &tensors[it->second];
}

core::Result<std::optional<std::uint64_t>> GgufHeader::integer(std::string_view key) const {
  const GgufEntry* entry = find(key);
  if (entry == nullptr) return std::nullopt;
  switch (entry->type) {
    case GgufType::u8: return load<std::uint8_t>(entry->payload);
    case GgufType::u16: return load<std::uint16_t>(entry->payload);
    case GgufType::u32: return load<std::uint32_t>(entry->payload);
    case GgufType::u64: return load<std::uint64_t>(entry->payload);
    case GgufType::i8: return not_negative(key, load<std::int8_t>(entry->payload));
    case GgufType::i16: return not_negative(key, load<std::int16_t>(entry->payload));
    case GgufType::i32: return not_negative(key, load<std::int32_t>(entry->payload));
    case GgufType::i64: return not_negative(key, load<std::int64_t>(entry->payload));
    default: return wrong_type(key, "an integer");
  }
}

core::Result<std::optional<float>> GgufHeader::real(std::string_view key) const {
  const GgufEntry* entry = find(key);
  if (entry == nullptr) return std::nullopt;
  if (entry->type != GgufType::f32) return wrong_type(key, "a 32 bit float");
  return load<float>(entry->payload);
}

core::Result<std::optional<bool>> GgufHeader::boolean(std::string_view key) const {
  const GgufEntry* entry = find(key);
  if (entry == nullptr) return std::nullopt;
  if (entry->type != GgufType::boolean) return wrong_type(key, "a truth value");
  return entry->payload[0] != std::byte{0};
}

core::Result<std::optional<std::string_view>> GgufHeader::text(std::string_view key) const {
  const GgufEntry* entry = find(key);
  if (entry == nullptr) return std::nullopt;
  if (entry->type != GgufType::string) return wrong_type(key, "a text");
  return as_text(entry->payload);
}

core::Result<std::vector<std::string_view>> GgufHeader::texts(std::string_view key) const {
  std::vector<std::string_view> out;
  const GgufEntry* entry = find(key);
  if (entry == nullptr) return out;
  if (entry->type != GgufType::array || entry->element != GgufType::string) return wrong_type(key, "a list of texts");
  Reader in(entry->payload);
  out.reserve(static_cast<std::size_t>(entry->count));
  for (std::uint64_t i = 0; i < entry->count; ++i) {
    PHASEGATE_TRY(text, in.string(std::numeric_limits<std::uint64_t>::max()));
    out.push_back(text);
  }
  return out;
}

core::Result<std::vector<std::int32_t>> GgufHeader::integers(std::string_view key) const {
  std::vector<std::int32_t> out;
  const GgufEntry* entry = find(key);
  if (entry == nullptr) return out;
  if (entry->type != GgufType::array || entry->element != GgufType::i32) return wrong_type(key, "a list of integers");
  out.resize(static_cast<std::size_t>(entry->count));
  std::memcpy(out.data(), entry->payload.data(), entry->payload.size());
  return out;
}

core::Result<GgufHeader> parse_gguf_header(std::span<const std::byte> file) {
  Reader in(file);
  GgufHeader header;
  PHASEGATE_TRY(counts, read_preamble(in, header));
  for (std::uint64_t i = 0; i < counts.keys; ++i) {
    PHASEGATE_TRY(entry, read_entry(in));
    if (!header.entry_index.emplace(entry.key, i).second) {
      return core::fail(ErrorKind::invalid_input, "has the key '{}' twice", shown(entry.key));
    }
    header.entries.push_back(entry);
  }
  PHASEGATE_CHECK_OK(read_alignment(header));
  std::vector<TensorInfo> infos;
  for (std::uint64_t i = 0; i < counts.tensors; ++i) {
    PHASEGATE_TRY(info, read_tensor_info(in));
    if (!header.tensor_index.emplace(info.tensor.name, i).second) {
      return core::fail(ErrorKind::invalid_input, "has the tensor '{}' twice", shown(info.tensor.name));
    }
    infos.push_back(info);
  }
  header.data_offset = (in.position() + header.alignment - 1) / header.alignment * header.alignment;
  PHASEGATE_CHECK_OK(place_tensors(file, infos, header));
  return header;
}

}  // namespace phasegate::models
