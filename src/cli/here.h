// What watch and approve compare a policy's boundary with: this machine, its engines with the hashes of their
// libraries, the model files that the policy's runs named, the sensors, the price in use. Reads; writes nothing.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "control/boundary.h"
#include "control/propose.h"
#include "evidence/store.h"

namespace phasegate::cli {

struct LookOptions {
  std::vector<std::string> models;  // files that the user names, any of the engines' formats
  std::string pricing;              // file; empty: the one that the run's matrix names
  std::string mix;                  // file; only passed on to the commands that are proposed
};

struct Look {
  control::Here here;
  control::Origin origin;
};

// Never fails: what cannot be read is in `here` with its reason. Hashing models takes about a second per GB.
[[nodiscard]] Look look_here(const Context& context, const evidence::Store& store, const evidence::Policy& policy,
                             const LookOptions& options);

}  // namespace phasegate::cli
