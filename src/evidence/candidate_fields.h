// The fields of a candidate, declared once (see codec.h); used by candidate, manifest and policy. Internal.
#pragma once

#include "evidence/candidate.h"
#include "evidence/codec.h"

namespace phasegate::evidence {

template <class V, class T>
void identity_fields(V& v, T& identity) {
  v.text("engine", identity.engine, Text::not_empty);
  v.text("engine_version", identity.engine_version, Text::not_empty);
  v.text_or_null("engine_build", identity.engine_build);
  v.text("backend", identity.backend, Text::not_empty);
  v.text("device", identity.device, Text::not_empty);
  v.text("model_sha256", identity.model_sha256, Text::sha256);
  v.text_or_null("weight_set", identity.weight_set);
  v.text_or_null("weight_type", identity.weight_type);
  v.text_or_null("kv_type", identity.kv_type);
  v.text_or_null("activation_type", identity.activation_type);
  v.text_or_null("attention", identity.attention);
  v.integer("threads", identity.threads, {1});
  v.flag("compile", identity.compile);
  v.integer("slots", identity.slots, {1});
  v.text_or_null("padding", identity.padding);
}

template <class V, class T>
void candidate_fields(V& v, T& candidate) {
  v.object("identity", [&](auto& o) { identity_fields(o, candidate.identity); });
  v.text("id", candidate.id.value, Text::sha256);
  v.require("id", "is not the sha256 of the canonical JSON of identity",
            [&] { return candidate.id == candidate_id(candidate.identity); });
  v.text("name", candidate.name, Text::not_empty);
  v.text("model_name", candidate.model_name);
  v.integer("parameters", candidate.parameters);
  v.counts("prefill_nodes_by_device", candidate.prefill_nodes_by_device);
  v.counts("decode_nodes_by_device", candidate.decode_nodes_by_device);
  v.counts("weight_tensors_by_type", candidate.weight_tensors_by_type);
  v.flag("fallback", candidate.fallback);
  v.text_or_null("fallback_reason", candidate.fallback_reason);
  v.text("compile_grade", candidate.compile_grade, Text::not_empty);
}

}  // namespace phasegate::evidence
