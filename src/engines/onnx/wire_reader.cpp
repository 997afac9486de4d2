#include "engines/onnx/wire_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace phasegate::engines::onnx {

using core::Error;
using core::ErrorKind;
using core::fail;
using core::Result;
using core::Status;

namespace {
constexpr std::size_t kWindowBytes = 64 << 10;
constexpr int kMaxVarintBytes = 10;
}  // namespace

Result<WireFile> WireFile::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    const auto kind = errno == ENOENT ? ErrorKind::not_found : ErrorKind::io;
    return fail(
        Error{kind, fmt::format("cannot be opened: {}", std::generic_category().message(errno)), path.string(), {}});
  }
  struct stat info{};
  if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(descriptor);
    return fail(Error{ErrorKind::invalid_input, "is not a regular file", path.string(), {}});
  }
  return WireFile(descriptor, static_cast<std::uint64_t>(info.st_size), path.string());
}

WireFile::WireFile(int descriptor, std::uint64_t size, std::string path)
    : descriptor_(descriptor), size_(size), path_(std::move(path)) {}

WireFile::WireFile(WireFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      path_(std::move(other.path_)),
      window_(std::move(other.window_)),
      window_start_(other.window_start_) {}

WireFile::~WireFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status WireFile::read(std::uint64_t offset, char* out, std::size_t count) {
  while (count > 0) {
    const ssize_t got = pread(descriptor_, out, count, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return fail(
          Error{ErrorKind::io, fmt::format("reading at byte {} failed (cut while it was read?)", offset), path_, {}});
    }
    out += got;
    offset += static_cast<std::uint64_t>(got);
    count -= static_cast<std::size_t>(got);
  }
  return {};
}

Result<std::uint8_t> WireFile::byte(std::uint64_t offset) {
  if (offset < window_start_ || offset >= window_start_ + window_.size()) {
    window_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kWindowBytes, size_ - offset)));
    window_start_ = offset;
    if (auto done = read(offset, window_.data(), window_.size()); !done) {
      window_.clear();
      return tl::unexpected(std::move(done).error());
    }
  }
  return static_cast<std::uint8_t>(window_[static_cast<std::size_t>(offset - window_start_)]);
}

tl::unexpected<Error> WireMessage::broken(std::uint64_t offset, const char* what) const {
  return fail(Error{ErrorKind::invalid_input, fmt::format("not a whole ONNX file: {} at byte {}", what, offset),
                    file_->path(), "forge or copy the model again"});
}

Result<std::uint64_t> WireMessage::varint(std::uint64_t& at, std::uint64_t end) {
  std::uint64_t value = 0;
  for (int i = 0; i < kMaxVarintBytes; ++i) {
    if (at >= end) return broken(at, "a number is cut off");
    PHASEGATE_TRY(byte, file_->byte(at));
    ++at;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) == 0) return value;
  }
  return broken(at, "a number is too long");
}

Result<std::optional<WireField>> WireMessage::next() {
  if (at_ >= range_.end) return std::nullopt;
  PHASEGATE_TRY(key, varint(at_, range_.end));
  WireField field;
  if (key >> 3 == 0 || key >> 3 > 0x1fffffff) return broken(at_, "a field number is out of range");
  field.number = static_cast<std::uint32_t>(key >> 3);
  std::uint64_t length = 0;
  switch (key & 7) {
    case 0: {
      PHASEGATE_TRY(value, varint(at_, range_.end));
      field.value = value;
      return field;
    }
    case 1:
      field.kind = WireField::Kind::fixed64;
      length = 8;
      break;
    case 2: {
      PHASEGATE_TRY(value, varint(at_, range_.end));
      field.kind = WireField::Kind::bytes;
      length = value;
      break;
    }
    case 5:
      field.kind = WireField::Kind::fixed32;
      length = 4;
      break;
    default: return broken(at_, "a field has an unknown wire type");
  }
  if (length > range_.end - at_) return broken(at_, "a field is longer than what contains it");
  field.range = {at_, at_ + length};
  at_ += length;
  return field;
}

Result<std::string> WireMessage::text(const WireField& field, std::size_t max_bytes) {
  if (field.kind != WireField::Kind::bytes) return broken(at_, "a text has another wire type");
  if (field.range.size() > max_bytes) return broken(field.range.begin, "a text is longer than is allowed");
  std::string out(static_cast<std::size_t>(field.range.size()), '\0');
  PHASEGATE_CHECK_OK(file_->read(field.range.begin, out.data(), out.size()));
  return out;
}

Status WireMessage::integers(const WireField& field, std::size_t max_count, std::vector<std::int64_t>& out) {
  if (field.kind == WireField::Kind::varint) {
    if (out.size() >= max_count) return broken(at_, "a list of numbers is too long");
    out.push_back(static_cast<std::int64_t>(field.value));
    return {};
  }
  if (field.kind != WireField::Kind::bytes) return broken(at_, "a list of numbers has another wire type");
  for (std::uint64_t at = field.range.begin; at < field.range.end;) {
    if (out.size() >= max_count) return broken(at, "a list of numbers is too long");
    PHASEGATE_TRY(value, varint(at, field.range.end));
    out.push_back(static_cast<std::int64_t>(value));
  }
  return {};
}

}  // namespace phasegate::engines::onnx
