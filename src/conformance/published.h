// The published values (data/published/*.yaml, compiled in): what the reports print, where they print it, to how many
// digits, and whether their own data bear it out. A value that stands in a file beside its rows is not copied: a file
// rule says how that file's cells are named, and they are read where they lie.
//
// Grammar of a file (README.md beside them has an example):
//   report, title                      the format and the document that all `where` refer to
//   files: [{file, with, name, keys, at, tolerance, loose, skip, absent}]      cells of published files
//   runs:  [{run, recognise, about, tables: [...], values: [...]}]       values that have no file of their own
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/derived.h"
#include "core/result.h"
#include "readers/source.h"

namespace phasegate::conformance {

enum class Kind {
  golden,        // the data give this value
  published,     // printed without data of its own: compared only when a run of that id turns up
  contradicted,  // the data, or arithmetic on the publication's own numbers, say otherwise; `why` says how
};

struct Published {
  std::string run;
  std::string name;
  Scalar value;
  std::string unit;
  std::string where;
  double tolerance = 0;  // absolute; 0 for texts
  Kind kind = Kind::golden;
  std::string why;  // of contradicted alone
};

// How the cells of a file that was published beside its rows are named and compared.
struct FileRule {
  std::string file;                     // end of the path, "{x}" stands for a part that enters the name
  std::string with;                     // a table that lies in the same run ("cold_start_by_file.csv"); empty = any run
  std::string name;                     // prefix of the names, may use the parts of `file`
  std::vector<std::string> keys;        // fields that tell the rows of a list apart, in this order
  std::string at;                       // member of the document to start from; empty = all of it
  double tolerance = 1e-9;              // relative
  std::map<std::string, double> loose;  // last part of a name -> its own relative tolerance
  std::vector<std::string> skip;        // last part or "…/part/…" of names that are labels, not results
  std::map<std::string, std::string> absent;  // part of a name -> why it cannot be derived from the rows
};

struct PublishedRun {
  std::string run;                     // the id that the report uses
  std::vector<std::string> recognise;  // texts of which one has to stand in the run's files; empty = its id alone
  std::string about;
  std::vector<Published> values;
};

struct Catalogue {
  readers::Format format = readers::Format::tr117;
  std::string title;
  std::vector<FileRule> files;
  std::vector<PublishedRun> runs;
};

// The catalogue of a report: compiled in, one for each of tr117 … tr122. Programmer's error for another format.
[[nodiscard]] const Catalogue& catalogue(readers::Format format);

// Strict: an unknown key, a number that is none or a missing `why` is an error that names file and line.
[[nodiscard]] core::Result<Catalogue> parse_catalogue(const std::string& yaml, const std::string& source);

// Half a unit of the last printed digit of "1,434" (0.5), "0.0632" (0.00005), "6.8e-60" (5e-62).
[[nodiscard]] std::optional<double> printed_tolerance(std::string_view digits);
[[nodiscard]] std::optional<double> printed_number(std::string_view digits);  // "1,434" is 1434

}  // namespace phasegate::conformance
