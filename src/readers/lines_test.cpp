#include "readers/lines.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "core/sha256.h"
#include "readers/number.h"
#include "readers/reader_fixture.h"

namespace phasegate::readers {
namespace {

using Step = LineFile::Step;

struct Read {
  std::vector<std::string> lines;
  std::vector<std::int64_t> too_long;
  std::string hash;
  std::string error;
};

Read read_lines(const std::filesystem::path& path, std::size_t limit = core::kMaxSourceLineBytes) {
  Read out;
  auto file = LineFile::open(path, "file", limit);
  if (!file) {
    out.error = file.error().message();
    return out;
  }
  for (;;) {
    std::string_view line;
    const auto step = file->next(line);
    if (!step) {
      out.error = step.error().message();
      return out;
    }
    if (*step == Step::end) break;
    if (*step == Step::too_long) {
      out.too_long.push_back(file->number());
      EXPECT_LE(line.size(), kMaxRawBytes);
    } else {
      out.lines.emplace_back(line);
    }
  }
  const auto hash = file->finish();
  if (hash) {
    out.hash = *hash;
  } else {
    out.error = hash.error().message();
  }
  return out;
}

TEST(Lines, MarkAndCarriageReturnsAreNoPartOfALine) {
  const Folder folder;
  const std::string bytes =
      "\xEF\xBB\xBF"
      "a\r\n\r\nb\nc";
  const auto read = read_lines(folder.write("x", bytes));
  EXPECT_EQ(read.lines, (std::vector<std::string>{"a", "", "b", "c"}));
  EXPECT_EQ(read.hash, core::sha256_hex(bytes));
}

TEST(Lines, EmptyFilesHaveNoLines) {
  const Folder folder;
  EXPECT_TRUE(read_lines(folder.write("x", "")).lines.empty());
  EXPECT_TRUE(read_lines(folder.write("y", "\xEF\xBB\xBF")).lines.empty());
}

TEST(Lines, ALineAboveTheLimitIsPassedOverAndCountedAndItsNeighboursAreRead) {
  const Folder folder;
  const std::string bytes = "a\n" + std::string(5000, 'x') + "\nb\n" + std::string(100, 'y') + "\nc\n";
  const auto read = read_lines(folder.write("x", bytes), 50);
  EXPECT_EQ(read.lines, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(read.too_long, (std::vector<std::int64_t>{2, 4}));
  EXPECT_EQ(read.hash, core::sha256_hex(bytes));
}

TEST(Lines, ALongLineWithoutAnEndIsPassedOver) {
  const Folder folder;
  const auto path = folder.write("x", "a\n");
  std::filesystem::resize_file(path, 64 << 20);  // sparse: zeros without a line feed
  const auto read = read_lines(path, 1 << 20);
  EXPECT_EQ(read.lines, std::vector<std::string>{"a"});
  EXPECT_EQ(read.too_long, std::vector<std::int64_t>{2});
}

TEST(Lines, ALineOfExactlyTheLimitIsTaken) {
  const Folder folder;
  const auto read = read_lines(folder.write("x", "12345\r\n123456\n12345"), 5);
  EXPECT_EQ(read.lines, (std::vector<std::string>{"12345", "12345"}));
  EXPECT_EQ(read.too_long, std::vector<std::int64_t>{2});
}

TEST(Lines, WhatIsNoFileIsRefused) {
  const Folder folder;
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_NE(read_lines(pipe).error.find("is a pipe"), std::string::npos);
  EXPECT_NE(read_lines(folder.path()).error.find("is a folder"), std::string::npos);
  EXPECT_NE(read_lines("/dev/zero").error.find("is a device"), std::string::npos);
  EXPECT_NE(read_lines(folder.path() / "none").error.find("cannot be opened"), std::string::npos);
  std::filesystem::create_symlink("/etc/hostname", folder.path() / "link");
  EXPECT_NE(read_lines(folder.path() / "link").error.find("is a symbolic link"), std::string::npos);
}

TEST(Lines, CompressedFilesAreRefusedByTheirFirstBytes) {
  using namespace std::string_view_literals;
  const Folder folder;
  for (const auto head : {"\x1f\x8b\x08\x00"sv, "PK\x03\x04zip"sv, "\x28\xb5\x2f\xfdzs"sv,
                          "\xfd"
                          "7zXZ\0"sv,
                          "BZh9"sv}) {
    EXPECT_NE(read_lines(folder.write("x", head)).error.find("unpack it first"), std::string::npos) << head;
  }
}

TEST(Lines, AFileThatChangesWhileItIsReadIsAnError) {
  const Folder folder;
  const auto path = folder.write("x", "a\nb\n");
  for (const char* change : {"grown", "rewritten", "replaced", "cut"}) {
    folder.write("x", "a\nb\n");
    auto file = LineFile::open(path, "file");
    ASSERT_TRUE(file.has_value());
    std::string_view line;
    ASSERT_TRUE(file->next(line).has_value());
    if (change == std::string_view("grown")) std::ofstream(path, std::ios::app) << "c\n";
    if (change == std::string_view("rewritten")) {
      std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) + std::chrono::seconds(1));
    }
    if (change == std::string_view("replaced")) {
      const auto time = std::filesystem::last_write_time(path);
      folder.write("y", "a\nb\n");
      std::filesystem::rename(folder.path() / "y", path);
      std::filesystem::last_write_time(path, time);
    }
    if (change == std::string_view("cut")) std::filesystem::resize_file(path, 2);
    const auto hash = file->finish();
    ASSERT_FALSE(hash.has_value()) << change;
    EXPECT_NE(hash.error().message().find("was changed while it was read"), std::string::npos) << change;
  }
}

TEST(Lines, AFileThatIsNotWhatWasFoundIsAnError) {
  const Folder folder;
  folder.write("x", "a\nb\n");
  SourceRun run;
  run.root = folder.path();
  EXPECT_TRUE(LineFile::open(run, SourceFile{"x", "kind", 4, ""}).has_value());
  const auto file = LineFile::open(run, SourceFile{"x", "kind", 5, ""});
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().kind, core::ErrorKind::evidence);
}

TEST(Lines, TheRestOfAFileIsGivenWholeWithoutItsMark) {
  const Folder folder;
  const std::string bytes = "\xEF\xBB\xBF{}\r\n";
  std::string hash;
  EXPECT_EQ(read_text(folder.write("x", bytes), "x", 100, &hash).value(), "{}\r\n");
  EXPECT_EQ(hash, core::sha256_hex(bytes));
  EXPECT_FALSE(read_text(folder.path() / "x", "x", 6, nullptr).has_value());
}

TEST(Numbers, NothingIsSpelledInManyWays) {
  for (const char* text : {"", " ", "NaN", "nan", "-nan", "None", "null", "NULL", "N/A", "n/a", "NA", "<NA>", "-",
                           "inf", "-inf", "Infinity", "-Infinity", "INF"}) {
    EXPECT_EQ(parse_number(text).kind, NumberKind::absent) << text;
  }
  for (const char* text : {"fast", "1,5", "0x10", "1 2", "1e999", "12ms", "--1", "+-1", "nanny", "in"}) {
    EXPECT_EQ(parse_number(text).kind, NumberKind::malformed) << text;
  }
  EXPECT_EQ(parse_number(" 1.5\t").value, 1.5);
  EXPECT_EQ(parse_number("+2e3").value, 2000);
  EXPECT_EQ(parse_number("-.5").value, -0.5);
}

TEST(Numbers, WholeNumbersAndFlags) {
  EXPECT_EQ(parse_integer("64"), 64);
  EXPECT_EQ(parse_integer("64.0"), 64);
  EXPECT_EQ(parse_integer("9007199254740993"), 9007199254740993);  // no double holds it
  EXPECT_EQ(parse_integer("64.5"), std::nullopt);
  EXPECT_EQ(parse_integer("1e30"), std::nullopt);
  EXPECT_EQ(parse_integer("nan"), std::nullopt);
  EXPECT_EQ(parse_flag("True"), true);
  EXPECT_EQ(parse_flag("0"), false);
  EXPECT_EQ(parse_flag("maybe"), std::nullopt);
}

TEST(SourceFiles, BadRowsAreCountedAndAHundredAreKeptAsValidText) {
  Source source = empty_source();
  for (int i = 0; i < 150; ++i) {
    add_bad(source,
            {"f", i, "k", "a number", std::string(300, 'x'), std::string("\xff\xC3\xA9") + std::string(5000, 'y')});
  }
  EXPECT_EQ(source.bad_rows, 150);
  ASSERT_EQ(source.bad.size(), kMaxBadRowsKept);
  EXPECT_EQ(source.bad[0].found.size(), kMaxFoundBytes);
  EXPECT_EQ(source.bad[0].raw.size(), kMaxRawBytes);
  EXPECT_EQ(source.bad[0].raw.substr(0, 7), "\\xFF\xC3\xA9y");
}

TEST(SourceFiles, PathsInsideFilesGetOneSpelling) {
  EXPECT_EQ(portable_path("C:\\runs\\a\\b.json"), "/runs/a/b.json");
  EXPECT_EQ(portable_path(".\\runs\\a.json"), "runs/a.json");
  EXPECT_EQ(portable_path("runs/a.json"), "runs/a.json");
}

TEST(SourceFiles, EveryKeyOfTheEnvironmentIsThereFromTheStart) {
  Source source = empty_source();
  EXPECT_EQ(source.environment.size(), evidence::kEnvironmentKeys.size());
  set_environment(source, "gpu", "RTX 4080");
  EXPECT_EQ(source.environment.at("gpu").value, "RTX 4080");
  EXPECT_EQ(source.environment.at("gpu").reason, "");
  EXPECT_NE(source.environment.at("os").reason, "");
}

}  // namespace
}  // namespace phasegate::readers
