#include "readers/lines.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "core/sha256.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

using core::Error;
using core::ErrorKind;
using core::Result;

constexpr std::size_t kChunk = 256 << 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

tl::unexpected<Error> refuse(const std::string& shown, ErrorKind kind, std::string what, std::string next = {}) {
  return core::fail(Error{kind, std::move(what), shown, std::move(next)});
}

std::string reason_of(int code) { return std::generic_category().message(code); }

const char* kind_of_file(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISREG(mode)) return nullptr;
  return "a device";
}

// What must be the same at the end of the reading.
struct Stamp {
  std::uint64_t bytes = 0;
  dev_t device = 0;
  ino_t inode = 0;
  timespec modified{};

  explicit Stamp(const struct stat& info)
      : bytes(static_cast<std::uint64_t>(info.st_size)),
        device(info.st_dev),
        inode(info.st_ino),
        modified(info.st_mtim) {}
  [[nodiscard]] bool operator==(const Stamp& other) const {
    return bytes == other.bytes && device == other.device && inode == other.inode &&
           modified.tv_sec == other.modified.tv_sec && modified.tv_nsec == other.modified.tv_nsec;
  }
};

}  // namespace

struct LineFile::State {
  State(int descriptor, const struct stat& info, std::filesystem::path where, std::string name, std::size_t limit)
      : fd(descriptor), opened(info), path(std::move(where)), shown(std::move(name)), line_limit(limit) {
    buffer.resize(kChunk + kPadding);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { ::close(fd); }

  [[nodiscard]] Result<bool> fill();  // false at the end
  [[nodiscard]] std::string_view take(std::size_t size, std::size_t skip);
  [[nodiscard]] Result<bool> skip_line();  // passes over the rest of the line; true when it had a line feed
  [[nodiscard]] bool unchanged() const;

  int fd;
  Stamp opened;
  std::filesystem::path path;
  std::string shown;
  std::size_t line_limit;
  std::string buffer;
  std::size_t begin = 0;    // of the bytes not yet handed out
  std::size_t end = 0;      // of the bytes read
  std::size_t scanned = 0;  // no line feed before this
  std::string head;         // of a line above the limit
  bool eof = false;
  bool torn = false;
  std::int64_t number = 0;
  std::uint64_t read = 0;
  core::Sha256 hash;
};

Result<bool> LineFile::State::fill() {
  if (begin > 0) {  // keep the started line, at the front
    std::memmove(buffer.data(), buffer.data() + begin, end - begin);
    end -= begin;
    scanned -= begin;
    begin = 0;
  }
  if (buffer.size() < end + kChunk + kPadding) buffer.resize(end + kChunk + kPadding);
  for (;;) {
    const ssize_t n = ::read(fd, buffer.data() + end, kChunk);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refuse(shown, ErrorKind::io, "reading failed: " + reason_of(errno));
    if (n == 0) {
      eof = true;
      return false;
    }
    const auto bytes = static_cast<std::size_t>(n);
    hash.update(std::string_view(buffer).substr(end, bytes));
    end += bytes;
    read += bytes;
    // A file that somebody appends to could keep us here for ever.
    if (read > opened.bytes) {
      return refuse(shown, ErrorKind::evidence, "was changed while it was read: it grew",
                    "import it again when nothing writes to it");
    }
    return true;
  }
}

std::string_view LineFile::State::take(std::size_t size, std::size_t skip) {
  std::string_view line = std::string_view(buffer).substr(begin, size);
  begin = scanned = begin + size + skip;
  ++number;
  if (number == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  if (skip > 0 && line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Result<bool> LineFile::State::skip_line() {
  for (;;) {
    const void* feed = std::memchr(buffer.data() + scanned, '\n', end - scanned);
    if (feed != nullptr) {
      begin = scanned = static_cast<std::size_t>(static_cast<const char*>(feed) - buffer.data()) + 1;
      return true;
    }
    begin = scanned = end;
    PHASEGATE_TRY(more, fill());
    if (!more) return false;
  }
}

bool LineFile::State::unchanged() const {
  struct stat now{};
  struct stat named{};
  if (::fstat(fd, &now) != 0 || ::stat(path.c_str(), &named) != 0) return false;
  return Stamp(now) == opened && Stamp(named) == opened && read == opened.bytes;
}

LineFile::LineFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
LineFile::LineFile(LineFile&&) noexcept = default;
LineFile& LineFile::operator=(LineFile&&) noexcept = default;
LineFile::~LineFile() = default;

Result<LineFile> LineFile::open(const std::filesystem::path& path, std::string shown, std::size_t line_limit) {
  // Not blocking: opening a pipe would wait for a writer that never comes.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0) {
    const int code = errno;
    if (code == ELOOP) return refuse(shown, ErrorKind::invalid_input, "is a symbolic link", "name the file itself");
    return refuse(shown, ErrorKind::not_found, "cannot be opened: " + reason_of(code));
  }
  struct stat info{};
  if (::fstat(fd, &info) != 0) {
    const int code = errno;
    ::close(fd);
    return refuse(shown, ErrorKind::io, "cannot be examined: " + reason_of(code));
  }
  if (const char* kind = kind_of_file(info.st_mode)) {
    ::close(fd);
    return refuse(shown, ErrorKind::invalid_input, fmt::format("is {}, a file was expected", kind));
  }
  auto state = std::make_unique<State>(fd, info, path, std::move(shown), line_limit);
  PHASEGATE_TRY(some, state->fill());
  if (some) {
    if (const char* packed = compression_of(std::string_view(state->buffer).substr(0, state->end))) {
      return refuse(state->shown, ErrorKind::invalid_input, fmt::format("is compressed ({})", packed),
                    "unpack it first");
    }
  }
  return LineFile(std::move(state));
}

Result<LineFile> LineFile::open(const SourceRun& run, const SourceFile& file, std::size_t line_limit) {
  PHASEGATE_TRY(lines, open(path_of(run, file), file.path, line_limit));
  if (lines.bytes() == file.bytes) return std::move(lines);
  return refuse(file.path, ErrorKind::evidence,
                fmt::format("was changed after it was found: it had {} bytes and has {}", file.bytes, lines.bytes()),
                "import it again when nothing writes to it");
}

Result<LineFile::Step> LineFile::next(std::string_view& line) {
  State& s = *state_;
  for (;;) {
    const void* feed = std::memchr(s.buffer.data() + s.scanned, '\n', s.end - s.scanned);
    if (feed != nullptr) {
      const auto at = static_cast<std::size_t>(static_cast<const char*>(feed) - s.buffer.data());
      line = s.take(at - s.begin, 1);
      if (line.size() <= s.line_limit) return Step::line;
      line = line.substr(0, kMaxRawBytes);
      return Step::too_long;
    }
    s.scanned = s.end;
    if (s.end - s.begin > s.line_limit + kByteOrderMark.size() + 1) {
      s.head = std::string_view(s.buffer).substr(s.begin, kMaxRawBytes);
      ++s.number;
      PHASEGATE_TRY(whole, s.skip_line());
      s.torn = !whole;
      line = s.head;
      return Step::too_long;
    }
    if (!s.eof) {
      PHASEGATE_TRY(more, s.fill());
      if (more) continue;
    }
    if (s.begin == s.end) return Step::end;
    s.torn = true;
    line = s.take(s.end - s.begin, 0);
    if (line.empty()) return Step::end;  // a byte order mark and nothing else
    if (line.size() <= s.line_limit) return Step::line;
    line = line.substr(0, kMaxRawBytes);
    return Step::too_long;
  }
}

std::int64_t LineFile::number() const { return state_->number; }
bool LineFile::torn() const { return state_->torn; }
std::uint64_t LineFile::bytes() const { return state_->opened.bytes; }
std::uint64_t LineFile::bytes_read() const { return state_->read; }
const std::string& LineFile::shown() const { return state_->shown; }

Result<std::string> LineFile::rest(std::string* sha256) {
  State& s = *state_;
  while (!s.eof) PHASEGATE_CHECK_OK(s.fill());
  std::string out = std::move(s.buffer);  // not copied: a document may have hundreds of MB
  s.buffer.clear();
  out.resize(s.end);
  const bool marked = s.number == 0 && std::string_view(out).starts_with(kByteOrderMark);
  out.erase(0, s.begin + (marked ? kByteOrderMark.size() : 0));
  s.begin = s.scanned = s.end = 0;
  PHASEGATE_TRY(hash, finish());
  if (sha256 != nullptr) *sha256 = hash;
  return out;
}

Result<std::string> LineFile::finish() {
  while (!state_->eof) {
    state_->begin = state_->scanned = state_->end;
    PHASEGATE_CHECK_OK(state_->fill());
  }
  if (state_->unchanged()) return state_->hash.finish();
  return refuse(state_->shown, ErrorKind::evidence, "was changed while it was read",
                "import it again when nothing writes to it");
}

Result<std::string> read_text(const std::filesystem::path& path, const std::string& shown, std::uint64_t max_bytes,
                              std::string* sha256) {
  PHASEGATE_TRY(file, LineFile::open(path, shown));
  if (file.bytes() > max_bytes) {
    return refuse(shown, ErrorKind::invalid_input,
                  fmt::format("has {} bytes, the limit is {}", file.bytes(), max_bytes));
  }
  return file.rest(sha256);
}

const char* compression_of(std::string_view head) {
  using namespace std::string_view_literals;
  if (head.starts_with("\x1f\x8b"sv)) return "gzip";
  if (head.starts_with("PK\x03\x04"sv) || head.starts_with("PK\x05\x06"sv)) return "zip";
  if (head.starts_with("\x28\xb5\x2f\xfd"sv)) return "zstd";
  if (head.starts_with("\xfd"
                       "7zXZ\0"sv))
    return "xz";
  if (head.starts_with("BZh"sv)) return "bzip2";
  return nullptr;
}

}  // namespace phasegate::readers
