// What the commands of change control share: who takes a step, with which key, and opening a store for it.
#pragma once

#include <string>

#include "cli/context.h"
#include "control/approve.h"
#include "core/result.h"
#include "evidence/store.h"

namespace CLI {
class App;
}

namespace phasegate::cli {

struct AuthorOptions {
  std::string by;
  std::string why;
  std::string key;  // file; empty: the store's own
  bool new_key = false;
};

void add_author_options(CLI::App& sub, AuthorOptions& options);
void add_key_options(CLI::App& sub, AuthorOptions& options);
[[nodiscard]] control::Author author_of(const Context& context, const AuthorOptions& options);

// Signs and appends; the store must be open for writing.
[[nodiscard]] core::Result<evidence::Step> write_step(evidence::Store& store, evidence::Step step,
                                                      const AuthorOptions& options);
// What a command prints after its step.
void print_step(const Context& context, const evidence::Step& step);

}  // namespace phasegate::cli
