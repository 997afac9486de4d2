#include "evidence/lines.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace phasegate::evidence {
namespace {

constexpr std::size_t kChunk = 256 << 10;

}  // namespace

LineReader::LineReader(int fd, std::size_t max_line)
    : fd_(fd), max_line_(max_line), hash_(std::make_unique<core::Sha256>()) {
  buffer_.resize(kChunk + kPadding);
}

LineReader::LineReader(LineReader&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      max_line_(other.max_line_),
      buffer_(std::move(other.buffer_)),
      hash_(std::move(other.hash_)) {}

LineReader::~LineReader() {
  if (fd_ >= 0) ::close(fd_);
}

core::Result<LineReader> LineReader::open(const std::filesystem::path& path, std::size_t max_line) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return core::fail(core::Error{core::ErrorKind::not_found,
                                  fmt::format("cannot be opened: {}", std::generic_category().message(errno)),
                                  path.string(),
                                  {}});
  }
  return LineReader(fd, max_line);
}

bool LineReader::fill() {
  if (begin_ > 0) {  // keep the started line, at the front
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    scanned_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < end_ + kChunk + kPadding) buffer_.resize(end_ + kChunk + kPadding);
  for (;;) {
    const ssize_t n = ::read(fd_, buffer_.data() + end_, kChunk);
    if (n < 0 && errno == EINTR) continue;
    failed_ = n < 0;
    eof_ = n <= 0;
    if (n <= 0) return false;
    hash_->update(std::string_view(buffer_).substr(end_, static_cast<std::size_t>(n)));
    end_ += static_cast<std::size_t>(n);
    return true;
  }
}

LineReader::Step LineReader::next(std::string_view& line) {
  for (;;) {
    const void* newline = std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_);
    if (newline != nullptr) {
      const auto at = static_cast<std::size_t>(static_cast<const char*>(newline) - buffer_.data());
      line = std::string_view(buffer_).substr(begin_, at - begin_);
      begin_ = scanned_ = at + 1;
      whole_ += line.size() + 1;
      ++number_;
      return line.size() > max_line_ ? Step::too_long : Step::line;
    }
    scanned_ = end_;
    if (end_ - begin_ > max_line_) return Step::too_long;
    if (!eof_ && fill()) continue;
    if (failed_) return Step::read_error;
    if (begin_ == end_) return Step::end;
    line = std::string_view(buffer_).substr(begin_, end_ - begin_);
    begin_ = scanned_ = end_;
    torn_ = true;
    ++number_;
    return Step::line;
  }
}

std::string LineReader::sha256() { return hash_->finish(); }

}  // namespace phasegate::evidence
