#include "evidence/append_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace phasegate::evidence {
namespace {

core::Error failed(const std::filesystem::path& path, const char* action) {
  const int code = errno;
  const bool full = code == ENOSPC || code == EFBIG || code == EDQUOT;
  return {core::ErrorKind::io, fmt::format("{} failed: {}", action, std::generic_category().message(code)),
          path.string(), full ? "free disk space, then go on with --resume; what was recorded stays valid" : ""};
}

}  // namespace

AppendFile::AppendFile(AppendFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), size_(other.size_), path_(std::move(other.path_)) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(size_, other.size_);
  std::swap(path_, other.path_);
  return *this;
}

AppendFile::~AppendFile() {
  if (fd_ >= 0) ::close(fd_);
}

core::Result<AppendFile> AppendFile::create(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return core::fail(failed(path, "creating"));
  return AppendFile(fd, 0, path);
}

core::Result<AppendFile> AppendFile::reopen(const std::filesystem::path& path, std::uint64_t keep_bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return core::fail(failed(path, "opening"));
  AppendFile file(fd, keep_bytes, path);
  if (::ftruncate(fd, static_cast<off_t>(keep_bytes)) != 0) return core::fail(failed(path, "cutting a torn line"));
  return file;
}

core::Status AppendFile::append(std::string_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(fd_, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      auto error = failed(path_, "writing");
      if (done > 0 && ::ftruncate(fd_, static_cast<off_t>(size_)) != 0) error.what += "; its last line is cut off";
      return core::fail(std::move(error));
    }
    done += static_cast<std::size_t>(n);
  }
  size_ += bytes.size();
  return {};
}

core::Status AppendFile::sync() {
  if (fd_ >= 0 && ::fdatasync(fd_) != 0) return core::fail(failed(path_, "syncing"));
  return {};
}

}  // namespace phasegate::evidence
