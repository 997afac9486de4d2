// One loaded decoder graph with its buffers: ids, mask, logits and the KV cache, all allocated at open and bound by
// address, so that a step allocates and copies nothing of ours.
//
// Graph contract (names and shapes of onnxruntime-genai; forge writes it, open() verifies it):
//   in   input_ids int64 [B,S], attention_mask int64 [B,T], past_key_values.{i}.key/.value f32 [B,KV,P,HD]
//   out  logits f32 [B,1,V] of each row's last real position, present.{i}.key/.value f32 [B,KV,P,HD]
// past and present of a layer are one buffer of `capacity` positions: GroupQueryAttention appends in place.
//
// Ragged rows: the graph takes each row's length from the number of ones in its mask row, wherever they stand, and only
// compares T with S to tell a prompt from a step. So a prompt has T = S with the ones on the left, and each step has
// T = capacity: the shapes of a step never change, and one binding serves them all.
// A resource: one owner, one thread. Methods throw Ort::Exception unless they return a Result.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "engines/engine.h"
#include "engines/onnx/ort_library.h"

namespace phasegate::engines::onnx {

struct DecoderOptions {
  std::string model;           // path of model.onnx
  std::string device = "cpu";  // "cpu", "cuda"
  int threads = 1;
  int capacity = 1024;  // positions of one row
  int max_rows = 1;
  std::string profile_prefix;      // not empty: ONNX Runtime's profiler writes here
  bool record_assignment = false;  // of nodes to execution providers (API 24)
};

struct DecoderShape {
  int n_layer = 0;
  int n_head_kv = 0;
  int head_size = 0;
  int n_vocab = 0;
};

class DecoderSession {
 public:
  // Errors: unsupported when the graph does not keep the contract above (names what is missing or different);
  // toolchain_missing when the library lacks the device; engine with ONNX Runtime's own words.
  [[nodiscard]] static core::Result<std::unique_ptr<DecoderSession>> open(const OrtLibrary& library,
                                                                          const DecoderOptions& options);

  [[nodiscard]] const DecoderShape& shape() const { return shape_; }
  [[nodiscard]] Ort::Session& session() { return session_; }
  [[nodiscard]] Ort::RunOptions& run_options() { return run_options_; }

  // Fills ids and mask for one padded pass over the prompts and binds them; returns the padded length.
  std::int64_t prepare_prefill(std::span<const Prompt> prompts);
  // Binds the buffers of a step for rows whose caches hold `lengths` tokens, and masks what lies beyond them.
  void prepare_decode(std::span<const std::int64_t> lengths);
  // The token that the next step feeds to `row`; it takes the row's next position.
  void feed(std::size_t row, TokenId token) noexcept;

  void run_prefill() { session_.Run(run_options_, prefill_binding_); }
  void run_step() { session_.Run(run_options_, decode_binding_); }

  [[nodiscard]] std::span<const float> logits(std::size_t row) const {
    return {logits_.data() + row * static_cast<std::size_t>(shape_.n_vocab), static_cast<std::size_t>(shape_.n_vocab)};
  }

  // Addresses of the past inputs and of what the latest step wrote as present, in the graph's order. For tests.
  [[nodiscard]] std::vector<const void*> past_addresses() const;
  [[nodiscard]] std::vector<const void*> present_addresses();

 private:
  DecoderSession(const DecoderOptions& options, DecoderShape shape, Ort::Session session);
  void bind(Ort::IoBinding& binding, std::int64_t rows, std::int64_t length, std::int64_t total);

  DecoderOptions options_;
  DecoderShape shape_;
  Ort::Session session_;
  Ort::RunOptions run_options_;
  Ort::MemoryInfo memory_;
  std::vector<std::string> past_names_, present_names_;
  std::vector<std::vector<float>> kv_;  // one for each past input
  std::vector<std::int64_t> ids_, mask_, lengths_;
  std::vector<float> logits_;
  Ort::IoBinding prefill_binding_, decode_binding_;
  std::int64_t prefill_rows_ = 0, prefill_length_ = 0, decode_rows_ = 0;  // what the bindings hold
};

}  // namespace phasegate::engines::onnx
