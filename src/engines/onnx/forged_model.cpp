#include "engines/onnx/forged_model.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <system_error>

#include "core/sha256.h"

namespace phasegate::engines::onnx {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kSeed = 7;

class Folder {
 public:
  Folder() : path_(fs::path(testing::TempDir()) / ("phasegate-onnx-test-" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

const fs::path& folder() {
  static const Folder made;
  return made.path();
}

}  // namespace

fs::path forged_folder(models::Quant quant) {
  static std::map<models::Quant, fs::path> made;
  if (const auto found = made.find(quant); found != made.end()) return found->second;
  models::ForgeOptions options;
  options.seed = kSeed;
  options.formats = {models::Format::gguf, models::Format::onnx};
  options.quant = quant;
  options.out = folder() / models::to_string(quant);
  const auto report = models::forge(options);
  EXPECT_TRUE(report) << (report ? "" : report.error().message());
  return made[quant] = options.out;
}

ModelRef forged_onnx(models::Quant quant) {
  const fs::path model = forged_folder(quant) / "onnx";
  const auto hash = core::sha256_file(model / "model.onnx.data");
  EXPECT_TRUE(hash);
  return {model.string(), hash.value_or(""), {}};
}

fs::path copy_of_forged(models::Quant quant, const std::string& name) {
  const fs::path target = folder() / name;
  fs::remove_all(target);
  fs::copy(forged_folder(quant) / "onnx", target, fs::copy_options::recursive);
  return target;
}

}  // namespace phasegate::engines::onnx
