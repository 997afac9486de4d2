#include "core/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

namespace phasegate::core {
namespace {

Error io_error(const std::filesystem::path& path, const char* action) {
  const int code = errno;
  return Error{ErrorKind::io, fmt::format("{} failed: {}", action, std::generic_category().message(code)),
               path.string(),
               code == ENOSPC ? "free disk space and run again; what was written before stays valid" : ""};
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) {
    return fail(Error{ErrorKind::invalid_input, "is a folder, a file was expected", path.string(), {}});
  }
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return fail(Error{ErrorKind::not_found, "cannot be opened for reading", path.string(), {}});
  const auto end = file.tellg();
  if (end < 0) return fail(Error{ErrorKind::io, "has no size (not a regular file)", path.string(), {}});
  const auto size = static_cast<std::uint64_t>(end);
  if (size > max_bytes) {
    return fail(Error{
        ErrorKind::invalid_input, fmt::format("has {} bytes, the limit is {}", size, max_bytes), path.string(), {}});
  }
  std::string bytes(size, '\0');
  file.seekg(0);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size))) {
    return fail(Error{ErrorKind::io, "reading failed", path.string(), {}});
  }
  return bytes;
}

Status write_file_atomic(const std::filesystem::path& path, std::string_view bytes) {
  const std::filesystem::path part = path.string() + ".part";
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return fail(io_error(part, "creating"));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      auto error = io_error(part, "writing");
      ::close(fd);
      ::unlink(part.c_str());
      return fail(std::move(error));
    }
    done += static_cast<std::size_t>(n);
  }
  if (::fsync(fd) != 0 || ::close(fd) != 0) return fail(io_error(part, "syncing"));
  if (::rename(part.c_str(), path.c_str()) != 0) return fail(io_error(path, "renaming"));
  return {};
}

Status make_directories(const std::filesystem::path& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) return fail(Error{ErrorKind::io, "cannot be created: " + code.message(), path.string(), {}});
  return {};
}

}  // namespace phasegate::core
