// Finds runs: walks the folder, reads the head of each file once, asks the formats in the order of their table, and
// lets each format put its own files together. Everything that is passed over is told with the reason.
#include <fcntl.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <tuple>
#include <utility>

#include "core/limits.h"
#include "readers/format.h"
#include "readers/lines.h"
#include "readers/source.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using core::Result;
using core::Status;

constexpr std::size_t kMaxSiblings = 1000;

tl::unexpected<Error> refuse(const fs::path& where, ErrorKind kind, std::string what, std::string next = {}) {
  return core::fail(Error{kind, std::move(what), where.string(), std::move(next)});
}

std::string read_head(int fd) {
  std::string text(kHeadBytes, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t n = ::read(fd, text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    size += static_cast<std::size_t>(n);
  }
  text.resize(size);
  return text;
}

// Fills bytes and text, or says why there is nothing to know.
std::string sniff(FileHead& head) {
  const int fd = ::open(head.absolute.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0) return "cannot be opened: " + std::generic_category().message(errno);
  struct stat info{};
  const bool regular = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  if (regular) {
    head.bytes = static_cast<std::uint64_t>(info.st_size);
    head.text = read_head(fd);
  }
  ::close(fd);
  if (!regular) return "is not a regular file";
  if (head.text.empty()) return "is empty";
  if (const char* packed = compression_of(head.text)) return fmt::format("is compressed ({}): unpack it first", packed);
  if (head.text.starts_with("\xEF\xBB\xBF")) head.text.erase(0, 3);
  if (head.text.find('\0') != std::string::npos) return "is not a text file";
  return {};
}

class Finder {
 public:
  explicit Finder(fs::path root) : root_(std::move(root)) { files_.resize(format_readers().size()); }

  [[nodiscard]] Status walk(const fs::path& folder, const std::string& prefix, int depth);
  [[nodiscard]] Status take(const std::string& path, const fs::path& absolute);
  // Looks at one file and those beside it that are of its format; keeps the run that the file is in.
  [[nodiscard]] Status take_alone(const std::string& name);
  [[nodiscard]] Discovery finish();

 private:
  [[nodiscard]] Status entry(const fs::directory_entry& entry, const std::string& path, int depth);
  void link(const fs::path& link, const std::string& path);
  void pass_over(std::string_view path, std::string_view reason) {
    unplaced_.push_back(fmt::format("{}: {}", printable(path, kMaxRawBytes), reason));
  }

  fs::path root_;
  std::vector<std::vector<KnownFile>> files_;  // for each format
  std::vector<std::string> unplaced_;
  std::size_t seen_ = 0;
  std::uint64_t head_bytes_ = 0;
};

// A link to something inside the folder is passed over in silence: its target is found under its own name.
void Finder::link(const fs::path& link, const std::string& path) {
  std::error_code code;
  const auto target = fs::canonical(link, code);
  if (code) {
    pass_over(path, "is a symbolic link to nothing");
    return;
  }
  const auto inside = std::mismatch(root_.begin(), root_.end(), target.begin(), target.end());
  if (inside.first != root_.end()) pass_over(path, "is a symbolic link that leaves the folder: not followed");
}

Status Finder::take(const std::string& path, const fs::path& absolute) {
  if (!simdjson::validate_utf8(path)) {
    pass_over(path, "has a name that is not UTF-8: rename it");
    return {};
  }
  KnownFile file{{path, absolute, 0, {}}, {}};
  if (const std::string reason = sniff(file.head); !reason.empty()) {
    pass_over(path, reason);
    return {};
  }
  for (std::size_t i = 0; i < files_.size(); ++i) {
    file.kind = format_readers()[i].kind_of(file.head);
    if (file.kind.empty()) continue;
    head_bytes_ += file.head.text.size();
    if (head_bytes_ > core::kMaxSourceHeadBytes) {
      return refuse(root_, ErrorKind::invalid_input, "holds too many result files to look at together",
                    "name one of its folders");
    }
    files_[i].push_back(std::move(file));
    return {};
  }
  pass_over(path, "is of no format that is known here");
  return {};
}

Status Finder::entry(const fs::directory_entry& entry, const std::string& path, int depth) {
  std::error_code code;
  if (entry.is_symlink(code)) {
    link(entry.path(), path);
    return {};
  }
  if (!entry.is_directory(code)) return take(path, entry.path());
  if (entry.path().filename().native().starts_with('.')) {
    pass_over(path, "is a hidden folder");
    return {};
  }
  return walk(entry.path(), path + "/", depth + 1);
}

Status Finder::walk(const fs::path& folder, const std::string& prefix, int depth) {
  if (depth > core::kMaxSourceDepth) {
    return refuse(folder, ErrorKind::invalid_input,
                  fmt::format("lies more than {} folders deep", core::kMaxSourceDepth), "name a folder further down");
  }
  std::error_code code;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    if (++seen_ > core::kMaxSourceFiles) {
      return refuse(root_, ErrorKind::invalid_input, fmt::format("holds more than {} files", core::kMaxSourceFiles),
                    "name one of its folders");
    }
    entries.push_back(*at);
  }
  if (code) {
    if (depth == 0) return refuse(folder, ErrorKind::io, "cannot be listed: " + code.message());
    pass_over(prefix.substr(0, prefix.size() - 1), "cannot be listed: " + code.message());
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.path() < b.path(); });
  for (const auto& each : entries) {
    PHASEGATE_CHECK_OK(entry(each, prefix + each.path().filename().native(), depth));
  }
  return {};
}

Status Finder::take_alone(const std::string& name) {
  PHASEGATE_CHECK_OK(take(name, root_ / name));
  const auto known = std::find_if(files_.begin(), files_.end(), [](const auto& files) { return !files.empty(); });
  if (known == files_.end()) return {};
  std::error_code code;
  std::vector<fs::path> siblings;
  for (fs::directory_iterator at(root_, code), end; !code && at != end; at.increment(code)) {
    std::error_code ignored;
    if (at->is_symlink(ignored) || !at->is_regular_file(ignored) || at->path().filename() == name) continue;
    siblings.push_back(at->path());
    if (siblings.size() > kMaxSiblings) return {};  // a download folder or the like: the file stands alone
  }
  std::sort(siblings.begin(), siblings.end());
  const auto format = known - files_.begin();
  for (const auto& sibling : siblings) PHASEGATE_CHECK_OK(take(sibling.filename().native(), sibling));
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (i != static_cast<std::size_t>(format)) files_[i].clear();
  }
  unplaced_.clear();  // nobody asked for the files beside it
  return {};
}

Discovery Finder::finish() {
  Discovery found;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (files_[i].empty()) continue;
    auto runs = format_readers()[i].group(root_, files_[i], unplaced_);
    std::move(runs.begin(), runs.end(), std::back_inserter(found.runs));
  }
  std::stable_sort(found.runs.begin(), found.runs.end(), [](const SourceRun& a, const SourceRun& b) {
    return std::tie(a.root, a.name) < std::tie(b.root, b.name);
  });
  std::sort(unplaced_.begin(), unplaced_.end());
  found.unplaced = std::move(unplaced_);
  return found;
}

bool contains(const SourceRun& run, const fs::path& file) {
  return std::any_of(run.files.begin(), run.files.end(),
                     [&](const SourceFile& each) { return path_of(run, each).lexically_normal() == file; });
}

Result<Discovery> discover_file(const fs::path& file) {
  Finder finder(file.parent_path());
  const std::string name = file.filename().native();
  PHASEGATE_CHECK_OK(finder.take_alone(name));
  auto found = finder.finish();
  std::erase_if(found.runs, [&](const SourceRun& run) { return !contains(run, file); });
  std::erase_if(found.unplaced, [&](const std::string& line) { return !line.starts_with(name + ":"); });
  return found;
}

}  // namespace

Result<Discovery> discover(const fs::path& path) {
  std::error_code code;
  const auto real = fs::canonical(path, code);  // the user's own link is followed
  if (code)
    return refuse(path, ErrorKind::not_found, "cannot be found: " + code.message(), "name a result file or its folder");
  if (fs::is_regular_file(real, code)) return discover_file(real);
  if (!fs::is_directory(real, code)) {
    return refuse(path, ErrorKind::invalid_input, "is neither a file nor a folder", "name a result file or its folder");
  }
  Finder finder(real);
  PHASEGATE_CHECK_OK(finder.walk(real, "", 0));
  return finder.finish();
}

}  // namespace phasegate::readers
