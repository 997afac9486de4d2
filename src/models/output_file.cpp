#include "models/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace phasegate::models {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

}  // namespace

OutputFile::OutputFile(std::filesystem::path path, int fd)
    : path_(std::move(path)), part_(path_.string() + ".part"), fd_(fd) {
  buffer_.reserve(kBufferBytes);
}

OutputFile::~OutputFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(part_.c_str());
}

core::Error OutputFile::error(const char* action) const {
  const int code = errno;
  return {core::ErrorKind::io, fmt::format("{} failed: {}", action, std::generic_category().message(code)),
          path_.string(), code == ENOSPC ? "free disk space and run again" : ""};
}

core::Result<std::unique_ptr<OutputFile>> OutputFile::create(const std::filesystem::path& path) {
  const std::string part = path.string() + ".part";
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  std::unique_ptr<OutputFile> file(new OutputFile(path, fd));
  if (fd < 0) return core::fail(file->error("creating"));
  return file;
}

core::Status OutputFile::write_all(std::span<const std::byte> bytes) {
  hash_.update({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return core::fail(error("writing"));
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

core::Status OutputFile::flush() {
  auto status = write_all(buffer_);
  buffer_.clear();
  return status;
}

core::Status OutputFile::write(std::span<const std::byte> bytes) {
  position_ += bytes.size();
  if (buffer_.size() + bytes.size() > kBufferBytes) PHASEGATE_CHECK_OK(flush());
  if (bytes.size() > kBufferBytes) return write_all(bytes);
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return {};
}

core::Status OutputFile::write(std::string_view text) { return write(std::as_bytes(std::span(text))); }

core::Status OutputFile::pad_to(std::uint64_t alignment) {
  const std::uint64_t rest = position_ % alignment;
  if (rest == 0) return {};
  return write(std::vector<std::byte>(alignment - rest));
}

core::Result<FileDigest> OutputFile::finish() {
  PHASEGATE_CHECK_OK(flush());
  if (::fsync(fd_) != 0) return core::fail(error("syncing"));
  if (::close(std::exchange(fd_, -1)) != 0) return core::fail(error("closing"));
  if (::rename(part_.c_str(), path_.c_str()) != 0) return core::fail(error("renaming"));
  return FileDigest{{}, position_, hash_.finish()};
}

}  // namespace phasegate::models
