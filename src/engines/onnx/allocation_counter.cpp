#include "engines/onnx/allocation_counter.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::int64_t> g_allocations{0};
std::atomic<std::int64_t> g_largest{0};
}  // namespace

#ifndef PHASEGATE_SANITIZER
void* operator new(std::size_t size) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  auto largest = g_largest.load(std::memory_order_relaxed);
  const auto bytes = static_cast<std::int64_t>(size);
  while (bytes > largest && !g_largest.compare_exchange_weak(largest, bytes, std::memory_order_relaxed)) {
  }
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace phasegate::engines::onnx {

#ifdef PHASEGATE_SANITIZER
const bool kCountsAllocations = false;
#else
const bool kCountsAllocations = true;
#endif

std::int64_t allocations() { return g_allocations.load(std::memory_order_relaxed); }
std::int64_t largest_allocation() { return g_largest.load(std::memory_order_relaxed); }
void forget_largest() { g_largest = 0; }

}  // namespace phasegate::engines::onnx
