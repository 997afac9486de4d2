#include "readers/report_group.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin < path.size()) {
    const std::size_t slash = std::min(path.find('/', begin), path.size());
    if (slash > begin) parts.push_back(path.substr(begin, slash - begin));
    begin = slash + 1;
  }
  return parts;
}

std::size_t common_depth(const std::string& a, const std::string& b) {
  const auto left = split(a);
  const auto right = split(b);
  const auto ends = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  return static_cast<std::size_t>(ends.first - left.begin());
}

// How many components from the end two paths share.
std::size_t common_tail(const std::string& a, const std::string& b) {
  const auto left = split(a);
  const auto right = split(b);
  const auto ends = std::mismatch(left.rbegin(), left.rend(), right.rbegin(), right.rend());
  return static_cast<std::size_t>(ends.first - left.rbegin());
}

// "1765652089" in "bench_prefill_1765652089.jsonl", and not in "bench_17656520891.jsonl".
bool name_holds(const std::string& name, const std::string& id) {
  if (id.size() < 4) return false;
  const auto at = name.find(id);
  if (at == std::string::npos) return false;
  const auto word = [&](std::size_t i) { return i < name.size() && std::isalnum(static_cast<unsigned char>(name[i])); };
  return (at == 0 || !word(at - 1)) && !word(at + id.size());
}

struct Group {
  std::string name;
  std::string family;
  std::vector<const GroupFile*> anchors;
  std::vector<const GroupFile*> files;  // anchors as well
};

// The claim of a run to a file: nearness first, then which of equals ended last.
struct Claim {
  std::size_t near = 0;
  std::size_t tail = 0;
  double until = 0;
  Group* group = nullptr;

  void raise(const Claim& other) {
    const bool better = std::tie(near, tail, until) < std::tie(other.near, other.tail, other.until);
    if (group == nullptr || better) *this = other;
  }
};

bool differ(const std::string& a, const std::string& b) { return !a.empty() && !b.empty() && a != b; }

bool disagree(const GroupFile& anchor, const GroupFile& file) {
  if (differ(anchor.family, file.family)) return true;
  return differ(anchor.id, file.id);
}

bool disagree(const Group& group, const GroupFile& file) {
  if (differ(group.family, file.family)) return true;
  return !group.anchors.empty() && std::all_of(group.anchors.begin(), group.anchors.end(),
                                               [&](const GroupFile* anchor) { return disagree(*anchor, file); });
}

class Grouping {
 public:
  explicit Grouping(const std::vector<GroupFile>& files) : files_(files), taken_(files.size(), false) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      folders_.push_back(folder_of(path(i)));
      by_name_[name_of(path(i))].emplace(folders_[i], i);
      if (files[i].role == GroupRole::apart) apart_folders_.insert(folders_[i]);
    }
  }

  std::vector<std::unique_ptr<Group>> run() {
    anchors();
    give_best([&](std::size_t anchor, std::size_t file) {
      const std::string& id = files_[anchor].id;
      return !id.empty() && (files_[file].id == id || name_holds(name_of(path(file)), id));
    });
    by_name();
    give_best([&](std::size_t anchor, std::size_t file) {
      const GroupFile& run = files_[anchor];
      const auto& at = files_[file].at;
      return at && *at >= run.from && *at <= run.until && std::isfinite(run.from) && std::isfinite(run.until);
    });
    by_folder();
    rest_of_rows();
    by_folder();
    by_neighbourhood();
    orphans();
    return std::move(groups_);
  }

 private:
  const std::string& path(std::size_t i) const { return files_[i].file->head.path; }
  bool free(std::size_t i) const { return !taken_[i] && files_[i].role != GroupRole::apart; }

  Group& add(std::string name) {
    groups_.push_back(std::make_unique<Group>());
    groups_.back()->name = std::move(name);
    return *groups_.back();
  }

  void give(std::size_t i, Group& group) {
    taken_[i] = true;
    group.files.push_back(&files_[i]);
    if (group.family.empty()) group.family = files_[i].family;
    std::string folder = folders_[i];
    // An anchor speaks for what is below its folder; once there is none, any file of a run does.
    if (files_[i].role == GroupRole::anchor || group.anchors.empty()) {
      owners_[folder].raise({0, 0, files_[i].until, &group});
    }
    while (true) {
      around_[folder].insert(&group);
      if (folder.empty()) break;
      folder = folder_of(folder);
    }
  }

  void anchors() {
    std::map<std::string, Group*> sets;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const GroupFile& file = files_[i];
      if (file.role != GroupRole::anchor) continue;
      // Copies of one results folder stand side by side: a set is one only where its anchors are neighbours.
      Group*& known = sets[file.set.empty() ? path(i) : folders_[i] + "|" + file.set];
      if (known == nullptr) {
        known = &add(file.id);
      } else if (!file.id.empty()) {
        known->name += (known->name.empty() ? "" : "+") + file.id;
      }
      known->anchors.push_back(&file);
      anchors_.emplace_back(i, known);
      give(i, *known);
    }
  }

  template <class Accept>  // (anchor, file) -> bool
  void give_best(Accept accept) {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (!free(i)) continue;
      Claim found;
      for (const auto& [anchor, group] : anchors_) {
        if (disagree(files_[anchor], files_[i]) || !accept(anchor, i)) continue;
        found.raise({common_depth(folders_[anchor], folders_[i]), 0, files_[anchor].until, group});
      }
      if (found.group != nullptr) give(i, *found.group);
    }
  }

  // For each path that an anchor names, the one file that fits it best: other files of the same name ("metrics.csv")
  // are those of other runs. It lies below the anchor's folder, or beside that when the path that is named goes through
  // there as well.
  void by_name() {
    std::map<std::size_t, Claim> claims;
    for (const auto& [anchor, group] : anchors_) {
      for (const auto& named : files_[anchor].named) {
        const auto same_name = by_name_.find(name_of(named));
        if (same_name == by_name_.end()) continue;
        const std::string& folder = folders_[anchor];
        auto chosen = best_below(folder, anchor, named, 1, same_name->second);
        if (!chosen && !folder.empty()) chosen = best_below(folder_of(folder), anchor, named, 2, same_name->second);
        if (!chosen) continue;
        claims[*chosen].raise(
            {common_depth(folder, folders_[*chosen]), common_tail(named, path(*chosen)), files_[anchor].until, group});
      }
    }
    for (const auto& [i, claim] : claims) give(i, *claim.group);
  }

  // Of files in or below a folder, ordered by their folders, the one that shares most with the path, at least `tail`.
  std::optional<std::size_t> best_below(const std::string& folder, std::size_t anchor, const std::string& named,
                                        std::size_t tail, const std::multimap<std::string, std::size_t>& files) const {
    std::optional<std::size_t> chosen;
    std::tuple<std::size_t, std::size_t> best;
    for (auto at = files.lower_bound(folder); at != files.end() && at->first.starts_with(folder); ++at) {
      const std::size_t i = at->second;
      const bool below = folder.empty() || at->first.size() == folder.size() || at->first[folder.size()] == '/';
      if (!below || !free(i) || disagree(files_[anchor], files_[i])) continue;
      const std::tuple claim(common_depth(folders_[anchor], folders_[i]), common_tail(named, path(i)));
      if (std::get<1>(claim) < tail || (chosen && claim <= best)) continue;
      chosen = i;
      best = claim;
    }
    return chosen;
  }

  // Below the folder of an anchor, or of any file of a run without one: the nearest.
  void by_folder() {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (!free(i)) continue;
      for (std::string folder = folders_[i];; folder = folder_of(folder)) {
        const auto owner = owners_.find(folder);
        if (owner != owners_.end() && !disagree(*owner->second.group, files_[i])) {
          give(i, *owner->second.group);
          break;
        }
        if (folder.empty()) break;
      }
    }
  }

  // Row files whose folder is not below an anchor's: the only run beside them has them, if there is one.
  void rest_of_rows() {
    std::map<std::string, Group*> runs;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (!free(i) || files_[i].role != GroupRole::rows) continue;
      Group* only = files_[i].beside ? only_neighbour(i) : nullptr;
      if (only != nullptr && !only->anchors.empty()) {
        give(i, *only);
        continue;
      }
      const GroupFile& file = files_[i];
      Group*& known = runs[file.family + "|" + (file.id.empty() ? folders_[i] + "|" + file.alike : file.id)];
      if (known == nullptr) known = &add(file.id.empty() ? digits_in_name(path(i)) : file.id);
      give(i, *known);
    }
  }

  Group* only_neighbour(std::size_t i) const {
    const auto found = around_.find(folder_of(folders_[i]));
    if (found == around_.end()) return nullptr;
    Group* only = nullptr;
    for (Group* group : found->second) {
      if (disagree(*group, files_[i])) continue;
      if (only != nullptr) return nullptr;
      only = group;
    }
    return only;
  }

  void by_neighbourhood() {
    std::vector<std::pair<std::size_t, Group*>> found;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (!free(i) || apart_folders_.count(folders_[i]) != 0) continue;
      if (Group* only = only_neighbour(i)) found.emplace_back(i, only);
    }
    for (const auto& [i, group] : found) give(i, *group);
  }

  void orphans() {
    std::map<std::string, Group*> folders;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (taken_[i]) continue;
      Group*& known = folders[folders_[i] + "|" + files_[i].family];
      if (known == nullptr) known = &add({});
      if (known->name.empty()) known->name = files_[i].id;
      give(i, *known);
    }
  }

  const std::vector<GroupFile>& files_;
  std::vector<bool> taken_;
  std::vector<std::string> folders_;
  std::map<std::string, std::multimap<std::string, std::size_t>> by_name_;  // name, then folder
  std::set<std::string> apart_folders_;
  std::vector<std::pair<std::size_t, Group*>> anchors_;
  std::map<std::string, Claim> owners_;             // by folder
  std::map<std::string, std::set<Group*>> around_;  // runs with a file in or below the folder
  std::vector<std::unique_ptr<Group>> groups_;
};

SourceRun to_run(Format format, const std::filesystem::path& root, Group& group) {
  std::sort(group.files.begin(), group.files.end(),
            [](const GroupFile* a, const GroupFile* b) { return a->file->head.path < b->file->head.path; });
  std::string common = folder_of(group.files.front()->file->head.path);
  for (const GroupFile* file : group.files) {
    const auto parts = split(common);
    const std::size_t shared = common_depth(common, folder_of(file->file->head.path));
    std::string shorter;
    for (std::size_t i = 0; i < shared; ++i) shorter += (i == 0 ? "" : "/") + parts[i];
    common = shorter;
  }
  SourceRun run;
  run.format = format;
  run.root = common.empty() ? root : root / common;
  run.name = std::move(group.name);
  if (run.name.empty()) run.name = run.root.lexically_normal().filename().string();
  if (run.name.empty()) run.name = std::filesystem::path(group.files.front()->file->head.path).stem().string();
  for (const GroupFile* file : group.files) {
    const FileHead& head = file->file->head;
    run.files.push_back({common.empty() ? head.path : head.path.substr(common.size() + 1), file->file->kind, head.bytes,
                         std::string()});
  }
  return run;
}

}  // namespace

std::vector<SourceRun> group_files(Format format, const std::filesystem::path& root,
                                   const std::vector<GroupFile>& files) {
  std::vector<SourceRun> runs;
  for (auto& group : Grouping(files).run()) runs.push_back(to_run(format, root, *group));
  return runs;
}

std::vector<std::string> paths_in(const core::Json& document) {
  std::vector<std::string> found;
  std::vector<const core::Json*> open = {&document};
  while (!open.empty()) {
    const core::Json* json = open.back();
    open.pop_back();
    if (json->is_structured()) {
      for (const auto& item : *json) open.push_back(&item);
    } else if (json->is_string()) {
      const std::string& text = json->get_ref<const std::string&>();
      const auto dot = text.rfind('.');
      const bool named = dot != std::string::npos && dot > 0 && text.size() - dot <= 6 && text.size() < 4096 &&
                         text.find('\n') == std::string::npos;
      if (named) found.push_back(portable_path(text));
    }
  }
  return found;
}

std::string digits_in_name(const std::string& path) {
  const std::string name = name_of(path);
  std::size_t begin = 0;
  while (begin < name.size()) {
    if (std::isdigit(static_cast<unsigned char>(name[begin])) == 0) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < name.size() && (std::isdigit(static_cast<unsigned char>(name[end])) != 0 ||
                                 (name[end] == '_' && end + 1 < name.size() &&
                                  std::isdigit(static_cast<unsigned char>(name[end + 1])) != 0))) {
      ++end;
    }
    if (end - begin >= 8) return name.substr(begin, end - begin);
    begin = end;
  }
  return {};
}

}  // namespace phasegate::readers
