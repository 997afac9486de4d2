// What the rows of a report give: named values, each of one run. Names are paths ("prefill/onnxruntime-gpu/p99_ms");
// published values carry the same names, so that a value and its origin meet by name alone (verdict.h).
//
// Nothing here is typed in: a number enters a DerivedSet only out of rows, tables or documents. Pure values, no thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace phasegate::conformance {

// A number in the unit of its name, or a text: a label, a verdict ("refuted"), "true" or "false".
using Scalar = std::variant<double, std::string>;
[[nodiscard]] std::string to_text(const Scalar& value);  // numbers in the shortest form that reads back

struct Derived {
  std::optional<Scalar> value;
  std::string reason;  // why there is no value; empty with one
};

// What a publication's own files say in a form that no single cell of them holds (how many of its tests it calls
// significant): compared with the derived value of the same name.
struct Stated {
  std::string run;
  std::string name;
  Scalar value;
  std::string where;
  std::string why;  // not empty: the data say otherwise, and how
};

class DerivedSet {
 public:
  using Names = std::map<std::string, Derived, std::less<>>;

  // A number that is not finite is absent with reason "not_finite". The last word on a name wins.
  void number(const std::string& run, std::string name, double value);
  void number(const std::string& run, std::string name, const std::optional<double>& value, std::string_view reason);
  void text(const std::string& run, std::string name, std::string value);
  void absent(const std::string& run, std::string name, std::string reason);

  void state(Stated stated) { stated_.push_back(std::move(stated)); }

  [[nodiscard]] const Derived* find(const std::string& run, std::string_view name) const;
  [[nodiscard]] const std::map<std::string, Names>& runs() const { return runs_; }
  [[nodiscard]] const std::vector<Stated>& stated() const { return stated_; }
  [[nodiscard]] std::optional<double> number_of(const std::string& run, std::string_view name) const;

 private:
  std::map<std::string, Names> runs_;
  std::vector<Stated> stated_;
};

// Parts of a name with '/' between them; empty parts are left out.
template <class... Parts>
[[nodiscard]] std::string name_of(const Parts&... parts) {
  std::string name;
  ((name += std::string_view(parts).empty() ? std::string()
            : name.empty()                  ? std::string(parts)
                                            : "/" + std::string(parts)),
   ...);
  return name;
}

}  // namespace phasegate::conformance
