// CHECK: a programmer's error logs where and aborts. Never for input, network, engine or file faults (those are
// Errors).
#pragma once

#include <cstdio>
#include <cstdlib>

#define PHASEGATE_CHECK(condition)                                                       \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)
